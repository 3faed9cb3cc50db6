/** What strangers may take of an instance. Each is a setting of `stratum.limits`; docs/limits.md explains them. */
export interface StratumLimits {
  /** In all. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** An IPv4 /24 or an IPv6 /64: what one owner easily has. */
  readonly connectionsPerSubnetMax: number;
  /** New connections of one address, per second in the long run. */
  readonly connectsPerSMax: number;
  /** For a TLS handshake, or a PROXY header. */
  readonly handshakeTimeoutMs: number;
  /** From the connection to the login. */
  readonly loginTimeoutMs: number;
  /** From the first job to the first accepted share. */
  readonly firstShareTimeoutMs: number;
  /** Without a line from a miner that has work. */
  readonly idleTimeoutMs: number;
  /** Lines of one connection, per second in the long run; more are read later. */
  readonly linesPerSMax: number;
  /** What waits for a miner that does not read. */
  readonly backlogBytesMax: number;
}

/** When an address is shut out for a while. Each is a setting of `stratum.banning`. */
export interface BanningRules {
  readonly isEnabled: boolean;
  readonly timeMs: number;
  /** An address's invalid shares, in percent of those since the last check… */
  readonly invalidPercent: number;
  /** …which comes after so many. */
  readonly checkThreshold: number;
  /** Refused logins of one address within the ban's time. */
  readonly failedLoginsMax: number;
  /** Connections of one address closed for wrong mix hashes or garbage, within the ban's time; or as many forged shares. */
  readonly forgersMax: number;
}

export const DEFAULT_LIMITS: StratumLimits = {
  // Each costs some 5 KiB, with TLS 60 KiB more, and one of 65,536 prefixes: a farm of ten thousand cards behind single
  // connections fits twice.
  connectionsMax: 20_000,
  // A large farm behind one router, or a rental proxy.
  connectionsPerAddressMax: 1_000,
  // Several such routers side by side.
  connectionsPerSubnetMax: 4_000,
  // Prefixes come back after about five minutes: a hasty address can have a quarter of them.
  connectsPerSMax: 50,
  // Ten round trips to the other side of the world.
  handshakeTimeoutMs: 10_000,
  // A real miner logs in within a second of connecting; behind the slowest proxy, ten.
  loginTimeoutMs: 30_000,
  // At vardiff's pace shares come every ten seconds; at a fixed difficulty chosen badly, once in an hour.
  firstShareTimeoutMs: 3_600_000,
  // A miner sends nothing but shares, unless it reports its hashrate: as long as for the first one.
  idleTimeoutMs: 3_600_000,
  // A farm of 400 GH/s at the default's highest difficulty sends a tenth of a share a second.
  linesPerSMax: 500,
  // Some hundred jobs, minutes of work that it has not seen. More would let stuck connections fill the memory.
  backlogBytesMax: 64 * 1024,
};

export const DEFAULT_BANNING: BanningRules = {
  isEnabled: true,
  // Long enough that guessing or forging is not worth it, short enough that a repaired rig is not waited for.
  timeMs: 600_000,
  // An unstable card has some percent of invalid shares; half of them invalid is no miner.
  invalidPercent: 50,
  // A minute of bad luck after a reorganisation is far below it.
  checkThreshold: 500,
  // A person that mistypes an address gives up sooner; a program that guesses does not.
  failedLoginsMax: 10,
  // Each had four wrong mix hashes, or ten lines of garbage.
  forgersMax: 3,
};
