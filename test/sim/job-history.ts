/** Templates whose jobs KPSS takes shares for: one less than its bound, to be on the safe side. */
const TEMPLATES_SURELY_LIVE = 9;

/** Before any template of the present run. */
const NEVER = Number.NEGATIVE_INFINITY;

/** Which templates one run of KPSS took, and which job was made of which: what decides whether a job is live or stale. */
export class JobHistory {
  /** The tip of each template, in order. */
  #templates: string[] = [];
  readonly #jobs = new Map<string, { readonly tip: string; readonly index: number }>();

  /** What KPSS has its miners work on, as far as it told. */
  get tip(): string | undefined {
    return this.#templates.at(-1);
  }

  templateTaken(tip: string): void {
    this.#templates.push(tip);
  }

  jobMade(headerHashHex: string, tip: string): void {
    // A restarted KPSS makes the same header of the same template again.
    if ((this.#jobs.get(headerHashHex)?.index ?? NEVER) !== NEVER) return;
    this.#jobs.set(headerHashHex, { tip, index: this.#templates.length - 1 });
  }

  /** What the job builds on. */
  tipOf(headerHashHex: string): string | undefined {
    return this.#jobs.get(headerHashHex)?.tip;
  }

  /** Whether its job must still be known: its tip is the present one, or was until that came. */
  isLive(headerHashHex: string): boolean {
    const job = this.#jobs.get(headerHashHex);
    if (job === undefined || job.index < this.#templates.length - TEMPLATES_SURELY_LIVE) return false;
    return new Set(this.#templates.slice(job.index)).size <= 2;
  }

  /** KPSS was started anew; jobs of before are known to nobody, but are still on the tips that they were made on. */
  restart(): void {
    this.#templates = [];
    for (const [hash, job] of this.#jobs) this.#jobs.set(hash, { ...job, index: NEVER });
  }
}
