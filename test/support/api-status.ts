import type { ApiBlock, ApiInstance, ApiMiner, ApiNode, ApiStatus } from '../../src/web/api-types.ts';

// What an API might say, every part of it there, as a mainnet miner with two nodes would see it.

const TIP = `0000000000012ab3${'4c'.repeat(24)}`;
const NODE: ApiNode = {
  name: 'home',
  url: 'http://127.0.0.1:8766',
  priority: 1,
  isSource: true,
  state: 'ready',
  sentence: 'The node gives block templates.',
  code: null,
  height: 4_012_344,
  tip: TIP,
  behindBlocks: 0,
  peers: 12,
  version: '4.8.0',
  latencyMs: 0.4,
  download: null,
};

const BLOCK: ApiBlock = {
  height: 4_011_900,
  hash: `00000000000099aa${'77'.repeat(24)}`,
  worker: 'RVNaddress.rig1',
  foundAt: '2026-01-31T09:00:00.000Z',
  state: 'accepted',
  confirmations: 44,
  valueSat: '250000463300',
  verdicts: [
    { node: 'home', kind: 'accepted', reason: null, latencyMs: 3.2 },
    { node: 'far', kind: 'no-answer', reason: 'nothing answers', latencyMs: 12 },
  ],
};

const MINER: ApiMiner = {
  worker: 'rig1',
  agent: 'kawpowminer/1.2.4',
  address: '192.168.1.21',
  port: 3333,
  difficulty: 0.5,
  hashesPerS: 8.1e8,
  reportedHashesPerS: 8.3e8,
  accepted: 1234,
  rejected: 5,
  connectedAt: '2026-01-31T08:00:05.000Z',
  lastShareAgeS: 4,
};

/** @param changes in place of what the example has */
export function apiInstance(changes: Partial<ApiInstance> = {}): ApiInstance {
  return {
    name: 'ravencoin-main',
    coin: 'ravencoin',
    ticker: 'RVN',
    network: 'main',
    state: 'mining',
    sentence: null,
    height: 4_012_345,
    tip: TIP,
    difficulty: 61_234.56,
    template: { ageS: 12, transactions: 41, valueSat: '250000463300' },
    nodes: [
      NODE,
      {
        ...NODE,
        name: 'far',
        url: 'http://192.168.1.10:8766',
        priority: 2,
        isSource: false,
        state: 'downloading',
        sentence: 'The node at http://192.168.1.10:8766 is still downloading the blockchain.',
        code: 'KPSS_RPC_DOWNLOADING',
        height: 3_900_000,
        tip: null,
        behindBlocks: 112_344,
        peers: 8,
        latencyMs: 8.1,
        download: { percent: 97.2, leftS: 5400 },
      },
    ],
    signals: [
      {
        signal: 'p2p',
        first: 210,
        tips: 233,
        leadMs: 118,
        sources: [{ node: 'home', state: 'on', sentence: 'Listens at 127.0.0.1:8767.' }],
      },
      { signal: 'poll', first: 23, tips: 233, leadMs: null, sources: [] },
      {
        signal: 'zmq',
        first: 0,
        tips: 0,
        leadMs: null,
        sources: [{ node: 'home', state: 'failed', sentence: 'Nothing answers at tcp://127.0.0.1:28332.' }],
      },
    ],
    proof: {
      state: 'proved',
      at: '2026-01-31T11:59:50.000Z',
      node: 'home',
      reason: null,
      lastProvedAt: '2026-01-31T11:59:50.000Z',
    },
    throttle: null,
    journal: { state: 'ok', since: null },
    miners: {
      ...{ count: 3, hashesPerS: 1.2e9, secondsPerBlock: 219_166 },
      top: [
        MINER,
        { ...MINER, worker: 'rig2', address: '192.168.1.22', hashesPerS: 3.9e8, reportedHashesPerS: 4e8 },
        {
          ...{ ...MINER, worker: 'rig3', agent: null, address: '192.168.1.23', hashesPerS: 0 },
          ...{ reportedHashesPerS: null, accepted: 0, rejected: 0, lastShareAgeS: null },
        },
      ],
    },
    shares: {
      accepted: 1234,
      unverified: 2,
      rejected: 5,
      byReason: { stale: 4, duplicate: 1 },
      blocksFound: 2,
      blocksAccepted: 1,
    },
    bans: 1,
    door: {
      ...{ connections: 4, held: 1, refused: 812, lastRefusedAgeS: 2 },
      byReason: { banned: 800, full: 0, 'address-full': 0, 'subnet-full': 0, 'too-hasty': 12 },
    },
    blocks: [
      BLOCK,
      {
        ...BLOCK,
        height: 4_000_100,
        state: 'orphaned',
        confirmations: 0,
        foundAt: '2026-01-22T17:03:00.000Z',
      },
    ],
    ...changes,
  };
}

/** @param instances one like the example when left out */
export function apiStatus(instances: readonly ApiInstance[] = [apiInstance()]): ApiStatus {
  return {
    version: '0.1.0',
    startedAt: '2026-01-31T08:00:00.000Z',
    uptimeS: 14_400,
    instances,
    verifier: {
      threads: 3,
      queued: 0,
      verified: 1230,
      shed: 2,
      hashesPerS: 310,
      epochs: [{ pow: 'kawpow', epoch: 534, state: 'ready', percent: 100 }],
    },
  };
}
