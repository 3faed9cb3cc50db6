import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REJECTIONS } from '../src/stratum/rejections.ts';
import { CLIENT_PROFILES } from './conformance/clients/profiles.ts';
import { readRepository } from './support/tidy-files.ts';

// docs/stratum.md and README.md say what the program does, and name each client that is tested.

const files = readRepository();

/** The cells of each row below the heading, without the marks of code. */
function rowsBelow(path: string, heading: string): string[][] {
  const file = files.find((candidate) => candidate.path === path);
  assert(file, `${path} is missing`);
  const start = file.text.indexOf(`\n## ${heading}\n`);
  assert(start >= 0, `${path} has no «${heading}»`);
  const end = file.text.indexOf('\n## ', start + 1);
  const part = file.text.slice(start, end < 0 ? undefined : end);
  const rows = part.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
}

test('every refusal stands in docs/stratum.md with its code, text and demerits, and no other', () => {
  const documented = rowsBelow('docs/stratum.md', 'When something is refused').map(
    ([code, reason, text, demerits]) => [reason, { code: Number(code), text, demerits: Number(demerits) }],
  );
  assert.deepEqual(Object.fromEntries(documented), REJECTIONS);
  assert.equal(documented.length, Object.keys(REJECTIONS).length);
});

test('docs/stratum.md tells of exactly the clients that are tested, in their order', () => {
  const documented = rowsBelow('docs/stratum.md', 'Clients').map(([name]) => name);
  assert.deepEqual(
    documented,
    CLIENT_PROFILES.map(({ name }) => name),
  );
});

test('README.md tells how each of them is connected', () => {
  const documented = rowsBelow('README.md', 'Connecting miners');
  const text = files.find(({ path }) => path === 'README.md')?.text ?? '';
  const rentals = text.slice(text.indexOf('\n### Rented hashrate\n')).split('\n## ')[0];
  for (const { name } of CLIENT_PROFILES) {
    const row = documented.find(([miner = '']) => miner === name || miner.startsWith(`${name}, `));
    if (row === undefined) assert(rentals?.includes(name), `README.md does not say how to connect ${name}`);
    else assert((row[1] ?? '').length > 10, `README.md has no command for ${name}`);
  }
  assert.equal(documented.length, CLIENT_PROFILES.length - 2, 'a row of no known client');
});
