import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHardHarness } from '../../test/support/session-harness.ts';
import { MINERS_TOLD_MAX, reportMiners } from './miner-report.ts';

function miner(workerName: string | undefined, hashesPerS: number) {
  return {
    ...{ workerName, agent: '', arrival: undefined, difficulty: 1, record: undefined },
    hashesPerS: () => hashesPerS,
    reportedHashesPerS: undefined,
  };
}

function namesOf(sessions: readonly ReturnType<typeof miner>[]): string[] {
  return reportMiners(sessions, 0).map(({ worker }) => worker);
}

test('the fastest come first, of equal ones the longest connected, and nobody without a login', () => {
  const sessions = [miner('slow', 1), miner(undefined, 9), miner('fast', 5), miner('also slow', 1)];
  assert.deepEqual(namesOf(sessions), ['fast', 'slow', 'also slow']);
});

test('of many only the fastest are told', () => {
  const rates = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_000);
  const names = namesOf(rates.map((rate) => miner(`rig${rate}`, rate)));
  assert.deepEqual(
    names,
    Array.from({ length: MINERS_TOLD_MAX }, (_, i) => `rig${9_999 - i}`),
  );
});

test('a session tells what it says of itself, and counts its shares', async () => {
  const { session, clock, logIn, ask, submit, setJudge } = createHardHarness();
  const report = () => reportMiners([session], clock.nowMs())[0];
  assert.equal(report(), undefined);
  await clock.advance(1_000);
  logIn();
  ask('{"id":7,"method":"eth_submitHashrate","params":["0x1312d00","0x1"]}');
  assert.deepEqual(report(), {
    ...{
      worker: 'address.worker',
      agent: 'test/1.0',
      address: '',
      port: 0,
      connectedMs: 0,
      difficulty: session.difficulty,
    },
    ...{ hashesPerS: 0, reportedHashesPerS: 20_000_000 },
    ...{ accepted: 0, rejected: 0, lastShareMs: undefined },
  });
  let late = (_isRight: boolean): void => {};
  setJudge((_share, onLate) => {
    late = onLate;
    return Promise.resolve({ accepted: true, verified: false, because: 'no-verdict' });
  });
  submit(8);
  submit(9, { nonce: '0000000000000002' });
  submit(10, { nonce: '0000000000000002' });
  await clock.settle();
  const counts = () => [report()?.accepted, report()?.rejected, report()?.lastShareMs];
  assert.deepEqual(counts(), [2, 1, clock.nowMs()]);
  assert.ok((report()?.hashesPerS ?? 0) > 0);
  // One was taken on trust, and was false.
  late(false);
  assert.deepEqual(counts().slice(0, 2), [1, 2]);
});
