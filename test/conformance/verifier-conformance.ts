import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import { epochOf } from '../../src/kawpow/epoch.ts';
import { lightCacheIn } from '../../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { Verifier, VerifyRequest } from '../../src/kawpow/verifier.ts';
import { wordsToBytes } from '../../src/kawpow/words.ts';
import type { HashVector, KawPowVectors } from './kawpow-vectors.ts';

/** What the suite needs of an implementation. */
export type VerifierUnderTest = Pick<Verifier, 'hash' | 'verify' | 'epochMemory' | 'close'>;

function requestOf(vector: HashVector): VerifyRequest {
  return {
    height: vector.height,
    headerHash: hexToBytes(vector.headerHash),
    nonce: BigInt(`0x${vector.nonce}`),
    claimedMixHash: hexToBytes(vector.mixHash),
    sessionId: 'conformance',
    urgent: false,
  };
}

/** Nothing of a mix hash may go unnoticed: its first bit, its last bit, the order of its bytes. */
function wrongMixHashes(mixHash: Uint8Array): Uint8Array[] {
  return [
    mixHash.map((byte, i) => (i === 0 ? byte ^ 0x80 : byte)),
    mixHash.map((byte, i) => (i === 31 ? byte ^ 0x01 : byte)),
    Uint8Array.from(mixHash).reverse(),
  ];
}

/**
 * What every implementation of the verifier must do, held against hashes of ravend's own implementation.
 * @param makeVerifier called once; the verifier is closed at the end
 * @param vectors only of epochs that may be built in this test run
 */
export function verifierConformance(
  name: string,
  makeVerifier: () => VerifierUnderTest,
  vectors: KawPowVectors,
): void {
  describe(`${name} conforms`, () => {
    let made: VerifierUnderTest;
    before(() => {
      made = makeVerifier();
    });
    after(() => made.close());
    const verifier = (): VerifierUnderTest => made;

    knownHashes(verifier, vectors);
    // The epochs that a pool still keeps after that.
    const epochs = vectors.epochs.slice(-2).map(({ epoch }) => epoch);
    const recent = vectors.vectors.filter(({ height }) => epochs.includes(epochOf(height, KAWPOW)));
    const vector = recent.at(-1);
    assert.ok(vector, 'the suite needs vectors');
    claims(verifier, vector);
    manyAtOnce(verifier, recent);
    wrongRequests(verifier, vector);
  });
}

function knownHashes(verifier: () => VerifierUnderTest, vectors: KawPowVectors): void {
  // Epoch by epoch, because a pool keeps the caches of two and would have to build others again.
  for (const { epoch, lightCacheBytes, lightCacheSha256 } of vectors.epochs) {
    test(`light cache of epoch ${epoch} has the known digest`, async () => {
      const { memory } = await verifier().epochMemory(epoch);
      const cache = wordsToBytes(lightCacheIn(memory, epoch, KAWPOW));
      assert.equal(cache.length, lightCacheBytes);
      assert.equal(createHash('sha256').update(cache).digest('hex'), lightCacheSha256);
    });

    for (const vector of vectors.vectors.filter(({ height }) => epochOf(height, KAWPOW) === epoch)) {
      test(`height ${vector.height}, nonce ${vector.nonce} has the known hashes`, async () => {
        const outcome = await verifier().hash(requestOf(vector));
        assert.ok(outcome.ok);
        assert.equal(bytesToHex(outcome.mixHash), vector.mixHash);
        assert.equal(bytesToHex(outcome.finalHash), vector.finalHash);
      });
    }
  }
}

function claims(verifier: () => VerifierUnderTest, vector: HashVector): void {
  test('a right claim is valid', async () => {
    const verdict = await verifier().verify(requestOf(vector));
    assert.ok(verdict.ok);
    assert.equal(verdict.valid, true);
    assert.equal(bytesToHex(verdict.finalHash), vector.finalHash);
  });

  test('a wrong claim is not valid, and the right hashes are told', async () => {
    for (const claimedMixHash of wrongMixHashes(hexToBytes(vector.mixHash))) {
      const verdict = await verifier().verify({ ...requestOf(vector), claimedMixHash });
      assert.ok(verdict.ok);
      assert.equal(verdict.valid, false);
      assert.equal(bytesToHex(verdict.mixHash), vector.mixHash);
      assert.equal(bytesToHex(verdict.finalHash), vector.finalHash);
    }
  });

  test('a right claim for another height, nonce or header is not valid', async () => {
    const request = requestOf(vector);
    const others: VerifyRequest[] = [
      { ...request, height: request.height - 3 },
      { ...request, nonce: request.nonce ^ 1n },
      { ...request, nonce: request.nonce ^ (1n << 63n) },
      { ...request, headerHash: request.headerHash.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) },
    ];
    for (const other of others) {
      const verdict = await verifier().verify(other);
      assert.ok(verdict.ok);
      assert.equal(verdict.valid, false);
    }
  });
}

function manyAtOnce(verifier: () => VerifierUnderTest, recent: readonly HashVector[]): void {
  test('many requests at once each get their own answer', async () => {
    const answers = await Promise.all(recent.map((each) => verifier().verify(requestOf(each))));
    for (const [i, verdict] of answers.entries()) {
      assert.ok(verdict.ok && verdict.valid);
      assert.equal(bytesToHex(verdict.finalHash), recent[i]?.finalHash);
    }
  });
}

function wrongRequests(verifier: () => VerifierUnderTest, vector: HashVector): void {
  test('wrong lengths and numbers out of range are refused with an exception', async () => {
    const request = requestOf(vector);
    const wrong: Partial<VerifyRequest>[] = [
      { headerHash: new Uint8Array(31) },
      { headerHash: new Uint8Array(33) },
      { nonce: -1n },
      { nonce: 2n ** 64n },
      { height: -1 },
      { height: 0.5 },
      { height: 2 ** 32 },
    ];
    for (const change of wrong) await assert.rejects(verifier().hash({ ...request, ...change }), RangeError);
    await assert.rejects(verifier().verify({ ...request, claimedMixHash: new Uint8Array(31) }), RangeError);
  });
}
