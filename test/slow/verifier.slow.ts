import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/chain/bytes.ts';
import { type DecodedHeader, decodeHeader } from '../../src/chain/header.ts';
import { bitsToTarget, meetsTarget } from '../../src/chain/target.ts';
import { createReferenceEngine } from '../../src/kawpow/engine.ts';
import { epochContextIn } from '../../src/kawpow/epoch-context.ts';
import { createKernelEngine } from '../../src/kawpow/kernel-engine.ts';
import { KERNEL_BATCH_MAX } from '../../src/kawpow/kernel-layout.ts';
import { claimScratch } from '../../src/kawpow/kernel-memory.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { engineVerifier } from '../conformance/engine-verifier.ts';
import { isQuickEpoch, kawPowVectors, realBlockVectors } from '../conformance/kawpow-vectors.ts';
import { batchesOf } from '../conformance/kernel-batches.ts';
import { verifierConformance } from '../conformance/verifier-conformance.ts';
import { readGolden } from '../support/golden.ts';

// Epochs with light caches of 18 to 91 MiB: real blocks, and the vectors that are too slow for every run.

interface GoldenHeaders {
  readonly valid: readonly { readonly hash: string; readonly height: number; readonly headerHex: string }[];
  readonly invalid: readonly { readonly name: string; readonly headerHex: string }[];
}

const pool = createVerifierPool({ threads: 2 });
after(() => pool.close());

const vectors = kawPowVectors((epoch) => !isQuickEpoch(epoch));
verifierConformance('the verifier pool, later epochs,', () => createVerifierPool({ threads: 2 }), vectors);
verifierConformance(
  'the reference engine, epoch 560,',
  () =>
    engineVerifier(createReferenceEngine(), async (epoch) => {
      return epochContextIn(await pool.epochMemory(epoch));
    }),
  kawPowVectors((epoch) => epoch === 560),
);

test('the kernel hashes epoch 560 right in batches of any size', async () => {
  const context = epochContextIn(await pool.epochMemory(560));
  const engine = createKernelEngine();
  engine.prepare(context, claimScratch(context.memory));
  const { vectors: known } = kawPowVectors((epoch) => epoch === 560);
  for (let size = 1; size <= KERNEL_BATCH_MAX + 1; size++) {
    for (const { requests, wanted } of batchesOf(known, size)) {
      const results = engine.hash(requests);
      assert.deepEqual(
        results.map(({ mixHash, finalHash }) => bytesToHex(mixHash) + bytesToHex(finalHash)),
        wanted,
        `a batch of ${size}`,
      );
    }
  }
});

for (const block of realBlockVectors()) {
  test(`real block ${block.height} has the hashes that the network accepted`, async () => {
    const verdict = await pool.verify({
      height: block.height,
      headerHash: hexToBytes(block.headerHash),
      nonce: BigInt(`0x${block.nonce}`),
      claimedMixHash: hexToBytes(block.mixHash),
      sessionId: '',
      urgent: false,
    });
    assert.ok(verdict.ok);
    assert.equal(bytesToHex(verdict.mixHash), block.mixHash);
    assert.equal(bytesToHex(verdict.finalHash), block.finalHash);
    assert.equal(verdict.valid, true);
  });
}

/** Whether the header's proof of work is right. @throws RangeError if it is no header at all */
async function provesWork(
  headerBytes: Uint8Array,
): Promise<{ header: DecodedHeader; valid: boolean; hash: string }> {
  const header = decodeHeader(headerBytes);
  const outcome = await pool.hash(header);
  assert.ok(outcome.ok);
  const valid =
    equalBytes(outcome.mixHash, header.mixHash) && meetsTarget(outcome.finalHash, bitsToTarget(header.bits));
  return { header, valid, hash: bytesToHex(outcome.finalHash) };
}

const headers = readGolden('blocks/ravencoin-mainnet-headers.json') as GoldenHeaders;

for (const { height, hash, headerHex } of headers.valid) {
  test(`the mainnet header of height ${height} is accepted`, async () => {
    const proof = await provesWork(hexToBytes(headerHex));
    assert.equal(proof.header.height, height);
    assert.equal(proof.hash, hash);
    assert.equal(proof.valid, true);
  });
}

for (const { name, headerHex } of headers.invalid) {
  test(`the altered mainnet header ${name} is refused`, async () => {
    const bytes = hexToBytes(headerHex);
    if (bytes.length === 120) assert.equal((await provesWork(bytes)).valid, false);
    else await assert.rejects(provesWork(bytes), RangeError);
  });
}

test('a mainnet header with any field altered is refused', async () => {
  const original = hexToBytes(headers.valid[0]?.headerHex ?? '');
  // A byte of version, previous hash, merkle root, time, bits, nonce and mix hash. The height has tests of its own.
  for (const offset of [0, 4, 36, 68, 72, 80, 88, 119]) {
    const altered = original.map((byte, i) => (i === offset ? byte ^ 1 : byte));
    assert.equal((await provesWork(altered)).valid, false, `byte ${offset}`);
  }
});
