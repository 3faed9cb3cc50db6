import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpNodeSet } from '../../test/support/node-set-harness.ts';
import { readRecording } from '../../test/support/replay-node.ts';
import { DownloadMeter, downloadText } from './download.ts';
import { readFacts } from './node-facts.ts';
import { RpcError } from './rpc-error.ts';

const MINUTE_MS = 60_000;

test('the time left is told from the progress seen', () => {
  const meter = new DownloadMeter();
  assert.equal(meter.estimate(), undefined);
  meter.add(0.2, 0);
  assert.deepEqual(meter.estimate(), { progress: 0.2, leftMs: undefined });
  meter.add(0.25, 10_000);
  assert.equal(meter.estimate()?.leftMs, undefined, 'ten seconds tell nothing');
  meter.add(0.3, 10 * MINUTE_MS);
  assert.equal(Math.round(meter.estimate()?.leftMs ?? 0), 70 * MINUTE_MS);
});

test('only the last half hour counts, and a download that begins anew is told anew', () => {
  const meter = new DownloadMeter();
  for (let minute = 0; minute <= 60; minute++) meter.add(minute * 0.001, minute * MINUTE_MS);
  for (let minute = 61; minute <= 100; minute++) meter.add(0.06 + (minute - 60) * 0.01, minute * MINUTE_MS);
  assert.equal(Math.round((meter.estimate()?.leftMs ?? 0) / MINUTE_MS), 54);
  meter.add(0.1, 101 * MINUTE_MS);
  assert.deepEqual(meter.estimate(), { progress: 0.1, leftMs: undefined });
  meter.add(0.2, 111 * MINUTE_MS);
  assert.equal(Math.round((meter.estimate()?.leftMs ?? 0) / MINUTE_MS), 80);
});

test('a download that stands still has no end, and the memory of it is bounded', () => {
  const meter = new DownloadMeter();
  for (let i = 0; i < 10_000; i++) meter.add(0.5, i);
  assert.deepEqual(meter.estimate(), { progress: 0.5, leftMs: undefined });
});

test('the owner reads percent and a rough time', () => {
  const texts = [
    downloadText({ progress: 0.639, leftMs: 2 * 60 * MINUTE_MS }),
    downloadText({ progress: 0.9999, leftMs: 20_000 }),
    downloadText({ progress: 0, leftMs: undefined }),
    downloadText({ progress: 0.1, leftMs: 80 * MINUTE_MS }),
    downloadText({ progress: 0.01, leftMs: 5 * 24 * 60 * MINUTE_MS }),
  ];
  assert.deepEqual(texts, [
    '63 %, about 2 h left',
    '99.9 %, about 1 min left',
    '0 %',
    '10 %, about 80 min left',
    '1 %, about 5 days left',
  ]);
});

test('the facts of a recorded node are read, and a node without headers is not called done', () => {
  const chain = readRecording('errors/initial-block-download-getblockchaininfo.json');
  const network = readRecording('misc/getnetworkinfo.json');
  const resultOf = (recording: { responseText: string }): unknown =>
    JSON.parse(recording.responseText).result;
  assert.deepEqual(readFacts(resultOf(chain), resultOf(network)), {
    blocks: 0,
    headers: 0,
    progress: undefined,
    peers: 1,
    versionNumber: 4060100,
    subversion: '/Ravencoin:4.6.1/',
  });
});

test('facts that make no sense are none', () => {
  const nothing = readFacts('x', null);
  assert(Object.values(nothing).every((value) => value === undefined));
  const odd = readFacts(
    { blocks: -1, headers: 1e300, verificationprogress: 'x' },
    { connections: 1.5, version: '4', subversion: `\u001b[31m${'x'.repeat(500)}` },
  );
  assert.deepEqual({ ...odd, subversion: undefined }, nothing);
  assert.equal(odd.subversion, `[31m${'x'.repeat(60)}`);
  assert.equal(readFacts({ blocks: 30, headers: 40, verificationprogress: 7 }, 0).progress, 0.75);
  assert.equal(readFacts({ blocks: 30, headers: 40, verificationprogress: 0.5 }, 0).progress, 0.5);
});

test('a node that downloads says how far it is and how long it takes, and fills no log with it', async () => {
  const { clock, set, n1, statuses, lines, report } = setUpNodeSet(1);
  n1.state.noTemplate = new RpcError('downloading', 'Raven is downloading blocks... (-10)', {
    context: { url: 'http://n1' },
  });
  n1.state.network = { version: 4080000, subversion: '/Ravencoin:4.8.0/', connections: 8 };
  set.start();
  for (let minute = 0; minute < 30; minute++) {
    n1.state.info = { headers: 1000, blocks: 500 + minute * 5, verificationprogress: 0.5 + minute * 0.005 };
    await clock.advance(MINUTE_MS);
  }
  assert.match(
    statuses.at(-1)?.sentence ?? '',
    /^The node at http:\/\/n1 is downloading the blockchain: 64 %, about 7\d min left\./,
  );
  const { download, peers, version, subversion, latencyMs, status } = report('n1');
  assert.deepEqual(
    [download?.progress, peers, version, subversion],
    [0.645, 8, '4.8.0', '/Ravencoin:4.8.0/'],
  );
  assert.deepEqual([latencyMs, status.state, status.code], [0, 'downloading', 'KPSS_RPC_DOWNLOADING']);
  assert(lines(/downloading/).length <= 4, 'the news, and a line in ten minutes');
  n1.state.noTemplate = undefined;
  await clock.advance(5_000);
  assert.deepEqual([statuses.at(-1)?.state, report('n1').download], ['ready', undefined]);
  await set.stop();
});
