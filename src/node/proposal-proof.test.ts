import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGolden } from '../../test/support/golden.ts';
import { recordedTemplate, tipOf } from '../../test/support/mining.ts';
import { createKeptLog, createScriptedRpc } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { bytesToHex } from '../chain/bytes.ts';
import type { Payout } from '../chain/payout.ts';
import { JobBook } from '../mining/job-book.ts';
import type { Template } from '../mining/template.ts';
import { ProposalProof } from './proposal-proof.ts';
import { classifyProposal, classifyProposalFailure } from './proposal-verdict.ts';
import { RpcError } from './rpc-error.ts';

const ours: Payout = { mainScript: Uint8Array.of(0x51), recipients: [] };

/** A job book whose jobs are proved by a node that answers with what `say` gives; an Error is thrown. */
function setUp(say: (data: string) => unknown = () => null) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const rpc = createScriptedRpc((_method, params) => {
    const answer = say((params[0] as { data: string }).data);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const proof = new ProposalProof({ clock, log });
  const jobs = new JobBook(new Uint8Array(0), (job) => proof.note(job, { name: 'node1', rpc }));
  const work = (template: Template, ...payouts: readonly Payout[]): void => {
    jobs.add(template);
    for (const payout of payouts) assert(jobs.current(payout));
  };
  return { clock, log, rpc, proof, jobs, work, asked: () => rpc.calls.length };
}

function payouts(count: number): Payout[] {
  return Array.from({ length: count }, (_, i) => ({
    mainScript: Uint8Array.of(1, i & 0xff, i >> 8),
    recipients: [],
  }));
}

test('a job is proposed to its node half a second later, unsolved, and what the node says is reported', async () => {
  const { clock, rpc, proof, jobs, work, asked, log } = setUp();
  assert.equal(proof.report().state, 'unknown');
  work(recordedTemplate(), ours);
  await clock.advance(499);
  assert.equal(asked(), 0);
  await clock.advance(1);
  const job = jobs.current(ours);
  assert(job);
  const [call] = rpc.calls;
  assert.equal(call?.method, 'getblocktemplate');
  const question = call.params[0] as { mode: string; data: string; rules: string[] };
  assert.deepEqual([question.mode, question.rules], ['proposal', ['segwit']]);
  assert.equal(question.data.slice(0, 240), bytesToHex(job.headerInput) + '00'.repeat(40));
  assert(question.data.includes(bytesToHex(job.coinbase.bytes)));
  const atMs = clock.nowMs();
  assert.deepEqual(proof.report(), {
    state: 'proved',
    atMs,
    node: 'node1',
    height: 258,
    reason: undefined,
    lastProvedMs: atMs,
  });
  assert.match(log.lines[0]?.message ?? '', /^node1 finds the work valid/);
});

test('each template is asked about once, each payout once a tip', async () => {
  const { clock, work, asked } = setUp();
  const [other] = payouts(1) as [Payout];
  work(recordedTemplate(), ours, other);
  await clock.advance(5_000);
  assert.equal(asked(), 2);
  work(recordedTemplate(), ours, other);
  await clock.advance(5_000);
  assert.equal(asked(), 3, 'a changed template: one question');
  work(recordedTemplate({ previousblockhash: tipOf(1) }), ours, other);
  await clock.advance(5_000);
  assert.equal(asked(), 5, 'a new tip: both');
});

test('what was not answered is asked again with the next template of the tip', async () => {
  let answer: unknown = new RpcError('timeout', 'no answer');
  const { clock, work, asked } = setUp(() => answer);
  const both = payouts(2);
  work(recordedTemplate(), ...both);
  await clock.advance(5_000);
  answer = null;
  work(recordedTemplate(), ...both);
  await clock.advance(5_000);
  assert.equal(asked(), 4);
});

test('one question at a time, four a second at the most, and those of the newest template only', async () => {
  const { clock, rpc, work, asked } = setUp();
  const many = payouts(1_000);
  work(recordedTemplate(), ...many);
  await clock.advance(1_500);
  assert.equal(asked(), 5);
  work(recordedTemplate({ previousblockhash: tipOf(1) }), ours);
  await clock.advance(60_000);
  assert.equal(asked(), 6);
  work(recordedTemplate({ previousblockhash: tipOf(2) }), ...many);
  await clock.advance(600_000);
  assert.equal(asked(), 6 + 256);
  rpc.hold('getblocktemplate');
  work(recordedTemplate({ previousblockhash: tipOf(3) }), ...many);
  await clock.advance(60_000);
  work(recordedTemplate({ previousblockhash: tipOf(4) }), ours);
  await clock.advance(60_000);
  assert.equal(asked(), 6 + 256 + 1);
  assert.equal(rpc.atOnce('getblocktemplate'), 1);
});

test('a refusal is an alarm in plain words, again after ten minutes, and its end is told', async () => {
  let answer: unknown = 'bad-cb-amount';
  const { clock, log, proof, work } = setUp(() => answer);
  let byte = 0;
  const minutes = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      work(recordedTemplate({ previousblockhash: tipOf(++byte) }), ours);
      await clock.advance(60_000);
    }
  };
  const alarms = () => log.lines.filter(({ level }) => level === 'error');
  await minutes(1);
  assert.match(
    alarms()[0]?.message ?? '',
    /^node1 refuses the work: a block found on it would be lost\. It says bad-cb-amount, that is: the block pays out more than it may\. Check that coin and network/,
  );
  assert.deepEqual([proof.report().state, proof.report().reason], ['refused', 'bad-cb-amount']);
  await minutes(9);
  assert.equal(alarms().length, 1);
  await minutes(1);
  assert.equal(alarms().length, 2);
  answer = null;
  await minutes(1);
  assert.equal(proof.report().state, 'proved');
  assert.match(log.lines.at(-1)?.message ?? '', /valid again/);
});

test('that one payout is valid does not hide that another is refused', async () => {
  const [bad] = payouts(1) as [Payout];
  const { clock, log, proof, jobs, work } = setUp((data) => {
    const job = jobs.current(bad);
    return job && data.includes(bytesToHex(job.coinbase.bytes)) ? 'bad-txns-vout-toolarge' : null;
  });
  for (let byte = 1; byte <= 3; byte++) {
    work(recordedTemplate({ previousblockhash: tipOf(byte) }), bad, ours);
    await clock.advance(60_000);
    assert.equal(proof.report().state, 'refused');
  }
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
  assert.equal(log.lines.filter(({ level }) => level === 'info').length, 0);
  assert(proof.report().lastProvedMs !== undefined);
});

test('a tip that moved and a node that does not answer are no refusals', async () => {
  const answers: unknown[] = [
    null,
    'inconclusive-not-best-prevblk',
    new RpcError('unreachable', 'refuses'),
    {},
  ];
  const { clock, log, proof, work } = setUp(() => answers.shift());
  const states: string[] = [];
  for (let byte = 1; byte <= 4; byte++) {
    work(recordedTemplate({ previousblockhash: tipOf(byte) }), ours);
    await clock.advance(60_000);
    states.push(proof.report().state);
  }
  assert.deepEqual(states, ['proved', 'proved', 'unknown', 'unknown']);
  assert.equal(proof.report().lastProvedMs, 1_700_000_000_500);
  assert.equal(log.lines.filter(({ level }) => level === 'error' || level === 'warn').length, 0);
});

test('a large block is proposed once a minute of a tip, and at once on the next', async () => {
  const { clock, work, asked } = setUp();
  const large = (byte: number): Template => ({
    ...recordedTemplate({ previousblockhash: tipOf(byte) }),
    transactionsHex: '00'.repeat(1_000_000),
  });
  for (let i = 0; i < 4; i++) {
    work(large(1), ...payouts(3));
    await clock.advance(29_000);
  }
  assert.equal(asked(), 2);
  work(large(2), ours);
  await clock.advance(1_000);
  assert.equal(asked(), 3);
});

test('after the end nothing is asked', async () => {
  const { clock, proof, work, asked } = setUp();
  work(recordedTemplate(), ours);
  await proof.stop();
  work(recordedTemplate({ previousblockhash: tipOf(1) }), ours);
  await clock.advance(60_000);
  assert.equal(asked(), 0);
  assert.equal(clock.pending(), 0);
});

test("ravend's recorded answers are understood", () => {
  const result = (name: string) =>
    (readGolden(`ravend/getblocktemplate/proposal-${name}.json`) as { response: { result: unknown } })
      .response.result;
  assert.deepEqual(classifyProposal(result('ok')), { kind: 'proved' });
  assert.deepEqual(classifyProposal(result('bad-cb-amount')), { kind: 'refused', reason: 'bad-cb-amount' });
  assert.equal(classifyProposal(result('stale')).kind, 'outdated');
  const garbage = new RpcError('rpc', 'x', { rpcCode: -22, rpcMessage: 'Block decode failed' });
  assert.deepEqual(classifyProposalFailure(garbage), { kind: 'refused', reason: 'Block decode failed' });
  assert.equal(classifyProposalFailure(new RpcError('rpc', 'x', { rpcCode: -9 })).kind, 'no-answer');
});
