import { ByteReader } from '../chain/byte-reader.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { bitsToTarget, meetsTarget } from '../chain/target.ts';
import { decodeTransaction } from '../chain/transaction.ts';
import { KpssError } from '../error.ts';
import type { Log, Timer } from '../mining/ports.ts';
import { addBlock, type BlockMakerModules, mineBlock } from './block-maker.ts';
import type { BlockEntry } from './chain.ts';
import { POW_LIMIT_BITS } from './retarget.ts';
import type { DevnetFault } from './rpc-method.ts';
import { displayHex } from './transactions.ts';
import type { ZmqPublisher } from './zmq-publisher.ts';

/** A branch that is still behind after so many blocks more than it replaces is given up. */
const BRANCH_EXTRA_BLOCKS_MAX = 20;

/** What tests and demonstrations do to the node, which no RPC offers. */
export interface DevnetControl {
  /**
   * Goes over to a branch that leaves the active chain `depth` blocks below the tip and has more work, at once. Its
   * blocks were never solved, which the node overlooks; they weigh what the replaced ones weigh.
   * @returns the blocks left, newest first, and the new tip, usually one higher
   */
  reorganise(depth: number): Promise<{ readonly dropped: readonly string[]; readonly tip: string }>;
  /**
   * Declares the last blocks invalid, at once: the tip is then a lower one, or that of another branch where there is
   * one, and the same blocks never come back.
   * @returns the blocks left, newest first
   */
  dropBlocks(count: number): readonly string[];
  /** Makes and solves one block on the tip, with what the mempool has; takes as long as it takes. @returns its hash */
  mineBlock(): Promise<string>;
  /** The same at once: a block that was never solved, as if found by the rest of the network. @returns its hash */
  addBlock(): Promise<string>;
  /** Takes a block as if another node had sent it; its proof of work is overlooked. @returns as submitblock */
  adoptBlock(blockHex: string): Promise<string | null>;
  /** Whether it answers: not after `goOffline`. */
  isOnline(): boolean;
  /** Refuses connections and cuts those there are, as a stopped ravend; with a duration it returns by itself. */
  goOffline(durationMs?: number): Promise<void>;
  /** Listens again on the same ports. @throws KpssError KPSS_DEVNET_LISTEN when somebody else took it */
  comeBack(): Promise<void>;
  /** Holds every answer back; 0 for none. */
  setDelayMs(delayMs: number): void;
  /**
   * Fixes the bits of coming blocks, or (undefined) lets them follow the block time. The tip's next block may also
   * still carry the bits of templates handed out before.
   * @throws RangeError where they are easier than 0x207fffff, or no bits
   */
  setBits(bits: number | undefined): void;
  /** A state in which ravend refuses work, or none. */
  setFault(fault: DevnetFault | undefined): void;
  /**
   * Puts a transaction into the mempool.
   * @param feeSat what it pays, if not the usual
   * @returns its id
   * @throws KpssError KPSS_DEVNET_TRANSACTION when it is refused
   */
  addTransaction(hex: string, feeSat?: bigint): string;
}

/** What can be set at any time and is looked at with every request. */
export interface ControlState {
  delayMs: number;
  fault: DevnetFault | undefined;
  /** Fees of transactions that do not pay the usual, by id. */
  readonly feesSat: Map<string, bigint>;
}

/** A server that can leave its port and return. */
interface DevnetPort {
  readonly isListening: boolean;
  /** The one it has or had. */
  readonly port: number;
  listen(port: number): Promise<void>;
  stop(): Promise<void>;
}

interface ControlModules extends BlockMakerModules {
  /** What others connect to, but for ZMQ. */
  readonly ports: readonly DevnetPort[];
  readonly zmq: ZmqPublisher | undefined;
  readonly state: ControlState;
  readonly log: Log;
}

/** @returns the control, and `cancel` for what it has pending */
export function createControl(modules: ControlModules): { control: DevnetControl; cancel: () => void } {
  const { node, ports, zmq, state } = modules;
  const { chain } = node;
  let returning: Timer | undefined;

  const comeBack = async (): Promise<void> => {
    returning?.cancel();
    returning = undefined;
    for (const server of ports) if (!server.isListening) await server.listen(server.port);
    await zmq?.resume();
  };
  const returnLater = (): void => {
    comeBack().catch((error: unknown) => modules.log.error({ err: error }, 'devnet: could not come back'));
  };

  const control: DevnetControl = {
    reorganise: (depth) => reorganise(modules, depth),
    dropBlocks: (count) => dropBlocks(modules, count),
    mineBlock: async () => (await mineBlock(modules)).hash,
    addBlock: () => addBlockOnTip(modules),
    adoptBlock: (blockHex) => node.gate.adopt(blockHex),
    isOnline: () => ports.every((server) => server.isListening),
    goOffline: async (durationMs) => {
      returning?.cancel();
      await Promise.all([...ports.map((server) => server.stop()), zmq?.pause()]);
      if (durationMs !== undefined) returning = node.clock.setTimer(durationMs, returnLater);
    },
    comeBack,
    setDelayMs: (delayMs) => {
      state.delayMs = delayMs;
    },
    setBits: (bits) => {
      if (bits !== undefined) assertBits(bits);
      chain.setBits(bits);
    },
    setFault: (fault) => {
      state.fault = fault;
    },
    addTransaction: (hex, feeSat) => addTransaction(modules, hex, feeSat),
  };
  return { control, cancel: () => returning?.cancel() };
}

/** @throws RangeError where bits are easier than the limit, or no bits */
export function assertBits(bits: number): void {
  if (!meetsTarget(bitsToTarget(bits), bitsToTarget(POW_LIMIT_BITS))) {
    throw new RangeError(`bits ${bits.toString(16)} are easier than ${POW_LIMIT_BITS.toString(16)}`);
  }
}

function blockBelowTip({ node: { chain } }: ControlModules, depth: number): BlockEntry {
  if (!Number.isInteger(depth) || depth < 1 || depth > chain.tip.height) {
    throw new RangeError(
      `the chain has ${chain.tip.height} blocks above the first, so ${depth} cannot be left`,
    );
  }
  return chain.at(chain.tip.height - depth) as BlockEntry;
}

function activeAbove({ node: { chain } }: ControlModules, height: number): string[] {
  const hashes: string[] = [];
  for (let entry = chain.tip; entry.height > height; entry = entry.parent as BlockEntry)
    hashes.push(entry.hash);
  return hashes;
}

/** Again where a miner's block came first and this one stands beside the chain. */
async function addBlockOnTip(modules: ControlModules): Promise<string> {
  const { chain } = modules.node;
  let entry = await addBlock(modules, chain.tip);
  while (!chain.isActive(entry)) entry = await addBlock(modules, chain.tip);
  return entry.hash;
}

async function reorganise(
  modules: ControlModules,
  depth: number,
): Promise<{ dropped: readonly string[]; tip: string }> {
  const { chain } = modules.node;
  const fork = blockBelowTip(modules, depth);
  let branch = fork;
  let dropped: readonly string[] = [];
  for (let built = 0; built === 0 || !chain.isActive(branch); built++) {
    if (built > depth + BRANCH_EXTRA_BLOCKS_MAX) {
      throw new KpssError('KPSS_DEVNET_MINING', 'the devnet could not build a branch with more work');
    }
    dropped = activeAbove(modules, fork.height);
    branch = await addBlock(modules, branch, chain.at(branch.height + 1));
  }
  return { dropped, tip: branch.hash };
}

function dropBlocks(modules: ControlModules, count: number): readonly string[] {
  const { chain } = modules.node;
  const fork = blockBelowTip(modules, count);
  const dropped = activeAbove(modules, fork.height);
  chain.invalidate(chain.at(fork.height + 1) as BlockEntry);
  return dropped;
}

function addTransaction({ node, state }: ControlModules, hex: string, feeSat: bigint | undefined): string {
  const tx = decodeTransaction(new ByteReader(hexToBytes(hex)));
  const txid = displayHex(tx.txidInternal);
  if (feeSat !== undefined) state.feesSat.set(txid, feeSat);
  const now = { timeS: Math.floor(node.clock.nowMs() / 1000), height: node.chain.tip.height };
  const refusal = node.mempool.add(tx, now);
  if (!refusal) return txid;
  throw new KpssError(
    'KPSS_DEVNET_TRANSACTION',
    `the devnet refused transaction ${txid}: ${refusal.message}`,
    {
      context: { txid: bytesToHex(tx.txidInternal), code: refusal.code },
    },
  );
}
