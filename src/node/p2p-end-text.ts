import type { ConnectionEnd } from './p2p-connection.ts';

/**
 * For the owner: why there are no news from a node's P2P port, and what to do about it.
 * @param at host and port as they are shown
 * @param networkText `ravencoin main`
 */
export function connectionEndText(end: ConnectionEnd, at: string, networkText: string): string {
  switch (end.kind) {
    case 'unreachable':
      return `The node's P2P port ${at} does not answer (${end.code}). Make sure that the node runs, that this is its P2P port, and that its raven.conf has no listen=0, which closes it.`;
    case 'no-answer':
      return `The node's P2P port ${at} does not answer in time. Make sure that no firewall stands before it, and that it is a node's P2P port.`;
    case 'hung-up':
      return hungUpText(end, at, networkText);
    case 'silent':
      return `The node at ${at} went silent on its P2P port: it hangs, or the network between is cut.`;
    case 'not-reading':
      return `The node at ${at} does not read what is sent to its P2P port: it hangs, or the network between is too slow.`;
    case 'garbage':
      return garbageText(end.fault, at, networkText);
  }
}

function hungUpText(end: ConnectionEnd & { kind: 'hung-up' }, at: string, networkText: string): string {
  if (end.reason !== undefined)
    return `The node at ${at} closed the P2P connection and says why: ${end.reason}.`;
  if (end.wasOn) return `The P2P connection to ${at} was lost: the node stopped, or closed it.`;
  return `The node at ${at} closes P2P connections at once. Make sure that it is one of ${networkText}. If it has banned this machine, a line whitelist=127.0.0.1 in its raven.conf prevents it (where the node is on another machine, the address of this one).`;
}

function garbageText(
  fault: (ConnectionEnd & { kind: 'garbage' })['fault'],
  at: string,
  networkText: string,
): string {
  if (fault === 'wrong-magic')
    return `What answers at ${at} is no P2P port of ${networkText}. Look at host and port, and at the node's network.`;
  return `What comes from the P2P port ${at} cannot be read (${fault}). Make sure that it is a node of ${networkText}.`;
}
