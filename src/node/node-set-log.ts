import type { Log } from '../mining/ports.ts';
import { TokenBucket } from '../mining/token-bucket.ts';
import type { SetNode } from './set-member.ts';
import { givesTemplates, type NodeStatus } from './status.ts';

/** Where only the numbers in a sentence change. */
const PROGRESS_EVERY_MS = 10 * 60_000;
/** A node that is only quicker with one block gives its place back sooner. */
const SOURCE_SETTLED_MS = 15_000;
/** Connections come and go, and ours is counted some seconds late; the network is lost where it stays so. */
const LONELY_AFTER_MS = 25_000;
/** Lines about one node: a restart takes some eight, a node that comes and goes all day has one a minute. */
const LINES = { tokensMax: 12, perS: 1 / 60 };

interface Told {
  status: NodeStatus;
  atMs: number;
}

/** What the log knows of one node. */
interface NodeRecord {
  /** Undefined before its first line. */
  told: Told | undefined;
  status: NodeStatus;
  readonly lines: TokenBucket;
  /** It was said that there are fewer lines about it. */
  isRestless: boolean;
}

/** Whose templates are mined on, and why no longer those of the one before. */
interface SourceChange {
  readonly name: string;
  /** The one before gave none or was silent, rather than being overtaken. */
  readonly wasLost: boolean;
}

/** What the log says of a set's nodes: each change once, and nothing that is over in a moment. */
export class NodeSetLog {
  readonly #log: Log;
  readonly #nodes: number;
  /** By name. */
  readonly #records = new Map<string, NodeRecord>();
  #source: { name: string; sinceMs: number } | undefined;
  #toldSource: string | undefined;
  /** By name; as many as there are nodes. */
  readonly #versions = new Map<string, number>();
  readonly #lonelySinceMs = new Map<string, number>();
  readonly #toldLonely = new Set<string>();

  /** @param nodes how many there are: one alone needs no name before its sentences */
  constructor(log: Log, nodes: number) {
    this.#log = log;
    this.#nodes = nodes;
  }

  tellStatus({ name }: SetNode, status: NodeStatus | undefined, nowMs: number): void {
    if (status === undefined) return;
    const record = this.#recordOf(name, status, nowMs);
    record.status = status;
    if (!isNews(record.told, status, nowMs)) return;
    if (!record.lines.take(nowMs)) {
      this.#tellRestless(name, record);
      return;
    }
    if (nowMs - (record.told?.atMs ?? nowMs) >= PROGRESS_EVERY_MS) record.isRestless = false;
    record.told = { status, atMs: nowMs };
    const { state, code, sentence } = status;
    const text = this.#nodes === 1 ? sentence : `${name}: ${sentence}`;
    const isGood = state === 'ready' || state === 'connecting';
    this.#log[isGood ? 'info' : 'warn']({ node: name, state, ...(code !== undefined && { code }) }, text);
  }

  /**
   * @param source undefined before the first
   * @param ranks of all nodes by their priority, 0 the best
   */
  tellSource(source: SourceChange | undefined, ranks: ReadonlyMap<string, number>, nowMs: number): void {
    if (source === undefined || this.#nodes === 1) return;
    const { name, wasLost } = source;
    if (this.#source?.name !== name) this.#source = { name, sinceMs: nowMs };
    const before = this.#toldSource;
    if (before === name) return;
    const failure = before === undefined ? undefined : this.#failureOf(before);
    if (failure === undefined && nowMs - this.#source.sinceMs < SOURCE_SETTLED_MS) return;
    this.#toldSource = name;
    const fields = { node: name, ...(before !== undefined && { before }) };
    if (before === undefined) this.#log.info(fields, `templates come from ${name}`);
    else if (failure !== undefined) {
      this.#log.warn(fields, `templates come from ${name} now, since ${before} gives none: ${failure}`);
    } else {
      const isBack = (ranks.get(name) ?? 0) < (ranks.get(before) ?? 0);
      const why = isBack
        ? `which goes before ${before}`
        : wasLost
          ? `since ${before} was silent`
          : `which has newer blocks than ${before}`;
      this.#log.info(fields, `templates come from ${name} now, ${why}`);
    }
  }

  /** Once for each version of a node: it may be exchanged while KPSS runs. */
  tellVersion({ name }: SetNode, version: number, trouble: string | undefined): void {
    if (this.#versions.get(name) === version) return;
    this.#versions.set(name, version);
    if (trouble !== undefined)
      this.#log.warn({ node: name, version }, this.#nodes === 1 ? trouble : `${name}: ${trouble}`);
  }

  /** @param isLonely gives work, with nobody but us connected to it */
  tellPeers({ name }: SetNode, isLonely: boolean, nowMs: number): void {
    const sinceMs = this.#lonelySinceMs.get(name);
    const who = this.#nodes === 1 ? 'the node' : name;
    if (!isLonely) {
      this.#lonelySinceMs.delete(name);
      if (this.#toldLonely.delete(name))
        this.#log.info({ node: name }, `${who} has other nodes around it again`);
      return;
    }
    this.#lonelySinceMs.set(name, sinceMs ?? nowMs);
    if (nowMs - (sinceMs ?? nowMs) < LONELY_AFTER_MS || this.#toldLonely.has(name)) return;
    this.#toldLonely.add(name);
    const text =
      `${who} is connected to no other node but KPSS: what it calls the newest block may be old, and a block found now ` +
      'may reach nobody. Check its internet connection.';
    this.#log.warn({ node: name }, text);
  }

  /** One of ours. */
  tellFault(error: unknown): void {
    this.#log.error({ err: error }, 'a handler of the node set failed');
  }

  #recordOf(name: string, status: NodeStatus, nowMs: number): NodeRecord {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const record = { told: undefined, status, lines: new TokenBucket(LINES, nowMs), isRestless: false };
    this.#records.set(name, record);
    return record;
  }

  #tellRestless(name: string, record: NodeRecord): void {
    if (record.isRestless) return;
    record.isRestless = true;
    const who = this.#nodes === 1 ? 'the node' : name;
    const text = `${who} comes and goes: from now on the log tells of it once a minute at the most`;
    this.#log.warn({ node: name }, text);
  }

  #failureOf(name: string): string | undefined {
    const status = this.#records.get(name)?.status;
    return status === undefined || givesTemplates(status) ? undefined : status.sentence;
  }
}

function isNews(told: Told | undefined, { state, sentence }: NodeStatus, nowMs: number): boolean {
  if (told === undefined || state !== told.status.state) return true;
  if (sentence === told.status.sentence) return false;
  const onlyNumbers = state === 'downloading' || state === 'behind';
  return !onlyNumbers || nowMs - told.atMs >= PROGRESS_EVERY_MS;
}
