import type { Log } from '../mining/ports.ts';
import type { SetNode } from './set-member.ts';
import { givesTemplates, type NodeStatus } from './status.ts';

/** Where only the numbers in a sentence change. */
const PROGRESS_EVERY_MS = 10 * 60_000;
/** A node that is only quicker with one block gives its place back sooner. */
const SOURCE_SETTLED_MS = 15_000;

interface Told {
  status: NodeStatus;
  atMs: number;
}

/** What the log says of a set's nodes: each change once, and nothing that is over in a moment. */
export class NodeSetLog {
  readonly #log: Log;
  readonly #nodes: number;
  /** By name. */
  readonly #told = new Map<string, Told>();
  #source: { name: string; sinceMs: number } | undefined;
  #toldSource: string | undefined;

  /** @param nodes how many there are: one alone needs no name before its sentences */
  constructor(log: Log, nodes: number) {
    this.#log = log;
    this.#nodes = nodes;
  }

  tellStatus({ name }: SetNode, status: NodeStatus | undefined, nowMs: number): void {
    const told = this.#told.get(name);
    if (status === undefined || !isNews(told, status, nowMs)) return;
    this.#told.set(name, { status, atMs: nowMs });
    const { state, code, sentence } = status;
    const text = this.#nodes === 1 ? sentence : `${name}: ${sentence}`;
    const isGood = state === 'ready' || state === 'connecting';
    this.#log[isGood ? 'info' : 'warn']({ node: name, state, ...(code !== undefined && { code }) }, text);
  }

  /**
   * @param name whose templates are mined on
   * @param ranks of all nodes by their priority, 0 the best
   */
  tellSource(name: string | undefined, ranks: ReadonlyMap<string, number>, nowMs: number): void {
    if (name === undefined || this.#nodes === 1) return;
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
      const why = isBack ? 'which goes before' : 'which has newer blocks than';
      this.#log.info(fields, `templates come from ${name} now, ${why} ${before}`);
    }
  }

  /** One of ours. */
  tellFault(error: unknown): void {
    this.#log.error({ err: error }, 'a handler of the node set failed');
  }

  #failureOf(name: string): string | undefined {
    const status = this.#told.get(name)?.status;
    return status === undefined || givesTemplates(status) ? undefined : status.sentence;
  }
}

function isNews(told: Told | undefined, { state, sentence }: NodeStatus, nowMs: number): boolean {
  if (told === undefined || state !== told.status.state) return true;
  if (sentence === told.status.sentence) return false;
  const onlyNumbers = state === 'downloading' || state === 'behind';
  return !onlyNumbers || nowMs - told.atMs >= PROGRESS_EVERY_MS;
}
