import { PEST_KINDS, type PestKind } from './pest-acts.ts';
import type { SeededRandom } from './random.ts';
import type { Fault } from './sim-node.ts';

const FAULTS: readonly Fault[] = [
  'unreachable',
  'hanging',
  'slow',
  'garbage',
  'nonsense',
  'failing',
  'warming-up',
  'no-peers',
  'downloading',
  'busy',
  'unauthorized',
  'down',
  'lagging',
  'stuck',
];
/** A node that answers well and knows too little is believed; one that goes away and comes back is gone back to. */
const QUIET_FAULTS: readonly Fault[] = ['stuck', 'stuck', 'lagging', 'down', 'hanging'];
/** What its owner does not notice lasts. */
export const STUCK_MS = [5_000, 50_000] as const;

/** What a seed makes of the world. */
export interface Profile {
  readonly nodes: number;
  readonly miners: number;
  readonly bits: number;
  readonly meanShareMs: number;
  readonly mischief: number;
  readonly meanBlockMs: number;
  readonly meanHealthMs: number;
  readonly meanFaultMs: number;
  readonly faults: readonly Fault[];
  /** Index of a node that is always well; there may be none with it. */
  readonly steady: number;
  readonly kills: number;
  readonly busyVerifier: number;
  readonly syncMs: number;
  readonly meanDiskHealthMs: number;
  readonly safetyMs: number;
  /** Hostile miners, by what they do. */
  readonly pests: readonly PestKind[];
  /** A login takes as long as this at the most; 0: it is answered at once. */
  readonly loginMs: number;
  /** Each account is paid, or all go to one payout. */
  readonly paysAccounts: boolean;
  /** How often another configuration is read while it mines. */
  readonly reloads: number;
}

/** @param random a stream of its own, so that a new field at the end changes no other */
export function profileOf(random: SeededRandom): Profile {
  return {
    nodes: random.int(1, 3),
    miners: random.int(1, 4),
    // Every second hash a block, one in 32, one in 128.
    bits: random.pick([0x207fffff, 0x2007ffff, 0x2001ffff]),
    meanShareMs: random.pick([400, 1_000, 3_000]),
    mischief: random.pick([0, 0.05, 0.3]),
    meanBlockMs: random.pick([2_000, 10_000, 40_000]),
    meanHealthMs: random.pick([3_000, 15_000, 60_000]),
    meanFaultMs: random.pick([1_000, 6_000, 20_000]),
    faults: random.pick([FAULTS, FAULTS, QUIET_FAULTS]),
    steady: random.int(0, 3),
    kills: random.pick([0, 0, 1, 2]),
    busyVerifier: random.pick([0, 0.1, 0.5]),
    syncMs: random.pick([1, 10, 200]),
    meanDiskHealthMs: random.pick([10_000, 1_000_000, 1_000_000]),
    safetyMs: random.int(30_000, 70_000),
    pests: Array.from({ length: random.int(0, 2) }, () => random.pick(PEST_KINDS)),
    loginMs: random.pick([0, 0, 300, 1_500]),
    paysAccounts: random.chance(0.5),
    reloads: random.pick([1, 0, 0, 4]),
  };
}
