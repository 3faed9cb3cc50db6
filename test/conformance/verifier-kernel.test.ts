import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bytesToHex } from '../../src/chain/bytes.ts';
import { buildEpochContext, type EpochContext } from '../../src/kawpow/epoch-context.ts';
import { createKernelEngine } from '../../src/kawpow/kernel-engine.ts';
import { KERNEL_BATCH_MAX, SCRATCHES_MAX } from '../../src/kawpow/kernel-layout.ts';
import { claimScratch, createKernelMemory, releaseScratch } from '../../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { wordsToBytes } from '../../src/kawpow/words.ts';
import { engineVerifier } from './engine-verifier.ts';
import { isQuickEpoch, kawPowVectors } from './kawpow-vectors.ts';
import { batchesOf } from './kernel-batches.ts';
import { SMALL_POW } from './small-pow.ts';
import { verifierConformance } from './verifier-conformance.ts';

const vectors = kawPowVectors(isQuickEpoch);
const progress: number[] = [];
const contexts = new Map<number, EpochContext>();

/** Built once for everything in this file. */
function contextOf(epoch: number): EpochContext {
  let context = contexts.get(epoch);
  if (context === undefined) {
    const onProgress = (fraction: number): unknown => epoch === 0 && progress.push(fraction);
    context = buildEpochContext(epoch, { onProgress });
    contexts.set(epoch, context);
  }
  return context;
}

verifierConformance('the kernel', () => engineVerifier(createKernelEngine(), contextOf), vectors);

for (const vector of vectors.epochs) {
  test(`the kernel's L1 cache of epoch ${vector.epoch} is the known one`, () => {
    const { l1Cache } = contextOf(vector.epoch);
    assert.equal(createHash('sha256').update(wordsToBytes(l1Cache)).digest('hex'), vector.l1CacheSha256);
  });
}

test('hashes are the same in batches of any size, 1 to 33, with requests of several epochs among them', () => {
  const engine = createKernelEngine();
  for (const { epoch } of vectors.epochs)
    engine.prepare(contextOf(epoch), claimScratch(contextOf(epoch).memory));
  for (let size = 1; size <= KERNEL_BATCH_MAX + 1; size++) {
    for (const { requests, wanted } of batchesOf(vectors.vectors, size)) {
      assert.deepEqual(
        engine.hash(requests).map(({ mixHash, finalHash }) => bytesToHex(mixHash) + bytesToHex(finalHash)),
        wanted,
        `a batch of ${size}`,
      );
    }
  }
});

test('the building of caches reports its progress, up to the end', () => {
  contextOf(0);
  assert.ok(progress.length > 100, `${progress.length} reports`);
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  );
  assert.equal(progress.at(-1), 1);
});

test('a hash in an epoch that is not prepared is refused, and no request is none', () => {
  const engine = createKernelEngine();
  const request = { height: 0, headerHash: new Uint8Array(32), nonce: 0n };
  assert.throws(() => engine.hash([request]), /epoch 0 is not prepared/);
  engine.prepare(contextOf(0), claimScratch(contextOf(0).memory));
  assert.deepEqual(engine.hash([]), []);
  assert.equal(engine.hash([request, request]).length, 2);
  engine.forget(0);
  assert.throws(() => engine.hash([request]), RangeError);
});

test('a scratch belongs to one thread at a time, and they are limited', () => {
  const memory = createKernelMemory(0, SMALL_POW);
  const scratches = Array.from({ length: SCRATCHES_MAX }, () => claimScratch(memory));
  assert.equal(new Set(scratches).size, SCRATCHES_MAX);
  assert.throws(() => claimScratch(memory), RangeError);
  releaseScratch(memory, 7);
  assert.equal(claimScratch(memory), 7);
});

test('variants that the kernel cannot compute are refused', () => {
  for (const change of [{ lanes: 8 }, { datasetParents: 24 }, { l1CacheBytes: 12_288 }]) {
    assert.throws(() => createKernelEngine({ ...KAWPOW, ...change }), RangeError);
  }
});
