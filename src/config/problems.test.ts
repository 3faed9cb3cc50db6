import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCRIPT_SIG_BYTES_MAX } from '../chain/coinbase.ts';
import { TAG_BYTES_MAX as JOB_TAG_BYTES_MAX } from '../mining/job.ts';
import { TAG_BYTES_MAX } from './payout-section.ts';
import { gotText, nearest, pathText } from './problems.ts';

test('the nearest known word is found, and none for another word', () => {
  const known = ['address', 'recipients', 'tag', 'port', 'vardiff'];
  assert.equal(nearest('adress', known), 'address');
  assert.equal(nearest('recipient', known), 'recipients');
  assert.equal(nearest('varDiff', known), 'vardiff');
  assert.equal(nearest('prot', known), 'port');
  assert.equal(nearest('ports', known), 'port');
  assert.equal(nearest('banning', known), undefined);
});

test('paths read as in the documentation', () => {
  assert.equal(pathText(['instances', 0, 'stratum', 'port']), 'instances[0].stratum.port');
  assert.equal(pathText([]), '');
});

test('a found value is shown short, and a secret not at all', () => {
  assert.equal(gotText(['port'], 'a'.repeat(100)), `, got "${'a'.repeat(60)}…"`);
  assert.equal(gotText(['port'], 7), ', got 7');
  assert.equal(gotText(['port'], '\u001b[2J'), ', got "\\u001b[2J"');
  assert.equal(gotText(['node', 'password'], 'x'), '');
  assert.equal(gotText(['node', 'url'], 'http://a:b@c'), '');
});

test('the longest tag is the one that a job takes', () => {
  assert.equal(TAG_BYTES_MAX, JOB_TAG_BYTES_MAX);
  assert.ok(TAG_BYTES_MAX < SCRIPT_SIG_BYTES_MAX);
});
