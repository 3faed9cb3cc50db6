import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findNetwork } from '../src/chain/coins.ts';
import { createLog } from '../src/cli/log.ts';
import { systemClock, systemRandom } from '../src/clock.ts';
import { Instance } from '../src/instance.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import { median } from '../src/measure/median.ts';
import type { NodeRpc } from '../src/mining/ports.ts';
import { createRpcClient } from '../src/node/rpc-client.ts';
import { createFileJournalStore, type JournalStore } from '../src/store/journal-store.ts';
import { rawTemplate } from '../test/support/mining.ts';
import { EASY } from '../test/support/session-harness.ts';
import { prefixIn, StratumClient } from '../test/support/stratum-client.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { printTable } from './support-table.ts';
import { alwaysRight } from './support-verifier.ts';

const CANDIDATES = '60';

export const purpose = 'candidate seen → submitblock at all nodes';

/** From the moment a candidate's line is sent until both nodes' submitblock requests are written, and received whole. */
export async function run([candidates = CANDIDATES]: readonly string[]): Promise<void> {
  const rows: string[][] = [];
  const folder = mkdtempSync(join(tmpdir(), 'kpss-bench-'));
  for (const extraTransactions of [0, 500, 5_000]) {
    const path = join(folder, `${extraTransactions}.blocks.jsonl`);
    rows.push(await measure(Number(candidates), extraTransactions, undefined));
    rows.push(await measure(Number(candidates), extraTransactions, createFileJournalStore(path)));
  }
  rmSync(folder, { recursive: true });
  printTable(
    `A candidate's line sent → submitblock to two nodes written, and received whole, by one process (${candidates} blocks each; must: written within 2 ms at the median)`,
    ['block', 'journal', 'written, median ms', 'max ms', 'received, median ms', 'max ms'],
    rows,
  );
}

async function measure(
  candidates: number,
  extraTransactions: number,
  journal: JournalStore | undefined,
): Promise<string[]> {
  const nodes = [await startFakeNode(extraTransactions), await startFakeNode(extraTransactions)];
  const { instance, lastWrittenAtMs } = createInstance(
    nodes.map(({ url }) => url),
    journal,
  );
  const [port = 0] = await instance.start();
  const client = await StratumClient.connect(port);
  client.send(
    { id: 1, method: 'mining.subscribe', params: [] },
    { id: 2, method: 'mining.authorize', params: ['a', 'x'] },
  );
  await client.job();
  const prefix = prefixIn(await client.find((m) => m.id === 1));
  const writtenMs: number[] = [];
  const receivedMs: number[] = [];
  for (let nonce = 0; writtenMs.length < candidates; nonce++) {
    const nonceHex = prefix + nonce.toString(16).padStart(12, '0');
    const { params } = await client.job();
    const submission = ['a', params[0], nonceHex, params[1], '00'.repeat(32)];
    const sentMs = performance.now();
    const arrived = Promise.all(nodes.map((node) => node.nextSubmit()));
    const reply = await client.call(`${nonce}`, 'mining.submit', submission);
    if (reply.result !== true) throw new Error(`a share was refused: ${JSON.stringify(reply.error)}`);
    // Every second hash is a block; the others leave the question open for the next.
    const receivedAtMs = await Promise.race([arrived, pause(60)]);
    if (receivedAtMs === undefined) continue;
    writtenMs.push(lastWrittenAtMs() - sentMs);
    receivedMs.push(Math.max(...receivedAtMs) - sentMs);
  }
  client.destroy();
  await instance.stop();
  for (const node of nodes) await node.close();
  const kilobytes = Math.round((nodes[0]?.submitBytes() ?? 0) / 1000);
  return [
    `${extraTransactions + 3} transactions, ${kilobytes} kB`,
    journal === undefined ? 'none' : 'file',
    ...[writtenMs, receivedMs].flatMap((times) => [median(times).toFixed(2), Math.max(...times).toFixed(2)]),
  ];
}

/** An instance on these nodes, and when its latest submitblock was written to a connection. */
function createInstance(urls: readonly string[], journal: JournalStore | undefined) {
  const network = findNetwork('ravencoin', 'regtest');
  if (network === undefined) throw new Error('no regtest');
  let lastWrittenAtMs = 0;
  const nodes = urls.map((url, i) => {
    const credentials = { kind: 'password', user: 'u', password: 'p' } as const;
    const client = createRpcClient({ url, credentials, clock: systemClock });
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
    return { name: `node${i + 1}`, url, priority: i + 1, rpc };
  });
  const instance = new Instance(
    {
      name: 'bench',
      network,
      pow: KAWPOW,
      payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: onePort(EASY),
    },
    {
      clock: systemClock,
      random: systemRandom,
      log: createLog('error', 'json'),
      verifier: alwaysRight,
      journal,
      nodes,
    },
  );
  return { instance, lastWrittenAtMs: () => lastWrittenAtMs };
}

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
