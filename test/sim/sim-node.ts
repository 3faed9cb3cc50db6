import { RpcError } from '../../src/node/rpc-error.ts';
import type { SeededRandom } from './random.ts';
import type { SimBlock, SimChain } from './sim-chain.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { Trace } from './trace.ts';

/** What is wrong with a node at the moment; sim-rpc.ts says how each looks from outside. */
export type Fault =
  | 'none'
  | 'unreachable'
  | 'hanging'
  | 'slow'
  | 'garbage'
  | 'nonsense'
  | 'failing'
  | 'warming-up'
  | 'no-peers'
  | 'downloading'
  | 'busy'
  | 'unauthorized'
  | 'down'
  | 'lagging'
  | 'stuck';

/** Faults in which blocks of others come late, or not at all. */
const NO_NEWS: readonly Fault[] = ['down', 'stuck', 'no-peers', 'warming-up'];

interface SimNodeModules {
  readonly chain: SimChain;
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
}

/** One node: what it knows of the chain, its own best tip, and its peers. */
export class SimNode {
  readonly name: string;
  readonly #modules: SimNodeModules;
  readonly #known: Set<string>;
  #tip: SimBlock;
  #fault: Fault = 'none';
  #peers: readonly SimNode[] = [];
  /** Counts restarts: an answer that was under way at one is lost. */
  boots = 0;
  /** Every block that was in its best chain at some time. */
  readonly everBest = new Set<string>();
  readonly #heights: { readonly atMs: number; readonly height: number }[] = [];
  /** Since when it answers as it should. */
  healthySinceMs: number;

  constructor(name: string, modules: SimNodeModules) {
    this.name = name;
    this.#modules = modules;
    this.#tip = modules.chain.genesis;
    this.#known = new Set([this.#tip.hash]);
    this.everBest.add(this.#tip.hash);
    this.healthySinceMs = modules.clock.nowMs();
  }

  get tip(): SimBlock {
    return this.#tip;
  }

  get fault(): Fault {
    return this.#fault;
  }

  /** Of its tip at that time. */
  heightAt(atMs: number): number {
    const last = this.#heights.findLast((known) => known.atMs <= atMs);
    return last?.height ?? this.#modules.chain.genesis.height;
  }

  /** Blocks of others reach it. */
  get hasNews(): boolean {
    return !NO_NEWS.includes(this.#fault);
  }

  setPeers(peers: readonly SimNode[]): void {
    this.#peers = peers;
  }

  setFault(fault: Fault): void {
    const { clock, trace } = this.#modules;
    if (fault === this.#fault) return;
    const hadNews = this.hasNews;
    this.#fault = fault;
    trace.add(clock.nowMs(), this.name, fault === 'none' ? 'is well' : `is ${fault}`);
    if (fault === 'down') this.boots += 1;
    if (fault === 'none') this.healthySinceMs = clock.nowMs();
    if (!hadNews && this.hasNews) this.catchUp();
  }

  knows(hash: string): boolean {
    return this.#known.has(hash);
  }

  isInBestChain(hash: string): boolean {
    return this.knows(hash) && this.#modules.chain.isAncestor(this.#modules.chain.get(hash), this.#tip);
  }

  /**
   * Takes a valid block whose ancestors it gets along with it, and tells its peers.
   * @returns whether it was new
   */
  take(block: SimBlock): boolean {
    const { chain } = this.#modules;
    if (this.#known.has(block.hash)) return false;
    const parent = chain.get(block.parent);
    if (!this.#known.has(parent.hash)) this.take(parent);
    this.#known.add(block.hash);
    if (block.height > this.#tip.height) this.#moveTo(block);
    for (const peer of this.#peers) this.#tell(peer, block);
    return true;
  }

  /** Takes a block of the tip's height in the tip's place, as preciousblock makes a node do. */
  prefer(block: SimBlock): void {
    this.take(block);
    if (block.height === this.#tip.height && block.hash !== this.#tip.hash) this.#moveTo(block);
  }

  #moveTo(block: SimBlock): void {
    const { chain, clock, trace } = this.#modules;
    this.#tip = block;
    this.#heights.push({ atMs: clock.nowMs(), height: block.height });
    for (let b = block; !this.everBest.has(b.hash); b = chain.get(b.parent)) this.everBest.add(b.hash);
    trace.add(clock.nowMs(), this.name, `tip ${block.height} ${block.hash.slice(0, 12)}`);
  }

  #tell(peer: SimNode, block: SimBlock): void {
    if (!this.hasNews) return;
    const { clock, random } = this.#modules;
    const isLagging = this.#fault === 'lagging' || peer.fault === 'lagging';
    clock.setTimer(isLagging ? random.int(4_000, 20_000) : random.int(5, 800), () => {
      if (peer.hasNews) peer.take(block);
    });
  }

  /** What the peers have, and what they missed of it. */
  catchUp(): void {
    for (const peer of this.#peers) {
      if (!peer.hasNews) continue;
      this.#tell(peer, this.#tip);
      peer.#tell(this, peer.#tip);
    }
  }

  /**
   * Answers as a node in good health.
   * @throws RpcError as its client would
   */
  answer(method: string, params: readonly unknown[]): unknown {
    const { chain, clock } = this.#modules;
    const [first] = params;
    switch (method) {
      case 'getbestblockhash':
        return this.#tip.hash;
      case 'getblockcount':
        return this.#tip.height;
      case 'getblocktemplate': {
        const { mode, data } = (first ?? {}) as { mode?: string; data?: string };
        if (mode !== 'proposal') return chain.template(this.#tip, clock.nowMs());
        return this.#propose(data ?? '');
      }
      case 'submitblock':
        return this.#submit(String(first));
      case 'getblockheader':
        return this.#header(String(first));
      case 'getblockchaininfo':
        return this.#chainInfo();
      case 'getnetworkinfo':
        return { version: 4080000, subversion: '/Ravencoin:4.8.0/', connections: this.#peers.length + 1 };
      case 'getpeerinfo':
        return [];
      default:
        throw new RpcError('method-not-found', `the node does not know ${method}`, { rpcCode: -32601 });
    }
  }

  #chainInfo(): unknown {
    const isDownloading = this.#fault === 'downloading';
    return {
      chain: 'regtest',
      blocks: this.#tip.height,
      headers: this.#tip.height + (isDownloading ? 1_000 : 0),
      bestblockhash: this.#tip.hash,
      mediantime: this.#tip.timeS,
      verificationprogress: isDownloading ? 0.4 : 1,
      initialblockdownload: isDownloading,
      chainwork: workOf(this.#tip),
    };
  }

  #header(hash: string): unknown {
    if (!this.knows(hash)) {
      const rpcMessage = 'Block not found';
      throw new RpcError('rpc', `getblockheader: ${rpcMessage}`, { rpcCode: -5, rpcMessage });
    }
    const block = this.#modules.chain.get(hash);
    const confirmations = this.isInBestChain(hash) ? this.#tip.height - block.height + 1 : -1;
    const { height, timeS: time, parent: previousblockhash } = block;
    return { hash, confirmations, height, time, previousblockhash, chainwork: workOf(block) };
  }

  #propose(blockHex: string): string | null {
    const examined = this.#modules.chain.examine(blockHex, true);
    if (examined.kind === 'undecodable') throw undecodable();
    const { block, problem } = examined;
    if (block.parent !== this.#tip.hash) return 'inconclusive-not-best-prevblk';
    return problem ?? (block.height === this.#tip.height + 1 ? null : 'bad-cb-height');
  }

  #submit(blockHex: string): string | null {
    const { chain, clock, trace } = this.#modules;
    const examined = chain.examine(blockHex, false);
    if (examined.kind === 'undecodable') throw undecodable();
    const { block, problem } = examined;
    const say = (verdict: string | null): string | null => {
      trace.add(clock.nowMs(), this.name, `block ${block.height} ${block.hash.slice(0, 12)}: ${verdict}`);
      return verdict;
    };
    if (this.knows(block.hash)) return say('duplicate');
    if (!this.knows(block.parent)) return say('prev-blk-not-found');
    if (problem !== undefined) return say(problem);
    if (block.height !== chain.get(block.parent).height + 1) return say('bad-cb-height');
    chain.add(block);
    this.take(block);
    return say(this.#tip.hash === block.hash ? null : 'inconclusive');
  }
}

function undecodable(): RpcError {
  const rpcMessage = 'Block decode failed';
  return new RpcError('rpc', `submitblock: ${rpcMessage}`, { rpcCode: -22, rpcMessage });
}

function workOf(block: SimBlock): string {
  return (block.height + 1).toString(16).padStart(64, '0');
}
