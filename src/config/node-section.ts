import type { Network } from '../chain/coins.ts';
import { type LoginContext, type NodeSection, resolveCredentials, type UrlLogin } from './node-login.ts';
import type { Path, Problems } from './problems.ts';
import type { NodeConfig } from './types.ts';
import { gotText } from './words.ts';

/** The node's URL and how to log in to it, from the file, the environment and the defaults. */
export function resolveNode(
  section: NodeSection,
  path: Path,
  context: LoginContext,
  problems: Problems,
): NodeConfig | undefined {
  const address = readUrl(section.url ?? '127.0.0.1', context.network);
  if (typeof address === 'string') {
    problems.add([...path, 'url'], address + gotText(['url'], section.url));
    return undefined;
  }
  const { url } = address;
  const credentials = resolveCredentials(section, address, path, context, problems);
  if (credentials === undefined) return undefined;
  return {
    name: url.host,
    url: url.href.replace(/\/$/, ''),
    credentials,
    priority: 1,
    timeoutMs: undefined,
    p2p: undefined,
    zmq: undefined,
    longPoll: false,
  };
}

interface NodeAddress {
  readonly url: URL;
  /** What stood before the host, and is no part of the URL any more. */
  readonly login: UrlLogin;
}

/** @returns the URL, or what was expected */
function readUrl(text: string, network: Network): NodeAddress | string {
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
