import type { BlockOutcome } from './block-ledger.ts';
import { targetToDifficulty } from './chain/target.ts';
import type { Template } from './mining/template.ts';
import type { Session } from './stratum/session.ts';
import type { ShareResult } from './stratum/share-desk.ts';

// What an instance tells whoever runs it, as plain values: nothing of them leads back into the program.

/** A miners' port is open. */
export interface ListeningEvent {
  readonly instance: string;
  readonly host: string;
  readonly port: number;
}

/** A miner logged in, or went. */
export interface MinerEvent {
  readonly instance: string;
  readonly what: 'joined' | 'left';
  readonly worker: string;
  /** Its software, as it calls itself; empty where it does not. */
  readonly agent: string;
  /** Unique in its instance for as long as that runs. */
  readonly session: string;
}

/** A share has had its verdict. */
export interface ShareEvent {
  readonly instance: string;
  /** Undefined before the login. */
  readonly worker: string | undefined;
  readonly session: string;
  /** `revoked`: accepted unverified before, and found to be wrong. `forged`: wrong, and counted for nobody before. */
  readonly result: ShareResult['kind'];
  /** Its mix hash was computed, and is right. */
  readonly isVerified: boolean;
  /** Why not, where it is not accepted. */
  readonly reason: string | undefined;
  /** What its job was issued at; undefined where its job is not known. */
  readonly difficulty: number | undefined;
  readonly height: number | undefined;
  /** It met the network's target, as far as its miner can be believed. */
  readonly isCandidate: boolean;
}

/** There is new work, which goes to all miners. */
export interface JobEvent {
  readonly instance: string;
  readonly height: number;
  readonly previousBlockHash: string;
  readonly networkDifficulty: number;
  /** Without the coinbase. */
  readonly transactions: number;
  /** The work builds on another block than the work before. */
  readonly isNewTip: boolean;
}

/** The chain has a new tip. */
export interface TipEvent {
  readonly instance: string;
  /** Of the tip, one less than that of the work. */
  readonly height: number;
  /** Display hex. */
  readonly blockHash: string;
}

/** A found block has had its outcome. */
export interface BlockEvent {
  readonly instance: string;
  readonly height: number;
  /** Display hex. */
  readonly blockHash: string;
  readonly worker: string;
  /** `gave-up`: no node said whether it has the block. */
  readonly outcome: BlockOutcome['outcome']['kind'];
}

/** Each event of an instance by its name. */
export interface InstanceEvents {
  readonly listening: ListeningEvent;
  readonly miner: MinerEvent;
  readonly share: ShareEvent;
  readonly job: JobEvent;
  readonly tip: TipEvent;
  readonly block: BlockEvent;
}

/** Takes an event; must not throw. */
export type TellEvent = <K extends keyof InstanceEvents>(name: K, event: InstanceEvents[K]) => void;

/** Makes the events of one instance. */
export class EventTeller {
  readonly #instance: string;
  readonly #tell: TellEvent | undefined;

  /** @param tell undefined where nobody listens */
  constructor(instance: string, tell: TellEvent | undefined) {
    this.#instance = instance;
    this.#tell = tell;
  }

  listening(host: string, port: number): void {
    this.#tell?.('listening', { instance: this.#instance, host, port });
  }

  miner(what: MinerEvent['what'], { workerName: worker, agent, id: session }: Session): void {
    if (worker !== undefined)
      this.#tell?.('miner', { instance: this.#instance, what, worker, agent, session });
  }

  share(result: ShareResult, { workerName: worker, id: session }: Session): void {
    const { kind, share } = result;
    this.#tell?.('share', {
      instance: this.#instance,
      worker,
      session,
      result: kind,
      isVerified: kind === 'accepted' && result.verified,
      reason: kind === 'accepted' ? undefined : result.reason,
      difficulty: share?.issued.difficulty,
      height: share?.issued.job.template.height,
      isCandidate: share?.isCandidate === true,
    });
  }

  template({ height, previousBlockHash, networkTarget, transactions }: Template, isNewTip: boolean): void {
    const instance = this.#instance;
    if (isNewTip) this.#tell?.('tip', { instance, height: height - 1, blockHash: previousBlockHash });
    const networkDifficulty = Number(targetToDifficulty(networkTarget).toPrecision(6));
    const work = { height, previousBlockHash, networkDifficulty, transactions: transactions.length };
    this.#tell?.('job', { instance, ...work, isNewTip });
  }

  block({ height, blockHash, workerName: worker, outcome }: BlockOutcome): void {
    this.#tell?.('block', { instance: this.#instance, height, blockHash, worker, outcome: outcome.kind });
  }
}
