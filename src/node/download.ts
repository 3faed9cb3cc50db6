/** How far a node is with the blockchain. */
export interface Download {
  /** From 0 to 1. */
  readonly progress: number;
  /** Undefined while there is nothing to tell it from. */
  readonly leftMs: number | undefined;
}

/** Speed changes along the chain, so that only the last half hour tells of the next. */
const WINDOW_MS = 30 * 60_000;
/** A shorter stretch tells little: the node writes its progress in steps. */
const STRETCH_MIN_MS = 30_000;
/** The health is asked for every ten seconds, and no more often for half an hour. */
const SAMPLES_MAX = 200;

/** Tells from the progress seen how long a download takes yet. */
export class DownloadMeter {
  /** The oldest first. */
  #samples: { readonly atMs: number; readonly progress: number }[] = [];

  /** @param progress from 0 to 1; one that went back begins anew */
  add(progress: number, nowMs: number): void {
    if (progress < (this.#samples.at(-1)?.progress ?? 0)) this.#samples = [];
    const fresh = this.#samples.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS);
    this.#samples = [...fresh, { atMs: nowMs, progress }].slice(-SAMPLES_MAX);
  }

  /** @returns undefined before the first progress */
  estimate(): Download | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const stretchMs = last.atMs - first.atMs;
    const gain = last.progress - first.progress;
    const isTelling = stretchMs >= STRETCH_MIN_MS && gain > 0;
    return {
      progress: last.progress,
      leftMs: isTelling ? ((1 - last.progress) / gain) * stretchMs : undefined,
    };
  }
}

/** @returns `63 %, about 2 h left`; never 100 % before the end */
export function downloadText({ progress, leftMs }: Download): string {
  const percent = Math.floor(progress * 1000) / 10;
  const shown = percent < 99 ? Math.floor(percent) : Math.min(99.9, percent);
  return leftMs === undefined ? `${shown} %` : `${shown} %, about ${roughly(leftMs)} left`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function roughly(durationMs: number): string {
  if (durationMs < 1.5 * HOUR_MS) return `${Math.max(1, Math.round(durationMs / MINUTE_MS))} min`;
  if (durationMs < 2 * DAY_MS) return `${Math.round(durationMs / HOUR_MS)} h`;
  return `${Math.round(durationMs / DAY_MS)} days`;
}
