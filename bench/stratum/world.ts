import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { fakeVerifier } from '../../test/support/devnet-node.ts';
import { silentLog } from '../../test/support/mining.ts';
import type { ProbeAnswer, ProbeQuestion } from './probe.ts';

/** Nothing that is hashed by chance is a block at these bits. */
const HARD_BITS = 0x1d00ffff;
/** The lowest that is taken: every hash is a share. */
const DIFFICULTY = 1e-10;
/** A start builds its light cache, or reads it, and opens its ports. */
const START_WITHIN_MS = 60_000;
/** An end that takes longer is none. */
const END_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PROBE = new URL('./probe.ts', import.meta.url).href;

/** A devnet in this process, and the real program on it in one of its own. */
export interface World {
  readonly devnet: Devnet;
  /** Where miners connect. */
  readonly port: number;
  readonly pid: number;
  /** The folder of light caches, for whoever computes shares. */
  readonly cacheDirectory: string;
  /** Asks the probe in the server's process. */
  ask(question: ProbeQuestion): Promise<ProbeAnswer>;
  /** @returns when the server's log has a line with these words @throws Error when it has none in time */
  untilLogged(words: string, withinMs: number): Promise<void>;
  /** What the server counts: shares accepted, and how many of them unverified. */
  shares(): Promise<{ readonly accepted: number; readonly unverified: number; readonly rejected: number }>;
}

/** What a world has besides the usual. */
export interface WorldOptions {
  /** Lines of kpss.yaml. */
  readonly yaml?: readonly string[];
}

/** One folder for all worlds of a run, with their light cache. */
export class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'kpss-bench-'));

  /** Starts devnet and server, has something done there, and ends both whatever happens. */
  async with<T>(work: (world: World) => Promise<T>, { yaml = [] }: WorldOptions = {}): Promise<T> {
    const network = findNetwork('ravencoin', 'regtest');
    if (network === undefined) throw new Error('no regtest');
    const devnet = await createDevnet(
      { network, startBits: HARD_BITS, p2pPort: 0 },
      { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
    );
    devnet.control.setBits(HARD_BITS);
    const address = encodeAddress(network.p2pkhVersion, new Uint8Array(20).fill(7));
    const server = new ServerProcess(this.folder, [...yamlOf(devnet, address), ...yaml].join('\n'));
    try {
      const port = await server.portIn('miners connect to');
      const webPort = await server.portIn('/api/v1/status');
      await untilReady(webPort);
      return await work({
        devnet,
        port,
        pid: server.pid,
        cacheDirectory: join(this.folder, 'caches'),
        ask: (question) => server.ask(question),
        untilLogged: async (words, withinMs) => void (await server.lineWith(words, withinMs)),
        shares: () => readShares(webPort),
      });
    } finally {
      await server.stop();
      await devnet.close();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function yamlOf({ url, user, password, p2pPort }: Devnet, address: string): string[] {
  return [
    'network: regtest',
    `node: { url: "${url}", user: "${user}", password: "${password}", p2p: "127.0.0.1:${p2pPort}" }`,
    `payout: { address: ${address} }`,
    `stratum: { port: 0, difficulty: ${DIFFICULTY} }`,
    'web: { port: 0 }',
    'log: { format: json }',
  ];
}

/** `kpss start` with its log in a file: reading it line by line would be work of the load generator. */
class ServerProcess {
  readonly #child: ChildProcess;
  readonly #logPath: string;

  constructor(folder: string, yaml: string) {
    const config = join(folder, 'kpss.yaml');
    writeFileSync(config, yaml);
    this.#logPath = join(folder, 'log');
    const log = openSync(this.#logPath, 'w');
    const flags = (process.env.KPSS_BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
    this.#child = spawn(process.execPath, [...flags, '--import', PROBE, MAIN, 'start', '--config', config], {
      cwd: folder,
      env: {
        ...process.env,
        KPSS_CACHE_DIRECTORY: join(folder, 'caches'),
        KPSS_DATA_DIRECTORY: mkdtempSync(join(folder, 'data-')),
      },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    // Whoever stops the bench stops the server with it.
    process.once('exit', this.#kill);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the server could not be started');
    return pid;
  }

  /** @returns the port in the log line with these words, once it is there */
  async portIn(words: string): Promise<number> {
    return (JSON.parse(await this.lineWith(words, START_WITHIN_MS)) as { port: number }).port;
  }

  /** @returns the log line with these words, once it is there */
  async lineWith(words: string, withinMs: number): Promise<string> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const lines = readFileSync(this.#logPath, 'utf8').split('\n');
      const line = lines.slice(0, -1).find((text) => text.includes(words));
      if (line !== undefined) return line;
      if (this.#hasEnded() || performance.now() > deadlineMs) {
        throw new Error(`the server did not say “${words}”: ${lines.slice(-5).join('\n')}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async ask(question: ProbeQuestion): Promise<ProbeAnswer> {
    if (this.#hasEnded())
      throw new Error(`the server has ended: ${readFileSync(this.#logPath, 'utf8').slice(-2000)}`);
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(END_WITHIN_MS) });
    this.#child.send(question);
    const [answer] = await answered;
    return answer as ProbeAnswer;
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const hurry = setTimeout(this.#kill, END_WITHIN_MS);
    await ended;
    clearTimeout(hurry);
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL');
  };

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** Of `GET /api/v1/status`, what is read here. */
interface Status {
  readonly instances: readonly {
    readonly shares: { accepted: number; unverified: number; rejected: number };
  }[];
  readonly verifier: { readonly epochs: readonly { readonly state: string }[] };
}

async function readStatus(webPort: number): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${webPort}/api/v1/status`);
  return (await response.json()) as Status;
}

/** Building the light caches takes a core for some seconds, which is no part of any figure. */
async function untilReady(webPort: number): Promise<void> {
  const deadlineMs = performance.now() + START_WITHIN_MS;
  for (;;) {
    const { epochs } = (await readStatus(webPort)).verifier;
    if (epochs.length > 0 && epochs.every(({ state }) => state === 'ready')) return;
    if (performance.now() > deadlineMs) throw new Error('the server has not built its light caches');
    await sleep(LOOK_EVERY_MS);
  }
}

async function readShares(webPort: number): Promise<Status['instances'][number]['shares']> {
  const [instance] = (await readStatus(webPort)).instances;
  if (instance === undefined) throw new Error('the status has no instance');
  return instance.shares;
}
