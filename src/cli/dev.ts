import { App } from '../app.ts';
import type { BlockOutcome } from '../block-ledger.ts';
import { decodeAddress, encodeAddress } from '../chain/address.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { sha256d } from '../chain/hash.ts';
import { chanceFrom } from '../clock.ts';
import type { NodeConfig } from '../config/types.ts';
import { USUAL_WEB } from '../config/web-section.ts';
import { createDevnet, type Devnet } from '../devnet/devnet.ts';
import { DEVNET_HOST } from '../devnet/http.ts';
import { createCpuMiner } from '../devnet/miner.ts';
import { KpssError } from '../error.ts';
import { KAWPOW, type KawPow, withEpochLength } from '../kawpow/params.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import type { VardiffOptions } from '../mining/vardiff.ts';
import { createRpcClient } from '../node/rpc-client.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../stratum/limits.ts';
import type { StratumServerOptions } from '../stratum/server.ts';
import { createLoggedVerifier } from '../verifier-log.ts';
import { startWebSide } from '../web-side.ts';
import type { Progress } from './progress.ts';

export interface DevArgs {
  /** Stop after so many accepted blocks; run on when left out. */
  readonly blocks?: number | undefined;
  readonly host: string;
  /** The miners' port, 0 for any; when left out 3333, or any if that is taken. */
  readonly port?: number | undefined;
  /** The devnet node's; 0 for any. */
  readonly rpcPort: number;
  /** Paid by every block; an address of nobody when left out. */
  readonly address?: string | undefined;
  /** CPU miner threads; 0 for none. */
  readonly threads: number;
  readonly blockTimeS: number;
  /** Blocks of an epoch; Ravencoin's 7500 when left out. */
  readonly epochLength?: number | undefined;
}

export interface DevIo {
  readonly log: Log;
  /** Of what takes long. */
  readonly progress: Progress;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where light caches are kept on disk; undefined for nowhere. */
  readonly cacheDirectory: string | undefined;
  /** Fires to stop: SIGINT, SIGTERM. */
  readonly signal: AbortSignal;
}

const USUAL_PORT = 3333;
/** The devnet's verifier shares a machine with the miner. */
const VERIFIER_THREADS = 1;
const DEVNET_NODE = {
  name: 'devnet',
  priority: 1,
  timeoutMs: undefined,
  zmq: undefined,
  longPoll: false,
} as const;
/** The hash of no public key that anybody knows. */
const NOBODY = sha256d(new TextEncoder().encode('KPSS devnet')).subarray(0, 20);
/** One thread of a processor finds about 50 hashes a second: a share every few seconds. */
const CPU_VARDIFF: VardiffOptions = {
  minDifficulty: 1e-10,
  maxDifficulty: 1e6,
  startDifficulty: 1e-8,
  targetTimeMs: 5_000,
  retargetTimeMs: 30_000,
  variancePercent: 30,
};
/** One hash in 64 is a block: the first one comes after a second or two, then the difficulty finds its level. */
const START_BITS = 0x20040000;
/** The devnet is open to this machine only and holds nothing of value: its password is for everybody to know. */
const DEVNET_OPTIONS = { startBits: START_BITS, p2pPort: 0, rpcUser: 'devnet', rpcPassword: 'devnet' };
const SUMMARY_INTERVAL_MS = 30_000;

/**
 * The devnet: a KawPoW chain of our own in memory, KPSS on top of it, and a CPU miner that mines it.
 * @returns the exit code: 0 once the wanted blocks are in the chain and pay the address, or the signal fired; 1 when a
 * block pays somebody else
 * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_DEVNET_LISTEN, KPSS_DEV_ADDRESS
 */
export async function runDev(args: DevArgs, io: DevIo): Promise<number> {
  const { log } = io;
  const network = regtest();
  const address = args.address ?? encodeAddress(network.p2pkhVersion, NOBODY);
  const mainScript = scriptOf(address, network);
  const enough = Promise.withResolvers<void>();
  io.signal.addEventListener('abort', () => enough.resolve(), { once: true });
  if (io.signal.aborted) enough.resolve();
  const accepted: BlockOutcome[] = [];
  const onBlock = (block: BlockOutcome) => {
    if (args.blocks === undefined || block.outcome.kind !== 'accepted') return;
    accepted.push(block);
    if (accepted.length >= args.blocks) enough.resolve();
  };

  const pow = args.epochLength === undefined ? KAWPOW : withEpochLength(KAWPOW, args.epochLength);
  // A chain whose epochs are over in a minute would soon push out the caches of every other.
  const cacheDirectory = args.epochLength === undefined ? io.cacheDirectory : undefined;
  const verifier = createLoggedVerifier(
    { threads: VERIFIER_THREADS, pow, cacheDirectory, clock: io.clock, random: chanceFrom(io.random) },
    log,
    io.progress,
  );
  const modules = { ...io, verifier };
  const stops: (() => Promise<void>)[] = [() => verifier.close()];
  try {
    const devnet = await createDevnet(
      { network, pow, blockTimeS: args.blockTimeS, port: args.rpcPort, ...DEVNET_OPTIONS },
      modules,
    );
    stops.unshift(() => devnet.close());
    introduce(devnet, address, log);
    const credentials = { kind: 'password', user: devnet.user, password: devnet.password } as const;
    const create = (stratumPort: number) =>
      new App(
        [
          {
            name: 'devnet',
            network,
            pow,
            nodes: [{ ...DEVNET_NODE, url: devnet.url, credentials, p2p: p2pOf(devnet) }],
            payout: { mainScript, recipients: [] },
            tag: new TextEncoder().encode('/KPSS devnet/'),
            stratum: minersSide(args.host, stratumPort),
            summaryIntervalMs: SUMMARY_INTERVAL_MS,
            onBlock,
          },
        ],
        modules,
      );
    const { app, port } =
      args.port === undefined ? await startOnUsualPortOrAny(create) : await startOn(create(args.port));
    stops.unshift(() => app.stop());
    const web = { web: USUAL_WEB, orAnyPort: true, threads: VERIFIER_THREADS };
    stops.unshift(await startWebSide(web, { ...modules, app }));
    if (args.threads > 0) {
      const url = `stratum+tcp://${args.host}:${port}`;
      const miner = startMiner({ url, user: `${address}.cpu`, threads: args.threads, pow }, modules);
      stops.unshift(() => miner.stop());
    }
    await enough.promise;
    // Whoever stops early has nothing to be shown.
    if (args.blocks === undefined || accepted.length < args.blocks) return 0;
    return await checkPaid(accepted, address, { url: devnet.url, credentials, clock: io.clock }, log);
  } finally {
    for (const stop of stops) await stop();
  }
}

/** Two devnets side by side are no mistake; for a server that miners are pointed at, a taken port is. */
async function startOnUsualPortOrAny(create: (port: number) => App): Promise<{ app: App; port: number }> {
  try {
    return await startOn(create(USUAL_PORT));
  } catch (error) {
    if (!(error instanceof KpssError) || error.code !== 'KPSS_PORT_UNAVAILABLE') throw error;
    return startOn(create(0));
  }
}

async function startOn(app: App): Promise<{ app: App; port: number }> {
  const [[port = 0] = []] = await app.start();
  return { app, port };
}

function minersSide(host: string, port: number): StratumServerOptions {
  return { ports: [{ host, port, vardiff: CPU_VARDIFF }], limits: DEFAULT_LIMITS, banning: DEFAULT_BANNING };
}

function regtest(): Network {
  const network = findNetwork('ravencoin', 'regtest');
  if (network === undefined) throw new Error('the coin table has lost ravencoin regtest');
  return network;
}

function scriptOf(address: string, network: Network): Uint8Array {
  const decoded = decodeAddress(address, network);
  if (decoded.ok) return decoded.script;
  const message = `--address ${address}: ${decoded.text}; the devnet takes addresses as regtest and testnet have them`;
  throw new KpssError('KPSS_DEV_ADDRESS', message, { context: { address } });
}

function p2pOf({ p2pPort }: Devnet): NodeConfig['p2p'] {
  return p2pPort === undefined ? undefined : { host: DEVNET_HOST, port: p2pPort, isAuto: false };
}

function introduce(devnet: Devnet, address: string, log: Log): void {
  const curl = `curl -s -u ${devnet.user}:${devnet.password} -d '{"method":"getmininginfo"}' ${devnet.url}`;
  log.info(
    {},
    'this is the DEVNET: a chain of its own in memory. Its coins are worth nothing and end with this process.',
  );
  log.info({}, `its blocks pay ${address}`);
  log.info({}, `its node answers ravend's calls: ${curl}`);
  log.info(
    {},
    'to mine on your own ravend: npm run kpss -- start --node http://127.0.0.1:8766 --address YOUR_ADDRESS (see README.md)',
  );
}

function startMiner(
  options: { url: string; user: string; threads: number; pow: KawPow },
  modules: Parameters<typeof createCpuMiner>[1],
) {
  const { log } = modules;
  // What the miner says of shares and jobs is in the server's lines already.
  const quiet: Log = {
    debug: log.debug.bind(log),
    info: log.debug.bind(log),
    warn: log.warn.bind(log),
    error: log.error.bind(log),
  };
  const miner = createCpuMiner(options, { ...modules, log: quiet });
  miner.start();
  return miner;
}

interface BlockDetails {
  readonly confirmations: number;
  readonly tx: readonly {
    readonly vout: readonly {
      readonly value: number;
      readonly scriptPubKey: { readonly addresses?: readonly string[] };
    }[];
  }[];
}

/** Asks the node itself what the accepted blocks pay. */
async function checkPaid(
  blocks: readonly BlockOutcome[],
  address: string,
  node: Parameters<typeof createRpcClient>[0],
  log: Log,
): Promise<number> {
  const rpc = createRpcClient(node);
  let wrong = 0;
  for (const { height, blockHash } of blocks) {
    const block = (await rpc.call('getblock', [blockHash, 2])) as BlockDetails;
    const [output] = block.tx[0]?.vout ?? [];
    const paysAddress = output?.scriptPubKey.addresses?.[0] === address;
    if (!paysAddress) wrong += 1;
    const text = `block ${height} ${blockHash} pays ${output?.value} to ${output?.scriptPubKey.addresses?.join(', ')}`;
    if (paysAddress) log.info({ height, confirmations: block.confirmations }, text);
    else log.error({ height }, `${text}, not to ${address}`);
  }
  rpc.close();
  const many = blocks.length === 1 ? '1 block' : `${blocks.length} blocks`;
  log.info({ blocks: blocks.length }, `${many} accepted, done`);
  return wrong === 0 ? 0 : 1;
}
