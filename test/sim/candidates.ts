import type { BlockOutcome } from '../../src/block-ledger.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/chain/bytes.ts';
import { meetsTarget } from '../../src/chain/target.ts';
import { decodeJournal } from '../../src/store/journal-records.ts';
import type { JobHistory } from './job-history.ts';
import { type SimChain, trueMixHash } from './sim-chain.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimDisk, SimJournalStore } from './sim-disk.ts';
import type { SimLink } from './sim-link.ts';
import type { SimNode } from './sim-node.ts';
import type { SimShare } from './sim-share.ts';

/** One connection's candidates that go out at once, as stratum/candidate-gate.ts has it, and in which time. */
const AT_ONCE_MAX = 2;
const AT_ONCE_WINDOW_MS = 10_000;
/** Sixteen that had to wait, two each window, may go before: for this long. */
const QUEUE_MS = 100_000;
/** KPSS tries again after 5 s at the latest; the rest is for the way. */
const TRIED_AGAIN_WITHIN_MS = 6_000;
/** KPSS does not wait longer for a node to learn of the parent. */
const NOT_YET_MAX_MS = 50_000;
/** With more on their way than this, KPSS may have to let some go; a candidate is on its way for a minute at the most. */
const CROWD = 50;
const CROWD_WINDOW_MS = 60_000;
/** Blocks of an earlier run that KPSS hands in at once; others wait for these. */
const TAKEN_UP_AT_ONCE = 8;
/** KPSS reads the journal, and asks a node how far it is, for two seconds at the most. */
const TAKEN_UP_WITHIN_MS = 5_000;
/** Of blocks a hundred below the tip the chain is asked instead; here, somewhat less. */
const SURELY_IN_REACH = 90;
/** What a node may say of a right block. */
const GOOD_ANSWERS = ['duplicate', 'inconclusive', 'duplicate-inconclusive', 'prev-blk-not-found'];

interface Candidate {
  readonly hash: string;
  readonly share: SimShare;
  readonly parent: string;
  readonly arrivedMs: number;
  readonly mustGoAtOnce: boolean;
  readonly isTrue: boolean;
  /** To each node: calls under way, and when the last one ended. */
  readonly courses: Map<SimNode, { open: number; endedMs: number }>;
  /** A node's null arrived. */
  wasTaken: boolean;
  /** From an earlier run of KPSS, by its journal. */
  isInherited: boolean;
  outcome: BlockOutcome['outcome'] | undefined;
}

interface CandidatesModules {
  readonly clock: OwnedClock;
  readonly chain: SimChain;
  readonly nodes: readonly SimNode[];
  readonly history: JobHistory;
  readonly disk: SimDisk;
  /** Of the present process. */
  readonly journal: () => SimJournalStore | undefined;
  /** Whether verdicts may come late or not at all, so that candidates wait for their turn. */
  readonly mayWait: boolean;
  readonly fail: (invariant: string, detail: string) => void;
}

/** What must hold of found blocks: they go out at once, arrive where they can, and are called accepted only when they are. */
export class Candidates {
  readonly #modules: CandidatesModules;
  readonly #all = new Map<string, Candidate>();
  /** Of this process: when each connection's last ones arrived, and until when some may wait for their turn. */
  #recent = new WeakMap<SimLink, { atMs: readonly number[]; queueUntilMs: number }>();
  /** When last so many were on their way that some may have been let go. */
  #crowdedMs = Number.NEGATIVE_INFINITY;
  /** Written down by an earlier run, without an outcome. */
  #inherited: readonly Candidate[] = [];
  /** Found right since the last look, and not sent before. */
  readonly #released = new Set<Candidate>();
  /** Nothing is owed while KPSS stops. */
  isStopping = false;

  constructor(modules: CandidatesModules) {
    this.#modules = modules;
  }

  get count(): number {
    return this.#all.size;
  }

  /**
   * A share is about to be handled, for the first time; here it counts if it meets the network target.
   * @param isLive whether KPSS must still know its job
   */
  arrives(link: SimLink, share: SimShare, parent: string, isLive: boolean): void {
    const { clock, chain, mayWait } = this.#modules;
    if (!meetsTarget(share.finalHash, chain.networkTarget)) return;
    const nowMs = clock.nowMs();
    const before = this.#recent.get(link) ?? { atMs: [], queueUntilMs: 0 };
    const atMs = before.atMs.filter((ms) => ms > nowMs - AT_ONCE_WINDOW_MS);
    const mustGoAtOnce = atMs.length < AT_ONCE_MAX && before.queueUntilMs < nowMs;
    const queueUntilMs = mustGoAtOnce || !mayWait ? before.queueUntilMs : nowMs + QUEUE_MS;
    this.#recent.set(link, { atMs: [...atMs, nowMs], queueUntilMs });
    if (!isLive) return;
    const hash = bytesToHex(share.finalHash);
    const isTrue = equalBytes(share.mixHash, trueMixHash(hexToBytes(share.job.headerHashHex), share.nonce));
    this.#all.set(hash, {
      hash,
      share,
      parent,
      arrivedMs: nowMs,
      mustGoAtOnce,
      isTrue,
      courses: new Map(),
      wasTaken: false,
      isInherited: false,
      outcome: undefined,
    });
  }

  /** Its request was handled, in the same turn. */
  handled(share: SimShare, isHandedOn: boolean): void {
    const candidate = this.#all.get(bytesToHex(share.finalHash));
    if (candidate?.share !== share || !candidate.mustGoAtOnce) return;
    const { nodes, fail } = this.#modules;
    if (!isHandedOn || candidate.courses.size < nodes.length) {
      const where = `${candidate.courses.size} of ${nodes.length} nodes`;
      fail('a candidate goes to every node at once', `${candidate.hash} went to ${where}`);
    }
    const { disk, journal } = this.#modules;
    if (candidate.arrivedMs > disk.readyMs && journal()?.hasBegun(candidate.hash) !== true) {
      fail('a candidate is written down at once', candidate.hash);
    }
  }

  /** The verifier says that its mix hash is right. */
  foundRight(hash: string): void {
    const candidate = this.#all.get(hash);
    if (candidate !== undefined && candidate.courses.size === 0) this.#released.add(candidate);
  }

  /** submitblock was called. */
  called(node: SimNode, blockHex: string): void {
    const candidate = this.#of(blockHex);
    const course = candidate?.courses.get(node);
    if (course !== undefined) course.open += 1;
    else candidate?.courses.set(node, { open: 1, endedMs: 0 });
  }

  /** submitblock was answered, or its failure noticed. */
  answered(node: SimNode, blockHex: string, answer: unknown): void {
    const { clock, fail } = this.#modules;
    const candidate = this.#of(blockHex);
    const course = candidate?.courses.get(node);
    if (candidate === undefined || course === undefined) return;
    course.open -= 1;
    course.endedMs = clock.nowMs();
    if (answer === null) candidate.wasTaken = true;
    if (candidate.isTrue && typeof answer === 'string' && !GOOD_ANSWERS.includes(answer)) {
      fail('a found block is valid', `${node.name} says ${answer} of ${candidate.hash}`);
    }
  }

  /** KPSS reports what became of a block. */
  settled({ blockHash, outcome }: BlockOutcome): void {
    const { nodes, fail } = this.#modules;
    const candidate = this.#all.get(blockHash);
    if (candidate !== undefined) candidate.outcome = outcome;
    if (outcome.kind === 'accepted') {
      const hasIt = nodes.some((node) => node.name === outcome.node && node.everBest.has(blockHash));
      if (!hasIt) fail('accepted only if a node took it', `${outcome.node} never had ${blockHash}`);
    } else if (candidate?.wasTaken) {
      const detail = `${blockHash} was taken, but is called ${outcome.kind}`;
      fail('a failure hides no success', detail);
    }
    const holder = nodes.find((node) => node.knows(blockHash));
    if (outcome.kind === 'rejected' && holder !== undefined && !this.isStopping) {
      fail('a failure hides no success', `${holder.name} has ${blockHash}, which is called rejected`);
    }
  }

  /** KPSS was killed, or ended: what it knew is gone, but for what is written down. */
  restart(): void {
    const { chain, disk } = this.#modules;
    this.#recent = new WeakMap();
    this.#released.clear();
    this.isStopping = false;
    this.checkKept();
    disk.readyMs = Number.POSITIVE_INFINITY;
    const written = new Map(decodeJournal(disk.text).blocks.map((block) => [block.found.blockHash, block]));
    for (const [hash, candidate] of this.#all) {
      const block = written.get(hash);
      const isOpen = block !== undefined && block.outcome === undefined && block.final === undefined;
      if (!isOpen && !chain.has(hash)) this.#all.delete(hash);
      candidate.isInherited = isOpen;
      candidate.courses.clear();
      candidate.wasTaken = false;
      candidate.outcome = undefined;
    }
    const open = [...written.values()].filter(({ outcome, final }) => !outcome && !final);
    const isMany = open.length > TAKEN_UP_AT_ONCE;
    this.#inherited = isMany ? [] : [...this.#all.values()].filter(({ isInherited }) => isInherited);
  }

  /** Every true candidate reached a node, or is written down, or was told to be lost for good. */
  checkKept(): void {
    const { clock, chain, disk, fail } = this.#modules;
    const nowMs = clock.nowMs();
    const open = [...this.#all.values()].filter(({ hash, isTrue }) => isTrue && !chain.has(hash));
    for (const { hash, arrivedMs, outcome, courses } of open) {
      const isDue = Math.max(arrivedMs, disk.readyMs) + 3 * disk.syncMs + 1 < nowMs;
      if (courses.size === 0 || !isDue || outcome !== undefined) continue;
      if (!disk.text.includes(hash)) fail('a candidate reaches a node or stays written down', hash);
    }
  }

  /** Every true candidate that can still win is with a node that is well, or about to be. */
  tick(): void {
    if (this.isStopping) return;
    const { clock, chain, nodes, history, fail } = this.#modules;
    this.#checkInherited();
    for (const { hash, courses } of this.#released) {
      if (courses.size === 0) fail('a candidate that is found right goes out', hash);
    }
    this.#released.clear();
    const open = [...this.#all.values()].filter(({ hash, isTrue }) => isTrue && !chain.has(hash));
    const nowMs = clock.nowMs();
    const young = [...this.#all.values()].filter(({ arrivedMs }) => nowMs - arrivedMs < CROWD_WINDOW_MS);
    if (young.length * nodes.length > CROWD) this.#crowdedMs = nowMs;
    if (nowMs - this.#crowdedMs < CROWD_WINDOW_MS) return;
    for (const { hash, share, parent, courses, arrivedMs } of open) {
      if (courses.size === 0 || !history.isLive(share.job.headerHashHex)) continue;
      if (nowMs - arrivedMs > NOT_YET_MAX_MS) continue;
      for (const node of nodes) {
        const course = courses.get(node) ?? { open: 0, endedMs: arrivedMs };
        if (node.fault !== 'none' || !node.knows(parent) || course.open > 0) continue;
        const sinceMs = Math.max(node.healthySinceMs, course.endedMs, arrivedMs);
        if (nowMs - sinceMs <= TRIED_AGAIN_WITHIN_MS) continue;
        fail('a candidate reaches a node that is well', `${hash} was not brought to ${node.name}`);
      }
    }
  }

  /** Once the journal was read, what it holds goes to all nodes again. */
  #checkInherited(): void {
    const { clock, chain, disk, nodes, fail } = this.#modules;
    if (clock.nowMs() < disk.readyMs + TAKEN_UP_WITHIN_MS + 3 * disk.syncMs) return;
    const lowest = Math.max(...nodes.map(({ tip }) => tip.height)) - SURELY_IN_REACH;
    for (const { hash, parent, courses } of this.#inherited) {
      const isInReach = chain.get(parent).height >= lowest;
      if (isInReach && courses.size < nodes.length)
        fail('blocks of an earlier run are handed in again', hash);
    }
    this.#inherited = [];
  }

  #of(blockHex: string): Candidate | undefined {
    const examined = this.#modules.chain.examine(blockHex, false);
    return examined.kind === 'block' ? this.#all.get(examined.block.hash) : undefined;
  }
}
