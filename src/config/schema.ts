import { isIP } from 'node:net';
import { z } from 'zod';
import { NETWORKS } from '../chain/coins.ts';
import { CACHE_OFF } from './cache-folder.ts';
import { MINEABLE_COINS } from './mineable.ts';
import { listText } from './words.ts';

// The shape of kpss.yaml. Each leaf has one message, which says what was expected; words.ts adds what was found. Groups
// in a group are unknown here, because each is read by itself: one wrong setting hides no fault of another group.

const COINS = [...new Set(NETWORKS.map(({ coin }) => coin))];
const NETWORK_NAMES = [...new Set(NETWORKS.map(({ name }) => name))];
const DIFFICULTY = 'expected a difficulty from 1e-10 to 1e12';

function text(expected: string) {
  return z.string({ error: expected }).min(1, { error: expected });
}

function number(expected: string, min: number, max: number) {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

/** @param offered which of them the message names; all when left out */
function oneOf<const T extends readonly string[]>(values: T, offered: readonly string[] = values) {
  return z.enum(values, { error: `expected ${listText(offered)}` });
}

/** Below it a difficulty's target is all ones: every hash is a share. Above 1e12 no network ever was. */
const difficulty = number(DIFFICULTY, 1e-10, 1e12);

export const nodeSchema = z.strictObject({
  url: text('expected the address of the node, for example http://127.0.0.1:8766').optional(),
  user: text('expected the rpcuser of raven.conf, in quotes').optional(),
  password: text('expected the rpcpassword of raven.conf, in quotes').optional(),
  cookie: text('expected the path of the node’s .cookie file').optional(),
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

/** Seconds between shares and between retargets; an hour is longer than any miner waits. */
const seconds = number('expected seconds, from 0.1 to 3600', 0.1, 3600).optional();

export const vardiffSchema = z.strictObject({
  min: difficulty.optional(),
  max: difficulty.optional(),
  start: difficulty.optional(),
  targetTimeS: seconds,
  retargetTimeS: seconds,
  variancePercent: number('expected a percentage from 1 to 100', 1, 100).optional(),
});

const HOST = 'expected an IP address or host name of this machine to listen on';
const PORT = 'expected a port number from 1 to 65535, or 0 for any free one';

export const stratumSchema = z.strictObject({
  host: z
    .string({ error: HOST })
    .refine((host) => isIP(host) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host), { error: HOST })
    .optional(),
  port: number(PORT, 0, 65535).int({ error: PORT }).optional(),
  difficulty: difficulty.optional(),
  vardiff: z.unknown().optional(),
});

const NAME = 'expected a name of at most 32 small letters, digits and hyphens';

/** One instance, its groups still unread. */
export const instanceSchema = z.strictObject({
  name: z
    .string({ error: NAME })
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: NAME })
    .optional(),
  coin: oneOf(COINS, MINEABLE_COINS).optional(),
  network: oneOf(NETWORK_NAMES).optional(),
  node: z.unknown().optional(),
  payout: z.unknown().optional(),
  stratum: z.unknown().optional(),
});

/** The top of a file whose one instance has no list around it. */
export const rootSchema = instanceSchema.extend({
  verifier: z.unknown().optional(),
  log: z.unknown().optional(),
  instances: z.unknown().optional(),
});

const DIRECTORY = 'expected the path of a folder, or off';
/** Words that mean something else than a folder of this name, which is written ./no. */
const NO_DIRECTORY = /^(on|off|yes|no|none|true|false|auto|default)$/i;
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
  payout: payoutSchema,
  stratum: stratumSchema,
  vardiff: vardiffSchema,
  verifier: verifierSchema,
  log: logSchema,
};

/** @returns the groups inside a group that have such a setting, for one that was written a level too high */
export function groupsWith(key: string, schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).flatMap((name) => {
    const group = GROUPS[name];
    if (group === undefined) return [];
    const below = groupsWith(key, group).map((inner) => `${name}.${inner}`);
    return Object.hasOwn(group.shape, key) ? [name, ...below] : below;
  });
}

/** Parts per million are whole numbers: a percentage has four decimals at the most. */
export function isPercentage(percent: number): boolean {
  const parts = percent * 10_000;
  return percent > 0 && percent < 100 && Math.abs(parts - Math.round(parts)) < 1e-6;
}
