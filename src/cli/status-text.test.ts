import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiInstance, apiStatus } from '../../test/support/api-status.ts';
import type { ApiInstance } from '../web/api-types.ts';
import { statusText } from './status-text.ts';
import { difficultyText, spanText, wrapText } from './status-words.ts';

const ESCAPE = '\u001b';
const PLAIN = { colours: false, unicode: true };

function textOf(changes: Partial<ApiInstance> = {}): string {
  return statusText(apiStatus([apiInstance(changes)]), PLAIN);
}

test('a status at a glance', () => {
  assert.equal(
    textOf(),
    `KPSS 0.1.0, running for 4 h

● ravencoin-main: mining block 4012345 at difficulty 61,235 on main via home

    node  state               block  peers  latency
  ------  ----------------  -------  -----  -------
  ● home  gives work        4012344     12   0.4 ms
  ◐ far   downloading 97 %  3900000      8   8.1 ms
      The node at http://192.168.1.10:8766 is still downloading the blockchain.
      Some 90 min are left. [KPSS_RPC_DOWNLOADING]

  new blocks  ● p2p: first for 210 of 233 blocks, 118 ms before polling
              ● poll: first for 23 of 233 blocks
              ✖ zmq of home: Nothing answers at tcp://127.0.0.1:28332.
  proof       ● 10 s ago a node called a block of this work valid
  work        12 s old, 41 transactions, pays 2500.004633 RVN
  miners      ● 3 miners, 1.20 GH/s: a block every 2.5 days on average
  shares      1,234 accepted (2 unverified), 5 rejected (4 stale, 1 duplicate)
  bans        ◐ 1 address is shut out for a while; kpss bans lists them
  door        ◐ 812 connections refused since the start, mostly as banned; the
                last 2 s ago

  miner  measured  reported  accepted  rejected  last share
  -----  --------  --------  --------  --------  ----------
  rig1   810 MH/s  830 MH/s     1,234         5         4 s
  rig2   390 MH/s  400 MH/s     1,234         5         4 s
  rig3   0.00 H/s         -         0         0           -

  blocks      2 found, 1 accepted since the start

    block    state                worker                   RVN       ago
  ---------  -------------------  ---------------  -----------  --------
  ● 4011900  accepted, 44 of 100  RVNaddress.rig1  2500.004633       3 h
  ✖ 4000100  orphaned             RVNaddress.rig1  2500.004633  8.8 days

  verifier    3 threads for some 310 shares a second; 1,230 verified, 2 taken on
              trust`,
  );
});

test('what keeps it from mining stands first', () => {
  const away = { ...apiInstance().nodes[0]!, state: 'unreachable', isSource: false };
  const waiting = textOf({ state: 'waiting', sentence: 'Nothing answers.', nodes: [away] });
  assert.match(waiting, /^✖ ravencoin-main: waiting\. Nothing answers\.$/m);
  const warming = textOf({
    state: 'waiting',
    sentence: 'It is starting.',
    nodes: [{ ...away, state: 'starting' }],
  });
  assert.match(warming, /^◐ ravencoin-main: waiting\. It is starting\.$/m);
  const idle = textOf({ state: 'no-miners', sentence: 'There is work, and no miner is connected.' });
  assert.match(
    idle.replaceAll(/\s+/g, ' '),
    /◐ ravencoin-main: ready for block 4012345 .* no miner is connected\./,
  );
  const held = textOf({
    state: 'throttled',
    throttle: {
      ...{ state: 'holding', until: '2026-01-31T12:10:00.000Z', held: 2, blocksLastHour: 6 },
      sentence: 'throttled until 14:32:05: 6 blocks an hour; 2 candidates held',
    },
  });
  assert.match(held.replaceAll(/\s+/g, ' '), /◐ ravencoin-main: mining .* and holding blocks back/);
  assert.match(
    held.replaceAll(/\s+/g, ' '),
    /throttle ◐ throttled until 14:32:05: 6 blocks an hour; 2 candidates held; 10 min to go, 6 blocks in the last hour/,
  );
});

test('work that nobody called valid yet is told with when other work was', () => {
  const text = textOf({ proof: { ...apiInstance().proof, state: 'unknown', at: null } });
  assert.match(text, /proof {7}◐ this work is not proved yet; 10 s ago other work was$/m);
});

test('each way of hearing of blocks is told with its state, also before the first block', () => {
  const source = { node: 'home', sentence: 'No P2P port.' };
  const none = { first: 0, tips: 0, leadMs: null };
  const text = textOf({
    signals: [
      { signal: 'poll', ...none, sources: [] },
      { signal: 'p2p', ...none, sources: [{ ...source, state: 'off' }] },
      { signal: 'zmq', ...none, sources: [{ ...source, state: 'on' }] },
    ],
  });
  assert.ok(
    text.includes(`
  new blocks  ● poll: on, no block of others so far
              ○ p2p of home: No P2P port.
              ● zmq: on, no block of others so far
`),
  );
});

test('what is wrong with each of several nodes is told once', () => {
  const [node] = apiInstance().nodes;
  const away = { ...node!, state: 'unreachable', isSource: false, sentence: 'Nothing answers.' };
  const nodes = [away, { ...away, name: 'far' }];
  const text = textOf({ state: 'waiting', sentence: 'Nothing answers. Nothing answers.', nodes });
  assert.match(text, /^✖ ravencoin-main: waiting: none of the 2 nodes gives work$/m);
  assert.equal(text.split('Nothing answers.').length - 1, 2);
});

test('a node that gives work but has no other node is told', () => {
  const [node] = apiInstance().nodes;
  const text = textOf({ nodes: [{ ...node!, peers: 0 }] });
  assert.match(text, /^ {2}✖ home +gives work +4012344 +0 /m);
  assert.match(
    text.replaceAll(/\s+/g, ' '),
    /no connection to other nodes: a block found on its work would reach nobody\./,
  );
});

test('of a block that nobody has looked for yet no confirmations are told', () => {
  const [block] = apiInstance().blocks;
  assert.match(textOf({ blocks: [{ ...block!, confirmations: 0 }] }), /^ {2}● 4011900 {2}accepted {2}RVN/m);
});

test('alarms are told with their reason', () => {
  const refused = textOf({
    proof: { ...apiInstance().proof, state: 'refused', at: null, reason: 'bad-cb-amount' },
    journal: { state: 'failing', since: null },
    blocks: [{ ...apiInstance().blocks[0]!, state: 'rejected', confirmations: 0 }],
  });
  assert.match(refused, /proof {7}✖ a node refused a block of this work: bad-cb-amount/);
  assert.match(refused, /journal {5}✖ found blocks cannot be written down/);
  assert.match(refused, /✖ 4011900 {2}rejected[^\n]*\n {6}home: accepted; far: nothing answers/);
});

test('nothing is told of what is not known', () => {
  const text = textOf({
    height: null,
    tip: null,
    difficulty: null,
    state: 'waiting',
    sentence: 'It is starting.',
    template: null,
    signals: [],
    proof: { ...apiInstance().proof, state: 'unknown', at: null, lastProvedAt: null },
    journal: { state: 'off', since: null },
    miners: { count: 0, hashesPerS: 4_000_000, secondsPerBlock: 7, top: [] },
    bans: 0,
    door: null,
    blocks: [],
  });
  assert.doesNotMatch(text, /null|undefined|NaN|proof|journal|bans|measured|^ {2}work/m);
  assert.match(text, /miners {6}○ none connected$/m);
});

test('of many miners the fastest ones are shown, and how many others there are', () => {
  const [miner] = apiInstance().miners.top;
  const top = Array.from({ length: 100 }, (_, i) => ({ ...miner!, worker: `rig${i}` }));
  const miners = { ...apiInstance().miners, count: 10_000, top };
  const lines = (shown?: number): string[] => {
    const style = { ...PLAIN, ...(shown !== undefined && { miners: shown }) };
    return statusText(apiStatus([apiInstance({ miners })]), style).split('\n');
  };
  const rigs = (shown?: number): number => lines(shown).filter((line) => /^ {2}rig\d/.test(line)).length;
  assert.equal(rigs(), 10);
  assert.ok(lines().includes('  and 9,990 others: --miners 100 shows the fastest 100'));
  assert.equal(rigs(100), 100);
  assert.ok(lines(100).includes('  and 9,900 others, slower than these'));
  assert.equal(rigs(0), 0);
  assert.ok(!lines(0).some((line) => line.includes('measured')));
});

test('no line is wider than 80 columns, whatever things are called', () => {
  const long = 'a-name-that-somebody-made-far-too-long.example.org:8766';
  const [node, block] = [apiInstance().nodes[1]!, apiInstance().blocks[0]!];
  const miner = apiInstance().miners.top[0]!;
  const text = textOf({
    name: 'ravencoin-test-of-the-second-machine',
    nodes: [{ ...node, name: long, latencyMs: 12_345.6 }],
    blocks: [{ ...block, worker: long, valueSat: '123456789012345678' }],
    bans: 10_000,
    miners: { ...apiInstance().miners, count: 1_234_567, top: [{ ...miner, worker: long }] },
    signals: [
      {
        ...{ signal: 'long-poll', first: 0, tips: 0, leadMs: null },
        sources: [{ node: long, state: 'failed', sentence: 'word '.repeat(60) }],
      },
    ],
    sentence: 'word '.repeat(60),
    state: 'waiting',
  });
  for (const line of text.split('\n')) assert.ok(line.length <= 80, `${line.length}: ${line}`);
});

test('colours are on the marks alone, and columns stay', () => {
  const coloured = statusText(apiStatus(), { colours: true, unicode: true });
  assert.ok(coloured.includes(`${ESCAPE}[32m●${ESCAPE}[0m home  gives work`));
  assert.ok(coloured.includes(`${ESCAPE}[31m✖${ESCAPE}[0m zmq`));
  const bare = coloured.split(ESCAPE).map((part, i) => (i === 0 ? part : part.replace(/^\[\d+m/, '')));
  assert.equal(bare.join(''), textOf());
});

test('marks without Unicode differ as well', () => {
  const text = statusText(apiStatus(), { colours: false, unicode: false });
  assert.match(text, /^ {2}\+ home .*\n {2}~ far /m);
  assert.match(text, /x zmq/);
  assert.match(text, /^[ -~\n]*$/);
});

test('spans of time take the unit that suits', () => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [0.04, '0.04 s'],
    [119, '119 s'],
    [120, '2 min'],
    [5400, '90 min'],
    [8_000, '2.2 h'],
    [216_000, '2.5 days'],
    [4_000_000, '46 days'],
    [1e11, '3,169 years'],
  ];
  for (const [seconds, text] of cases) assert.equal(spanText(seconds), text);
});

test('difficulties of main networks and of the devnet can be read', () => {
  assert.equal(difficultyText(61_234.56), '61,235');
  assert.equal(difficultyText(1.4901161e-8), '1.49012e-8');
  assert.equal(difficultyText(12.3456789), '12.3457');
});

test('a text is broken at spaces, and indented as far as its first line', () => {
  assert.deepEqual(wrapText('* ', 'one two three', 9), ['* one two', '  three']);
  assert.deepEqual(wrapText('', 'unbreakable-word x', 5), ['unbreakable-word', 'x']);
});

test('the speed of the verifier is told once it has verified a hundred shares', () => {
  const status = apiStatus();
  const verifierOf = (verified: number) =>
    /verifier .*/.exec(statusText({ ...status, verifier: { ...status.verifier, verified } }, PLAIN))?.[0] ??
    '';
  assert.match(verifierOf(99), /^verifier {4}3 threads; 99 verified/);
  assert.match(verifierOf(100), /for some 310 shares a second; 100 verified/);
});
