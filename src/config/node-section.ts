import type { Network } from '../chain/coins.ts';
import { parseHostPort, withoutBrackets } from './host.ts';
import { type LoginContext, type NodeSection, resolveCredentials, type UrlLogin } from './node-login.ts';
import type { Path, Problems } from './problems.ts';
import type { NodeConfig } from './types.ts';
import { gotText } from './words.ts';

/** Instead of an address. */
const P2P_WORDS: readonly string[] = ['auto', 'off'];

type P2pAddress = NonNullable<NodeConfig['p2p']>;

/**
 * One node: its URL, how to log in to it, and how news come from it, out of the file, the environment and the defaults.
 * @param place in the list, from 1; the first is the first choice unless the file says otherwise
 */
export function resolveNode(
  section: NodeSection,
  place: number,
  path: Path,
  context: LoginContext,
  problems: Problems,
): NodeConfig | undefined {
  const { network } = context;
  if (network.magicHex === undefined && !P2P_WORDS.includes(section.p2p ?? 'auto')) {
    const text = `what ${network.coin}’s nodes speak among each other is not known: leave it out`;
    problems.add([...path, 'p2p'], text);
  }
  const address = parseNodeUrl(section.url ?? '127.0.0.1', network);
  if (typeof address === 'string') {
    problems.add([...path, 'url'], address + gotText(['url'], section.url));
    return undefined;
  }
  const { url } = address;
  const credentials = resolveCredentials(section, address, path, context, problems);
  if (credentials === undefined) return undefined;
  const { timeoutS, zmq = 'off' } = section;
  return {
    name: section.name ?? url.host,
    url: url.href.replace(/\/$/, ''),
    credentials,
    priority: section.priority ?? place,
    timeoutMs: timeoutS === undefined ? undefined : Math.round(timeoutS * 1000),
    p2p: p2pAddress(section.p2p ?? 'auto', url.hostname, network),
    zmq: zmq === 'off' ? undefined : zmq,
    longPoll: section.longPoll ?? false,
  };
}

/** Of a network whose magic was never seen on the wire, no message can be written. */
function p2pAddress(p2p: string, hostname: string, network: Network): P2pAddress | undefined {
  if (p2p === 'off' || network.magicHex === undefined) return undefined;
  if (p2p === 'auto') return { host: withoutBrackets(hostname), port: network.p2pPort, isAuto: true };
  const address = parseHostPort(p2p);
  return address && { ...address, isAuto: false };
}

interface NodeAddress {
  readonly url: URL;
  /** What stood before the host, and is no part of the URL any more. */
  readonly login: UrlLogin;
}

/**
 * @param text a URL, or only host and port; user and password may stand before the host
 * @returns the URL, or what was expected
 */
export function parseNodeUrl(text: string, network: Network): NodeAddress | string {
  const expected = `expected the address of the node, for example http://127.0.0.1:${network.rpcPort}`;
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return expected;
  const url = new URL(full);
  if (!['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') return expected;
  // A URL drops a port that is its protocol's own, so whether one was written must be seen in the text.
  if (url.protocol === 'http:' && url.port === '' && !/:80(\/|$)/.test(full))
    url.port = String(network.rpcPort);
  try {
    const login = {
      ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
      ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    };
    url.username = '';
    url.password = '';
    return { url, login };
  } catch {
    return `${expected}; user and password in it with % signs written as %25`;
  }
}
