import type { BlockReport } from './block-history.ts';
import type { JournalReport } from './block-ledger.ts';
import type { TallyCounts } from './mining/tally.ts';
import type { Template } from './mining/template.ts';
import type { NodeReport } from './node/node-report.ts';
import type { ProofReport } from './node/proposal-proof.ts';
import type { NodeStatus } from './node/status.ts';
import type { SignalScore } from './node/tip-feed.ts';
import type { SignalReport } from './node/tip-signal.ts';
import type { DoorReport } from './stratum/entrance.ts';
import type { MinerReport } from './stratum/miner-report.ts';
import type { ThrottleStatus } from './throttled-blocks.ts';

/** How an instance is doing, for the status page, the terminal and tests. */
export interface InstanceStatus {
  /** All nodes together: ready as long as one gives templates. */
  readonly node: NodeStatus | undefined;
  /** Each of them, in the order of the configuration. */
  readonly nodes: readonly NodeReport[];
  /** How each way of hearing of new blocks has done. */
  readonly signals: readonly SignalScore[];
  /** How the ways besides polling are doing. */
  readonly signalReports: readonly SignalReport[];
  readonly height: number | undefined;
  /** What the present jobs are made of; undefined before the first. */
  readonly template: Template | undefined;
  /** When it came. */
  readonly templateAtMs: number | undefined;
  readonly miners: number;
  /** The fastest of them. */
  readonly minerReports: readonly MinerReport[];
  /** Nonce prefixes that nobody has and that do not rest until a job is over. */
  readonly prefixesFree: number;
  /** Undefined where there is none. */
  readonly door: DoorReport | undefined;
  readonly hashesPerS: number;
  readonly counts: TallyCounts;
  /** The newest found blocks, newest first. */
  readonly blocks: readonly BlockReport[];
  /** Where they are written down. */
  readonly journal: JournalReport;
  /** Whether a block found now would be taken. */
  readonly proof: ProofReport;
  /** Undefined where none is set. */
  readonly throttle: ThrottleStatus | undefined;
}
