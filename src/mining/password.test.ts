import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasSecret, parsePassword } from './password.ts';

test('a difficulty is read from among the options of other pools', () => {
  const cases: [string, number | undefined][] = [
    ['x', undefined],
    ['', undefined],
    ['d=0.5', 0.5],
    ['D=2', 2],
    ['diff=64', 64],
    ['c=RVN,mc=RVN,d=0.25,n=rig1', 0.25],
    ['x; diff=1e-10', 1e-10],
    ['secret d=.5', 0.5],
    ['d=1,d=2', 2],
    ['id=5', undefined],
    ['difficulty=5', undefined],
  ];
  for (const [password, difficulty] of cases)
    assert.equal(parsePassword(password).difficulty, difficulty, password);
});

test('what is no positive number asks for nothing', () => {
  for (const value of ['', '0', '-1', '.', 'NaN', 'Infinity', '0x10', '1e999x', '1_000', '٣', '5=5'])
    assert.equal(parsePassword(`d=${value}`).difficulty, undefined, value);
});

test('options behind a bounded number of them are not looked at', () => {
  assert.equal(parsePassword(`${'a,'.repeat(20)}d=5`).difficulty, undefined);
});

test('the secret may stand alone or among options, and only as a whole', () => {
  for (const password of ['hush', 'hush,d=5', 'd=5;hush', 'x hush'])
    assert.equal(hasSecret(parsePassword(password), 'hush'), true, password);
  for (const password of ['', 'hus', 'hushh', 'Hush', 'd=hush', 'x=hush'])
    assert.equal(hasSecret(parsePassword(password), 'hush'), false, password);
  assert.equal(hasSecret(parsePassword('two, words'), 'two, words'), true);
});

test('a secret of several words may stand beside options, too', () => {
  for (const password of ['a long secret,d=0.5', 'd=0.5; a long secret ;n=rig'])
    assert.equal(hasSecret(parsePassword(password), 'a long secret'), true, password);
  for (const password of ['a long,secret', 'a long secret d=0.5', 'long secret'])
    assert.equal(hasSecret(parsePassword(password), 'a long secret'), false, password);
});
