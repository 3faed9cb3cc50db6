import type { Payout } from '../chain/payout.ts';
import { prefixHex } from '../mining/extranonce.ts';
import { type IssuedJob, IssuedJobs } from '../mining/issued-jobs.ts';
import type { Login } from '../mining/login.ts';
import type { Timer } from '../mining/ports.ts';
import { type Share, type Submission, screenShare } from '../mining/share.ts';
import type { VardiffOptions } from '../mining/vardiff.ts';
import { Deadlines } from './deadlines.ts';
import { Demerits } from './demerits.ts';
import { Difficulty } from './difficulty.ts';
import type { StratumLimits } from './limits.ts';
import {
  encodeError,
  encodeJob,
  encodeResult,
  encodeSubscribed,
  type ParsedRequest,
  type RequestId,
} from './messages.ts';
import type { Arrival } from './miner-report.ts';
import { REJECTIONS, type RejectReason } from './rejections.ts';
import type { SessionModules } from './session-modules.ts';
import { ShareDesk } from './share-desk.ts';
import type { ShareRecord } from './share-record.ts';
import type { CloseReason, Handled } from './wire.ts';

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

export interface SessionOptions {
  readonly id: string;
  readonly vardiff: VardiffOptions;
  readonly limits: StratumLimits;
  /** For the status; unknown when left out. */
  readonly arrival?: Arrival;
}

/**
 * One connection's state machine: not subscribed → subscribed → logged in, in whatever order the miner sends the two.
 * It knows no socket; the server hands it parsed requests in order and takes its lines to the wire.
 */
export class Session {
  readonly id: string;
  readonly arrival: Arrival | undefined;
  readonly #modules: SessionModules;
  readonly #deadlines: Deadlines;
  readonly #difficulty: Difficulty;
  readonly #issued = new IssuedJobs();
  #prefix: number | undefined;
  #login: Extract<Login, { ok: true }> | undefined;
  /** As it logged in. */
  #userName = '';
  #agent = '';
  #reportedHashesPerS: number | undefined;
  readonly #demerits = new Demerits();
  /** Made for the first share: ten thousand miners that wait need none. */
  #shares: ShareDesk | undefined;
  #lastNotifyMs = Number.NEGATIVE_INFINITY;
  /** The difficulty changed since the newest job. */
  #needsVariant = false;
  #pendingNotify: Timer | undefined;
  #closed = false;

  constructor(options: SessionOptions, modules: SessionModules) {
    this.id = options.id;
    this.arrival = options.arrival;
    this.#modules = modules;
    const nowMs = modules.clock.nowMs();
    this.#deadlines = new Deadlines(options.limits, nowMs);
    this.#difficulty = new Difficulty(options.vardiff, nowMs);
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
    return this.#difficulty.value;
  }

  /** What the miner says of itself, beside what its shares say. */
  get reportedHashesPerS(): number | undefined {
    return this.#reportedHashesPerS;
  }

  /** Undefined before its first share. */
  get record(): ShareRecord | undefined {
    return this.#shares?.record;
  }

  hashesPerS(nowMs: number): number {
    return this.record?.hashesPerS(nowMs) ?? 0;
  }

  /** One request, in the order they came. */
  handle(parsed: ParsedRequest): Handled {
    if (this.#closed) return 'next';
    this.#deadlines.noteLine(this.#modules.clock.nowMs());
    if (!parsed.ok) {
      this.#reject(parsed.id, 'bad-request', parsed.text);
      return 'next';
    }
    const { request } = parsed;
    switch (request.method) {
      case 'subscribe':
        this.#subscribe(request.id, request.agent);
        return 'next';
      case 'authorize':
        return this.#authorize(request.id, request.userName, request.password);
      case 'submit':
        return this.#submit(request.id, request.submission) ? 'new-turn' : 'next';
      case 'report-hashrate':
        this.#reportedHashesPerS = request.hashesPerS;
        this.#modules.wire.send(encodeResult(request.id, true));
        return 'next';
      case 'courtesy':
        this.#modules.wire.send(encodeResult(request.id, request.result));
        return 'next';
      case 'suggest-difficulty':
        this.#suggest(request.id, request.difficulty);
        return 'next';
      case 'unsupported':
        this.#reject(request.id, 'unsupported-method', `unsupported method ${request.name}`);
        return 'next';
      case 'none':
        return 'next';
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
    const issued = this.#issued.issue(job, this.#difficulty.value, (known) => jobs.isLive(known));
    this.#needsVariant = false;
    this.#lastNotifyMs = clock.nowMs();
    if (!hasTemplate) this.#deadlines.noteTemplate(this.#lastNotifyMs);
    const cleanJobs = before?.job.template.previousBlockHash !== job.template.previousBlockHash;
    wire.sendJob(encodeJob(issued, cleanJobs));
  }

  /** Other rules of its port; the difficulty stays, as far as they allow it. */
  useVardiff(vardiff: VardiffOptions): void {
    this.#retarget(this.#difficulty.usePort(vardiff, this.#modules.clock.nowMs()));
  }

  /** Who is paid was changed: a miner gets a job that pays so, and one that cannot be paid any more has to go. */
  usePayout(payoutFor: (userName: string) => Payout | undefined): void {
    if (this.#closed || this.#login === undefined) return;
    const payout = payoutFor(this.#userName);
    if (payout === undefined) {
      this.#close('not-payable');
      return;
    }
    if (payout === this.#login.payout) return;
    this.#login = { ...this.#login, payout };
    this.#needsVariant = true;
    this.offerJob();
  }

  /** Its miner has to go. */
  dismiss(reason: CloseReason): void {
    if (!this.#closed) this.#close(reason);
  }

  /** Called every few seconds: eases a miner that finds nothing, closes a connection that is past a deadline. */
  sweep(): void {
    if (this.#closed) return;
    const nowMs = this.#modules.clock.nowMs();
    const isReady = this.#login !== undefined && this.#prefix !== undefined;
    const overdue = this.#deadlines.overdue(nowMs, isReady);
    if (overdue !== undefined) this.#close(overdue);
    if (this.#closed || !isReady || this.#issued.newest === undefined) return;
    this.#retarget(this.#difficulty.takeSuggestion(nowMs));
    this.#retarget(this.#difficulty.ease(nowMs));
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

  #authorize(id: RequestId, userName: string, password: string): Handled {
    const login = this.#modules.login(userName, password);
    if (!(login instanceof Promise)) {
      this.#welcome(id, userName, login);
      return 'next';
    }
    return login
      .then((answer) => this.#welcome(id, userName, answer))
      .catch((error: unknown) => this.#modules.onFault(error, this));
  }

  #welcome(id: RequestId, userName: string, login: Login): void {
    if (this.#closed) return;
    if (!login.ok && login.isOurFault) {
      this.#modules.wire.send(encodeError(id, REJECTIONS['bad-login'].code, login.text));
      return;
    }
    if (!login.ok) {
      this.#modules.onFailedLogin?.(this);
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
    this.#userName = userName;
    if (isFirst) {
      this.#difficulty.logIn(login.difficulty, this.#modules.clock.nowMs());
      this.#modules.onLogin(this);
    }
    this.#modules.wire.send(encodeResult(id, true));
    this.offerJob();
  }

  #suggest(id: RequestId, difficulty: number | undefined): void {
    if (difficulty === undefined) {
      this.#reject(id, 'bad-suggestion');
      return;
    }
    this.#modules.wire.send(encodeResult(id, true));
    this.#difficulty.suggest(difficulty);
    // Before the login there is no job to come with it.
    if (this.#login === undefined) return;
    this.#retarget(this.#difficulty.takeSuggestion(this.#modules.clock.nowMs()));
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
    this.#shares ??= this.#createShareDesk();
    return this.#shares.take(id, screening, isStale);
  }

  #createShareDesk(): ShareDesk {
    const { clock, gateTurns, judge, onResult, onCandidate, onWaitingCandidate, onFault } = this.#modules;
    return new ShareDesk({
      clock,
      gateTurns,
      send: (share) => onCandidate(share, this),
      wait: (share) => onWaitingCandidate?.(share, this),
      judge: (share, onLateVerdict) => judge(share, this.id, onLateVerdict),
      onResult: (result) => onResult(result, this),
      reply: (id) => {
        if (!this.#closed) this.#modules.wire.send(encodeResult(id, true));
      },
      count: (share, verified) => this.#countShare(share.issued, verified),
      reject: (id, reason, share) => this.#rejectShare(id, reason, share),
      blame: (reason) => this.#blame(reason),
      isClosed: () => this.#closed,
      onFault: (error) => onFault(error, this),
    });
  }

  #countShare(issued: IssuedJob, verified: boolean): void {
    const nowMs = this.#modules.clock.nowMs();
    // An unverified share may be forged: it buys nothing off.
    if (verified) this.#demerits.forgive();
    this.#deadlines.noteShare();
    if (!this.#closed) this.#retarget(this.#difficulty.countShare(issued.difficulty, nowMs));
  }

  /** A new difficulty always comes with a new job: kawpowminer ignores a target until the next one. */
  #retarget(changed: boolean): void {
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
    this.#demerits.add(reason);
    const verdict = this.#demerits.verdict(reason);
    if (verdict !== undefined) this.#close(verdict);
  }

  #close(reason: CloseReason): void {
    this.#closed = true;
    this.#modules.wire.close(reason);
  }
}
