/**
 * What the API answers, `GET /api/v1/status` before all, as JSON. Whoever reads the API (`kpss status`, the dashboard) imports these types
 * and nothing else of the program. docs/api.md describes every field, and a test holds it against a real answer.
 *
 * Times are ISO 8601 in UTC, as `2026-01-31T12:00:00.000Z`. Amounts are whole satoshi as decimal strings, since they may
 * be beyond what a JSON number carries exactly. Hashes are display hex. What is not known is null; no field is left out.
 * Within v1 fields are added, and none is renamed or removed.
 */
export interface ApiStatus {
  /** Of KPSS: `0.1.0`. */
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeS: number;
  /** In the order of the configuration. */
  readonly instances: readonly ApiInstance[];
  readonly verifier: ApiVerifier;
}

/** One coin on one network. */
export interface ApiInstance {
  /** As in the configuration: `ravencoin-main`. */
  readonly name: string;
  readonly coin: string;
  /** `RVN` */
  readonly ticker: string;
  readonly network: string;
  /**
   * `mining`: miners work on a present block. `no-miners`: work is there, and nobody to do it. `waiting`: no node gives
   * work. `throttled`: miners work, and blocks wait until the throttle lets one out.
   */
  readonly state: 'mining' | 'no-miners' | 'waiting' | 'throttled';
  /** For the owner: why it is not mining, and what to do; null while it is. */
  readonly sentence: string | null;
  /** Of the block that is being mined. */
  readonly height: number | null;
  /** The block that it builds on. */
  readonly tip: string | null;
  /** The network's, as ravend counts it. */
  readonly difficulty: number | null;
  /** What is being mined; null before the first. */
  readonly template: ApiTemplate | null;
  /** In the order of the configuration. */
  readonly nodes: readonly ApiNode[];
  /** Ways of hearing of new blocks. */
  readonly signals: readonly ApiSignal[];
  readonly proof: ApiProof;
  /** null where none is set. */
  readonly throttle: ApiThrottle | null;
  /** Where found blocks are written down. */
  readonly journal: ApiJournal;
  readonly miners: ApiMiners;
  readonly shares: ApiShares;
  /** Addresses that are shut out at present. */
  readonly bans: number;
  readonly door: ApiDoor | null;
  /** The newest ones, newest first. */
  readonly blocks: readonly ApiBlock[];
}

/** The way in for connections, over all ports. */
export interface ApiDoor {
  /** That are in, be they logged in or not. */
  readonly connections: number;
  /** Refused, and not closed yet. */
  readonly held: number;
  /** Since the start. */
  readonly refused: number;
  readonly byReason: Readonly<Record<string, number>>;
  /** Since the last one was refused. */
  readonly lastRefusedAgeS: number | null;
}

/** The block template that the present jobs are made of. */
export interface ApiTemplate {
  /** Since it came from the node. */
  readonly ageS: number;
  /** Besides the coinbase. */
  readonly transactions: number;
  /** Subsidy and fees. */
  readonly valueSat: string;
}

/** How one node is doing. */
export interface ApiNode {
  readonly name: string;
  /** Never with user or password. */
  readonly url: string;
  /** The lowest of the healthy ones gives the templates. */
  readonly priority: number;
  /** Whether the present template is from it. */
  readonly isSource: boolean;
  /** `ready`, or a word for what is wrong, such as `unreachable`, `downloading` or `wrong-password`. */
  readonly state: string;
  /** For the owner: what is wrong and what to do about it. */
  readonly sentence: string;
  /** As docs/errors.md lists them. */
  readonly code: string | null;
  /** Of its tip. */
  readonly height: number | null;
  readonly tip: string | null;
  /** Behind the node that gives the work; 0 when it is not, or nobody knows. */
  readonly behindBlocks: number;
  /** That it is connected to; KPSS itself is none of them, but on regtest. */
  readonly peers: number | null;
  /** `4.8.0` */
  readonly version: string | null;
  /** From a question to its answer. */
  readonly latencyMs: number | null;
  /** How far its download of the chain is; null when it is done or not known. */
  readonly download: { readonly percent: number; readonly leftS: number | null } | null;
}

/** How one way of hearing of new blocks is doing. */
export interface ApiSignal {
  readonly signal: 'poll' | 'p2p' | 'zmq' | 'long-poll' | 'notify';
  /** How many new tips it was the first to tell. */
  readonly first: number;
  /** How many it told at all. */
  readonly tips: number;
  /** How long before polling it told its latest tips, the median, below 0 for later; null where nobody can say. */
  readonly leadMs: number | null;
  /** The nodes that it comes from; none where it has no connection of its own. */
  readonly sources: readonly ApiSignalSource[];
}

/** One way of hearing of new blocks, from one node. */
export interface ApiSignalSource {
  /** Its name. */
  readonly node: string;
  readonly state: 'connecting' | 'on' | 'failed' | 'off';
  /** For the owner: what it listens to, or what is wrong and what to do about it. */
  readonly sentence: string;
}

/** Whether a node said, beforehand, that a block of the present work would be valid. */
export interface ApiProof {
  readonly state: 'proved' | 'refused' | 'unknown';
  /** When that was learnt. */
  readonly at: string | null;
  /** The one that said so. */
  readonly node: string | null;
  /** The node's, for a refusal; why nobody knows, for `unknown`. */
  readonly reason: string | null;
  /** When work was last called valid. */
  readonly lastProvedAt: string | null;
}

/** The brake on how fast blocks are handed in. */
export interface ApiThrottle {
  /** `holding`: no block goes out now. */
  readonly state: 'open' | 'holding';
  /** When the next block may go out; null when it may now, or when nobody can say. */
  readonly until: string | null;
  /** Until when and why; null while it is open. */
  readonly sentence: string | null;
  /** Candidates for the present tip that wait, or came after the one that does. */
  readonly held: number;
  /** Those of the last 60 minutes that were handed in and not refused. */
  readonly blocksLastHour: number;
}

/** Where found blocks are written down before anything else. */
export interface ApiJournal {
  /** `failing`: the disk refuses, and a crash would lose a block that is found now. `off`: nothing is written down. */
  readonly state: 'ok' | 'failing' | 'off';
  /** Since when it fails. */
  readonly since: string | null;
}

/** Those that are logged in. */
export interface ApiMiners {
  readonly count: number;
  /** Of the last ten minutes, all together. */
  readonly hashesPerS: number;
  /** Between two blocks on average, at this hashrate and the present difficulty; null without either. */
  readonly secondsPerBlock: number | null;
  /** The fastest of them, the fastest first: at most 100. */
  readonly top: readonly ApiMiner[];
}

/** One connection that is logged in. */
export interface ApiMiner {
  readonly worker: string;
  /** Its software, as it calls itself; null when it does not. */
  readonly agent: string | null;
  /** Where it connects from. */
  readonly address: string;
  /** That it connected to. */
  readonly port: number;
  readonly difficulty: number;
  /** From its shares of the last ten minutes. */
  readonly hashesPerS: number;
  /** What it says of itself; null when it does not. */
  readonly reportedHashesPerS: number | null;
  /** Shares, since it connected. */
  readonly accepted: number;
  readonly rejected: number;
  readonly connectedAt: string;
  /** Since its last accepted share; null before the first. */
  readonly lastShareAgeS: number | null;
}

/** Since the start. */
export interface ApiShares {
  readonly accepted: number;
  /** Of the accepted: those whose mix hash was not checked. */
  readonly unverified: number;
  readonly rejected: number;
  /** Of the rejected: how many for which reason, such as `stale`. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Candidates handed in. */
  readonly blocksFound: number;
  /** Of those: the ones that a node took for its tip. */
  readonly blocksAccepted: number;
}

/** One block that a miner here found. */
export interface ApiBlock {
  readonly height: number;
  readonly hash: string;
  readonly worker: string;
  readonly foundAt: string;
  /**
   * `submitting`: no node has said a word that decides; `held`: found while KPSS was being stopped, so the next start
   * hands it in; `accepted` only when a node said so; `inconclusive`: a node has it beside its best chain; `orphaned`:
   * another block took its place; `mature`: it has 100 confirmations.
   */
  readonly state: 'submitting' | 'held' | 'accepted' | 'inconclusive' | 'rejected' | 'orphaned' | 'mature';
  /** 0 while it is in nobody's best chain. */
  readonly confirmations: number;
  /** Subsidy and fees. */
  readonly valueSat: string;
  readonly verdicts: readonly ApiVerdict[];
}

/** What one node said of a block. */
export interface ApiVerdict {
  readonly node: string;
  /** `accepted`, `duplicate`, `inconclusive`, `rejected`, … */
  readonly kind: string;
  readonly reason: string | null;
  readonly latencyMs: number;
}

/** What `GET /api/v1/bans` answers. */
export interface ApiBans {
  /** Those in force, of all instances, in the order of the configuration and then of their ends. */
  readonly bans: readonly ApiBan[];
}

/** An address that may not come in, for a while. */
export interface ApiBan {
  readonly instance: string;
  /** IPv4, or an IPv6 /64 network: `2001:db8::/64`. */
  readonly address: string;
  readonly reason: 'invalid-shares' | 'wrong-mix' | 'garbage' | 'failed-logins';
  readonly since: string;
  readonly until: string;
}

/** What `DELETE /api/v1/bans/…` answers. */
export interface ApiLifted {
  /** How many bans were lifted. */
  readonly lifted: number;
}

/** What checks the shares of all instances. */
export interface ApiVerifier {
  readonly threads: number;
  /** Shares that wait for a thread. */
  readonly queued: number;
  /** Since the start. */
  readonly verified: number;
  /** Since the start: shares taken on trust since more came than the threads can check. */
  readonly shed: number;
  /** What all threads together can do, as measured; null before there was work. */
  readonly hashesPerS: number | null;
  readonly epochs: readonly ApiEpoch[];
}

/** A light cache. */
export interface ApiEpoch {
  /** The name of its proof of work. */
  readonly pow: string;
  readonly epoch: number;
  readonly state: 'building' | 'ready';
  readonly percent: number;
}

/** Every answer that is no success. */
export interface ApiError {
  readonly error: {
    /** Stays the same between releases; docs/api.md lists them. */
    readonly code: ApiErrorCode;
    /** For people. */
    readonly message: string;
  };
}

/** What can be wrong with a request. */
export type ApiErrorCode =
  | 'bad-request'
  | 'bad-hash'
  | 'wrong-host'
  | 'wrong-origin'
  | 'not-found'
  | 'unknown-instance'
  | 'not-banned'
  | 'timeout'
  | 'too-large'
  | 'failed';
