import { performance } from 'node:perf_hooks';
import { App, type AppInstance } from '../src/app.ts';
import { findNetwork } from '../src/chain/coins.ts';
import { createLog } from '../src/cli/log.ts';
import { systemClock, systemRandom } from '../src/clock.ts';
import { createDevnet } from '../src/devnet/devnet.ts';
import { median } from '../src/measure/median.ts';
import { fakeVerifier } from '../test/support/devnet-node.ts';
import { EASY } from '../test/support/session-harness.ts';
import { type Message, StratumClient } from '../test/support/stratum-client.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { printTable } from './support-table.ts';
import { alwaysRightPool } from './support-verifier.ts';

const BLOCKS = '60';
/** Of the polling that is measured; with other signals polling is too seldom to come first. */
const POLL_MS = 250;
const SELDOM_MS = 10_000;
/** Between blocks, and uneven, so that polling is met at every moment of its interval. */
const GAP_MS = { least: 200, spread: 2 * POLL_MS };

type Signal = 'p2p' | 'zmq' | 'long poll' | 'notify' | 'polling';

export const purpose = 'new block at the devnet → job on the wire, for each tip signal';

/**
 * From the moment a block is the node's tip until a miner has read the job that builds on it.
 * @param args how many blocks for each signal; 60 when left out
 */
export async function run([blocks = BLOCKS]: readonly string[]): Promise<void> {
  const rows: string[][] = [];
  for (const signal of ['p2p', 'zmq', 'long poll', 'notify', 'polling'] as const)
    rows.push(await measure(signal, Number(blocks)));
  printTable(
    `New block at the node → its job read by a miner, ${blocks} blocks each, node, KPSS and miner in one process (must: median 15 ms, polling of ${POLL_MS} ms ${POLL_MS / 2 + 15} ms)`,
    ['signal', 'median ms', 'least ms', 'most ms'],
    rows,
  );
}

async function measure(signal: Signal, blocks: number): Promise<string[]> {
  const network = findNetwork('ravencoin', 'regtest');
  if (network === undefined) throw new Error('no regtest');
  const log = createLog('error', 'json');
  const devnet = await createDevnet(
    { network, ...(signal === 'zmq' && { zmqPort: 0 }), ...(signal === 'p2p' && { p2pPort: 0 }) },
    { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log },
  );
  const { p2pPort, zmqEndpoint } = devnet;
  const instance: AppInstance = {
    name: 'bench',
    network,
    payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
    tag: new Uint8Array(0),
    stratum: onePort(EASY),
    tips: { pollMs: signal === 'polling' ? POLL_MS : SELDOM_MS, refreshMs: 30_000, askAfterFound: true },
    nodes: [
      {
        name: 'devnet',
        url: devnet.url,
        credentials: { kind: 'password', user: devnet.user, password: devnet.password },
        priority: 1,
        timeoutMs: undefined,
        p2p: p2pPort === undefined ? undefined : { host: '127.0.0.1', port: p2pPort, isAuto: false },
        zmq: zmqEndpoint,
        longPoll: signal === 'long poll',
      },
    ],
  };
  const app = new App([instance], {
    clock: systemClock,
    random: systemRandom,
    log,
    verifier: alwaysRightPool,
  });
  const [[port = 0] = []] = await app.start();
  const client = await StratumClient.connect(port);
  client.send(
    { id: 1, method: 'mining.subscribe', params: [] },
    { id: 2, method: 'mining.authorize', params: ['a', 'x'] },
  );
  await client.job();
  await pause(1_500);
  const times: number[] = [];
  let connectedMs = 0;
  devnet.onBlock(({ hash }) => {
    connectedMs = performance.now();
    if (signal === 'notify') app.noteTip('bench', hash);
  });
  for (let i = 0; i < blocks; i++) {
    const read = nextCleanJob(client);
    await devnet.control.addBlock();
    times.push((await read) - connectedMs);
    await pause(GAP_MS.least + (i / blocks) * GAP_MS.spread);
  }
  client.destroy();
  await app.stop();
  await devnet.close();
  return [signal, ...[median(times), Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(1))];
}

/** When the next job on a new tip was read. */
async function nextCleanJob(client: StratumClient): Promise<number> {
  const from = client.messages.length;
  const isNew = (message: Message): boolean =>
    message.method === 'mining.notify' && message.params[4] && client.messages.indexOf(message) >= from;
  await client.find(isNew, 'a job on a new tip');
  return performance.now();
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
