/** How fast blocks may be handed in; a rule that is undefined does not count. */
export interface ThrottleRules {
  /**
   * At most so many within any 60 minutes, and evenly spaced: 12 an hour are one each five minutes. Twelve at once would
   * keep the number, and still make the network's difficulty jump, which is what a throttle is to prevent.
   */
  readonly blocksPerHour: number | undefined;
  /** From one block of ours to the next, counted from when it was handed in. */
  readonly minBlockIntervalMs: number | undefined;
  /** No block goes out while the network's difficulty is above it. */
  readonly pauseAboveDifficulty: number | undefined;
}

export interface ThrottleState {
  readonly nowMs: number;
  /** When blocks of ours were handed in, oldest first: those that were accepted, and those that are still open. */
  readonly handedInMs: readonly number[];
  /** Of the newest template. */
  readonly networkDifficulty: number;
}

export type ThrottleDecision =
  | { readonly isOpen: true }
  | { readonly isOpen: false; readonly why: 'blocks-per-hour' | 'min-interval'; readonly untilMs: number }
  /** Until another template says otherwise. */
  | { readonly isOpen: false; readonly why: 'difficulty'; readonly untilMs: undefined };

const HOUR_MS = 3_600_000;
const OPEN: ThrottleDecision = { isOpen: true };

/** Whether any rule is set. */
export function isThrottling(rules: ThrottleRules): boolean {
  const { blocksPerHour, minBlockIntervalMs, pauseAboveDifficulty } = rules;
  return [blocksPerHour, minBlockIntervalMs, pauseAboveDifficulty].some((rule) => rule !== undefined);
}

/** Older blocks of ours make no difference any more. */
export function throttleMemoryMs({ blocksPerHour, minBlockIntervalMs }: ThrottleRules): number {
  const spacingMs = blocksPerHour === undefined ? 0 : HOUR_MS / blocksPerHour;
  return Math.max(HOUR_MS, spacingMs, minBlockIntervalMs ?? 0);
}

/** Whether a block may go out now, else until when not and why: the rule that lasts longest. */
export function throttleDecision(rules: ThrottleRules, state: ThrottleState): ThrottleDecision {
  const { nowMs, handedInMs, networkDifficulty } = state;
  const { blocksPerHour, minBlockIntervalMs, pauseAboveDifficulty } = rules;
  if (pauseAboveDifficulty !== undefined && networkDifficulty > pauseAboveDifficulty) {
    return { isOpen: false, why: 'difficulty', untilMs: undefined };
  }
  const rateUntilMs = blocksPerHour === undefined ? nowMs : rateOpensMs(blocksPerHour, handedInMs);
  const lastMs = handedInMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  const intervalUntilMs = lastMs + (minBlockIntervalMs ?? 0);
  const untilMs = Math.max(rateUntilMs, intervalUntilMs);
  if (untilMs <= nowMs) return OPEN;
  const why = rateUntilMs >= intervalUntilMs ? 'blocks-per-hour' : 'min-interval';
  return { isOpen: false, why, untilMs };
}

/** When the rate allows the next block: after the spacing, and never one too many within an hour. */
function rateOpensMs(blocksPerHour: number, handedInMs: readonly number[]): number {
  const lastMs = handedInMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  // The spacing alone keeps the number, but for blocks of before a restart with other settings.
  const hourBackMs = handedInMs.at(-Math.ceil(blocksPerHour)) ?? Number.NEGATIVE_INFINITY;
  return Math.max(lastMs + HOUR_MS / blocksPerHour, hourBackMs + HOUR_MS);
}
