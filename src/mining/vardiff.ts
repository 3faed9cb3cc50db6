/** How a connection's difficulty follows its hashrate. */
export interface VardiffOptions {
  readonly minDifficulty: number;
  readonly maxDifficulty: number;
  readonly startDifficulty: number;
  /** A share should come once in this time. */
  readonly targetTimeMs: number;
  /** How long shares are counted before the difficulty is looked at. */
  readonly retargetTimeMs: number;
  /** The difficulty stays while the shares' pace is within this band around the target, in percent. */
  readonly variancePercent: number;
}

/** Everything vardiff knows of a connection; a value, replaced by each step. */
export interface VardiffState {
  readonly difficulty: number;
  /** Since when shares are counted. */
  readonly windowStartMs: number;
  /** Sum of the counted shares' difficulties, each at the one its job was issued at. */
  readonly windowDifficulty: number;
  readonly windowShares: number;
}

/** With this many shares the pace is known well enough (to about a fifth) not to wait for the end of the window. */
const SHARES_ENOUGH = 24;
/** One step multiplies or divides by this at the most: a lucky minute must not starve a miner of shares. */
const STEP_FACTOR_MAX = 8;
/** A window without shares, this many target times long, says that the difficulty is too high: e⁻⁴ = 2 % by chance. */
const IDLE_TARGET_TIMES = 4;
/** What an idle miner's difficulty is divided by, again and again until it finds shares. */
const IDLE_STEP_FACTOR = 4;

/** One difficulty that stays, as near to what was asked for as the bounds allow. */
export function fixedWithin(options: VardiffOptions, difficulty: number): VardiffOptions {
  const fixed = clamp(difficulty, options);
  return { ...options, minDifficulty: fixed, maxDifficulty: fixed, startDifficulty: fixed };
}

/** @param difficulty to start at, as near as the bounds allow: the port's own when left out, or what a miner suggests */
export function startVardiff(
  options: VardiffOptions,
  nowMs: number,
  difficulty: number = options.startDifficulty,
): VardiffState {
  return freshWindow(clamp(difficulty, options), nowMs);
}

/**
 * Counts a share.
 * @param shareDifficulty what its job was issued at, which may be older than the present difficulty
 */
export function stepShare(
  state: VardiffState,
  options: VardiffOptions,
  shareDifficulty: number,
  nowMs: number,
): VardiffState {
  const counted = {
    ...state,
    windowDifficulty: state.windowDifficulty + shareDifficulty,
    windowShares: state.windowShares + 1,
  };
  const windowOver = nowMs - state.windowStartMs >= options.retargetTimeMs;
  return windowOver || counted.windowShares >= SHARES_ENOUGH ? retarget(counted, options, nowMs) : counted;
}

/** Looks at a connection without a share having come; called from time to time so that a silent miner is eased. */
export function stepIdle(state: VardiffState, options: VardiffOptions, nowMs: number): VardiffState {
  const elapsedMs = nowMs - state.windowStartMs;
  if (state.windowShares > 0)
    return elapsedMs >= options.retargetTimeMs ? retarget(state, options, nowMs) : state;
  if (elapsedMs < options.targetTimeMs * IDLE_TARGET_TIMES) return state;
  return freshWindow(clamp(state.difficulty / IDLE_STEP_FACTOR, options), nowMs);
}

function retarget(state: VardiffState, options: VardiffOptions, nowMs: number): VardiffState {
  // At least a millisecond: a burst within one clock tick is a very fast miner, not a division by zero.
  const elapsedMs = Math.max(nowMs - state.windowStartMs, 1);
  const fitting = (state.windowDifficulty / elapsedMs) * options.targetTimeMs;
  const ratio = fitting / state.difficulty;
  const band = 1 + options.variancePercent / 100;
  if (ratio < band && ratio > 1 / band) return freshWindow(state.difficulty, nowMs);
  const step = Math.min(Math.max(ratio, 1 / STEP_FACTOR_MAX), STEP_FACTOR_MAX);
  return freshWindow(clamp(state.difficulty * step, options), nowMs);
}

function freshWindow(difficulty: number, nowMs: number): VardiffState {
  return { difficulty, windowStartMs: nowMs, windowDifficulty: 0, windowShares: 0 };
}

function clamp(difficulty: number, { minDifficulty, maxDifficulty }: VardiffOptions): number {
  return Math.min(Math.max(difficulty, minDifficulty), maxDifficulty);
}
