import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rawTemplate } from '../test/support/mining.ts';
import { apiStatus, type InstanceFacts, type ProgramFacts } from './api-status.ts';
import { findNetwork } from './chain/coins.ts';
import { KAWPOW } from './kawpow/params.ts';
import { parseTemplate } from './mining/template.ts';
import type { ThrottleStatus } from './throttled-blocks.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00Z');
const READY = { state: 'ready', sentence: 'The node gives block templates.' } as const;
const HOLDING: ThrottleStatus = {
  ...{ sentence: 'Not yet.', why: 'blocks-per-hour', untilMs: NOW_MS + 600_000 },
  ...{ held: 2, heldTotal: 3, droppedTotal: 1, blocksLastHour: 6 },
};

/** All that parts can tell of themselves. */
const PARTS = {
  nodes: [
    {
      ...{
        name: 'a',
        url: 'http://user:p@ss/word@10.0.0.1:8766',
        priority: 1,
        isSource: true,
        status: READY,
      },
      ...{ tip: 'aa', height: 257, peers: 8, version: '4.8.0', latencyMs: 0.4 },
      ...{ versionNumber: 4_080_000, subversion: '/Ravencoin:4.8.0/' },
      ...{ download: { progress: 0.97239, leftMs: 5_399_100 }, behindBlocks: 0 },
    },
  ],
  signals: [
    { signal: 'poll', told: 14, first: 2, medianLeadMs: undefined, sentence: '' },
    { signal: 'p2p', told: 14, first: 12, medianLeadMs: 80, sentence: '' },
  ],
  signalReports: [
    { signal: 'p2p', node: 'a', state: 'on', sentence: 'Listens.' },
    { signal: 'zmq', node: 'a', state: 'failed', sentence: 'Nothing answers.' },
  ],
  proof: { state: 'proved', atMs: NOW_MS, node: 'a', height: 258, reason: undefined, lastProvedMs: NOW_MS },
  throttle: HOLDING,
  minerReports: [
    {
      ...{ worker: 'rig1', agent: 'kawpowminer/1.2.4', address: '192.168.1.21', port: 3333, difficulty: 0.5 },
      ...{ hashesPerS: 8.123456789e8, reportedHashesPerS: 8.3e8, accepted: 12, rejected: 1 },
      ...{ connectedMs: NOW_MS - 60_000, lastShareMs: NOW_MS - 4_900 },
    },
    {
      ...{ worker: 'rig2', agent: '', address: '::1', port: 3334, difficulty: 0.5, hashesPerS: 0 },
      ...{ reportedHashesPerS: undefined, accepted: 0, rejected: 0 },
      ...{ connectedMs: NOW_MS, lastShareMs: undefined },
    },
  ],
  journal: { state: 'failing', sinceMs: NOW_MS },
  door: {
    ...{ connections: 4, held: 1, banned: 1, lastRefusedMs: NOW_MS - 2_900 },
    refused: { banned: 800, full: 0, 'address-full': 0, 'subnet-full': 0, 'too-hasty': 12 },
  },
  blocks: [
    {
      ...{ height: 200, hash: 'bb', worker: 'rig1', foundAtMs: NOW_MS, state: 'accepted', confirmations: 57 },
      amountSat: 2n ** 63n,
      verdicts: [{ node: 'a', kind: 'accepted', reason: '', latencyMs: 3.21 }],
    },
  ],
} satisfies Partial<InstanceFacts['status']>;

const network = findNetwork('ravencoin', 'regtest');
const parsed = parseTemplate(rawTemplate(), KAWPOW);
assert(network && parsed.ok);
const { template } = parsed;

const WORKING: InstanceFacts['status'] = {
  nodes: [],
  signals: [],
  signalReports: [],
  blocks: [],
  journal: { state: 'off' },
  throttle: undefined,
  proof: {
    ...{ state: 'unknown', atMs: undefined, node: undefined, height: undefined },
    ...{ reason: undefined, lastProvedMs: undefined },
  },
  node: READY,
  height: template.height,
  template,
  templateAtMs: NOW_MS - 12_900,
  miners: 2,
  minerReports: [],
  prefixesFree: 65_534,
  door: undefined,
  hashesPerS: 2.4,
  counts: {
    accepted: 10,
    unverified: 1,
    rejected: { stale: 2, duplicate: 1 },
    blocksFound: 2,
    blocksAccepted: 1,
  },
};

const PROGRAM: ProgramFacts = {
  version: '0.1.0',
  startedAtMs: NOW_MS - 90_500,
  nowMs: NOW_MS,
  threads: 3,
  verifier: {
    queued: 4,
    epochs: [{ pow: 'kawpow', epoch: 0, state: 'building', progress: 0.999 }],
    verified: 9,
    shed: 1,
    unverifiedRate: 0,
    hashesPerS: undefined,
  },
};

function facts(status: Partial<InstanceFacts['status']> = {}): InstanceFacts {
  assert(network);
  return { name: 'test', network, status: { ...WORKING, ...status }, bans: 2 };
}

function instanceOf(status?: Partial<InstanceFacts['status']>) {
  const [instance] = apiStatus(PROGRAM, [facts(status)]).instances;
  assert(instance);
  return instance;
}

test('the work at hand is told with its age and its worth', () => {
  const { height, tip, miners, template: told } = instanceOf();
  assert.equal(height, template.height);
  assert.equal(tip, template.previousBlockHash);
  const valueSat = template.coinbaseValueSat.toString();
  assert.deepEqual(told, { ageS: 12, transactions: template.transactions.length, valueSat });
  // Every second hash is a block of this template.
  assert.deepEqual(miners, { count: 2, hashesPerS: 2.4, secondsPerBlock: 0.83333333, top: [] });
});

test('shares are summed up', () => {
  assert.deepEqual(instanceOf().shares, {
    accepted: 10,
    unverified: 1,
    rejected: 3,
    byReason: { stale: 2, duplicate: 1 },
    blocksFound: 2,
    blocksAccepted: 1,
  });
});

test('the state says what stands in the way, and why', () => {
  const away = { state: 'unreachable', sentence: 'Nothing answers.', code: 'KPSS_RPC_UNREACHABLE' } as const;
  const cases: [ReturnType<typeof instanceOf>, string, RegExp | null][] = [
    [instanceOf(), 'mining', null],
    [instanceOf({ miners: 0 }), 'no-miners', /no miner is connected/],
    [instanceOf({ throttle: HOLDING }), 'throttled', /Not yet/],
    [instanceOf({ throttle: { ...HOLDING, sentence: undefined, untilMs: undefined } }), 'mining', null],
    [instanceOf({ node: away, miners: 0 }), 'waiting', /Nothing answers/],
    [instanceOf({ node: undefined, template: undefined }), 'waiting', /starting/],
  ];
  for (const [{ state, sentence }, expected, words] of cases) {
    assert.equal(state, expected);
    if (words === null) assert.equal(sentence, null);
    else assert.match(sentence ?? '', words);
  }
});

test('KPSS itself is no peer that passes a block on, but on regtest', () => {
  const main = findNetwork('ravencoin', 'main');
  assert(main && network);
  const peersOn = (on: typeof main, changes: Partial<InstanceFacts['status']> = {}) => {
    const facts = { name: 'x', network: on, status: { ...WORKING, ...PARTS, ...changes }, bans: 0 };
    return apiStatus(PROGRAM, [facts]).instances[0]?.nodes[0]?.peers;
  };
  assert.equal(peersOn(main), 7);
  assert.equal(peersOn(network), 8);
  assert.equal(peersOn(main, { signalReports: PARTS.signalReports.slice(1) }), 8);
});

test('nobody is told how to log in at the node', () => {
  assert.doesNotMatch(JSON.stringify(apiStatus(PROGRAM, [facts(PARTS)])), /user|p@ss|word@/);
  assert.deepEqual(
    instanceOf(PARTS).nodes.map(({ url }) => url),
    ['http://10.0.0.1:8766'],
  );
});

test('what nodes, signals, proof, throttle, journal and blocks say of themselves is told', () => {
  const { nodes, signals, proof, throttle, journal, blocks } = instanceOf(PARTS);
  assert.deepEqual(nodes[0]?.download, { percent: 97.23, leftS: 5400 });
  assert.deepEqual(
    signals.map(({ signal, first, tips, leadMs, sources }) => [signal, first, tips, leadMs, sources.length]),
    [
      ['poll', 2, 14, null, 0],
      ['p2p', 12, 14, 80, 1],
      ['zmq', 0, 0, null, 1],
    ],
  );
  const at = '2026-01-31T12:00:00.000Z';
  assert.deepEqual(proof, { state: 'proved', at, node: 'a', reason: null, lastProvedAt: at });
  const until = '2026-01-31T12:10:00.000Z';
  assert.deepEqual(throttle, { state: 'holding', until, sentence: 'Not yet.', held: 2, blocksLastHour: 6 });
  assert.deepEqual(journal, { state: 'failing', since: at });
  assert.equal(blocks[0]?.valueSat, '9223372036854775808');
  assert.equal(blocks[0].foundAt, at);
  assert.deepEqual(blocks[0].verdicts, [{ node: 'a', kind: 'accepted', reason: null, latencyMs: 3.2 }]);
});

test('each miner is told with what it says of itself beside what was measured', () => {
  const { top } = instanceOf(PARTS).miners;
  assert.deepEqual(top[0], {
    ...{ worker: 'rig1', agent: 'kawpowminer/1.2.4', address: '192.168.1.21', port: 3333, difficulty: 0.5 },
    ...{ hashesPerS: 812_345_680, reportedHashesPerS: 830_000_000, accepted: 12, rejected: 1 },
    ...{ connectedAt: '2026-01-31T11:59:00.000Z', lastShareAgeS: 4 },
  });
  const { agent, reportedHashesPerS, lastShareAgeS } = top[1] ?? assert.fail();
  assert.deepEqual([agent, reportedHashesPerS, lastShareAgeS], [null, null, null]);
});

test('process and verifier are told', () => {
  const { startedAt, uptimeS, verifier } = apiStatus(PROGRAM, []);
  assert.equal(startedAt, '2026-01-31T11:58:29.500Z');
  assert.equal(uptimeS, 90);
  assert.equal(verifier.hashesPerS, null);
  // Not 100 before it is done.
  assert.deepEqual(verifier.epochs, [{ pow: 'kawpow', epoch: 0, state: 'building', percent: 99 }]);
});

/** `instances[].nodes[].url` and so on; the names within `byReason` are data. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [path] : value.flatMap((item) => fieldsOf(item, `${path}[]`));
  }
  if (typeof value !== 'object' || value === null || path.endsWith('.byReason')) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    fieldsOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

test('docs/api.md describes the fields of an answer, all of them and no others', () => {
  const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');
  const described = [
    ...page.matchAll(/^\| `((?:instances\[\]|verifier)\.[^`]+|version|startedAt|uptimeS)` \|/gm),
  ]
    .map(([, field = '']) => field)
    .sort();
  const fields = new Set(fieldsOf(JSON.parse(JSON.stringify(apiStatus(PROGRAM, [facts(PARTS)])))));
  // What has no connection of its own has none to tell of.
  fields.delete('instances[].signals[].sources');
  assert.deepEqual([...fields].sort(), described);
  const example = /```json\n([\s\S]*?)```/.exec(page)?.[1];
  assert.ok(example, 'docs/api.md has no example');
  const shown = fieldsOf(JSON.parse(example));
  const optional = ['instances[].throttle', 'instances[].nodes[].download'];
  for (const field of shown) assert.ok(described.includes(field) || optional.includes(field), field);
  for (const field of described) {
    const isShown = shown.includes(field) || optional.some((parent) => field.startsWith(`${parent}.`));
    assert.ok(isShown, `the example has no ${field}`);
  }
});

test('docs/api.md lists the errors that the server gives', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const table = /STATUS_OF[^{]*\{([^}]*)\}/.exec(read('./web/server.ts'))?.[1] ?? '';
  const given = [...table.matchAll(/'?([a-z-]+)'?: (\d{3})/g)].map(([, code, status]) => `${code} ${status}`);
  const listed = [...read('../docs/api.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
    ([, code, status]) => `${code} ${status}`,
  );
  assert.ok(given.length > 5);
  assert.deepEqual(listed, given);
});
