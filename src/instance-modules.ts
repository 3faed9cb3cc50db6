import type { Authorize } from './authorize.ts';
import type { BlockOutcome } from './block-ledger.ts';
import type { TellEvent } from './instance-events.ts';
import type { InstanceNode } from './instance-nodes.ts';
import type { Verifier } from './kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
import type { JournalStore } from './store/journal-store.ts';
import type { BanList } from './stratum/bans.ts';
import type { MinersServer, StratumServerModules, StratumServerOptions } from './stratum/server.ts';
import type { ReadTls } from './stratum/tls-stage.ts';

/** What an instance needs from outside. */
export interface InstanceModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Of this instance's proof of work. */
  readonly verifier: Verifier;
  /** At least one, in the order of the configuration. */
  readonly nodes: readonly InstanceNode[];
  /** Where found blocks are written down; nowhere when left out. */
  readonly journal?: JournalStore | undefined;
  /** A block that a miner of this instance found has had its outcome. */
  readonly onBlock?: (block: BlockOutcome) => void;
  /** Hears of all that goes on. */
  readonly onEvent?: TellEvent | undefined;
  /** Is asked about each login; nobody is when left out. */
  readonly authorize?: Authorize | undefined;
  /** Who is shut out of the miners' ports; one that ends with the process when left out. */
  readonly bans?: BanList | undefined;
  /** Has the certificates of ports with TLS; needed where there are some. */
  readonly readTls?: ReadTls | undefined;
  /** StratumServer when left out. */
  readonly createServer?: (options: StratumServerOptions, modules: StratumServerModules) => MinersServer;
}
