import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL_POW } from '../test/conformance/small-pow.ts';
import type { Progress } from './cli/progress.ts';
import { watchEpochs } from './epoch-progress.ts';
import type { Log } from './mining/ports.ts';
import { createLoggedVerifier } from './verifier-log.ts';

const LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What stands there now, and all that stood there. */
function recorder() {
  const standing = new Map<string, number>();
  const seen: string[] = [];
  const progress: Progress = {
    show(label, fraction) {
      standing.set(label, fraction);
      seen.push(`${label}: ${Math.floor(fraction * 100)} %`);
    },
    done(label) {
      standing.delete(label);
    },
  };
  return { progress, standing, seen };
}

test('an epoch’s light cache is shown from the start of its building to its end', async () => {
  const { progress, standing, seen } = recorder();
  const verifier = createLoggedVerifier({ pow: SMALL_POW }, LOG, progress);
  await verifier.prepare(3);
  assert.equal(seen[0], 'light cache of epoch 3 (small): 0 %');
  assert.equal(seen.at(-1), 'light cache of epoch 3 (small): 100 %');
  assert.deepEqual([...standing], []);
  await verifier.close();
});

test('nothing stands once the verifier is closed, also in the midst of building', async () => {
  const { progress, standing } = recorder();
  const verifier = createLoggedVerifier({}, LOG, progress);
  void verifier.prepare(0);
  assert.deepEqual([...standing], [['light cache of epoch 0', 0]]);
  const closed = verifier.close();
  assert.deepEqual([...standing], []);
  await closed;
  assert.deepEqual([...standing], []);
});

test('epochs are told apart, and each goes when it is ready or has failed', () => {
  const { progress, standing } = recorder();
  const { onEvent } = watchEpochs(progress);
  for (const epoch of [1, 2]) onEvent({ kind: 'epoch-building', pow: 'kawpow', epoch });
  onEvent({ kind: 'epoch-building', pow: 'meowpow', epoch: 1 });
  onEvent({ kind: 'epoch-progress', pow: 'kawpow', epoch: 2, fraction: 0.5 });
  assert.deepEqual(
    [...standing],
    [
      ['light cache of epoch 1', 0],
      ['light cache of epoch 2', 0.5],
      ['light cache of epoch 1 (meowpow)', 0],
    ],
  );
  onEvent({ kind: 'epoch-ready', source: 'built', tookMs: 0, pow: 'kawpow', epoch: 1 });
  onEvent({ kind: 'epoch-failed', pow: 'meowpow', epoch: 1, error: new Error('no memory') });
  assert.deepEqual([...standing.keys()], ['light cache of epoch 2']);
});
