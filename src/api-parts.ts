import type { BlockReport } from './block-history.ts';
import type { JournalReport } from './block-ledger.ts';
import type { NodeReport } from './node/node-report.ts';
import type { ProofReport } from './node/proposal-proof.ts';
import type { SignalScore } from './node/tip-feed.ts';
import type { SignalName, SignalReport } from './node/tip-signal.ts';
import type { Ban } from './stratum/bans.ts';
import type { ThrottleStatus } from './throttled-blocks.ts';
import type {
  ApiBan,
  ApiBlock,
  ApiInstance,
  ApiJournal,
  ApiNode,
  ApiProof,
  ApiSignal,
  ApiThrottle,
} from './web/api-types.ts';

// What the parts of an instance tell of themselves, put into the words of the API.

/** What an instance's status says of its parts. */
export interface PartFacts {
  /** How each way of hearing of new blocks did. */
  readonly signals: readonly SignalScore[];
  /** Each way from each node. */
  readonly signalReports: readonly SignalReport[];
  readonly proof: ProofReport;
  /** Undefined where none is set. */
  readonly throttle: ThrottleStatus | undefined;
  readonly journal: JournalReport;
  /** Newest first. */
  readonly blocks: readonly BlockReport[];
}

/** All parts but the nodes. */
export function partsOf(
  facts: PartFacts,
): Pick<ApiInstance, 'signals' | 'proof' | 'throttle' | 'journal' | 'blocks'> {
  return {
    signals: signalsOf(facts),
    proof: proofOf(facts.proof),
    throttle: throttleOf(facts.throttle),
    journal: journalOf(facts.journal),
    blocks: facts.blocks.map(blockOf),
  };
}

/**
 * One node, by its own report.
 * @param isPeerOfOurs whether its peers are counted with us among them: we pass no block on
 */
export function nodeOf(node: NodeReport, isPeerOfOurs: boolean): ApiNode {
  const { status, download } = node;
  return {
    name: node.name,
    url: withoutLogin(node.url),
    priority: node.priority,
    isSource: node.isSource,
    state: status.state,
    sentence: status.sentence,
    code: status.code ?? null,
    height: node.height ?? null,
    tip: node.tip ?? null,
    behindBlocks: node.behindBlocks,
    peers: node.peers === undefined ? null : Math.max(0, node.peers - (isPeerOfOurs ? 1 : 0)),
    version: node.version ?? null,
    latencyMs: node.latencyMs ?? null,
    download:
      download === undefined
        ? null
        : {
            percent: Math.floor(download.progress * 10_000) / 100,
            leftS: download.leftMs === undefined ? null : Math.ceil(download.leftMs / 1000),
          },
  };
}

/** @param bans of one instance */
export function apiBans(instance: string, bans: readonly Ban[]): ApiBan[] {
  return bans.map(({ address, reason, sinceMs, untilMs }) => ({
    ...{ instance, address, reason },
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
  }));
}

/** Whoever sees the status must not learn how to log in at the node. */
export function withoutLogin(url: string): string {
  return url.replace(/^(\w+:\/\/).*@/, '$1');
}

/** ISO 8601 in UTC. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

function timeOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : isoTime(atMs);
}

/** One entry for each way that is known of: polling, what told something, and what reports itself. */
function signalsOf({ signals, signalReports }: PartFacts): ApiSignal[] {
  const names = new Set<SignalName>(['poll', ...[...signals, ...signalReports].map(({ signal }) => signal)]);
  return [...names].map((name) => {
    const score = signals.find(({ signal }) => signal === name);
    const sources = signalReports
      .filter(({ signal }) => signal === name)
      .map(({ node, state, sentence }) => ({ node, state, sentence }));
    const leadMs = score?.medianLeadMs ?? null;
    return { signal: name, first: score?.first ?? 0, tips: score?.told ?? 0, leadMs, sources };
  });
}

function proofOf({ state, atMs, node, reason, lastProvedMs }: ProofReport): ApiProof {
  return {
    state,
    at: timeOrNull(atMs),
    node: node ?? null,
    reason: reason ?? null,
    lastProvedAt: timeOrNull(lastProvedMs),
  };
}

function throttleOf(throttle: ThrottleStatus | undefined): ApiThrottle | null {
  if (throttle === undefined) return null;
  const { sentence, untilMs, held, blocksLastHour } = throttle;
  return {
    state: sentence === undefined ? 'open' : 'holding',
    until: timeOrNull(untilMs),
    sentence: sentence ?? null,
    held,
    blocksLastHour,
  };
}

function journalOf({ state, sinceMs }: JournalReport): ApiJournal {
  return { state, since: timeOrNull(sinceMs) };
}

function blockOf({ foundAtMs, amountSat, verdicts, ...block }: BlockReport): ApiBlock {
  return {
    height: block.height,
    hash: block.hash,
    worker: block.worker,
    foundAt: isoTime(foundAtMs),
    state: block.state,
    confirmations: block.confirmations,
    valueSat: amountSat.toString(),
    verdicts: verdicts.map(({ node, kind, reason, latencyMs }) => ({
      node,
      kind,
      reason: reason === '' ? null : reason,
      latencyMs: Math.round(latencyMs * 10) / 10,
    })),
  };
}
