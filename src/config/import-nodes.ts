import { isIP } from 'node:net';
import type { Network } from '../chain/coins.ts';
import type { loginVariables } from './environment.ts';
import { Options, what } from './import-options.ts';
import type { Draft } from './import-ports.ts';
import type { ReportWriter } from './import-report.ts';
import type { OldValue } from './import-value.ts';
import type { Path } from './problems.ts';
import { NODES_MAX } from './schema.ts';
import type { Group } from './section.ts';

const PORT = { min: 1, max: 65_535, isWhole: true };

/** Where a login may come from, beside the file. */
type LoginVariables = ReturnType<typeof loginVariables>;

/** `daemons` and `p2p` as the group `node`, or the list `nodes`. */
export function importNodes(
  options: Options,
  network: Network,
  { variables, report }: { readonly variables: LoginVariables; readonly report: ReportWriter },
): Draft {
  const member = options.take('daemons');
  const draft: Draft = { settings: {}, remarks: [] };
  const list = member === undefined ? [] : listOf(member.value);
  const groups = list.filter((value) => value.kind === 'group');
  for (const value of list) {
    const at = member?.at ?? value.at;
    if (value.kind !== 'group') report.look(at, `daemons: ${what(value, at.line)}: left out`);
  }
  const nodes: Group[] = [];
  for (const value of groups) {
    const place = groups.length > 1 ? ['nodes', nodes.length] : ['node'];
    const node = importNode(new Options(value, report, 'daemons.'), place, network, {
      draft,
      variables,
      report,
    });
    if (nodes.some(({ url }) => url === node.url))
      report.look(value.at, `daemons: ${node.url} is there twice: left out`);
    else if (nodes.length >= NODES_MAX) report.look(value.at, `daemons: more than ${NODES_MAX} are left out`);
    else nodes.push(node);
  }
  const [first] = nodes;
  importP2p(options, first, [...(groups.length > 1 ? ['nodes', 0] : ['node']), 'p2p'], { network, report });
  if (first === undefined)
    report.look(
      member?.at ?? options.group.at,
      `there are no daemons: KPSS looks for a node at 127.0.0.1:${network.rpcPort}`,
    );
  else if (groups.length > 1) draft.settings.nodes = nodes;
  else draft.settings.node = first;
  return draft;
}

function listOf(value: OldValue): readonly OldValue[] {
  return value.kind === 'list' ? value.items : [value];
}

function importNode(
  options: Options,
  path: Path,
  network: Network,
  {
    draft,
    variables,
    report,
  }: { readonly draft: Draft; readonly variables: LoginVariables; readonly report: ReportWriter },
): Group {
  const { at } = options.group;
  const host = options.text('host') ?? '127.0.0.1';
  const port = options.number('port', PORT) ?? network.rpcPort;
  const url = nodeUrl(host, port);
  report.became(at, 'daemons', options.group, [...path, 'url'], url);
  const node: Group = { url };
  const secret = (setting: 'user' | 'password', names: readonly string[]): void => {
    const name = names.find((candidate) => options.group.members.has(candidate)) ?? setting;
    const member = options.group.members.get(name);
    const value = options.text(name);
    if (member === undefined) return;
    if (value !== undefined && value !== '') {
      node[setting] = value;
      report.became(member.at, `daemons.${name}`, member.value, [...path, setting]);
      return;
    }
    const text = `write ${setting} below it, or set ${variables[setting]} in the environment`;
    draft.remarks.push({ path: [...path, 'url'], text });
  };
  secret('user', ['user', 'username']);
  secret('password', ['password', 'pass']);
  options.tellLeft(() => undefined);
  return node;
}

/** The original wanted host and port; some wrote a whole URL. What is no address stays, for kpss start to refuse. */
function nodeUrl(host: string, port: number): string {
  const [, scheme = 'http://', name = host] = /^(https?:\/\/)?(.*?)\/*$/.exec(host) ?? [];
  return `${scheme}${isIP(name) === 6 ? `[${name}]` : name}:${port}`;
}

function importP2p(
  options: Options,
  node: Group | undefined,
  path: Path,
  { network, report }: { readonly network: Network; readonly report: ReportWriter },
): void {
  const member = options.group.members.get('p2p');
  const p2p = options.sub('p2p');
  if (member === undefined || p2p === undefined) return;
  const isOn = p2p.flag('enabled') === true;
  const host = p2p.text('host') ?? '127.0.0.1';
  const port = p2p.number('port', PORT) ?? network.p2pPort;
  p2p.tellLeft(() => 'KPSS asks for blocks only, never for transactions');
  if (!isOn) {
    const why =
      'KPSS asks the node’s P2P port for new blocks where it answers; p2p: off under the node ends that';
    report.gone(member.at, 'p2p.enabled: false', why);
  } else if (network.magicHex === undefined) {
    const why = `what ${network.coin}’s nodes speak among each other is not known to KPSS; it polls`;
    report.look(member.at, `p2p: ${why}: left out`);
  } else if (node !== undefined) {
    node.p2p = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    report.became(member.at, 'p2p', member.value, path, node.p2p);
  }
}
