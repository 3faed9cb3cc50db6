import assert from 'node:assert/strict';
import { test } from 'node:test';
import { good, only, onlyNode } from '../../test/support/config.ts';
import { judgeSignals, type SignalFacts } from './signal-verdicts.ts';

const config = good('network: regtest\n');
const instance = only(config);
const node = {
  ...onlyNode(config),
  p2p: { host: '127.0.0.1', port: 18444, isAuto: false },
  zmq: 'tcp://127.0.0.1:28332',
};
const answer = (tookMs: number) => ({ ok: true, value: 'a tip', tookMs, atMs: 0 }) as const;
const DEAF = {
  state: 'failed',
  sentence: 'tcp://127.0.0.1:28332 does not answer. Put a line into raven.conf. KPSS keeps trying.',
} as const;
const P2P_CLOSED = { ok: false, end: { kind: 'unreachable', code: 'ECONNREFUSED' } } as const;
const FACTS: SignalFacts = {
  tips: [900, 2, 3, 2, 2].map(answer),
  p2p: { ok: true, userAgent: '/Ravencoin:4.8.0/' },
  zmq: { state: 'on', sentence: 'Listens to tcp://127.0.0.1:28332.' },
};

function verdicts(facts: Partial<SignalFacts>, changes = {}): Record<string, string> {
  const findings = judgeSignals({ ...FACTS, ...facts }, { ...node, ...changes }, instance);
  return Object.fromEntries(findings.map(({ id, verdict }) => [id, verdict]));
}

test('signals that answer are green, and one slow answer of five does not count', () => {
  assert.deepEqual(verdicts({}), {
    'node.polling': 'green',
    'node.p2p': 'green',
    'node.zmq': 'green',
    'node.long-poll': 'skipped',
  });
});

test('a signal that does not answer is a warning, since polling does its work', () => {
  const found = verdicts({ p2p: P2P_CLOSED, zmq: DEAF });
  assert.deepEqual([found['node.p2p'], found['node.zmq']], ['yellow', 'yellow']);
  const finding = judgeSignals({ ...FACTS, zmq: DEAF }, node, instance)[2];
  assert.equal(finding?.sentence, 'tcp://127.0.0.1:28332 does not answer; polling does the work.');
  assert.equal(finding?.cure, 'Put a line into raven.conf.');
});

test('a P2P port that nobody asked for may be closed', () => {
  const p2p = { ...node.p2p, isAuto: true };
  assert.equal(verdicts({ p2p: P2P_CLOSED }, { p2p })['node.p2p'], 'skipped');
});

test('a P2P port of another network is a warning even where nobody asked for it', () => {
  const p2p = { ...node.p2p, isAuto: true };
  const facts = { ...FACTS, p2p: { ok: false, end: { kind: 'garbage', fault: 'wrong-magic' } } } as const;
  const [, finding] = judgeSignals(facts, { ...node, p2p }, instance);
  assert.equal(finding?.verdict, 'yellow');
  assert.match(
    finding?.sentence ?? '',
    /^What answers at 127\.0\.0\.1:18444 is no P2P port of ravencoin regtest; polling/,
  );
  assert.match(finding?.cure ?? '', /^Look at host and port/);
});

test('what is not configured is not looked at', () => {
  const found = verdicts({ p2p: undefined, zmq: undefined }, { p2p: undefined, zmq: undefined });
  assert.deepEqual([found['node.p2p'], found['node.zmq']], ['skipped', 'skipped']);
});

test('a node that is slower to tell its tip than it is asked is a warning', () => {
  assert.equal(verdicts({ tips: [300, 300, 300].map(answer) })['node.polling'], 'yellow');
  assert.equal(verdicts({ tips: [] })['node.polling'], 'skipped');
});

test('long polling that is on is a warning with what it costs', () => {
  const [, , , finding] = judgeSignals(FACTS, { ...node, longPoll: true }, instance);
  assert.equal(finding?.verdict, 'yellow');
  assert.match(finding?.sentence ?? '', /one of the node’s four RPC threads/);
});
