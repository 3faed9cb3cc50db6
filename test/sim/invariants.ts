import type { Job } from '../../src/mining/job.ts';
import type { JobBook } from '../../src/mining/job-book.ts';
import type { ParsedRequest } from '../../src/stratum/messages.ts';
import type { CloseReason } from '../../src/stratum/wire.ts';
import type { Candidates } from './candidates.ts';
import type { JobHistory } from './job-history.ts';
import { trueMixHash } from './sim-chain.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimLink } from './sim-link.ts';
import type { Reply, SimRequest } from './sim-miner.ts';
import type { MinerJob, ShareKind, SimShare } from './sim-share.ts';
import type { Trace } from './trace.ts';

/** A reply leaves within two seconds, or kawpowminer hangs up. */
const REPLY_WITHIN_MS = 2_000;
/** A tenth of a second at the most between two jobs and for the way; the rest is to be on the safe side. */
const JOB_WITHIN_MS = 1_000;
/** The verifier's latest verdict. */
const SHARE_TIMERS_MS = 4_500;
/** Of a connection, newest first: jobs that no bound of KPSS may have pushed out yet. */
const JOBS_SURELY_KEPT = 8;

/** What could not be taken for a share if it were sent for the first time. */
const NO_SHARES: readonly ShareKind[] = ['wrong-prefix', 'no-such-job', 'wrong-header', 'malformed'];

/** What a share's reply may be, given what was so when it was handled. */
interface Expectation {
  readonly isCurrent: boolean;
  readonly isLive: boolean;
  readonly isFirst: boolean;
}

interface InvariantsModules {
  readonly clock: OwnedClock;
  readonly trace: Trace;
  readonly history: JobHistory;
  readonly candidates: Candidates;
}

/**
 * What must hold whatever happens, as miners see it: one reply to each request and in time, no share twice, a right
 * verdict on each, prefixes of one's own. The blocks' side of it is in candidates.ts.
 */
export class Invariants {
  readonly #modules: InvariantsModules;
  readonly #prefixes = new Map<string, SimLink>();
  /** Header and prefix, and the connection that may search them. */
  readonly #searched = new Map<string, SimLink>();
  readonly #links = new Set<SimLink>();
  readonly #jobsOf = new WeakMap<SimLink, MinerJob[]>();
  readonly #expected = new Map<SimRequest, Expectation>();
  readonly #seen = new Set<string>();
  readonly #accepted = new Set<string>();
  /** Mix hashes that were verified and found false in time. */
  readonly #caught = new Set<string>();
  #tipSinceMs = 0;
  /** When shares were handled of which something may still be under way. */
  #sharesMs: number[] = [];
  /** Shares that may count as accepted: right ones, and those whose mix hash nobody has found false. */
  readonly #countable = new Set<string>();
  delivered = 0;
  answeredShares = 0;
  #violation: { readonly invariant: string; readonly detail: string } | undefined;

  constructor(modules: InvariantsModules) {
    this.#modules = modules;
  }

  /** Shares handled so lately that a timer of theirs may still run. */
  get recentShares(): number {
    const sinceMs = this.#modules.clock.nowMs() - SHARE_TIMERS_MS;
    this.#sharesMs = this.#sharesMs.filter((ms) => ms >= sinceMs);
    return this.#sharesMs.length;
  }

  /** The first that did not hold. */
  get violation(): { readonly invariant: string; readonly detail: string } | undefined {
    return this.#violation;
  }

  fail(invariant: string, detail: string): void {
    const { clock, trace } = this.#modules;
    trace.add(clock.nowMs(), 'FAILED', `${invariant}: ${detail}`);
    this.#violation ??= { invariant, detail };
  }

  /** KPSS has a new template, and is about to tell everybody. */
  templateTaken(tip: string): void {
    const { clock, history } = this.#modules;
    if (tip !== history.tip) this.#tipSinceMs = clock.nowMs();
    history.templateTaken(tip);
  }

  jobMade(job: Job): void {
    this.#modules.history.jobMade(job.headerHashHex, job.template.previousBlockHash);
  }

  /** The process was killed, or ended: connections and prefixes are nobody's any more. */
  forgetServer(): void {
    this.#prefixes.clear();
    this.#searched.clear();
    this.#expected.clear();
    this.#links.clear();
    this.#countable.clear();
    this.delivered = 0;
    this.answeredShares = 0;
  }

  prefixGiven(link: SimLink, prefixHex: string): void {
    const other = this.#prefixes.get(prefixHex);
    if (other !== undefined && other !== link && other.isOpen) {
      this.fail('live prefixes are disjoint', `${prefixHex} was given to ${link.miner.name} too`);
    }
    this.#prefixes.set(prefixHex, link);
    this.#links.add(link);
  }

  left(link: SimLink): void {
    this.#links.delete(link);
  }

  /** @param reason undefined when the miner hung up, or the server stops */
  closed(link: SimLink, reason: CloseReason | undefined): void {
    this.left(link);
    if (reason === undefined) return;
    const { clock, trace } = this.#modules;
    trace.add(clock.nowMs(), link.miner.name, `closed by the server: ${reason}`);
    if (link.miner.isHonest) this.fail('no honest miner is closed', `${link.miner.name}: ${reason}`);
  }

  notified(link: SimLink, job: MinerJob, prefixHex: string): void {
    const { clock, trace } = this.#modules;
    trace.add(clock.nowMs(), link.miner.name, `job ${job.id} ${job.headerHashHex.slice(0, 12)}`);
    const key = `${job.headerHashHex}/${prefixHex}`;
    const owner = this.#searched.get(key);
    if (owner !== undefined && owner !== link) {
      this.fail('nobody searches the nonces of another', `${link.miner.name} got ${key} again`);
    }
    this.#searched.set(key, link);
    const jobs = this.#jobsOf.get(link) ?? [];
    jobs.push(job);
    this.#jobsOf.set(link, jobs.slice(-JOBS_SURELY_KEPT));
  }

  get countableShares(): number {
    return this.#countable.size;
  }

  /** A verifier gave its verdict, however late. */
  verified(headerHashHex: string, nonce: bigint, valid: boolean): void {
    if (!valid) this.#countable.delete(`${headerHashHex}/${nonce}`);
  }

  /** A verifier will give its verdict on a mix hash before the reply is due. */
  verifiedInTime(headerHashHex: string, nonce: bigint, valid: boolean): void {
    if (!valid) this.#caught.add(`${headerHashHex}/${nonce}`);
  }

  beforeHandling(link: SimLink, parsed: ParsedRequest, jobs: JobBook): void {
    const { clock, history, candidates } = this.#modules;
    if (parsed.ok && parsed.request.method === 'submit') this.delivered += 1;
    const request = requestOf(link, parsed);
    if (request === undefined) {
      if (link.miner.isHonest)
        this.fail('requests are read as they were sent', `${link.miner.name} sent another`);
      return;
    }
    request.handledMs = clock.nowMs();
    const { share } = request;
    if (share === undefined) return;
    this.#sharesMs.push(clock.nowMs());
    const key = keyOf(share);
    const tip = history.tipOf(share.job.headerHashHex);
    const isKept = this.#jobsOf.get(link)?.includes(share.job) ?? false;
    const isLive = isKept && history.isLive(share.job.headerHashHex);
    const isFirst = !this.#seen.has(key);
    const isReal = !NO_SHARES.includes(share.kind);
    if (isReal) this.#seen.add(key);
    if (isReal && isFirst && share.kind !== 'too-easy' && tip === jobs.tip) this.#countable.add(key);
    this.#expected.set(request, { isCurrent: tip !== undefined && tip === jobs.tip, isLive, isFirst });
    if (isReal && isFirst && tip !== undefined) candidates.arrives(link, share, tip, isLive);
  }

  afterHandling(link: SimLink, parsed: ParsedRequest, isHandedOn: boolean): void {
    const share = requestOf(link, parsed)?.share;
    if (share !== undefined) this.#modules.candidates.handled(share, isHandedOn);
  }

  replied(link: SimLink, id: number, reply: Reply): void {
    const request = link.requests.get(id);
    if (request === undefined) {
      this.fail('one reply to each request', `${link.miner.name} got a reply to ${id}, which it did not ask`);
      return;
    }
    request.replies += 1;
    if (request.replies > 1) this.fail('one reply to each request', `${link.miner.name} got two to ${id}`);
    const { share } = request;
    if (share === undefined) {
      // Of shares, too, but for the time that a verdict takes.
      if (id < link.lastPlainReply) this.fail('requests are answered in order', `${link.miner.name}: ${id}`);
      link.lastPlainReply = id;
      return;
    }
    const expectation = this.#expected.get(request);
    this.#expected.delete(request);
    if (expectation !== undefined) this.answeredShares += 1;
    const { clock, trace } = this.#modules;
    const text = reply.error === null ? 'accepted' : reply.error[1];
    trace.add(clock.nowMs(), link.miner.name, `${share.kind} share ${share.nonce.toString(16)}: ${text}`);
    if (expectation === undefined) return;
    const problem = reply.error === null ? this.#wronglyAccepted(share, expectation) : undefined;
    const fault = problem ?? (reply.error && wronglyRefused(share, expectation, reply.error[1]));
    if (fault)
      this.fail('each share gets the verdict it deserves', `${link.miner.name}: ${text}, but ${fault}`);
  }

  /** Looks at what may not take longer than it does. */
  tick(): void {
    const nowMs = this.#modules.clock.nowMs();
    for (const link of this.#links) {
      if (!link.isOpen) continue;
      for (const [id, { handledMs, replies }] of link.requests) {
        if (replies > 0 || handledMs === undefined || nowMs - handledMs <= REPLY_WITHIN_MS) continue;
        this.fail('a reply leaves within two seconds', `${link.miner.name} waits for ${id}`);
      }
      for (const [id, { replies }] of link.requests) if (replies > 0) link.requests.delete(id);
      this.#checkJob(link, nowMs);
    }
  }

  /** Who has work has it on the tip that KPSS knows of. */
  #checkJob(link: SimLink, nowMs: number): void {
    const { history } = this.#modules;
    const newest = this.#jobsOf.get(link)?.at(-1);
    if (newest === undefined || history.tip === undefined || nowMs - this.#tipSinceMs <= JOB_WITHIN_MS)
      return;
    if (history.tipOf(newest.headerHashHex) === history.tip) return;
    this.fail('a new tip is a new job for everybody', `${link.miner.name} still has ${newest.id}`);
  }

  #wronglyAccepted(share: SimShare, { isCurrent, isFirst }: Expectation): string | undefined {
    const key = keyOf(share);
    if (NO_SHARES.includes(share.kind)) return `it is a ${share.kind}`;
    if (share.kind === 'too-easy') return 'it misses the target that its job was issued at';
    if (this.#accepted.has(key) || !isFirst) return 'it was sent before';
    this.#accepted.add(key);
    if (!isCurrent) return 'it is stale';
    if (share.kind === 'false-mix' && this.#caught.has(key)) return 'its mix hash was found false in time';
    return undefined;
  }
}

function wronglyRefused(
  share: SimShare,
  { isCurrent, isLive, isFirst }: Expectation,
  text: string,
): string | undefined {
  const isHonest = share.kind === 'honest';
  if (text === 'stale share') return isCurrent ? 'its job builds on the tip' : undefined;
  if (text === 'job not found') {
    return isLive && share.kind !== 'no-such-job' ? 'its job is a recent one' : undefined;
  }
  if (text === 'low difficulty share') {
    return share.kind === 'too-easy' ? undefined : 'it meets the target that its job was issued at';
  }
  if (text === 'duplicate share') return isFirst ? 'it came for the first time' : undefined;
  if (text === 'wrong mix hash') {
    const isTrue =
      String(share.mixHash) === String(trueMixHash(Buffer.from(share.job.headerHashHex, 'hex'), share.nonce));
    return isTrue ? 'its mix hash is right' : undefined;
  }
  return isHonest && text !== 'too many shares for one job' ? 'nothing is wrong with it' : undefined;
}

function keyOf({ job, nonce }: SimShare): string {
  return `${job.headerHashHex}/${nonce}`;
}

function requestOf(link: SimLink, parsed: ParsedRequest): SimRequest | undefined {
  if (!parsed.ok || parsed.request.method === 'none') return undefined;
  return link.requests.get(Number(parsed.request.id));
}
