import type { Download } from './download.ts';
import { versionText } from './node-facts.ts';
import type { SetMember } from './set-member.ts';
import { behind, forked, type NodeState, type NodeStatus } from './status.ts';
import type { TemplateHead } from './template-source.ts';
import type { TipWorks } from './tip-works.ts';

/** One node of an instance, for the status page and the API; undefined what the node has not told. */
export interface NodeReport {
  readonly name: string;
  readonly url: string;
  readonly priority: number;
  /** Its templates are mined on. */
  readonly isSource: boolean;
  readonly status: NodeStatus;
  readonly tip: string | undefined;
  /** Of its tip. */
  readonly height: number | undefined;
  readonly peers: number | undefined;
  /** `4.6.1`. */
  readonly version: string | undefined;
  /** 4060100 for it, as the node tells it. */
  readonly versionNumber: number | undefined;
  readonly subversion: string | undefined;
  /** How long the node took to answer polls lately, the median. */
  readonly latencyMs: number | undefined;
  /** Present while it downloads the blockchain. */
  readonly download: Download | undefined;
  /** Behind the node whose templates are mined on; 0 when it is not, or both heights are not known. */
  readonly behindBlocks: number;
}

/**
 * How long a node may be apart from the one that is mined on before it is called behind. Blocks reach a healthy node
 * in seconds, and a fork of one block ends with the next, most often within a minute or two.
 */
export const APART_MS = 60_000;

/**
 * @param source whose templates are mined on, if any are
 * @returns what to tell of a node that is one of several
 */
export function memberStatus<T extends TemplateHead>(
  member: SetMember<T>,
  source: SetMember<T> | undefined,
  works: TipWorks,
  nowMs: number,
): NodeStatus {
  const { statusNow, apartSinceMs, tip, node } = member;
  if (statusNow.state !== 'ready' || apartSinceMs === undefined || nowMs - apartSinceMs < APART_MS)
    return statusNow;
  const isLevel = source?.tip !== undefined && tip !== undefined && works.isLevel(tip, source.tip);
  if (member.isForked || isLevel) return forked(node.url);
  return behind(node.url, blocksBehind(member, source, works));
}

/** @returns how many blocks a member's tip is below the source's; 0 where it is not known */
export function blocksBehind<T extends TemplateHead>(
  member: SetMember<T>,
  source: SetMember<T> | undefined,
  works: TipWorks,
): number {
  const own = works.heightOf(member.tip);
  const best = works.heightOf(source?.tip);
  return own === undefined || best === undefined ? 0 : Math.max(0, best - own);
}

/** @param status as it is told of the member */
export function reportOf<T extends TemplateHead>(
  member: SetMember<T>,
  source: SetMember<T> | undefined,
  works: TipWorks,
  status: NodeStatus,
): NodeReport {
  const { node, tip, facts, meter, download } = member;
  const versionNumber = facts?.versionNumber;
  return {
    name: node.name,
    url: node.url,
    priority: node.priority,
    isSource: member === source,
    status,
    tip,
    height: works.heightOf(tip) ?? facts?.blocks,
    peers: facts?.peers,
    version: versionNumber === undefined ? undefined : versionText(versionNumber),
    versionNumber,
    subversion: facts?.subversion,
    latencyMs: meter.latencyMs,
    download,
    behindBlocks: blocksBehind(member, source, works),
  };
}

/** What may end soonest by itself comes first. */
const HOPE: readonly NodeState[] = [
  'ready',
  'behind',
  'forked',
  'connecting',
  'starting',
  'busy',
  'no-peers',
  'downloading',
  'timeout',
  'unreachable',
];

/** More sentences than this are no help. */
const SENTENCES_MAX = 3;

/** @returns of several nodes, none of which gives templates, one status that says why */
export function togetherStatus(statuses: readonly NodeStatus[]): NodeStatus | undefined {
  const [first, ...others] = statuses.toSorted((a, b) => hopeOf(a) - hopeOf(b));
  // Before their first answers there is nothing to say of them.
  if (first === undefined || others.length === 0 || first.state === 'connecting') return first;
  const sentences = [...new Set([first, ...others].map(({ sentence }) => sentence))];
  const more = sentences.length - SENTENCES_MAX;
  const rest = more > 0 ? ` And ${more} more.` : '';
  return {
    ...first,
    sentence: `None of the ${statuses.length} nodes gives work. ${sentences.slice(0, SENTENCES_MAX).join(' ')}${rest}`,
  };
}

function hopeOf({ state }: NodeStatus): number {
  const hope = HOPE.indexOf(state);
  return hope < 0 ? HOPE.length : hope;
}
