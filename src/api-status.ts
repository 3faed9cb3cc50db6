import { isoTime, nodeOf, type PartFacts, partsOf } from './api-parts.ts';
import type { Network } from './chain/coins.ts';
import { targetToDifficulty } from './chain/target.ts';
import type { InstanceStatus } from './instance-status.ts';
import type { VerifierStatus } from './kawpow/verifier.ts';
import { secondsPerBlock } from './mining/odds.ts';
import type { MinerReport } from './stratum/miner-report.ts';
import type {
  ApiEpoch,
  ApiInstance,
  ApiMiner,
  ApiMiners,
  ApiShares,
  ApiStatus,
  ApiTemplate,
  ApiVerifier,
} from './web/api-types.ts';

// What the program knows of itself, put into the words of the API. One small function a part.

/** Digits of a difficulty or an estimate that anybody reads. */
const DIGITS = 8;

/** What is known of the process. */
export interface ProgramFacts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Of the verifier. */
  readonly threads: number;
  readonly verifier: VerifierStatus;
}

/** What is known of one instance. */
export interface InstanceFacts {
  readonly name: string;
  readonly network: Network;
  readonly status: InstanceStatus & PartFacts;
  /** Addresses that are shut out. */
  readonly bans: number;
}

/** Everything that `GET /api/v1/status` answers. */
export function apiStatus(program: ProgramFacts, instances: readonly InstanceFacts[]): ApiStatus {
  const { version, startedAtMs, nowMs } = program;
  return {
    version,
    startedAt: isoTime(startedAtMs),
    uptimeS: Math.floor((nowMs - startedAtMs) / 1000),
    instances: instances.map((facts) => instanceOf(facts, nowMs)),
    verifier: verifierOf(program),
  };
}

function instanceOf(facts: InstanceFacts, nowMs: number): ApiInstance {
  const { name, network, status } = facts;
  const { template } = status;
  const parts = partsOf(status);
  return {
    name,
    coin: network.coin,
    ticker: network.ticker,
    network: network.name,
    ...stateOf(status, parts.throttle),
    height: template?.height ?? null,
    tip: template?.previousBlockHash ?? null,
    difficulty: template === undefined ? null : rounded(targetToDifficulty(template.networkTarget)),
    template: templateOf(status, nowMs),
    nodes: status.nodes.map((node) => nodeOf(node, isPeerOfOurs(node.name, facts))),
    ...parts,
    miners: minersOf(status, nowMs),
    shares: sharesOf(status),
    bans: facts.bans,
    door: doorOf(status, nowMs),
  };
}

/** On regtest we count as well: ravend wants somebody there, no matter who. */
function isPeerOfOurs(nodeName: string, { network, status }: InstanceFacts): boolean {
  if (network.name === 'regtest') return false;
  return status.signalReports.some(
    ({ signal, node, state }) => signal === 'p2p' && node === nodeName && state === 'on',
  );
}

/** What keeps it from mining, the most basic first. */
function stateOf(
  { node, template, miners }: InstanceStatus,
  throttle: ApiInstance['throttle'],
): Pick<ApiInstance, 'state' | 'sentence'> {
  if (node?.state !== 'ready' || template === undefined) {
    return { state: 'waiting', sentence: node?.sentence ?? 'It is starting.' };
  }
  if (miners === 0) {
    return { state: 'no-miners', sentence: 'There is work, and no miner is connected.' };
  }
  if (throttle?.state === 'holding') return { state: 'throttled', sentence: throttle.sentence };
  return { state: 'mining', sentence: null };
}

function templateOf({ template, templateAtMs }: InstanceStatus, nowMs: number): ApiTemplate | null {
  if (template === undefined || templateAtMs === undefined) return null;
  return {
    ageS: ageOf(templateAtMs, nowMs),
    transactions: template.transactions.length,
    valueSat: template.coinbaseValueSat.toString(),
  };
}

function doorOf({ door }: InstanceStatus, nowMs: number): ApiInstance['door'] {
  if (door === undefined) return null;
  const { connections, held, refused, lastRefusedMs } = door;
  return {
    ...{ connections, held },
    refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
    byReason: refused,
    lastRefusedAgeS: lastRefusedMs === undefined ? null : ageOf(lastRefusedMs, nowMs),
  };
}

/** In whole seconds. */
function ageOf(atMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - atMs) / 1000));
}

function minersOf(
  { miners: count, minerReports, hashesPerS, template }: InstanceStatus,
  nowMs: number,
): ApiMiners {
  const seconds = template && secondsPerBlock(template.networkTarget, hashesPerS);
  return {
    count,
    hashesPerS: rounded(hashesPerS),
    secondsPerBlock: seconds === undefined ? null : rounded(seconds),
    top: minerReports.map((miner) => minerOf(miner, nowMs)),
  };
}

function minerOf(miner: MinerReport, nowMs: number): ApiMiner {
  const { worker, agent, address, port, accepted, rejected, reportedHashesPerS, lastShareMs } = miner;
  return {
    worker,
    agent: agent === '' ? null : agent,
    ...{ address, port },
    difficulty: rounded(miner.difficulty),
    hashesPerS: rounded(miner.hashesPerS),
    reportedHashesPerS: reportedHashesPerS === undefined ? null : rounded(reportedHashesPerS),
    ...{ accepted, rejected },
    connectedAt: isoTime(miner.connectedMs),
    lastShareAgeS: lastShareMs === undefined ? null : ageOf(lastShareMs, nowMs),
  };
}

function sharesOf({ counts }: InstanceStatus): ApiShares {
  const { accepted, unverified, rejected: byReason, blocksFound, blocksAccepted } = counts;
  const rejected = Object.values(byReason).reduce((sum, count) => sum + count, 0);
  return { accepted, unverified, rejected, byReason, blocksFound, blocksAccepted };
}

function verifierOf({ threads, verifier }: ProgramFacts): ApiVerifier {
  const { queued, verified, shed, hashesPerS = null, epochs } = verifier;
  return { threads, queued, verified, shed, hashesPerS, epochs: epochs.map(epochOf) };
}

function epochOf({ pow, epoch, state, progress }: VerifierStatus['epochs'][number]): ApiEpoch {
  return { pow, epoch, state, percent: Math.floor(progress * 100) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
