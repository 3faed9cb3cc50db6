import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Finding, green, isFit, red } from './check.ts';
import { judgeTogether } from './together.ts';

const SYNCED = green('node.synced', 'It has all 9 blocks.');
const AWAY = red('node.answers', 'Nothing answers.', 'Start it.');

function verdictsOf(findings: readonly Finding[] | undefined): string[] {
  return (findings ?? []).map(({ verdict }) => verdict);
}

test('a second node that is away is something to know, for a block needs one', () => {
  const home = { name: 'home', findings: [SYNCED], height: 10 };
  const cellar = { name: 'cellar', findings: [AWAY], height: undefined };
  const [first, second] = judgeTogether([home, cellar]);
  assert.deepEqual(verdictsOf(first?.findings), ['green']);
  assert.deepEqual(second?.findings, [{ ...AWAY, verdict: 'yellow' }]);
  assert.ok(isFit([...(first?.findings ?? []), ...(second?.findings ?? [])]));
});

test('where none is well, or there is one alone, red stays red', () => {
  const cellar = { name: 'cellar', findings: [AWAY], height: undefined };
  assert.deepEqual(judgeTogether([cellar]), [cellar]);
  assert.deepEqual(judgeTogether([cellar, cellar]), [cellar, cellar]);
});

test('a node that has all blocks it knows of is told to be behind another', () => {
  const node = (name: string, height: number) => ({ name, findings: [SYNCED], height });
  const [behind, level, best] = judgeTogether([node('old', 8), node('next', 9), node('best', 10)]);
  assert.deepEqual(verdictsOf(behind?.findings), ['yellow']);
  assert.match(behind?.findings[0]?.sentence ?? '', /^It is 2 blocks behind best,/);
  assert.deepEqual([level?.findings, best?.findings], [[SYNCED], [SYNCED]]);
});

test('two nodes with different blocks of one height are told to be on different chains', () => {
  const node = (name: string, digit: string) => ({
    ...{ name, findings: [SYNCED], height: 10 },
    common: { height: 9, hash: digit.repeat(64) },
  });
  const [here, there] = judgeTogether([node('here', 'a'), node('there', 'b')]);
  assert.deepEqual(verdictsOf(here?.findings), ['yellow']);
  assert.match(here?.findings[0]?.sentence ?? '', /^Its block 9 is another than that of there:/);
  assert.match(there?.findings[0]?.sentence ?? '', /that of here:/);
  assert.deepEqual(verdictsOf(judgeTogether([node('a', 'a'), node('b', 'a')])[0]?.findings), ['green']);
});
