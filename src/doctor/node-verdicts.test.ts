import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNetwork, type Network } from '../chain/coins.ts';
import { RpcError } from '../node/rpc-error.ts';
import type { Answer, NodeAnswers } from './ask-node.ts';
import { judgeNodeClock } from './clock-verdicts.ts';
import { judgeFirst, judgeNetwork, judgePeers, judgeSynced, judgeVersion } from './node-verdicts.ts';
import { judgeProposal, judgeTemplate } from './work-verdicts.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const NOW_S = NOW_MS / 1000;

const answer = (value: unknown): Answer => ({ ok: true, value, tookMs: 1, atMs: NOW_MS });
const NO_ANSWER: Answer = { ok: false, error: new RpcError('timeout', 'no answer') };

function network(coin: string, name: string): Network {
  const known = findNetwork(coin, name);
  assert(known);
  return known;
}
const MAINNET = network('ravencoin', 'main');

const CHAIN = { chain: 'main', blocks: 100, headers: 100, mediantime: NOW_S - 600 };
function answers(changes: Partial<NodeAnswers> = {}): NodeAnswers {
  const healthy = {
    chain: answer(CHAIN),
    network: answer({ version: 4080000, connections: 8, timeoffset: 0 }),
    peers: answer(Array.from({ length: 8 }, () => ({}))),
    template: answer({ curtime: NOW_S, mintime: NOW_S - 3000 }),
  };
  return { ...healthy, addresses: [], tips: [], ...changes };
}

test('the version that is too old begins right below 4.8.0, and is Ravencoin’s mainnet’s alone', () => {
  const verdictOf = (version: number, of = MAINNET) => judgeVersion(answer({ version }), of).verdict;
  assert.deepEqual(
    [4_060_100, 4_079_999, 4_080_000, 4_090_000].map((version) => verdictOf(version)),
    ['yellow', 'yellow', 'green', 'green'],
  );
  assert.equal(verdictOf(4_060_100, network('ravencoin', 'test')), 'green');
  assert.equal(verdictOf(1_000_000, network('neurai', 'main')), 'green');
  assert.equal(judgeVersion(answer({}), MAINNET).verdict, 'skipped');
});

test('an answer that only comes too late is something to know, since an instance waits for it', () => {
  assert.equal(judgeTemplate(NO_ANSWER, undefined, MAINNET).verdict, 'yellow');
  assert.equal(judgeProposal(NO_ANSWER).verdict, 'yellow');
  const gone: Answer = { ok: false, error: new RpcError('unreachable', 'refused') };
  assert.deepEqual(
    [judgeTemplate(gone, undefined, MAINNET).verdict, judgeProposal(gone).verdict],
    ['red', 'red'],
  );
});

test('a block or two behind the headers is no download', () => {
  const verdictOf = (blocks: number) =>
    judgeSynced(answers({ chain: answer({ ...CHAIN, blocks }) }), NOW_MS).verdict;
  assert.deepEqual([100, 99, 98, 97].map(verdictOf), ['green', 'green', 'green', 'red']);
});

test('a node that says it downloads is believed, whatever its numbers', () => {
  const chain = answer({ ...CHAIN, initialblockdownload: true });
  assert.equal(judgeSynced(answers({ chain }), NOW_MS).verdict, 'red');
});

test('a last block of a day ago is a warning, but on regtest, where nobody mines meanwhile', () => {
  const day = (chain: string, ageS: number) =>
    judgeSynced(answers({ chain: answer({ ...CHAIN, chain, mediantime: NOW_S - ageS }) }), NOW_MS);
  assert.equal(day('main', 86_400).verdict, 'green');
  assert.equal(day('main', 86_401).verdict, 'yellow');
  assert.match(day('test', 4 * 86_400).sentence, /4\.0 days old/);
  assert.equal(day('regtest', 400 * 86_400).verdict, 'green');
});

test('peers: none is red, one or two a warning on the mainnet', () => {
  const verdictOf = (count: number, chain = 'main') =>
    judgePeers(answers({ chain: answer({ ...CHAIN, chain }), peers: answer(Array(count).fill({})) })).verdict;
  assert.deepEqual(
    [0, 1, 2, 3].map((count) => verdictOf(count)),
    ['red', 'yellow', 'yellow', 'green'],
  );
  assert.deepEqual([verdictOf(0, 'regtest'), verdictOf(1, 'regtest')], ['red', 'green']);
});

test('a KPSS that is connected to the node is no other node, but on regtest', () => {
  const ours = [{ subver: '/KPSS:0.1.0/' }, { subver: '/KPSS-doctor/' }];
  const verdictOf = (others: readonly string[], chain = 'main') => {
    const peers = answer([...ours, ...others.map((subver) => ({ subver }))]);
    return judgePeers(answers({ chain: answer({ ...CHAIN, chain }), peers })).verdict;
  };
  const other = '/Ravencoin:4.8.0/';
  assert.deepEqual(
    [verdictOf([]), verdictOf([other, other]), verdictOf([other, other, other])],
    ['red', 'yellow', 'green'],
  );
  assert.equal(verdictOf([], 'regtest'), 'green');
});

test('a node that does not list its peers still tells how many', () => {
  const counted = answers({ peers: NO_ANSWER, network: answer({ connections: 0 }) });
  assert.equal(judgePeers(counted).verdict, 'red');
  assert.equal(judgePeers(answers({ peers: NO_ANSWER, network: NO_ANSWER })).verdict, 'yellow');
});

test('the network is named; an answer that names none is no node’s', () => {
  const verdictOf = (chain: unknown) => judgeNetwork(answer({ chain }), MAINNET, 'http://node:8766');
  assert.equal(verdictOf('main').verdict, 'green');
  const other = verdictOf('regtest');
  assert.equal(other.sentence, 'The node at http://node:8766 is on regtest, but KPSS is set to main.');
  assert.match(other.cure ?? '', /^Set network in kpss\.yaml/);
  for (const chain of [undefined, 7, 'a\u001b[2Jb', 'x'.repeat(100)]) {
    const { verdict, sentence } = verdictOf(chain);
    assert.deepEqual([verdict, /^What answers is not a node's RPC/.test(sentence)], ['red', true]);
  }
});

test('a cookie that is not there means no login where something answers, and no node where nothing does', () => {
  const missing: Answer = { ok: false, error: new RpcError('cookie', 'the cookie /a/.cookie is not there') };
  const node = {
    url: 'http://127.0.0.1:8766',
    credentials: { kind: 'cookie', path: '/a/.cookie' },
  } as const;
  const open = judgeFirst(missing, true, node);
  assert.deepEqual(
    open.map(({ id, verdict }) => [id, verdict]),
    [
      ['node.answers', 'green'],
      ['node.login', 'red'],
    ],
  );
  const closed = judgeFirst(missing, false, node);
  assert.deepEqual(
    closed.map(({ verdict }) => verdict),
    ['red', 'skipped'],
  );
  assert.match(closed[0]?.cure ?? '', /^Start ravend/);
});

test('the clocks may be 30 s apart; from 720 s on no block of this node would be taken', () => {
  const verdictOf = (aheadS: number) =>
    judgeNodeClock(answers({ template: answer({ curtime: NOW_S + aheadS, mintime: 0 }) })).verdict;
  assert.deepEqual([0, 30, 31, 720, 721].map(verdictOf), ['green', 'green', 'yellow', 'yellow', 'red']);
  const late = judgeNodeClock(answers({ template: answer({ curtime: NOW_S - 721, mintime: NOW_S - 4000 }) }));
  assert.match(
    late.cure ?? '',
    /^To this node the network’s blocks are more than 720 s ahead: it refuses them/,
  );
  assert.deepEqual([-30, -31, -720, -721].map(verdictOf), ['green', 'yellow', 'yellow', 'red']);
});

test('a template whose time is the chain’s says nothing of the node’s clock', () => {
  const of = (aheadS: number) =>
    judgeNodeClock(answers({ template: answer({ curtime: NOW_S + aheadS, mintime: NOW_S + aheadS }) }))
      .verdict;
  assert.deepEqual([of(300), of(-300)], ['skipped', 'yellow']);
});

test('a node that is apart from its peers is a warning, and it is told which way', () => {
  const of = (timeoffset: number) => judgeNodeClock(answers({ network: answer({ timeoffset }) }));
  assert.equal(of(30).verdict, 'green');
  const late = of(50);
  assert.equal(late.verdict, 'yellow');
  assert.match(late.sentence, /that of this machine, and 50 s behind its peers’\.$/);
  assert.match(of(-50).sentence, /50 s ahead of its peers’\.$/);
});
