import type { ConnectionEnd } from './p2p-connection.ts';

/**
 * For the owner: why there are no news from a node's P2P port, and what to do about it.
 * @param at host and port as they are shown
 * @param networkText `ravencoin main`
 */
export function connectionEndText(end: ConnectionEnd, at: string, networkText: string): string {
  switch (end.kind) {
    case 'unreachable':
      return `the node's P2P port ${at} does not answer (${end.code}); make sure that the node runs, that this is its P2P port, and that its raven.conf has no listen=0, which closes it`;
    case 'no-answer':
      return `the node's P2P port ${at} does not answer in time; make sure that no firewall stands before it, and that it is a node's P2P port`;
    case 'hung-up':
      return hungUpText(end, at, networkText);
    case 'silent':
      return `the node at ${at} went silent on its P2P port: it hangs, or the network between is cut`;
    case 'not-reading':
      return `the node at ${at} does not read what is sent to its P2P port: it hangs, or the network between is too slow`;
    case 'garbage':
      return garbageText(end.fault, at, networkText);
  }
}

function hungUpText(end: ConnectionEnd & { kind: 'hung-up' }, at: string, networkText: string): string {
  if (end.reason !== undefined)
    return `the node at ${at} closed the P2P connection and says why: ${end.reason}`;
  if (end.wasOn) return `the P2P connection to ${at} was lost: the node stopped, or closed it`;
  return `the node at ${at} closes P2P connections at once; make sure that it is one of ${networkText}; if it has banned this machine, a line whitelist=127.0.0.1 in its raven.conf prevents it (the address of this machine where the node is on another one)`;
}

function garbageText(
  fault: (ConnectionEnd & { kind: 'garbage' })['fault'],
  at: string,
  networkText: string,
): string {
  if (fault === 'wrong-magic')
    return `what answers at ${at} is no P2P port of ${networkText}; look at host and port, and at the node's network`;
  return `what comes from the P2P port ${at} cannot be read (${fault}); make sure that it is a node of ${networkText}`;
}
