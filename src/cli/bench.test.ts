import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KawpowFigures, MeasureOptions } from '../measure/kawpow.ts';
import { type BenchArgs, runBench } from './bench.ts';

const FIGURES: KawpowFigures = {
  pow: 'kawpow',
  epoch: 560,
  machine: { processor: 'Some CPU', cores: 2, memoryGiB: 24, node: 'v24.21.0', platform: 'linux x64' },
  floorNs: { 4: 38, 8: 20, 32: 9, 64: 7.1 },
  hashUs: { 1: 5000, 2: 3100, 4: 2500, 8: 1900, 16: 1700, 32: 1600 },
  finalHashUs: 0.6,
  cacheMs: 2000,
  cacheFromDiskMs: 250,
  oneWorkerPerS: 600,
  twoWorkersPerS: 1200,
  dagHashUs: null,
  dagMinutes: null,
  rssMiB: 180,
  cacheMiB: 86,
};

async function run(args: BenchArgs, figures: KawpowFigures = FIGURES) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const measured: Omit<MeasureOptions, 'onStep'>[] = [];
  const exitCode = await runBench(args, {
    print: (text) => printed.push(text),
    complain: (line) => complaints.push(line),
    measure: async ({ onStep, ...options }) => {
      measured.push(options);
      onStep('measuring');
      return figures;
    },
  });
  return { exitCode, printed, complaints, measured };
}

test('the table has each figure with its ratio to the floor', async () => {
  const { exitCode, printed, complaints, measured } = await run({ subject: 'kawpow' });
  assert.equal(exitCode, 0);
  assert.deepEqual(measured, [{ powName: 'kawpow', epoch: 560, dag: false }]);
  assert.deepEqual(complaints, ['kpss bench: measuring…']);
  const lines = (printed[0] ?? '').split('\n');
  assert.equal(lines[0], 'kawpow, epoch 560: Some CPU, 2 cores, 24 GiB, Node.js v24.21.0, linux x64');
  const columns = (name: string) =>
    lines
      .find((line) => line.startsWith(name))
      ?.slice(name.length)
      .trim()
      .split(/ {2,}/);
  // 131,072 reads of 38 ns are 4981 µs, of 7.1 ns 931 µs.
  assert.deepEqual(columns('one hash alone'), ['5000', '1.00 ×', '5.37 ×']);
  assert.deepEqual(columns('a hash of a batch of 32'), ['1600', '0.32 ×', '1.72 ×']);
  assert.deepEqual(columns('131,072 random reads, 64 in flight (7.1 ns each)'), ['931', '0.19 ×', '1.00 ×']);
  assert.deepEqual(columns('final hash only'), ['0.6', '0.00 ×', '0.00 ×']);
  assert.deepEqual(columns('batch of 8 against one alone'), ['2.63 ×']);
  assert.deepEqual(columns('two worker threads'), ['1200 shares a second, 2.00 ×']);
  assert.deepEqual(columns('… built, in a fresh process'), ['2000 ms, as 1250 shares']);
  assert.deepEqual(columns('resident memory with this epoch'), ['180 MiB, 94 over the cache']);
  assert.ok(!printed[0]?.includes('DAG'));
});

test('the DAG stands in the table when it was measured', async () => {
  const { printed, measured } = await run(
    { subject: 'kawpow', dag: true, epoch: '598', pow: 'kawpow' },
    { ...FIGURES, dagHashUs: 47.3, dagMinutes: 8.6 },
  );
  assert.deepEqual(measured, [{ powName: 'kawpow', epoch: 598, dag: true }]);
  assert.match(printed[0] ?? '', /with the DAG in memory +47\.3 /);
  assert.match(printed[0] ?? '', /DAG, generated in one thread +8\.6 minutes/);
});

test('--json prints the figures and nothing else', async () => {
  const { printed } = await run({ subject: 'kawpow', json: true });
  assert.deepEqual(JSON.parse(printed.join('')), JSON.parse(JSON.stringify(FIGURES)));
});

const WRONG: readonly (readonly [BenchArgs, RegExp])[] = [
  [{ subject: 'stratum' }, /benchmark of kawpow, and none of stratum/],
  [{ subject: 'kawpow', epoch: '8192' }, /--epoch is a whole number from 0 to 8191, got 8192/],
  [{ subject: 'kawpow', epoch: '' }, /--epoch is a whole number/],
  [{ subject: 'kawpow', epoch: '1e2' }, /--epoch is a whole number/],
  [{ subject: 'kawpow', epoch: '2048', pow: 'meowpow' }, /from 0 to 2047, got 2048/],
  [{ subject: 'kawpow', pow: 'ethash' }, /--pow is one of kawpow, evrprogpow, meowpow, got ethash/],
];
for (const [args, complaint] of WRONG) {
  test(`refused: ${JSON.stringify(args)}`, async () => {
    const { exitCode, complaints, measured } = await run(args);
    assert.equal(exitCode, 2);
    assert.equal(measured.length, 0);
    assert.match(complaints.join('\n'), complaint);
  });
}
