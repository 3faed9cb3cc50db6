import { z } from 'zod';
import { isHost } from './host.ts';
import { count, difficulty, number, SWITCH, seconds, text } from './leaves.ts';

// The shape of the miners' side in kpss.yaml; schema.ts has the rest.

const HOST = 'expected an IP address or host name of this machine to listen on';
export const PORT = 'expected a port number from 1 to 65535, or 0 for any free one';

/** A port to listen on. */
export const port = number(PORT, 0, 65535).int({ error: PORT }).optional();

/** Seconds between shares and between retargets; an hour is longer than any miner waits. */
const pace = seconds(0.1, 3600).optional();
const variancePercent = number('expected a percentage from 1 to 100', 1, 100).optional();

export const vardiffSchema = z.strictObject({
  min: difficulty.optional(),
  max: difficulty.optional(),
  start: difficulty.optional(),
  targetTimeS: pace,
  retargetTimeS: pace,
  variancePercent,
});

/** As the old server had it. */
export const oldVardiffSchema = z.strictObject({
  minDiff: difficulty.optional(),
  maxDiff: difficulty.optional(),
  targetTime: pace,
  retargetTime: pace,
  variancePercent,
});

const CERTIFICATE = 'expected the path of a PEM file with the certificate, its chain below it';
const KEY = 'expected the path of a PEM file with the key of the certificate';

export const tlsSchema = z.strictObject({ certificate: text(CERTIFICATE), key: text(KEY) });

const ofPort = {
  host: z.string({ error: HOST }).refine(isHost, { error: HOST }).optional(),
  port,
  difficulty: difficulty.optional(),
  vardiff: z.unknown().optional(),
  tls: z.unknown().optional(),
  proxies: z.unknown().optional(),
  // The old server's names.
  diff: difficulty.optional(),
  varDiff: z.unknown().optional(),
};

/** One port of several. */
export const portSchema = z.strictObject(ofPort);

/** Farms have one for each kind of card. More is a mistake in a template, and each is a socket of the system's. */
export const PORTS_MAX = 16;

/** A data centre has some; each connection is held against all of them. */
export const PROXIES_MAX = 64;

/** A week: whoever is silent for longer is found by nobody's keep-alive, and holds one of 65,536 prefixes. */
const SILENCE_S_MAX = 604_800;
const silence = seconds(1, SILENCE_S_MAX).optional();

export const stratumSchema = z.strictObject({
  ...ofPort,
  ports: z.unknown().optional(),
  limits: z.unknown().optional(),
  banning: z.unknown().optional(),
  login: z.unknown().optional(),
  connectionTimeout: silence,
});

/** Each connection has one of 65,536 prefixes, and those that were given back rest for a while. */
const CONNECTIONS_MAX = 60_000;

export const limitsSchema = z.strictObject({
  connections: count(1, CONNECTIONS_MAX).optional(),
  connectionsPerAddress: count(1, CONNECTIONS_MAX).optional(),
  connectionsPerSubnet: count(1, CONNECTIONS_MAX).optional(),
  // More than the system accepts anyway.
  connectsPerS: count(1, 10_000).optional(),
  // Whoever needs longer for some packets is not on this planet.
  handshakeTimeoutS: seconds(0.1, 120).optional(),
  // A login that somebody types by hand.
  loginTimeoutS: seconds(0.1, 600).optional(),
  firstShareTimeoutS: silence,
  idleTimeoutS: silence,
  // From a line every two seconds, which vardiff aims at with room, to more than the parser reads of one connection.
  linesPerS: count(1, 100_000).optional(),
  // From some ten jobs to what one may hold without harm; times all connections it is the machine's memory.
  backlogBytes: count(4096, 16 * 1024 * 1024).optional(),
});

/** A month: longer than an address stays with its owner. */
const banTime = seconds(1, 2_678_400).optional();

export const banningSchema = z.strictObject({
  enabled: z.boolean({ error: SWITCH }).optional(),
  timeS: banTime,
  invalidPercent: number('expected a percentage from 1 to 100', 1, 100).optional(),
  checkThreshold: count(1, 1_000_000).optional(),
  failedLogins: count(1, 10_000).optional(),
  forgers: count(1, 10_000).optional(),
  // The old server's names. Its bans had to be swept out now and then; ours end by themselves, so how often is not read.
  time: banTime,
  purgeInterval: z.unknown().optional(),
});

/** Settings of the old server that are taken, and not offered to whoever wrote an unknown one. */
export const OLD_STRATUM_NAMES: readonly string[] = [
  ...['diff', 'varDiff', 'connectionTimeout', 'time', 'purgeInterval'],
  ...['minDiff', 'maxDiff', 'targetTime', 'retargetTime'],
];
