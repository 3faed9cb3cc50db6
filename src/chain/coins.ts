/** Coins whose blocks this program can build; the proof of work of each is a variant of KawPoW. */
type CoinName = 'ravencoin' | 'neurai' | 'satoxcoin' | 'aipg' | 'evrmore';
type NetworkName = 'main' | 'test' | 'regtest';

/** What a template demands to be paid besides the miner; mining/mandatory-outputs.ts reads each. */
type MandatoryOutputs = 'none' | 'community' | 'miner-dev-fund';

export interface Network {
  readonly coin: CoinName;
  readonly name: NetworkName;
  readonly ticker: string;
  /** Version byte of pay-to-public-key-hash addresses. */
  readonly p2pkhVersion: number;
  /** Version byte of pay-to-script-hash addresses. */
  readonly p2shVersion: number;
  readonly rpcPort: number;
  readonly p2pPort: number;
  /** First four bytes of every P2P message; only where it was seen on the wire. */
  readonly magicHex?: string;
  readonly mandatoryOutputs: MandatoryOutputs;
  /** Which proof of work, as kawpow/params.ts names it. */
  readonly proofOfWork: 'kawpow' | 'evrprogpow';
}

const RAVENCOIN = {
  coin: 'ravencoin',
  ticker: 'RVN',
  mandatoryOutputs: 'none',
  proofOfWork: 'kawpow',
} as const;

/**
 * Ports and version bytes as Ravencoin Core's chainparams.cpp and the coins' own forks of it have them.
 *
 * Left out: Meowcoin (its blocks carry merged mining), Telestai and Neoxa (which members of their templates name what must
 * be paid differs between versions), Firo (its coinbase needs a payload).
 */
export const NETWORKS: readonly Network[] = [
  {
    ...RAVENCOIN,
    name: 'main',
    p2pkhVersion: 60,
    p2shVersion: 122,
    rpcPort: 8766,
    p2pPort: 8767,
    magicHex: '5241564e',
  },
  {
    ...RAVENCOIN,
    name: 'test',
    p2pkhVersion: 111,
    p2shVersion: 196,
    rpcPort: 18766,
    p2pPort: 18770,
    magicHex: '52564e54',
  },
  {
    ...RAVENCOIN,
    name: 'regtest',
    p2pkhVersion: 111,
    p2shVersion: 196,
    rpcPort: 18443,
    p2pPort: 18444,
    magicHex: '43524f57',
  },
  {
    coin: 'neurai',
    name: 'main',
    ticker: 'XNA',
    p2pkhVersion: 53,
    p2shVersion: 117,
    rpcPort: 19001,
    p2pPort: 19000,
    mandatoryOutputs: 'none',
    proofOfWork: 'kawpow',
  },
  {
    coin: 'satoxcoin',
    name: 'main',
    ticker: 'SATOX',
    p2pkhVersion: 63,
    p2shVersion: 122,
    rpcPort: 7777,
    p2pPort: 60777,
    mandatoryOutputs: 'community',
    proofOfWork: 'kawpow',
  },
  {
    coin: 'aipg',
    name: 'main',
    ticker: 'AIPG',
    p2pkhVersion: 23,
    p2shVersion: 23,
    rpcPort: 9788,
    p2pPort: 8865,
    mandatoryOutputs: 'community',
    proofOfWork: 'kawpow',
  },
  {
    coin: 'evrmore',
    name: 'main',
    ticker: 'EVR',
    p2pkhVersion: 33,
    p2shVersion: 92,
    rpcPort: 8819,
    p2pPort: 8820,
    mandatoryOutputs: 'miner-dev-fund',
    proofOfWork: 'evrprogpow',
  },
];

/** @returns undefined where the table has no such network, or not all that is needed to mine on it */
export function findNetwork(coin: string, name: string): Network | undefined {
  return NETWORKS.find((network) => network.coin === coin && network.name === name);
}
