import { decodeAddress } from '../chain/address.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { coinsJson } from './json.ts';
import { type NodeParts, type RpcMethods, rpcMethod } from './rpc-method.ts';

/** Ravencoin Core 4.8.0 in its own notation: the first release that holds a header to its height, as this node does. */
const NODE_VERSION = 4080000;
/** What the devnet calls itself, in RPC and P2P. */
export const NODE_SUBVERSION = '/KPSS-devnet:4.8.0/';
const PROTOCOL_VERSION = 70028;
/** NODE_NETWORK, NODE_BLOOM, NODE_WITNESS, as recorded. */
const SERVICES = '000000000000000d';

/** The calls about the node itself. */
export function infoMethods(node: NodeParts): RpcMethods {
  const connections = (): number => (node.fault()?.kind === 'not-connected' ? 0 : 1);
  const uptimeS = (): number => Math.floor((node.clock.nowMs() - node.startedAtMs) / 1000);
  return [
    rpcMethod('getnetworkinfo', 'Returns the state of P2P networking.', () => networkInfo(connections())),
    rpcMethod('getconnectioncount', 'Returns the number of peers.', connections),
    rpcMethod('getpeerinfo', 'Returns data about each peer.', () =>
      connections() > 0 ? [peerJson(node)] : [],
    ),
    rpcMethod('uptime', 'Returns the seconds since the start.', uptimeS),
    rpcMethod(
      'validateaddress',
      'Returns whether an address is one of this network.',
      (params) => addressJson(params.text(0), node),
      {
        names: ['address'],
        required: 1,
        usage: ' "address"',
        example: '"1PSSGeFHDnKNxiEyFrD1wcEaHr9hrQDDWc"',
      },
    ),
  ];
}

function networkInfo(connections: number): Record<string, unknown> {
  const reachable = { limited: false, reachable: true, proxy: '', proxy_randomize_credentials: false };
  return {
    version: NODE_VERSION,
    subversion: NODE_SUBVERSION,
    protocolversion: PROTOCOL_VERSION,
    localservices: SERVICES,
    localrelay: true,
    timeoffset: 0,
    networkactive: true,
    connections,
    networks: [
      { name: 'ipv4', ...reachable },
      { name: 'ipv6', ...reachable },
    ],
    relayfee: coinsJson(1_000_000n),
    incrementalfee: coinsJson(1000n),
    localaddresses: [],
    warnings: '',
  };
}

/** A peer that is not there: ravend gives no work without one, and a start-up check may look for it. */
function peerJson({ chain, clock, startedAtMs }: NodeParts): Record<string, unknown> {
  const startedAtS = Math.floor(startedAtMs / 1000);
  const nowS = Math.floor(clock.nowMs() / 1000);
  return {
    id: 0,
    addr: '127.0.0.1:1',
    addrbind: '127.0.0.1:2',
    services: SERVICES,
    relaytxes: true,
    lastsend: nowS,
    lastrecv: nowS,
    bytessent: 0,
    bytesrecv: 0,
    conntime: startedAtS,
    timeoffset: 0,
    pingtime: 0.0001,
    minping: 0.0001,
    version: PROTOCOL_VERSION,
    subver: NODE_SUBVERSION,
    inbound: true,
    addnode: false,
    startingheight: 0,
    banscore: 0,
    synced_headers: chain.tip.height,
    synced_blocks: chain.tip.height,
    inflight: [],
    whitelisted: false,
    bytessent_per_msg: {},
    bytesrecv_per_msg: {},
  };
}

function addressJson(address: string, { network }: NodeParts): Record<string, unknown> {
  const decoded = decodeAddress(address, network);
  if (!decoded.ok) return { isvalid: false };
  return {
    isvalid: true,
    address,
    scriptPubKey: bytesToHex(decoded.script),
    ismine: false,
    iswatchonly: false,
    isscript: decoded.kind === 'p2sh',
  };
}
