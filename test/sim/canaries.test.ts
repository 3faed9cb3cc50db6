import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CANARIES, type Canary } from './canaries.ts';

/** No more than the seeds that every `npm test` runs. */
const SEEDS_MAX = 468;
const ROOT = new URL('../../', import.meta.url);

async function runWith({ name }: Canary): Promise<string> {
  const args = [
    '--import',
    './test/sim/mutate.ts',
    'test/sim/main.ts',
    '--first',
    '--seeds',
    String(SEEDS_MAX),
  ];
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(ROOT),
    env: { ...process.env, KPSS_SIM_CANARY: name },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code] = await once(child, 'close');
  return `${output}\nexit code ${code}`;
}

test('the text of every canary stands in its file, once', () => {
  for (const { name, file, from } of CANARIES) {
    const count = readFileSync(new URL(file, ROOT), 'utf8').split(from).length - 1;
    assert.equal(
      count,
      1,
      `«${name}» is to change a line of ${file} that stands there ${count} times: write it anew`,
    );
  }
});

// Two at a time, as there are two cores at least.
describe('the simulation finds, within its seeds,', { concurrency: 2 }, () => {
  for (const canary of CANARIES) {
    test(`that ${canary.name}`, async () => {
      const output = await runWith(canary);
      assert.match(output, /^seed \d+: /m, output.slice(-2_000));
      // A canary that is no program any more tells nothing.
      assert.doesNotMatch(output, /no fault within|SyntaxError/, output.slice(-2_000));
      assert.match(output, /exit code 1$/);
    });
  }
});
