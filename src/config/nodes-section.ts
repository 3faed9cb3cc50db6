import { rpcLoginOf } from './environment.ts';
import type { LoginContext, NodeSection } from './node-login.ts';
import { resolveNode } from './node-section.ts';
import type { Path, Problems } from './problems.ts';
import { NODES_MAX, nodeSchema } from './schema.ts';
import { type Group, readSection } from './section.ts';
import type { NodeConfig } from './types.ts';
import { gotText } from './words.ts';

/** A node's settings as the file has them, and where. */
export interface NodeEntry {
  readonly section: NodeSection;
  readonly path: Path;
}

/**
 * The nodes of an instance, each by itself: the group `node`, or the list `nodes`.
 * @param path the instance's
 * @returns undefined, with the problems noted, where there is no such list or something in it is no node
 */
export function readNodes(groups: Group, path: Path, problems: Problems): NodeEntry[] | undefined {
  const { node, nodes } = groups;
  if (nodes === undefined) {
    const at = [...path, 'node'];
    if (Array.isArray(node)) {
      problems.add(at, 'expected the settings of a single node, got a list: several stand under nodes');
      return undefined;
    }
    const section = readSection(nodeSchema, node, at, problems);
    return section && [{ section, path: at }];
  }
  const at = [...path, 'nodes'];
  if (node !== undefined) {
    problems.add(at, 'either node or nodes, not both: put the one into the list of the others');
  }
  if (!Array.isArray(nodes) || nodes.length === 0) {
    problems.add(at, `expected a list with at least one node${gotText([], nodes)}`);
    return undefined;
  }
  if (nodes.length > NODES_MAX) {
    problems.add(at, `expected at most ${NODES_MAX} nodes, got ${nodes.length}`);
    return undefined;
  }
  const entries = nodes.map((value: unknown, i) => {
    const section = readSection(nodeSchema, value, [...at, i], problems);
    return section && { section, path: [...at, i] };
  });
  return entries.some((entry) => entry === undefined) ? undefined : entries.flatMap((entry) => entry ?? []);
}

/** @returns the nodes without a fault, in the order of the file */
export function resolveNodes(
  entries: readonly NodeEntry[],
  context: Omit<LoginContext, 'isOneOfSeveral'>,
  problems: Problems,
): NodeConfig[] {
  const isOneOfSeveral = entries.length > 1;
  const nodes: NodeConfig[] = [];
  for (const [i, { section, path }] of entries.entries()) {
    const node = resolveNode(section, i + 1, path, { ...context, isOneOfSeveral }, problems);
    if (node === undefined) continue;
    const same = nodes.find(({ url }) => url === node.url);
    if (same !== undefined) {
      problems.add([...path, 'url'], `${node.url} is the node ${same.name} already`);
    } else if (nodes.some(({ name }) => name === node.name)) {
      problems.add([...path, 'name'], `another node is called ${node.name} too: give each a name`);
    }
    nodes.push(node);
  }
  if (isOneOfSeveral) tellUnread(entries, context, problems);
  return nodes;
}

/** A variable that no node goes by would leave its owner wondering why the old password is still used. */
function tellUnread(
  entries: readonly NodeEntry[],
  { env, name, isOnly }: Omit<LoginContext, 'isOneOfSeveral'>,
  problems: Problems,
): void {
  const login = rpcLoginOf(env, name, isOnly);
  for (const key of ['user', 'password'] as const) {
    const variable = login[key]?.variable;
    if (variable === undefined) continue;
    if (entries.some(({ path }) => problems.labelOf([...path, key]) === variable)) continue;
    problems.addTo(
      variable,
      `counts for no node: of several, only those go by it that have no ${key} in the file`,
    );
  }
}
