import type { Clock, Log } from '../mining/ports.ts';
import { Pauses } from './pauses.ts';
import {
  type FoundBlock,
  type NodeVerdict,
  SubmitCourse,
  type SubmitNode,
  type SubmitOutcome,
} from './submit-course.ts';

export type { FoundBlock, GiveUpWhy, NodeVerdict, SubmitNode, SubmitOutcome } from './submit-course.ts';

/** In all: a waiting block is up to 16 MB of hex. Only a test chain, or a node long away, could have more. */
const WAITING_MAX = 64;

interface SubmitterOptions {
  /** Each node's answer to each sending. */
  readonly onVerdict?: (event: NodeVerdict) => void;
  /** Whether it is told elsewhere that a node is of no use for now: then the log does not warn of its answers. */
  readonly isLeftAside?: (node: string) => boolean;
}

interface SubmitterModules {
  /** At least one. */
  readonly nodes: readonly SubmitNode[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Submitter {
  /**
   * Hands a block to every node's client before it returns, and again where that fails, until a node takes it or it cannot
   * win any more (six hours at the most). Never rejects. Settles at the first acceptance, else when every node has
   * had its last word; the other nodes are still seen to after an acceptance.
   */
  submit(block: FoundBlock): Promise<SubmitOutcome>;
  /** The nodes were replaced: blocks whose outcome is open go to those that have not had them. */
  handToNewNodes(): void;
  /** Blocks whose outcome is open. */
  pending(): number;
  /** Ends all waiting; resolves when the calls under way have been answered, since the answer to a block counts. */
  stop(): Promise<void>;
}

/** @throws RangeError without a node */
export function createSubmitter(options: SubmitterOptions, modules: SubmitterModules): Submitter {
  if (modules.nodes.length === 0) throw new RangeError('a submitter needs at least one node');
  return new BlockSubmitter(options, modules);
}

/** A block whose outcome is open. */
interface OpenBlock {
  readonly block: FoundBlock;
  /** Each with the course that the block takes there; these grow when nodes are replaced. */
  readonly courses: Map<SubmitNode, Promise<SubmitOutcome>>;
  best: SubmitOutcome | undefined;
  ended: number;
  readonly settle: (outcome: SubmitOutcome) => void;
}

class BlockSubmitter implements Submitter {
  readonly #options: SubmitterOptions;
  readonly #modules: SubmitterModules;
  readonly #pauses: Pauses;
  /** One per node and block until the node's last word; those that wait are at most WAITING_MAX. */
  readonly #courses = new Set<Promise<SubmitOutcome>>();
  readonly #open = new Set<OpenBlock>();

  constructor(options: SubmitterOptions, modules: SubmitterModules) {
    this.#options = options;
    this.#modules = modules;
    this.#pauses = new Pauses({ waitersMax: WAITING_MAX }, modules.clock);
  }

  submit(block: FoundBlock): Promise<SubmitOutcome> {
    const { promise, resolve } = Promise.withResolvers<SubmitOutcome>();
    const open: OpenBlock = { block, courses: new Map(), best: undefined, ended: 0, settle: resolve };
    this.#open.add(open);
    this.#handOut(open);
    return promise;
  }

  handToNewNodes(): void {
    for (const open of this.#open) this.#handOut(open);
  }

  pending(): number {
    return this.#open.size;
  }

  async stop(): Promise<void> {
    this.#pauses.endAll();
    await Promise.all(this.#courses);
  }

  /** Nothing may be awaited before the requests to all nodes are on their way. */
  #handOut(open: OpenBlock): void {
    const { nodes, clock, log } = this.#modules;
    const { onVerdict, isLeftAside } = this.#options;
    const modules = { clock, log, pauses: this.#pauses, onVerdict, isLeftAside };
    for (const node of nodes) {
      if (open.courses.has(node)) continue;
      const course = new SubmitCourse(open.block, node, modules).run();
      open.courses.set(node, course);
      this.#follow(open, course);
    }
  }

  #follow(open: OpenBlock, course: Promise<SubmitOutcome>): void {
    this.#courses.add(course);
    void course.then((outcome) => {
      this.#courses.delete(course);
      open.ended += 1;
      if (open.best === undefined || rankOf(outcome) > rankOf(open.best)) open.best = outcome;
      if (outcome.kind !== 'accepted' && open.ended < open.courses.size) return;
      this.#open.delete(open);
      open.settle(open.best);
    });
  }
}

/**
 * What counts more, if no node accepted: a node that has the block; one whose answer is still open, since it may take the
 * block at the next start; one that looked at it; none at all.
 */
function rankOf(outcome: SubmitOutcome): number {
  if (outcome.kind !== 'gave-up') return { accepted: 5, inconclusive: 4, rejected: 2 }[outcome.kind];
  return { stopped: 3, 'too-many': 3, unknown: 3, 'time-is-up': 1, 'too-late': 0 }[outcome.why];
}
