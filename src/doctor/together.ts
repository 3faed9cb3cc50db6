import { type Finding, yellow } from './check.ts';

/** A block reaches the second node seconds after the first; two blocks apart is more than that. */
const BLOCKS_APART = 2;

/** The newest block that all of an instance's nodes should have, as one of them has it. */
export interface CommonBlock {
  readonly height: number;
  readonly hash: string;
}

/** What was found of one of an instance's nodes alone. */
interface NodeFindings {
  readonly name: string;
  readonly findings: readonly Finding[];
  /** Of the block that it gives work for; undefined where it gives none. */
  readonly height: number | undefined;
  /** Undefined where it was not asked for, or not told. */
  readonly common?: CommonBlock | undefined;
}

/**
 * Judges nodes as the set that they are: one of them does for a block, so that what is wrong with the others is
 * something to know; and one that thinks itself complete does not know what the others have.
 */
export function judgeTogether(nodes: readonly NodeFindings[]): NodeFindings[] {
  const isOneWell = nodes.some(({ findings }) => findings.every(({ verdict }) => verdict !== 'red'));
  return nodes.map((node) => ({
    ...node,
    findings: node.findings.map((finding): Finding => {
      if (isOneWell && finding.verdict === 'red') return { ...finding, verdict: 'yellow' };
      return finding.id === 'node.synced' ? besideOthers(finding, node, nodes) : finding;
    }),
  }));
}

function besideOthers(
  synced: Finding,
  { height, common }: NodeFindings,
  nodes: readonly NodeFindings[],
): Finding {
  const other = nodes.find((node) => common && node.common && node.common.hash !== common.hash);
  if (synced.verdict === 'green' && other !== undefined) {
    return yellow(
      synced.id,
      `Its block ${common?.height} is another than that of ${other.name}: the two are on different chains.`,
      'Look again in some minutes: mostly one chain wins by then. If it stays so, see in a block explorer which of the two is right, and look at the peers of the other.',
    );
  }
  const best = nodes.reduce((a, b) => ((b.height ?? 0) > (a.height ?? 0) ? b : a));
  const blocks = (best.height ?? 0) - (height ?? 0);
  if (synced.verdict !== 'green' || height === undefined || blocks < BLOCKS_APART) return synced;
  return yellow(
    synced.id,
    `It is ${blocks} blocks behind ${best.name}, so that its work is left aside.`,
    'Wait, and look again. If it stays so, look at its peers, and see in a block explorer which of the two is right.',
  );
}
