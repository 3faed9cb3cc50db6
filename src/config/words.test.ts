import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gotText, listText, nearest } from './words.ts';

test('the nearest known word is found, and none for another word', () => {
  const known = ['address', 'recipients', 'tag', 'port', 'vardiff'];
  assert.equal(nearest('adress', known), 'address');
  assert.equal(nearest('recipient', known), 'recipients');
  assert.equal(nearest('varDiff', known), 'vardiff');
  assert.equal(nearest('prot', known), 'port');
  assert.equal(nearest('ports', known), 'port');
  assert.equal(nearest('banning', known), undefined);
  assert.equal(nearest('mainnet', ['main', 'test', 'regtest']), 'main');
  assert.equal(nearest('Testnet', ['main', 'test', 'regtest']), 'test');
  assert.equal(nearest('raven', ['ravencoin', 'neurai']), 'ravencoin');
  assert.equal(nearest('ab', ['abcd']), undefined);
  assert.equal(nearest('rpcpassword', ['user', 'password']), 'password');
});

test('a found value is shown short, and a secret not at all', () => {
  assert.equal(gotText(['port'], 'a'.repeat(100)), `, got "${'a'.repeat(60)}…"`);
  assert.equal(gotText(['port'], 7), ', got 7');
  assert.equal(gotText(['port'], '\u001b[2J'), ', got "\\u001b[2J"');
  assert.equal(gotText(['node', 'password'], 'x'), '');
  assert.equal(gotText(['node', 'url'], 'http://a:b@c'), '');
  assert.equal(gotText(['node'], 'password:hunter2'), ', got a text');
  assert.equal(gotText(['instances'], []), ', got an empty list');
});

test('words are listed as in a sentence', () => {
  assert.deepEqual([['a'], ['a', 'b'], ['a', 'b', 'c']].map(listText), ['a', 'a or b', 'a, b or c']);
});
