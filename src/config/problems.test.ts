import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problems, pathText } from './problems.ts';

test('paths read as in the documentation', () => {
  assert.equal(pathText(['instances', 0, 'stratum', 'port']), 'instances[0].stratum.port');
  assert.equal(pathText([]), '');
});

test('the first problem of a setting counts, and what has a label comes first', () => {
  const problems = new Problems((path) => ({ text: pathText(path), order: path.length }));
  problems.label(['b', 'c', 'd'], '--flag');
  problems.add(['b', 'c'], 'late');
  problems.add(['b'], 'early');
  problems.add(['b'], 'again');
  problems.add(['b', 'c', 'd'], 'of the flag');
  problems.addTo('--flag', 'again');
  assert.deepEqual(problems.list, ['--flag: of the flag', 'b: early', 'b.c: late']);
  assert.equal(problems.count, 3);
});
