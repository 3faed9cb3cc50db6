import type { Clock } from '../mining/ports.ts';
import {
  admissionChance,
  DemandMeter,
  NEWCOMERS_FEW_BEYOND_MS,
  SpeedMeter,
  UnverifiedRate,
  VERIFY_FEW_BEYOND_MS,
} from './overload.ts';

/**
 * Shares of a session that must be found right before it is sampled with the others. A miner has them within a minute; a
 * forger who connects anew begins again without trust.
 */
export const TRUSTED_AFTER = 4;
/** A session that asks less has no part in what the threads do: its last share was 23 s ago. */
const IDLE_BELOW_PER_S = 0.01;
/**
 * So few that wait are no overload, whatever a busy machine's clock says of its speed. It is measured on lone hashes then,
 * of which each takes as long as two of a batch of eight.
 */
const VERIFIED_ANYWAY = 8;
/** How often the sessions are counted that are not idle: that is a walk over all of them. */
const COUNT_EVERY_MS = 1_000;

/** What is known of a session, from its first share to its end. */
interface SessionRecord {
  /** Shares found right; counted up to TRUSTED_AFTER. */
  right: number;
  /** One was found false. */
  wasCaught: boolean;
  readonly demand: DemandMeter;
}

/** Requests that wait before a share that is asked now. */
export interface Ahead {
  /** All of them. */
  readonly all: number;
  /** Those served before it, if its session has its turns only. */
  readonly turns: number;
  /** Those of sessions that are not trusted. */
  readonly untrusted: number;
}

interface AdmissionModules {
  /** Without it nothing is measured, and so nothing is shed. */
  readonly clock: Clock | undefined;
  /** 0 … 1. Without it nothing is shed. */
  readonly random: (() => number) | undefined;
  /** Shares go unverified, and have for a while; once a minute at most. @param rate 0 … 1, of the last minute's */
  onOverload(rate: number): void;
}

/** Decides which shares are verified when not all can be, and counts those that are not. */
export class Admission {
  readonly #threads: number;
  readonly #modules: AdmissionModules;
  /** By session; gone with it. */
  readonly #records = new Map<string, SessionRecord>();
  readonly #speed = new SpeedMeter();
  readonly #rate = new UnverifiedRate();
  #shed = 0;
  /** Sessions that were not idle when they were last counted. */
  #busy = 1;
  #countedMs = Number.NEGATIVE_INFINITY;

  constructor(threads: number, modules: AdmissionModules) {
    this.#threads = threads;
    this.#modules = modules;
  }

  get shed(): number {
    return this.#shed;
  }

  /** Of one thread, as measured. */
  get hashesPerThreadS(): number | undefined {
    return this.#speed.hashesPerS;
  }

  /** Of all threads together. */
  get hashesPerS(): number | undefined {
    const each = this.hashesPerThreadS;
    return each === undefined ? undefined : each * this.#threads;
  }

  get unverifiedRate(): number {
    const { clock } = this.#modules;
    return clock === undefined ? 0 : this.#rate.rate(clock.nowMs());
  }

  /** A thread was at work. */
  measure(hashes: number, tookMs: number): void {
    this.#speed.add(hashes, tookMs);
  }

  /** Enough of its shares were right, and none was false. Without a clock nobody is known, and everybody is trusted. */
  isTrusted(sessionId: string): boolean {
    if (this.#modules.clock === undefined) return true;
    const record = this.#records.get(sessionId);
    return record !== undefined && record.right >= TRUSTED_AFTER && !record.wasCaught;
  }

  /** Whether a share is verified: for certain while the wait is short, else by chance. Of a session that was caught, always. */
  admits(sessionId: string, ahead: Ahead): boolean {
    const { hashesPerS } = this;
    const { clock, random } = this.#modules;
    const record = this.#records.get(sessionId);
    if (hashesPerS === undefined || clock === undefined || random === undefined) return true;
    if (record?.wasCaught === true) return true;
    if (record === undefined || !this.isTrusted(sessionId)) {
      // Trusted sessions make way for those that are not, however many ask. Among themselves these are drawn, too: ten
      // thousand miners that come back after a restart ask forty thousand hashes at once.
      const before = Math.min(ahead.untrusted, ahead.turns, ahead.all);
      return draws(before, NEWCOMERS_FEW_BEYOND_MS, { hashesPerS, random });
    }
    // All sessions that ask no more than this could be verified whole, were there no others. Their wait is that for
    // their turn, if that comes before all that waits is done; the others' is never taken for shorter than all that
    // waits, so that they are drawn alike.
    const nowMs = clock.nowMs();
    const isQuiet = record.demand.perS(nowMs) <= hashesPerS / this.#busySessions(nowMs);
    const before = isQuiet ? Math.min(ahead.all, ahead.turns) : Math.max(ahead.all, ahead.turns);
    return draws(before, VERIFY_FEW_BEYOND_MS, { hashesPerS, random });
  }

  /** @returns 1 or more */
  #busySessions(nowMs: number): number {
    if (nowMs - this.#countedMs < COUNT_EVERY_MS) return this.#busy;
    let busy = 0;
    for (const { demand } of this.#records.values()) if (demand.perS(nowMs) >= IDLE_BELOW_PER_S) busy += 1;
    this.#busy = Math.max(1, busy);
    this.#countedMs = nowMs;
    return this.#busy;
  }

  /** Counts what was decided about a share. */
  decided(sessionId: string, refusal: 'shed' | 'queue-full' | undefined): void {
    if (refusal === 'shed') this.#shed += 1;
    const { clock, onOverload } = this.#modules;
    if (clock === undefined) return;
    const nowMs = clock.nowMs();
    let record = this.#records.get(sessionId);
    if (record === undefined) {
      record = { right: 0, wasCaught: false, demand: new DemandMeter(nowMs) };
      this.#records.set(sessionId, record);
    }
    record.demand.add(nowMs);
    this.#rate.add(refusal !== undefined, nowMs);
    if (refusal !== undefined && this.#rate.isWorthTelling(nowMs)) onOverload(this.#rate.rate(nowMs));
  }

  /** A verdict, perhaps of a session that is over already: that one stays forgotten. */
  learn(sessionId: string, isRight: boolean): void {
    const record = this.#records.get(sessionId);
    if (record === undefined) return;
    if (!isRight) record.wasCaught = true;
    else record.right = Math.min(record.right + 1, TRUSTED_AFTER);
  }

  forget(sessionId: string): void {
    this.#records.delete(sessionId);
  }
}

/** @param before requests that the share would wait for */
function draws(
  before: number,
  fewBeyondMs: number,
  { hashesPerS, random }: { readonly hashesPerS: number; readonly random: () => number },
): boolean {
  if (before <= VERIFIED_ANYWAY) return true;
  const chance = admissionChance((before / hashesPerS) * 1000, fewBeyondMs);
  return chance >= 1 || random() < chance;
}
