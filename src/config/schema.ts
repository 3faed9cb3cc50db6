import { z } from 'zod';
import { NETWORKS } from '../chain/coins.ts';
import { CACHE_OFF } from './cache-folder.ts';
import { isLoopback, parseHostPort } from './host.ts';
import { difficulty, number, oneOf, SWITCH, text, wordOr } from './leaves.ts';
import {
  banningSchema,
  limitsSchema,
  OLD_STRATUM_NAMES,
  port,
  stratumSchema,
  tlsSchema,
  vardiffSchema,
} from './stratum-schema.ts';

// The shape of kpss.yaml. Each leaf has one message, as leaves.ts has it. Groups in a group are
// unknown here, because each is read by itself: one wrong setting hides no fault of another group.

const COINS = [...new Set(NETWORKS.map(({ coin }) => coin))];
const NETWORK_NAMES = [...new Set(NETWORKS.map(({ name }) => name))];

const NODE_NAME = 'expected a name of at most 64 letters, digits, dots, colons and hyphens';
const PRIORITY = 'expected a whole number from 1, the first choice, to 100';
const P2P = 'expected auto, off, or host and port of the node’s P2P, for example 127.0.0.1:8767';
const ZMQ =
  'expected off, or the address that zmqpubhashblock has on this node, for example tcp://127.0.0.1:28332';

export const nodeSchema = z.strictObject({
  name: z
    .string({ error: NODE_NAME })
    // As much as a host name with its port may be, and a log line can bear.
    .regex(/^[a-z0-9[][a-z0-9.:_[\]-]{0,63}$/i, { error: NODE_NAME })
    .optional(),
  url: text('expected the address of the node, for example http://127.0.0.1:8766').optional(),
  user: text('expected the rpcuser of raven.conf, in quotes').optional(),
  password: text('expected the rpcpassword of raven.conf, in quotes').optional(),
  cookie: text('expected the path of the node’s .cookie file').optional(),
  priority: number(PRIORITY, 1, 100).int({ error: PRIORITY }).optional(),
  // A node that takes longer than a minute for a call is of no use to a miner.
  timeoutS: number('expected seconds, from 0.1 to 60', 0.1, 60).optional(),
  p2p: wordOr(['auto', 'off'], (address) => parseHostPort(address) !== undefined, P2P).optional(),
  zmq: wordOr(['off'], isZmqEndpoint, ZMQ).optional(),
  longPoll: z.boolean({ error: SWITCH }).optional(),
});

/** Every block goes to each at the same moment, and each is asked for its tip all the time: nobody needs more. */
export const NODES_MAX = 16;

/** From twenty questions a second, 0.2 ms of a node each, to one in ten seconds, where a block comes every sixty. */
const POLL_MS = { min: 50, max: 10_000 };
const POLL = `milliseconds from ${POLL_MS.min} to ${POLL_MS.max}`;

export const tipsSchema = z.strictObject({
  pollMs: number(`expected ${POLL}`, POLL_MS.min, POLL_MS.max).optional(),
  // A miner without a new job for a minute takes the server for dead.
  refreshS: number('expected seconds, from 5 to 50', 5, 50).optional(),
  askAfterFound: z.boolean({ error: SWITCH }).optional(),
});

const OLD_POLL = `expected ${POLL}, or 0 for the default`;

/** What was called differently by the old server, and stood with its instance. */
const OLD_NAMES = {
  blockRefreshInterval: z
    .number({ error: OLD_POLL })
    .refine((ms) => ms === 0 || (ms >= POLL_MS.min && ms <= POLL_MS.max), { error: OLD_POLL })
    .optional(),
  getNewBlockAfterFound: z.boolean({ error: SWITCH }).optional(),
};

export const throttleSchema = z.strictObject({
  // From one in a hundred hours to one a second. Whoever wants no blocks at all ends KPSS.
  blocksPerHour: number('expected a number from 0.01 to 3600', 0.01, 3600).optional(),
  minBlockIntervalS: number('expected seconds, from 1 to 360000', 1, 360_000).optional(),
  pauseAboveDifficulty: difficulty.optional(),
});

const PERCENT = 'expected a percentage above 0 and below 100, with at most four decimals';

export const recipientSchema = z.strictObject({
  address: text('expected an address'),
  percent: z.number({ error: PERCENT }).refine(isPercentage, { error: PERCENT }),
});

export const payoutSchema = z.strictObject({
  address: text('expected an address').optional(),
  recipients: z
    .array(z.unknown(), { error: 'expected a list of recipients, each with address and percent' })
    // Each is an output of every coinbase; with more, someone means a pool.
    .max(32, { error: 'expected at most 32 recipients' })
    .optional(),
  tag: z.string({ error: 'expected a text, in quotes where it has signs' }).optional(),
});

/** A farm names its accounts, not its cards; looked up in a set, so the bound is that of a file somebody wrote. */
const ALLOWED_MAX = 10_000;
const ALLOWED = 'expected a list of addresses or user names, each in quotes';
const MINER_PASSWORD = 'expected the password that miners are to give, at most 128 characters, in quotes';

export const loginSchema = z.strictObject({
  password: text(MINER_PASSWORD).max(128, { error: MINER_PASSWORD }).optional(),
  allow: z
    .array(z.string({ error: ALLOWED }).min(1, { error: ALLOWED }).max(256, { error: ALLOWED }), {
      error: ALLOWED,
    })
    .max(ALLOWED_MAX, { error: `expected at most ${ALLOWED_MAX} names` })
    .optional(),
});

const NAME = 'expected a name of at most 32 small letters, digits and hyphens';

/** One instance, its groups still unread. */
export const instanceSchema = z.strictObject({
  name: z
    .string({ error: NAME })
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: NAME })
    .optional(),
  coin: oneOf(COINS).optional(),
  network: oneOf(NETWORK_NAMES).optional(),
  node: z.unknown().optional(),
  nodes: z.unknown().optional(),
  tips: z.unknown().optional(),
  throttle: z.unknown().optional(),
  payout: z.unknown().optional(),
  stratum: z.unknown().optional(),
  ...OLD_NAMES,
});

/** The top of a file whose one instance has no list around it. */
export const rootSchema = instanceSchema.extend({
  verifier: z.unknown().optional(),
  web: z.unknown().optional(),
  log: z.unknown().optional(),
  dataDirectory: z.unknown().optional(),
  instances: z.unknown().optional(),
});

/** Words that mean something else than a folder of this name, which is written ./no. */
const NO_DIRECTORY = /^(on|off|yes|no|none|true|false|auto|default)$/i;
const DATA_DIRECTORY = 'expected the path of a folder, since found blocks are always written down';

/** The one setting beside the groups of all instances. */
export const placesSchema = z.strictObject({
  dataDirectory: text(DATA_DIRECTORY)
    .refine((path) => !NO_DIRECTORY.test(path), { error: DATA_DIRECTORY })
    .optional(),
});

const WEB_HOST =
  'expected 127.0.0.1, ::1 or localhost, since it has no login yet (docs/operations.md shows how ssh brings it elsewhere)';

export const webSchema = z.strictObject({
  host: z.string({ error: WEB_HOST }).refine(isLoopback, { error: WEB_HOST }).optional(),
  port,
});

const DIRECTORY = 'expected the path of a folder, or off';
/** More than shares need by far; with the default it is the most that a large machine gives. */
export const VERIFIER_THREADS_MAX = 64;
const THREADS = `expected a whole number of threads, from 1 to ${VERIFIER_THREADS_MAX}`;

export const verifierSchema = z.strictObject({
  cacheDirectory: text(DIRECTORY)
    .refine((path) => path === CACHE_OFF || !NO_DIRECTORY.test(path), { error: DIRECTORY })
    .optional(),
  threads: number(THREADS, 1, VERIFIER_THREADS_MAX).int({ error: THREADS }).optional(),
  dag: oneOf(['off', 'auto', 'on']).optional(),
});

export const logSchema = z.strictObject({
  level: oneOf(['debug', 'info', 'warn', 'error']).optional(),
  format: oneOf(['auto', 'pretty', 'json']).optional(),
});

const GROUPS: Readonly<Record<string, z.ZodObject>> = {
  node: nodeSchema,
  tips: tipsSchema,
  throttle: throttleSchema,
  payout: payoutSchema,
  stratum: stratumSchema,
  vardiff: vardiffSchema,
  login: loginSchema,
  tls: tlsSchema,
  limits: limitsSchema,
  banning: banningSchema,
  verifier: verifierSchema,
  web: webSchema,
  log: logSchema,
};

/** @returns the settings that are offered to whoever wrote an unknown one */
export function namesOf(schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).filter(
    (key) => !(Object.hasOwn(OLD_NAMES, key) || OLD_STRATUM_NAMES.includes(key)),
  );
}

/** @returns the groups inside a group that have such a setting, for one that was written a level too high */
export function groupsWith(key: string, schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).flatMap((name) => {
    const group = GROUPS[name];
    if (group === undefined) return [];
    const below = groupsWith(key, group).map((inner) => `${name}.${inner}`);
    return Object.hasOwn(group.shape, key) ? [name, ...below] : below;
  });
}

function isZmqEndpoint(endpoint: string): boolean {
  return endpoint.startsWith('tcp://') && parseHostPort(endpoint.slice('tcp://'.length)) !== undefined;
}

/** Parts per million are whole numbers: a percentage has four decimals at the most. */
export function isPercentage(percent: number): boolean {
  const parts = percent * 10_000;
  return percent > 0 && percent < 100 && Math.abs(parts - Math.round(parts)) < 1e-6;
}
