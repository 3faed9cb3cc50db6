import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bytesToHex } from '../../src/chain/bytes.ts';
import { datasetItem } from '../../src/kawpow/dataset.ts';
import { createReferenceEngine } from '../../src/kawpow/engine.ts';
import { buildReferenceContext, type EpochContext } from '../../src/kawpow/epoch-context.ts';
import { wordsToBytes } from '../../src/kawpow/words.ts';
import { engineVerifier } from './engine-verifier.ts';
import { isQuickEpoch, kawPowVectors } from './kawpow-vectors.ts';
import { verifierConformance } from './verifier-conformance.ts';

const vectors = kawPowVectors(isQuickEpoch);
const progress: number[] = [];
const contexts = new Map<number, EpochContext>();

/** Built once for everything in this file: two seconds each. */
function contextOf(epoch: number): EpochContext {
  let context = contexts.get(epoch);
  if (context === undefined) {
    const onProgress = (fraction: number): unknown => epoch === 0 && progress.push(fraction);
    context = buildReferenceContext(epoch, { onProgress });
    contexts.set(epoch, context);
  }
  return context;
}

verifierConformance(
  'the reference engine',
  () => engineVerifier(createReferenceEngine(), contextOf),
  vectors,
);

for (const vector of vectors.epochs) {
  test(`L1 cache and dataset items of epoch ${vector.epoch} are the known ones`, () => {
    const { l1Cache, lightCache } = contextOf(vector.epoch);
    assert.equal(createHash('sha256').update(wordsToBytes(l1Cache)).digest('hex'), vector.l1CacheSha256);
    for (const [index, item128] of Object.entries(vector.datasetItem1024)) {
      const read = bytesToHex(wordsToBytes(datasetItem(lightCache, Math.floor(Number(index) / 2))));
      assert.equal(read.slice(256 * (Number(index) % 2)).slice(0, 256), item128, `item ${index}`);
    }
  });
}

test('the building of a light cache reports its progress, up to the end', () => {
  contextOf(0);
  assert.ok(progress.length > 100, `${progress.length} reports`);
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  );
  assert.equal(progress.at(-1), 1);
});

test('a hash in an epoch that is not prepared is refused', () => {
  const engine = createReferenceEngine();
  const request = { height: 0, headerHash: new Uint8Array(32), nonce: 0n };
  assert.throws(() => engine.hash([request]), /epoch 0 is not prepared/);
  engine.prepare(contextOf(0), 0);
  assert.equal(engine.hash([request, request]).length, 2);
  engine.forget(0);
  assert.throws(() => engine.hash([request]), RangeError);
});
