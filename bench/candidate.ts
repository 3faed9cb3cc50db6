import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { findNetwork } from '../src/chain/coins.ts';
import { createLog } from '../src/cli/log.ts';
import { systemClock, systemRandom } from '../src/clock.ts';
import { Instance } from '../src/instance.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import type { Verifier } from '../src/kawpow/verifier.ts';
import { median } from '../src/measure/median.ts';
import type { NodeRpc } from '../src/mining/ports.ts';
import { createRpcClient } from '../src/node/rpc-client.ts';
import { rawTemplate } from '../test/support/mining.ts';
import { EASY } from '../test/support/session-harness.ts';
import { prefixIn, StratumClient } from '../test/support/stratum-client.ts';
import { printTable } from './support-table.ts';

const CANDIDATES = 60;

export const purpose = 'candidate seen → submitblock at the node';

/** From the moment a candidate's line is in the process until the node has its whole submitblock request. */
export async function run(): Promise<void> {
  const rows: string[][] = [];
  for (const extraTransactions of [0, 500, 5_000]) rows.push(await measure(extraTransactions));
  printTable(
    `A candidate's line sent → submitblock written, and received whole, by one process (${CANDIDATES} blocks each; must: written within 2 ms at the median)`,
    ['block', 'written, median ms', 'max ms', 'received, median ms', 'max ms'],
    rows,
  );
}

async function measure(extraTransactions: number): Promise<string[]> {
  const node = await startFakeNode(extraTransactions);
  const { instance, lastWrittenAtMs } = createInstance(node.url);
  const client = await StratumClient.connect(await instance.start());
  client.send(
    { id: 1, method: 'mining.subscribe', params: [] },
    { id: 2, method: 'mining.authorize', params: ['a', 'x'] },
  );
  await client.job();
  const prefix = prefixIn(await client.find((m) => m.id === 1));
  const writtenMs: number[] = [];
  const receivedMs: number[] = [];
  for (let nonce = 0; writtenMs.length < CANDIDATES; nonce++) {
    const nonceHex = prefix + nonce.toString(16).padStart(12, '0');
    const { params } = await client.job();
    const submission = ['a', params[0], nonceHex, params[1], '00'.repeat(32)];
    const sentMs = performance.now();
    const arrived = node.nextSubmit();
    const reply = await client.call(`${nonce}`, 'mining.submit', submission);
    if (reply.result !== true) throw new Error(`a share was refused: ${JSON.stringify(reply.error)}`);
    // Every second hash is a block; the others leave the question open for the next.
    const receivedAtMs = await Promise.race([arrived, pause(40)]);
    if (receivedAtMs === undefined) continue;
    writtenMs.push(lastWrittenAtMs() - sentMs);
    receivedMs.push(receivedAtMs - sentMs);
  }
  client.destroy();
  await instance.stop();
  await node.close();
  const kilobytes = Math.round(node.submitBytes() / 1000);
  return [
    `${extraTransactions + 3} transactions, ${kilobytes} kB`,
    ...[writtenMs, receivedMs].flatMap((times) => [median(times).toFixed(2), Math.max(...times).toFixed(2)]),
  ];
}

/** An instance on the node, and when its latest submitblock was written to the connection. */
function createInstance(url: string) {
  const network = findNetwork('ravencoin', 'regtest');
  if (network === undefined) throw new Error('no regtest');
  const client = createRpcClient({
    url,
    credentials: { kind: 'password', user: 'u', password: 'p' },
    clock: systemClock,
  });
  let lastWrittenAtMs = 0;
  const rpc = {
    close: () => client.close(),
    call(...[method, params, options]: Parameters<NodeRpc['call']>) {
      const answer = client.call(method, params, options);
      // Node.js writes to a warm connection in a tick of its own, queued by now: this one runs right behind it.
      if (method === 'submitblock') {
        process.nextTick(() => {
          lastWrittenAtMs = performance.now();
        });
      }
      return answer;
    },
  };
  const instance = new Instance(
    {
      name: 'bench',
      network,
      pow: KAWPOW,
      payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: { host: '127.0.0.1', port: 0, vardiff: EASY },
    },
    {
      clock: systemClock,
      random: systemRandom,
      log: createLog('error', 'json'),
      verifier: ALWAYS_RIGHT,
      nodes: [{ name: 'fake', url, priority: 1, rpc }],
    },
  );
  return { instance, lastWrittenAtMs: () => lastWrittenAtMs };
}

const ALWAYS_RIGHT: Verifier = {
  verify: () =>
    Promise.resolve({ ok: true, valid: true, mixHash: new Uint8Array(32), finalHash: new Uint8Array(32) }),
  hash: () => Promise.resolve({ ok: false, reason: 'closed' }),
  prepare: () => Promise.resolve(),
  keep: () => {},
  endSession: () => {},
  status: () => ({ queued: 0, epochs: [], verified: 0, shed: 0, unverifiedRate: 0, hashesPerS: undefined }),
  epochMemory: () => Promise.reject(new Error('not in this bench')),
  close: () => Promise.resolve(),
};

/** A node that always has the same template and takes every block. */
async function startFakeNode(extraTransactions: number) {
  const template = rawTemplate();
  const [transaction] = template.transactions as unknown[];
  template.transactions = [
    ...(template.transactions as unknown[]),
    ...Array(extraTransactions).fill(transaction),
  ];
  const results: Record<string, unknown> = {
    getbestblockhash: template.previousblockhash,
    getblocktemplate: template,
    getblockchaininfo: { chain: 'regtest' },
    submitblock: null,
  };
  let onSubmit: (atMs: number) => void = () => {};
  let submitBytes = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const atMs = performance.now();
    const body = Buffer.concat(chunks);
    const { id, method } = JSON.parse(body.toString());
    if (method === 'submitblock') {
      submitBytes = body.length;
      onSubmit(atMs);
    }
    response.end(`${JSON.stringify({ result: results[method] ?? null, error: null, id })}\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    nextSubmit: () =>
      new Promise<number>((resolve) => {
        onSubmit = resolve;
      }),
    submitBytes: () => submitBytes,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pause(durationMs: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), durationMs));
}
