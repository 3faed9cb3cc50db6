import type { Clock, Timer } from '../mining/ports.ts';
import type { Share } from '../mining/share.ts';

/**
 * Candidates of one connection that go to the nodes without a good verdict, within UNPROVEN_WINDOW_MS. An honest miner has
 * one at a time; a forged one, cheap where the network's difficulty is low, costs each node a look. Beyond it a candidate
 * is verified first.
 */
export const UNPROVEN_MAX = 2;
export const UNPROVEN_WINDOW_MS = 10_000;
/**
 * Candidates of one connection without a verdict that wait for their turn to go out. More than an honest miner finds
 * before its work is stale; what is beyond goes out on a good verdict only.
 */
export const HELD_MAX = 16;

/** A candidate on its way to the nodes. */
export interface Candidate {
  readonly share: Share;
  /** It went to the nodes. */
  isOut: boolean;
}

/** What a gate works with. */
export interface CandidateGateModules {
  readonly clock: Clock;
  /** Of its server; without it turns go on for as long as something is held. */
  readonly gateTurns?: GateTurns | undefined;
  /** Hands a candidate on to the nodes; once for each. */
  send(share: Share): void;
  /** A candidate does not go out yet; if the program ends before it does, it must not be lost. */
  wait?(share: Share): void;
}

/** The gates of one server that wait for a turn, also those whose connections are gone: they end with it. */
export class GateTurns {
  readonly #gates = new Set<CandidateGate>();
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  add(gate: CandidateGate): void {
    this.#gates.add(gate);
  }

  delete(gate: CandidateGate): void {
    this.#gates.delete(gate);
  }

  /** What waited is written down by whoever was told of it (`wait`), and sent at the next start. */
  end(): void {
    this.#isOver = true;
    for (const gate of this.#gates) gate.stop();
  }
}

/**
 * Decides when the candidates of one connection go to the nodes: at once, but for those of one that sends many without a
 * good verdict. These go out on theirs, whenever it comes, also after the connection is gone. Where there is no verdict,
 * because verification is not possible, they still go out, oldest first, a few at a time: a found block is not lost.
 */
export class CandidateGate {
  readonly #modules: CandidateGateModules;
  /** Went out less than UNPROVEN_WINDOW_MS ago and have no good verdict; when. At most UNPROVEN_MAX. */
  readonly #unproven = new Map<Candidate, number>();
  /** Without a verdict in time, and not out; oldest first. */
  readonly #held = new Set<Candidate>();
  #turn: Timer | undefined;

  constructor(modules: CandidateGateModules) {
    this.#modules = modules;
  }

  /** A candidate was seen: it goes out now, if it may. Its outcome must be told. */
  open(share: Share): Candidate {
    const candidate: Candidate = { share, isOut: false };
    if (this.#hasRoom()) this.#sendUnproven(candidate);
    else this.#modules.wait?.(share);
    return candidate;
  }

  /** Its verdict, in time or late. */
  judged(candidate: Candidate, isRight: boolean): void {
    this.#held.delete(candidate);
    if (isRight) {
      this.#unproven.delete(candidate);
      if (!candidate.isOut) this.#send(candidate);
    }
    this.#sendHeld();
  }

  /** There was no verdict in time, or there will be none. */
  unjudged(candidate: Candidate): void {
    if (candidate.isOut || this.#held.size >= HELD_MAX || this.#modules.gateTurns?.isOver === true) return;
    this.#held.add(candidate);
    this.#sendHeld();
  }

  /** What is held goes out in no turn of its own any more, only on a verdict. */
  stop(): void {
    this.#held.clear();
    this.#endTurn();
  }

  #sendHeld(): void {
    for (const candidate of this.#held) {
      if (!this.#hasRoom()) break;
      this.#held.delete(candidate);
      this.#sendUnproven(candidate);
    }
    if (this.#held.size > 0) this.#waitForRoom();
    else this.#endTurn();
  }

  #endTurn(): void {
    this.#turn?.cancel();
    this.#turn = undefined;
    this.#modules.gateTurns?.delete(this);
  }

  #waitForRoom(): void {
    if (this.#turn !== undefined) return;
    const { clock } = this.#modules;
    this.#modules.gateTurns?.add(this);
    const oldestMs = Math.min(...this.#unproven.values());
    this.#turn = clock.setTimer(oldestMs + UNPROVEN_WINDOW_MS - clock.nowMs(), () => {
      this.#turn = undefined;
      this.#sendHeld();
    });
  }

  #hasRoom(): boolean {
    const sinceMs = this.#modules.clock.nowMs() - UNPROVEN_WINDOW_MS;
    for (const [candidate, atMs] of this.#unproven) if (atMs <= sinceMs) this.#unproven.delete(candidate);
    return this.#unproven.size < UNPROVEN_MAX;
  }

  #sendUnproven(candidate: Candidate): void {
    this.#unproven.set(candidate, this.#modules.clock.nowMs());
    this.#send(candidate);
  }

  #send(candidate: Candidate): void {
    candidate.isOut = true;
    this.#modules.send(candidate.share);
  }
}
