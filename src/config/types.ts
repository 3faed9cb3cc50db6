import type { Network } from '../chain/coins.ts';
import type { LoginPolicy } from '../mining/login.ts';
import type { VardiffOptions } from '../mining/vardiff.ts';
import type { Credentials } from '../node/credentials.ts';

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
}

/** One coin on one network: what app.ts starts. */
export interface InstanceConfig {
  /** Unique among the instances: `ravencoin-main`. */
  readonly name: string;
  readonly network: Network;
  readonly node: { readonly name: string; readonly url: string; readonly credentials: Credentials };
  readonly payout: Omit<LoginPolicy, 'network'>;
  /** As it is shown: the address that is paid, or undefined where each miner is paid. */
  readonly payoutAddress: string | undefined;
  /** Follows the height in the coinbase. */
  readonly tag: Uint8Array;
  readonly stratum: { readonly host: string; readonly port: number; readonly vardiff: VardiffOptions };
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
  /** One sentence each, with file, line and key, or the flag; never a secret. */
  | { readonly ok: false; readonly problems: readonly string[] };
