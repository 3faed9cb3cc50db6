import type { Clock, Log, Timer } from '../mining/ports.ts';
import { type Glyphs, leftText, percentOf, progressText } from './progress-text.ts';
import type { StatusLine } from './status-line.ts';

/** How far things are that take long. Several may be on their way at once, told apart by their labels. */
export interface Progress {
  /**
   * @param label what is being built, as in `light cache of epoch 598`; the first call begins it
   * @param fraction 0 to 1; less than before when it had to begin again
   */
  show(label: string, fraction: number): void;
  /** It is there, or will not be. Nothing happens to a label that is not shown. */
  done(label: string): void;
}

/** Ten a second look smooth; more would only cost. */
const REDRAW_MS = 100;
/** The time left goes on counting down while no news come. */
const TICK_MS = 1_000;
/** Who reads a log needs to know that it goes on, not how smoothly. */
const LINE_INTERVAL_MS = 10_000;
/** The start of a thread, which is no part of the speed, makes the first estimates far too long. */
const ESTIMATE_FRACTION_MIN = 0.02;

/**
 * Progress as one line at the bottom of a terminal, gone when nothing is being built.
 * @param options the terminal's present width, and what the bar is drawn with
 */
export function createProgressBar(
  options: { columns(): number; readonly glyphs: Glyphs },
  modules: { readonly status: StatusLine; readonly clock: Clock },
): Progress {
  const { status, clock } = modules;
  const paces = new Map<string, Pace>();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;

  const draw = (): void => {
    drawnMs = clock.nowMs();
    const items = Array.from(paces, ([label, pace]) => ({
      label,
      fraction: pace.fraction,
      leftMs: pace.leftMs(drawnMs),
    }));
    status.stand(progressText(items, options.columns(), options.glyphs));
    timer = clock.setTimer(TICK_MS, draw);
  };
  const drawSoon = (): void => {
    timer?.cancel();
    const waitMs = drawnMs + REDRAW_MS - clock.nowMs();
    if (waitMs <= 0) draw();
    else timer = clock.setTimer(waitMs, draw);
  };

  return {
    show(label, fraction) {
      paceOf(paces, label, clock).update(fraction, clock.nowMs());
      drawSoon();
    },
    done(label) {
      if (!paces.delete(label)) return;
      if (paces.size > 0) return drawSoon();
      timer?.cancel();
      status.stand('');
    },
  };
}

/**
 * Progress as lines of the log, for what takes longer than ten seconds: one in ten seconds. That it began and ended is
 * for others to say.
 */
export function createProgressLines(modules: {
  readonly log: Pick<Log, 'info'>;
  readonly clock: Clock;
}): Progress {
  const { log, clock } = modules;
  const paces = new Map<string, Pace>();
  return {
    show(label, fraction) {
      const pace = paceOf(paces, label, clock);
      const nowMs = clock.nowMs();
      pace.update(fraction, nowMs);
      if (nowMs - pace.toldMs < LINE_INTERVAL_MS) return;
      pace.toldMs = nowMs;
      const percent = percentOf(pace.fraction);
      const leftMs = pace.leftMs(nowMs);
      const left = leftText(leftMs);
      log.info({ percent, leftMs }, `${label}: ${percent} %${left === '' ? '' : `, ${left}`}`);
    },
    done(label) {
      paces.delete(label);
    },
  };
}

/** How fast one thing goes. */
class Pace {
  fraction = 0;
  /** When the log said so last; that it began counts. */
  toldMs: number;
  #beganMs: number;
  #updatedMs: number;

  constructor(nowMs: number) {
    this.toldMs = nowMs;
    this.#beganMs = nowMs;
    this.#updatedMs = nowMs;
  }

  update(fraction: number, nowMs: number): void {
    const bounded = Math.min(Math.max(fraction, 0), 1);
    if (bounded < this.fraction) this.#beganMs = nowMs;
    this.fraction = bounded;
    this.#updatedMs = nowMs;
  }

  leftMs(nowMs: number): number | undefined {
    if (this.fraction < ESTIMATE_FRACTION_MIN) return undefined;
    const tookMs = this.#updatedMs - this.#beganMs;
    const endsMs = this.#updatedMs + (tookMs * (1 - this.fraction)) / this.fraction;
    return Math.max(0, Math.round(endsMs - nowMs));
  }
}

function paceOf(paces: Map<string, Pace>, label: string, clock: Clock): Pace {
  const known = paces.get(label);
  if (known !== undefined) return known;
  const pace = new Pace(clock.nowMs());
  paces.set(label, pace);
  return pace;
}
