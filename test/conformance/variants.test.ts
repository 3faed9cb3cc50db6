import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import { createReferenceEngine, type Engine } from '../../src/kawpow/engine.ts';
import { epochOf } from '../../src/kawpow/epoch.ts';
import { type EpochContext, epochContextIn } from '../../src/kawpow/epoch-context.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { createKernelEngine } from '../../src/kawpow/kernel-engine.ts';
import { claimScratch } from '../../src/kawpow/kernel-memory.ts';
import { EXPERIMENTAL_PROOFS_OF_WORK, type PowName, PROOFS_OF_WORK } from '../../src/kawpow/params.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { readGolden } from '../support/golden.ts';
import type { HashVector } from './kawpow-vectors.ts';

// Other coins' proofs of work against hashes that their networks took: in the reference, the kernel, and a pool that
// serves all of them at once.

interface VariantVector extends HashVector {
  readonly pow: PowName;
}

const { vectors } = readGolden('kawpow/variants.json') as { readonly vectors: readonly VariantVector[] };
const pool = createVerifierPool({ threads: 1, epochsMax: vectors.length });
after(() => pool.close());

function requestOf({ height, headerHash, nonce }: HashVector) {
  return { height, headerHash: hexToBytes(headerHash), nonce: BigInt(`0x${nonce}`) };
}

function hashWith(engine: Engine, context: EpochContext, vector: VariantVector) {
  engine.prepare(context, claimScratch(context.memory));
  const [result] = engine.hash([requestOf(vector)]);
  assert.ok(result);
  return { mixHash: bytesToHex(result.mixHash), finalHash: bytesToHex(result.finalHash) };
}

test('every variant has a hash of its first epoch, and one of its network', () => {
  for (const name of EXPERIMENTAL_PROOFS_OF_WORK) {
    const heights = vectors.filter(({ pow }) => pow === name).map(({ height }) => height);
    assert.equal(heights.filter((height) => height === 0).length, 1);
    assert.ok(heights.some((height) => height > 800_000));
  }
});

for (const vector of vectors) {
  const { height, mixHash } = vector;
  const pow = PROOFS_OF_WORK[vector.pow];
  const right = { mixHash, finalHash: vector.finalHash };

  test(`${pow.name}, height ${height}: final hash, pool, kernel and reference`, async () => {
    const { headerHash, nonce } = requestOf(vector);
    assert.equal(bytesToHex(finalHash(headerHash, nonce, hexToBytes(mixHash), pow)), right.finalHash);

    const verifier = pool.of(pow);
    const claim = { sessionId: 'a', urgent: false, claimedMixHash: hexToBytes(mixHash) };
    const verdict = await verifier.verify({ ...requestOf(vector), ...claim });
    assert.ok(verdict.ok && verdict.valid);
    assert.equal(bytesToHex(verdict.finalHash), right.finalHash);

    const context = epochContextIn(await verifier.epochMemory(epochOf(height, pow)));
    assert.deepEqual(hashWith(createKernelEngine(pow), context, vector), right);
    assert.deepEqual(hashWith(createReferenceEngine(pow), context, vector), right);
  });
}

test('a pool serves several proofs of work side by side, and refuses two of one name', async () => {
  const firsts = vectors.filter(({ height }) => height === 0);
  const hashes = await Promise.all(
    firsts.map((vector) => pool.of(PROOFS_OF_WORK[vector.pow]).hash(requestOf(vector))),
  );
  for (const [i, outcome] of hashes.entries()) {
    assert.equal(outcome.ok && bytesToHex(outcome.mixHash), firsts[i]?.mixHash);
  }
  assert.throws(() => pool.of({ ...PROOFS_OF_WORK.meowpow }), /two proofs of work are named meowpow/);
});
