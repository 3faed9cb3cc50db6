import type { Network } from '../chain/coins.ts';
import type { LoginPolicy, LoginRules } from '../mining/login.ts';
import type { ThrottleRules } from '../mining/throttle.ts';
import type { Credentials } from '../node/credentials.ts';
import type { StratumServerOptions } from '../stratum/server.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'auto' | 'pretty' | 'json';
/** Whether whole datasets are made. */
export type DagMode = 'off' | 'auto' | 'on';

/** Everything a run of `kpss start` needs to know, complete and checked. */
export interface Config {
  /** At least one. */
  readonly instances: readonly InstanceConfig[];
  readonly verifier: {
    /** An absolute path; undefined keeps no light caches on disk. */
    readonly cacheDirectory: string | undefined;
    readonly threads: number;
    readonly dag: DagMode;
  };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** An absolute path: where found blocks are written down before anything else. */
  readonly dataDirectory: string;
  /** Where the status is served and tips are told; undefined for nowhere. */
  readonly web: { readonly host: string; readonly port: number } | undefined;
}

/** One node of an instance, and how news of it come. */
export interface NodeConfig {
  /** Unique within its instance; host and port unless the file names it. */
  readonly name: string;
  readonly url: string;
  readonly credentials: Credentials;
  /** The lowest of the healthy ones gives the templates; equal ones are alike. */
  readonly priority: number;
  /** For a template, and whatever else has no time limit of its own; the client's default when undefined. */
  readonly timeoutMs: number | undefined;
  /** Its P2P port; `auto`: the network's own on the same host, if it answers. Undefined: off, or of no known magic. */
  readonly p2p: { readonly host: string; readonly port: number; readonly isAuto: boolean } | undefined;
  /** The endpoint of zmqpubhashblock, `tcp://127.0.0.1:28332`; undefined for none. */
  readonly zmq: string | undefined;
  readonly longPoll: boolean;
}

/** How new blocks are asked for. */
export interface TipsConfig {
  /** From one question for the tip to the next. */
  readonly pollMs: number;
  /** The longest that a template is used while the tip stays. */
  readonly refreshMs: number;
  /** Whether a template is asked for as soon as a block of ours was accepted. */
  readonly askAfterFound: boolean;
}

/** How fast blocks may be handed in; a rule that is undefined does not count. */
export type ThrottleConfig = ThrottleRules;

/** One coin on one network: what app.ts starts. */
export interface InstanceConfig {
  /** Unique among the instances: `ravencoin-main`. */
  readonly name: string;
  readonly network: Network;
  /** At least one, in the order of the file. */
  readonly nodes: readonly NodeConfig[];
  readonly tips: TipsConfig;
  readonly throttle: ThrottleConfig;
  readonly payout: Pick<LoginPolicy, 'mainScript' | 'recipients'>;
  readonly login: LoginRules;
  /** As it is shown: the address that is paid, or undefined where each miner is paid. */
  readonly payoutAddress: string | undefined;
  /** Follows the height in the coinbase. */
  readonly tag: Uint8Array;
  readonly stratum: StratumServerOptions;
}

/** Command-line flags of `kpss start`, as they were typed. They win over the file. */
export interface ConfigFlags {
  /** `--node`: the node's URL, or only its host and port. */
  readonly node?: string | undefined;
  readonly address?: string | undefined;
  /** `--host`: the address that miners connect to. */
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly coin?: string | undefined;
  readonly network?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      /** One sentence each, with file, line and key, or the flag; never a secret. */
      readonly problems: readonly string[];
      /** What could be started nevertheless: there where all problems lie within some of several instances. */
      readonly sound?: Config;
    };
