import type { Dag } from '../kawpow/dag.ts';
import { type DagEvent, Dags } from '../kawpow/dags.ts';
import { collectGarbage } from '../kawpow/garbage.ts';
import { gibText } from '../kawpow/size-text.ts';
import type { EpochMemory, PowEpoch } from '../kawpow/thread-messages.ts';
import { type ThreadStarter, workerThreads } from '../kawpow/threads.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';

/**
 * From the end of an epoch to the DAG of the next: the mining threads have let go of the old one by then, and there is
 * room again. They look for messages after each batch of hashes, which takes some 60 ms with the light cache.
 */
const LET_GO_MS = 2000;
/** Ten lines a DAG, which takes minutes. */
const LOGGED_STEP_PERCENT = 10;

export interface MinerDagOptions {
  /** Threads that generate, at least 1. */
  readonly threads: number;
}

interface MinerDagModules {
  readonly clock: Clock;
  readonly log: Log;
  /** Memory that the process can still get, now. */
  availableBytes(): number;
  /** For the mining threads. It is still being generated. */
  onDag(of: PowEpoch, dag: Dag): void;
}

/** The miner's DAG: that of the epoch which is mined, if it fits into memory. The log tells. */
export class MinerDag {
  readonly #modules: MinerDagModules;
  readonly #dags: Dags;
  #epoch: EpochMemory | undefined;
  #waiting: Timer | undefined;
  #startedMs = 0;
  #toldPercent = 0;

  /** @param threads where threads come from; only tests bring their own */
  constructor(
    options: MinerDagOptions,
    modules: MinerDagModules,
    threads: Pick<ThreadStarter, 'startDagBuilder'> = workerThreads,
  ) {
    this.#modules = modules;
    this.#dags = new Dags(
      { mode: 'on', threads: options.threads, availableBytes: () => modules.availableBytes() },
      { threads, onDag: (of, dag) => modules.onDag(of, dag), onEvent: (event) => this.#tell(event) },
    );
  }

  /** Has the DAG of this epoch generated; that of the epoch before is let go. */
  use(memory: EpochMemory): void {
    this.#waiting?.cancel();
    this.#waiting = undefined;
    const before = this.#epoch;
    this.#epoch = memory;
    if (before === undefined) {
      this.#dags.start(memory);
      return;
    }
    this.#dags.drop(before);
    this.#waiting = this.#modules.clock.setTimer(LET_GO_MS, () => {
      collectGarbage();
      this.#dags.start(memory);
    });
  }

  /** @returns when no thread generates any more */
  async close(): Promise<void> {
    this.#waiting?.cancel();
    await this.#dags.close();
  }

  #tell(event: DagEvent): void {
    const { log } = this.#modules;
    const { epoch } = event;
    switch (event.kind) {
      case 'dag-refused':
        this.#tellRefused(event);
        break;
      case 'dag-building':
        this.#startedMs = this.#modules.clock.nowMs();
        this.#toldPercent = 0;
        log.info(
          { epoch, bytes: event.bytes },
          `miner: generates the DAG of epoch ${epoch}, ${gibText(event.bytes)}, and uses what is there already`,
        );
        break;
      case 'dag-progress':
        this.#tellProgress(epoch, Math.floor(100 * event.progress));
        break;
      case 'dag-ready': {
        const tookMs = Math.round(this.#modules.clock.nowMs() - this.#startedMs);
        log.info(
          { epoch, tookMs },
          `miner: has the whole DAG of epoch ${epoch}, after ${(tookMs / 60_000).toFixed(1)} minutes`,
        );
        break;
      }
      case 'dag-failed':
        this.#tellFailed(event);
        break;
      case 'dag-dropped':
        log.debug({ epoch }, `miner: let go of the DAG of epoch ${epoch}`);
        break;
    }
  }

  #tellRefused({ epoch, neededBytes, availableBytes }: DagEvent & { kind: 'dag-refused' }): void {
    const sizes = `it takes ${gibText(neededBytes)}, and ${gibText(availableBytes)} are available`;
    this.#modules.log.warn(
      { epoch, neededBytes, availableBytes },
      `miner: no DAG of epoch ${epoch}: ${sizes}; mining with the light cache`,
    );
  }

  #tellFailed({ epoch, progress, error }: DagEvent & { kind: 'dag-failed' }): void {
    const percent = Math.floor(100 * progress);
    const outcome =
      progress === 0
        ? `could not be generated; mining with the light cache`
        : `was not finished; its ${percent} % are used`;
    this.#modules.log.error({ err: error, epoch, percent }, `miner: the DAG of epoch ${epoch} ${outcome}`);
  }

  #tellProgress(epoch: number, percent: number): void {
    const step = percent - (percent % LOGGED_STEP_PERCENT);
    // The end has a line of its own.
    if (step === this.#toldPercent || percent === 100) return;
    this.#toldPercent = step;
    this.#modules.log.info({ epoch, percent: step }, `miner: has ${step} % of the DAG of epoch ${epoch}`);
  }
}
