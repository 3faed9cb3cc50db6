import { bytesToHex } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import { KAWPOW, type KawPow } from '../kawpow/params.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import { difficultyOf } from './block-json.ts';
import { type BlockEntry, Chain } from './chain.ts';
import { assertBits, type ControlState, createControl, type DevnetControl } from './control.ts';
import { createGenesis, GENESIS_TIME_S } from './genesis.ts';
import { DEVNET_HOST, DevnetHttp } from './http.ts';
import { HALVING_BLOCKS, Ledger } from './ledger.ts';
import { LongPolls } from './long-poll.ts';
import { MandatoryOutput, type MandatoryOutputOptions } from './mandatory-output.ts';
import { Mempool } from './mempool.ts';
import { DevnetP2p } from './p2p-server.ts';
import { POW_LIMIT_BITS } from './retarget.ts';
import { chainMethods } from './rpc-chain.ts';
import { infoMethods } from './rpc-info.ts';
import { mempoolMethods } from './rpc-mempool.ts';
import type { NodeParts } from './rpc-method.ts';
import { miningMethods } from './rpc-mining.ts';
import { RpcServer } from './rpc-server.ts';
import { BlockGate } from './submit.ts';
import { TemplateMaker } from './template.ts';
import { displayHex } from './transactions.ts';
import { openZmqPublisher } from './zmq-publisher.ts';

const BLOCK_TIME_S = 10;
/** What a transaction pays that names no fee: opaque transactions do not say. 0.01 coins. */
const TRANSACTION_FEE_SAT = 1_000_000n;
const TEMPLATE_CACHE_MS = 5000;
const PASSWORD_BYTES = 16;

export interface DevnetOptions {
  readonly network: Network;
  /** KAWPOW when left out. */
  readonly pow?: KawPow;
  /** What retargets aim at; whole seconds. 10 when left out. */
  readonly blockTimeS?: number;
  /** Bits of the first blocks; 0x207fffff, where every second hash is a block, when left out. */
  readonly startBits?: number;
  /** `kpss` and a random password when left out. */
  readonly rpcUser?: string;
  readonly rpcPassword?: string;
  /** 0, for any that is free, when left out. */
  readonly port?: number;
  /** Where new tips are published over ZMQ; 0 for any port that is free, none when left out. */
  readonly zmqPort?: number;
  /** Where it takes P2P connections, 0 for any that is free; nowhere when left out. */
  readonly p2pPort?: number;
  readonly halvingBlocks?: number;
  readonly transactionFeeSat?: bigint;
  /** For how long a template does not change with the mempool; 5000, as ravend, when left out. */
  readonly templateCacheMs?: number;
  /** Time of block 0; where the clock stands before it, the clock's when left out. */
  readonly genesisTimeS?: number;
  /** Makes it a chain whose blocks must pay somebody besides the miner; none when left out. */
  readonly mandatoryOutput?: MandatoryOutputOptions;
}

interface DevnetModules {
  /** Of the devnet's proof of work. */
  readonly verifier: Pick<Verifier, 'hash' | 'verify'>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

/** A block of the active chain. */
interface DevnetBlock {
  readonly hash: string;
  readonly height: number;
  readonly timeS: number;
  readonly bits: number;
  readonly transactionCount: number;
}

/** The built-in node: a KawPoW chain in memory that speaks ravend's JSON-RPC over HTTP on this machine. */
export interface Devnet {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Of zmqpubhashblock; undefined where there is none. */
  readonly zmqEndpoint: string | undefined;
  /** Of the P2P port; undefined where there is none. */
  readonly p2pPort: number | undefined;
  height(): number;
  /** Display hex. */
  tip(): string;
  /** Of the active chain; undefined above the tip. */
  hashAt(height: number): string | undefined;
  /** A whole block, active or not; undefined where it is not known. */
  blockHex(hash: string): string | undefined;
  readonly control: DevnetControl;
  /** Called for every block that joins the active chain, oldest first. @returns a function that ends it */
  onBlock(callback: (block: DevnetBlock) => void): () => void;
  /** Callers that wait for something new. */
  longPollsWaiting(): number;
  /** Cuts all connections and leaves nothing pending. The verifier stays its owner's. */
  close(): Promise<void>;
}

/**
 * Starts a devnet. Its chain has block 0 only.
 * @throws KpssError KPSS_DEVNET_LISTEN when a port cannot be had
 * @throws RangeError on a block time or bits that make no sense, a mandatory output that makes none, or P2P on a network whose magic is not known
 */
export async function createDevnet(options: DevnetOptions, modules: DevnetModules): Promise<Devnet> {
  const { clock, random, log } = modules;
  const state: ControlState = { delayMs: 0, fault: undefined, feesSat: new Map() };
  const closing = new AbortController();
  const node = createNode(options, modules, state);
  const { chain } = node;
  const user = options.rpcUser ?? 'kpss';
  const password = options.rpcPassword ?? bytesToHex(random.bytes(PASSWORD_BYTES));
  const methods = [
    ...chainMethods(node),
    ...miningMethods(node),
    ...mempoolMethods(node),
    ...infoMethods(node),
  ];
  const rpc = new RpcServer(methods, node.fault);
  const http = new DevnetHttp(
    { user, password },
    { rpc, clock, fault: node.fault, delayMs: () => state.delayMs },
  );
  const p2p = options.p2pPort === undefined ? undefined : createP2p(options.network, node, random);
  const ports = p2p === undefined ? [http] : [http, p2p];
  await http.listen(options.port ?? 0);
  try {
    await p2p?.listen(options.p2pPort ?? 0);
  } catch (error) {
    await http.stop();
    throw error;
  }
  const zmq = options.zmqPort === undefined ? undefined : await openZmqPublisher(options.zmqPort);
  const { control, cancel } = createControl({ node, ports, zmq, state, random, log, signal: closing.signal });
  chain.onTipChange(({ tip, disconnected }) => {
    if (disconnected.length > 0)
      log.info({ tip: tip.hash, left: disconnected.length }, 'devnet: chain reorganised');
    zmq?.publish(tip.hash);
    log.debug({ ...blockOf(tip), difficulty: difficultyOf(tip.header.bits) }, 'devnet: new tip');
  });
  return {
    url: `http://${DEVNET_HOST}:${http.port}`,
    user,
    password,
    zmqEndpoint: zmq?.endpoint,
    p2pPort: p2p?.port,
    height: () => chain.tip.height,
    tip: () => chain.tip.hash,
    hashAt: (height) => chain.at(height)?.hash,
    blockHex: (hash) => {
      const body = chain.find(hash)?.body;
      return body && bytesToHex(body.bytes);
    },
    control,
    onBlock: (callback) => chain.onTipChange(({ connected }) => tellBlocks(connected, callback, log)),
    longPollsWaiting: () => node.longPolls.waiting,
    close: async () => {
      closing.abort();
      cancel();
      await zmq?.close();
      for (const server of ports) await server.stop();
    },
  };
}

function createP2p(network: Network, node: NodeParts, random: RandomSource): DevnetP2p {
  const { magicHex } = network;
  if (magicHex === undefined) throw new RangeError(`the P2P magic of ${network.coin} is not known`);
  return new DevnetP2p({ magicHex }, { ...node, random });
}

function createNode(
  options: DevnetOptions,
  { clock, verifier }: DevnetModules,
  state: ControlState,
): NodeParts {
  const pow = options.pow ?? KAWPOW;
  const blockTimeS = options.blockTimeS ?? BLOCK_TIME_S;
  if (!Number.isInteger(blockTimeS) || blockTimeS < 1) {
    throw new RangeError(`a block time is a whole number of seconds, at least 1, got ${blockTimeS}`);
  }
  const startBits = options.startBits ?? POW_LIMIT_BITS;
  assertBits(startBits);
  const usualFeeSat = options.transactionFeeSat ?? TRANSACTION_FEE_SAT;
  const feeOf = (tx: Parameters<Mempool['add']>[0]): bigint =>
    state.feesSat.get(displayHex(tx.txidInternal)) ?? usualFeeSat;
  const mandatoryOutput =
    options.mandatoryOutput && new MandatoryOutput(options.mandatoryOutput, options.network);
  const ledger = new Ledger({
    halvingBlocks: options.halvingBlocks ?? HALVING_BLOCKS,
    feeOf,
    mandatoryOutput,
  });
  const nowS = (): number => Math.floor(clock.nowMs() / 1000);
  const genesis = createGenesis(options.genesisTimeS ?? Math.min(GENESIS_TIME_S, nowS()), pow);
  const chain = new Chain({ blockTimeS, startBits, ledger }, genesis);
  const mempool = new Mempool(ledger, feeOf);
  // Before the long polls hear of a new tip: what they answer with is made from the mempool.
  chain.onTipChange(({ tip, disconnected, connected }) => {
    const now = { timeS: nowS(), height: tip.height };
    for (const entry of disconnected) mempool.blockDisconnected(entry.body?.transactions ?? [], now);
    for (const entry of connected) mempool.blockConnected(entry.body?.transactions ?? []);
  });
  const templates = new TemplateMaker(
    { cacheMs: options.templateCacheMs ?? TEMPLATE_CACHE_MS },
    { chain, mempool, clock },
  );
  return {
    network: options.network,
    pow,
    chain,
    mempool,
    templates,
    gate: new BlockGate({ pow, chain, verifier, clock }),
    longPolls: new LongPolls({ chain, mempool, clock }),
    verifier,
    clock,
    startedAtMs: clock.nowMs(),
    fault: () => state.fault,
  };
}

/** A listener's own trouble must not look like a block's. */
function tellBlocks(entries: readonly BlockEntry[], callback: (block: DevnetBlock) => void, log: Log): void {
  for (const entry of entries) {
    try {
      callback(blockOf(entry));
    } catch (error) {
      log.error({ err: error }, 'devnet: a listener for blocks failed');
    }
  }
}

function blockOf(entry: BlockEntry): DevnetBlock {
  const { hash, height, header } = entry;
  const transactionCount = entry.body?.transactions.length ?? 0;
  return { hash, height, timeS: header.timeS, bits: header.bits, transactionCount };
}
