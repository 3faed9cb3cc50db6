import type { Clock, Log } from '../mining/ports.ts';
import type { Session } from './session.ts';
import type { CloseReason } from './wire.ts';

/** Of a flood a line in this time, as flood-log.ts does. */
const SPAN_MS = 10_000;
/** Who comes or goes has a line of its own, up to so many in that time: a shed of rigs that is switched on. */
const SINGLE_LINES_MAX = 30;

type Coming = 'joined' | 'left';
/** What is told of a session. */
type Told = Pick<Session, 'id' | 'workerName' | 'agent'>;

/** Tells which miners come and go: each by name, and in a storm how many, so that the log does not fill the disk. */
export class MinerLog {
  readonly #clock: Clock;
  readonly #log: Log;
  #spanMs = Number.NEGATIVE_INFINITY;
  #singles = 0;
  readonly #more: Record<Coming, number> = { joined: 0, left: 0 };
  #lastWorker = '';

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  joined({ id: session, workerName: worker = '', agent }: Told): void {
    if (!this.#mayTell('joined', worker)) return;
    this.#log.info({ session, worker, agent }, `miner ${worker} joined (${agent || 'no name'})`);
  }

  /**
   * @param remote as the log writes it
   * @param reason undefined when the miner went by itself
   */
  left(
    { id: session, workerName: worker, agent }: Told,
    remote: string,
    reason: CloseReason | undefined,
  ): void {
    const fields = { session, remote, worker, agent, reason };
    const what = reason === undefined ? 'left' : `closed: ${reason}`;
    if (worker === undefined) this.#log.debug(fields, `connection ${what}`);
    else if (this.#mayTell('left', worker)) this.#log.info(fields, `miner ${worker} ${what}`);
  }

  /** What is left to be told when nothing more happens; to be called every few seconds. */
  sweep(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#spanMs < SPAN_MS) return;
    this.#spanMs = nowMs;
    this.#singles = 0;
    const { joined, left } = this.#more;
    if (joined + left === 0) return;
    this.#more.joined = 0;
    this.#more.left = 0;
    const worker = this.#lastWorker;
    this.#log.info(
      { joined, left, worker },
      `${joined} more miners joined and ${left} left, ${worker} the last`,
    );
  }

  #mayTell(what: Coming, worker: string): boolean {
    this.sweep();
    this.#singles += 1;
    if (this.#singles <= SINGLE_LINES_MAX) return true;
    this.#more[what] += 1;
    this.#lastWorker = worker;
    return false;
  }
}
