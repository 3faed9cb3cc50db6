import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpNodeSet } from '../../test/support/node-set-harness.ts';
import { versionTrouble } from './node-version.ts';

const MAIN = { coin: 'ravencoin', name: 'main' } as const;

test('4.8.0 is the first that is new enough for the mainnet', () => {
  assert.equal(versionTrouble(MAIN, 4_080_000), undefined);
  const { sentence, cure } = versionTrouble(MAIN, 4_079_900) ?? assert.fail();
  assert.match(sentence, /^The node’s version is 4\.7\.99, older than 4\.8\.0/);
  assert.match(cure, /^Upgrade/);
});

test('of other networks nothing is known', () => {
  assert.equal(versionTrouble({ coin: 'ravencoin', name: 'test' }, 4_060_100), undefined);
  assert.equal(versionTrouble({ coin: 'neurai', name: 'main' }, 1_000_000), undefined);
});

test('the log warns once of a node that is too old, and again when it was exchanged for another', async () => {
  const { clock, n1, n2, set, lines } = setUpNodeSet(2, {
    versionTrouble: (version) => versionTrouble(MAIN, version)?.sentence,
  });
  const { state: old } = n1;
  old.network = { version: 4_060_100, connections: 8 };
  n2.state.network = { version: 4_080_000, connections: 8 };
  set.start();
  await clock.advance(120_000);
  assert.equal(lines(/older than/).length, 1);
  assert.match(lines(/older than/)[0] ?? '', /^n1: The node’s version is 4\.6\.1/);
  old.network = { version: 4_070_000, connections: 8 };
  await clock.advance(60_000);
  assert.equal(lines(/older than/).length, 2);
  const stopped = set.stop();
  await clock.advance(10_000);
  await stopped;
});
