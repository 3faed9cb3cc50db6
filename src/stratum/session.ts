import { type PrefixAllocator, prefixHex } from '../mining/extranonce.ts';
import { HashrateMeter } from '../mining/hashrate.ts';
import { type IssuedJob, IssuedJobs } from '../mining/issued-jobs.ts';
import type { JobBook } from '../mining/job-book.ts';
import type { Judgement } from '../mining/judge.ts';
import type { Login } from '../mining/login.ts';
import type { Clock, Timer } from '../mining/ports.ts';
import { type Share, type Submission, screenShare } from '../mining/share.ts';
import {
  startVardiff,
  stepIdle,
  stepShare,
  type VardiffOptions,
  type VardiffState,
} from '../mining/vardiff.ts';
import { type Candidate, CandidateGate, type CandidateGateModules } from './candidate-gate.ts';
import {
  encodeError,
  encodeJob,
  encodeResult,
  encodeSubscribed,
  type ParsedRequest,
  type RequestId,
} from './messages.ts';
import { DEMERITS_MAX, REJECTIONS, type RejectReason } from './rejections.ts';

/** A real miner logs in within a second of connecting; behind the slowest proxy, ten. */
export const LOGIN_WITHIN_MS = 30_000;
/**
 * kawpowminer uses only the first notify of what it reads at once and drops the rest, so two are never sent closer
 * than this: the second would be the one that counts.
 */
export const NOTIFY_GAP_MS = 50;
/**
 * Some miners take a server for dead after a minute without a job, so present work is sent again, as a new job, when
 * there is no newer for this long; sweeps come every few seconds, which keeps it under 55 s.
 */
const JOB_AGAIN_AFTER_MS = 49_000;

export type CloseReason =
  | 'login-timeout'
  | 'demerits'
  | 'server-full'
  | 'line-too-long'
  | 'not-reading'
  | 'tls'
  | 'fault';

/** What became of a submission; counted by the instance, kept by the store. */
export type ShareResult =
  | { readonly kind: 'accepted'; readonly verified: boolean; readonly share: Share }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly share: Share | undefined }
  /** It was accepted unverified, and its mix hash turned out to be wrong. */
  | { readonly kind: 'revoked'; readonly reason: RejectReason; readonly share: Share }
  /** It counted for nobody, as a stale candidate or since its miner had left, and its mix hash turned out to be wrong. */
  | { readonly kind: 'forged'; readonly reason: RejectReason; readonly share: Share };

/** One connection's way out. */
export interface Wire {
  /** A line with its newline. */
  send(line: string): void;
  /** A new job; takes the place of one that has not gone out yet. */
  sendJob(lines: string): void;
  close(reason: CloseReason): void;
}

export interface SessionOptions {
  readonly id: string;
  readonly vardiff: VardiffOptions;
}

export interface SessionModules extends Pick<CandidateGateModules, 'gateTurns'> {
  readonly clock: Clock;
  readonly prefixes: PrefixAllocator;
  readonly jobs: JobBook;
  readonly wire: Wire;
  login(userName: string, password: string): Login;
  /** A miner logged in for the first time on this connection. */
  onLogin(session: Session): void;
  /** The moment a candidate may go out: as a rule when it is seen, before anything else; before that it may have to wait. */
  onCandidate(share: Share, session: Session): void;
  onWaitingCandidate?(share: Share, session: Session): void;
  /** Answers within two seconds, whatever happens; never rejects. */
  judge(share: Share, sessionId: string, onLateVerdict: (isRight: boolean) => void): Promise<Judgement>;
  onResult(result: ShareResult, session: Session): void;
  /** The connection is gone; verdicts on its shares may still come. */
  onEnd(session: Session): void;
  /** Something failed that must not; the connection is not to be trusted with more. */
  onFault(error: unknown, session: Session): void;
}

/**
 * One connection's state machine: not subscribed → subscribed → logged in, in whatever order the miner sends the two.
 * It knows no socket; the server hands it parsed requests in order and takes its lines to the wire.
 */
export class Session {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #modules: SessionModules;
  readonly #openedMs: number;
  readonly #issued = new IssuedJobs();
  #meter: HashrateMeter | undefined;
  #prefix: number | undefined;
  #login: Extract<Login, { ok: true }> | undefined;
  #vardiff: VardiffState;
  #agent = '';
  #reportedHashesPerS: number | undefined;
  #demerits = 0;
  readonly #candidates: CandidateGate;
  /** Shares of it were accepted unverified, because the verifier had too much to do. */
  #wasTrusted = false;
  /** Shares without a verdict at the end of the session. */
  readonly #uncounted = new WeakSet<Share>();
  /** A false mix hash of it was found. */
  #wasCaught = false;
  #lastNotifyMs = Number.NEGATIVE_INFINITY;
  /** The difficulty changed since the newest job. */
  #needsVariant = false;
  #pendingNotify: Timer | undefined;
  #closed = false;

  constructor(options: SessionOptions, modules: SessionModules) {
    this.id = options.id;
    this.#options = options;
    this.#modules = modules;
    this.#openedMs = modules.clock.nowMs();
    this.#candidates = new CandidateGate({
      ...modules,
      send: (share) => modules.onCandidate(share, this),
      wait: (share) => modules.onWaitingCandidate?.(share, this),
    });
    this.#vardiff = startVardiff(options.vardiff, this.#openedMs);
  }

  /** The miner's software, as it calls itself. */
  get agent(): string {
    return this.#agent;
  }

  /** Undefined before the login. */
  get workerName(): string | undefined {
    return this.#login?.workerName;
  }

  get difficulty(): number {
    return this.#vardiff.difficulty;
  }

  /** What the miner says of itself, beside what its shares say. */
  get reportedHashesPerS(): number | undefined {
    return this.#reportedHashesPerS;
  }

  hashesPerS(nowMs: number): number {
    return this.#meter?.rate(nowMs) ?? 0;
  }

  /**
   * One request, in the order they came.
   * @returns whether a candidate was handed on: what is left to do can wait until its bytes are on their way
   */
  handle(parsed: ParsedRequest): boolean {
    if (this.#closed) return false;
    if (!parsed.ok) {
      this.#reject(parsed.id, 'bad-request', parsed.text);
      return false;
    }
    const { request } = parsed;
    switch (request.method) {
      case 'subscribe':
        this.#subscribe(request.id, request.agent);
        return false;
      case 'authorize':
        this.#authorize(request.id, request.userName, request.password);
        return false;
      case 'submit':
        return this.#submit(request.id, request.submission);
      case 'extranonce-subscribe':
        this.#modules.wire.send(encodeResult(request.id, true));
        return false;
      case 'report-hashrate':
        this.#reportedHashesPerS = request.hashesPerS;
        this.#modules.wire.send(encodeResult(request.id, true));
        return false;
      case 'unsupported':
        this.#reject(request.id, 'unsupported-method', `unsupported method ${request.name}`);
        return false;
      case 'none':
        return false;
      default:
        return request satisfies never;
    }
  }

  /** There may be a new template: a miner that is ready and has not had it gets its job. */
  offerJob(): void {
    const { jobs, clock, wire } = this.#modules;
    if (this.#closed || this.#login === undefined || this.#prefix === undefined) return;
    const before = this.#issued.newest;
    const hasTemplate = before !== undefined && before.job.template === jobs.template;
    if (hasTemplate && !this.#needsVariant) return;
    const sinceNotifyMs = clock.nowMs() - this.#lastNotifyMs;
    if (sinceNotifyMs < NOTIFY_GAP_MS) {
      this.#pendingNotify ??= clock.setTimer(NOTIFY_GAP_MS - sinceNotifyMs, () => {
        this.#pendingNotify = undefined;
        this.offerJob();
      });
      return;
    }
    // A header that the miner had already would make it search the same nonces again.
    const job = hasTemplate ? jobs.variant(this.#login.payout) : jobs.current(this.#login.payout);
    if (job === undefined) return;
    const issued = this.#issued.issue(job, this.#vardiff.difficulty, (known) => jobs.isLive(known));
    this.#needsVariant = false;
    this.#lastNotifyMs = clock.nowMs();
    const cleanJobs = before?.job.template.previousBlockHash !== job.template.previousBlockHash;
    wire.sendJob(encodeJob(issued, cleanJobs));
  }

  /** Called every few seconds: eases a miner that finds nothing, closes a connection that does not log in. */
  sweep(): void {
    if (this.#closed) return;
    const nowMs = this.#modules.clock.nowMs();
    if (this.#login === undefined || this.#prefix === undefined) {
      if (nowMs - this.#openedMs >= LOGIN_WITHIN_MS) this.#close('login-timeout');
      return;
    }
    if (this.#issued.newest === undefined) return;
    this.#retarget(stepIdle(this.#vardiff, this.#options.vardiff, nowMs));
    if (nowMs - this.#lastNotifyMs >= JOB_AGAIN_AFTER_MS) {
      this.#needsVariant = true;
      this.offerJob();
    }
  }

  /** The connection is gone, for whatever reason. */
  end(): void {
    this.#closed = true;
    this.#modules.onEnd(this);
    this.#pendingNotify?.cancel();
    if (this.#prefix === undefined) return;
    this.#modules.prefixes.release(this.#prefix, this.#issued.newest?.job.sequence);
    this.#prefix = undefined;
  }

  #subscribe(id: RequestId, agent: string): void {
    this.#agent = agent;
    this.#prefix ??= this.#modules.prefixes.allocate();
    if (this.#prefix === undefined) {
      this.#reject(id, 'server-full');
      return;
    }
    this.#modules.wire.send(encodeSubscribed(id, prefixHex(this.#prefix)));
    this.offerJob();
  }

  #authorize(id: RequestId, userName: string, password: string): void {
    const login = this.#modules.login(userName, password);
    if (!login.ok) {
      this.#reject(id, 'bad-login', login.text);
      return;
    }
    // One connection has one header to work on, so a second login may bring another name but not another payout.
    if (this.#login !== undefined && this.#login.payout !== login.payout) {
      this.#reject(id, 'bad-login', 'one connection pays one address; connect again for another');
      return;
    }
    const isFirst = this.#login === undefined;
    this.#login = login;
    if (isFirst) {
      // Shares are counted from here: a slow login is no slow miner.
      this.#vardiff = startVardiff(this.#options.vardiff, this.#modules.clock.nowMs());
      this.#modules.onLogin(this);
    }
    this.#modules.wire.send(encodeResult(id, true));
    this.offerJob();
  }

  /** @returns whether a candidate was handed on */
  #submit(id: RequestId, submission: Submission): boolean {
    const { jobs } = this.#modules;
    if (this.#prefix === undefined) {
      this.#rejectShare(id, 'not-subscribed');
      return false;
    }
    if (this.#login === undefined) {
      this.#rejectShare(id, 'unauthorized');
      return false;
    }
    const found = this.#issued.find(submission.jobId);
    const issued = found !== undefined && jobs.isLive(found.job) ? found : undefined;
    const isStale = issued !== undefined && jobs.isStale(issued.job);
    const screening = screenShare(submission, { issued, prefix: this.#prefix, isStale });
    const { share } = screening;
    const candidate = share?.isCandidate === true ? this.#candidates.open(share) : undefined;
    const isOut = candidate?.isOut === true;
    if (!screening.ok) this.#rejectShare(id, screening.reason, share);
    if (share !== undefined) {
      this.#judge(share, candidate, isStale)
        .then((judgement) => this.#settle(screening.ok ? id : undefined, share, judgement))
        .catch((error: unknown) => this.#modules.onFault(error, this));
    }
    return isOut;
  }

  async #judge(share: Share, candidate: Candidate | undefined, isStale: boolean): Promise<Judgement> {
    const { judge, onResult } = this.#modules;
    const onLateVerdict = (isRight: boolean): void => {
      if (candidate !== undefined) this.#candidates.judged(candidate, isRight);
      if (isRight) return;
      this.#wasCaught = true;
      const reason = this.#falseMixReason;
      onResult({ kind: isStale || this.#uncounted.has(share) ? 'forged' : 'revoked', reason, share }, this);
      this.#blame(reason);
    };
    const judgement = await judge(share, this.id, onLateVerdict);
    if (!judgement.accepted) this.#wasCaught = true;
    if (isOnTrust(judgement) && !this.#wasCaught) this.#wasTrusted = true;
    if (candidate === undefined) return judgement;
    if (judgement.accepted && !judgement.verified) this.#candidates.unjudged(candidate);
    else this.#candidates.judged(candidate, judgement.accepted);
    return judgement;
  }

  /** @param id of the request that waits for its reply; undefined for a stale candidate, which was told so already */
  #settle(id: RequestId | undefined, share: Share, judgement: Judgement): void {
    if (id === undefined) {
      if (judgement.accepted) return;
      const reason = this.#falseMixReason;
      this.#modules.onResult({ kind: 'forged', reason, share }, this);
      this.#blame(reason);
      return;
    }
    if (!judgement.accepted) {
      this.#rejectShare(id, this.#falseMixReason, share);
      return;
    }
    // Who was caught is trusted no more: all of its shares are verified, or refused.
    if (this.#wasCaught && isOnTrust(judgement)) {
      this.#rejectShare(id, 'too-many-shares', share);
      return;
    }
    // Its miner left before anything was known of it: it counts for nobody.
    if (this.#closed && !judgement.verified) {
      this.#uncounted.add(share);
      return;
    }
    this.#modules.onResult({ kind: 'accepted', verified: judgement.verified, share }, this);
    if (!this.#closed) this.#modules.wire.send(encodeResult(id, true));
    this.#countShare(share.issued, judgement.verified);
  }

  get #falseMixReason(): RejectReason {
    return this.#wasTrusted ? 'broken-trust' : 'wrong-mix';
  }

  #countShare(issued: IssuedJob, verified: boolean): void {
    const nowMs = this.#modules.clock.nowMs();
    // An unverified share may be forged: it buys nothing off.
    if (verified) this.#demerits = Math.max(this.#demerits - 1, 0);
    this.#meter ??= new HashrateMeter(nowMs);
    this.#meter.add(issued.work, nowMs);
    if (!this.#closed)
      this.#retarget(stepShare(this.#vardiff, this.#options.vardiff, issued.difficulty, nowMs));
  }

  /** A new difficulty always comes with a new job: kawpowminer ignores a target until the next one. */
  #retarget(next: VardiffState): void {
    const changed = next.difficulty !== this.#vardiff.difficulty;
    this.#vardiff = next;
    if (!changed) return;
    this.#needsVariant = true;
    this.offerJob();
  }

  #rejectShare(id: RequestId, reason: RejectReason, share?: Share): void {
    this.#modules.onResult({ kind: 'rejected', reason, share }, this);
    this.#reject(id, reason);
  }

  #reject(id: RequestId, reason: RejectReason, text: string = REJECTIONS[reason].text): void {
    if (!this.#closed) this.#modules.wire.send(encodeError(id, REJECTIONS[reason].code, text));
    this.#blame(reason);
  }

  #blame(reason: RejectReason): void {
    if (this.#closed) return;
    this.#demerits += REJECTIONS[reason].demerits;
    if (this.#demerits >= DEMERITS_MAX) this.#close(reason === 'server-full' ? 'server-full' : 'demerits');
  }

  #close(reason: CloseReason): void {
    this.#closed = true;
    this.#modules.wire.close(reason);
  }
}

function isOnTrust(judgement: Judgement): boolean {
  return judgement.accepted && !judgement.verified && judgement.because === 'overload';
}
