import { isIP } from 'node:net';
import { z } from 'zod';
import { NETWORKS } from '../chain/coins.ts';

// The shape of kpss.yaml. Each leaf has one message, which says what was expected; problems.ts adds what was found.

const COINS = [...new Set(NETWORKS.map(({ coin }) => coin))];
const NETWORK_NAMES = [...new Set(NETWORKS.map(({ name }) => name))];
const DIFFICULTY = 'expected a difficulty from 1e-10 to 1e12';

function text(expected: string) {
  return z.string({ error: expected }).min(1, { error: expected });
}

function number(expected: string, min: number, max: number) {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `expected ${listText(values)}` });
}

function listText(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
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

export const payoutSchema = z.strictObject({
  address: text('expected an address').optional(),
  recipients: z
    .array(
      z.strictObject({
        address: text('expected an address'),
        percent: z.number({ error: PERCENT }).refine(isPercentage, { error: PERCENT }),
      }),
      { error: 'expected a list of recipients, each with address and percent' },
    )
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
const PORT = 'expected a port number from 1 to 65535';

export const stratumSchema = z.strictObject({
  host: z
    .string({ error: HOST })
    .refine((host) => isIP(host) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host), { error: HOST })
    .optional(),
  // 0 takes any free port, for tests and demonstrations; the log says which.
  port: number(PORT, 0, 65535).int({ error: PORT }).optional(),
  difficulty: difficulty.optional(),
  vardiff: vardiffSchema.optional(),
});

const NAME = 'expected a name of at most 32 small letters, digits and hyphens';

/** One instance, its groups still unread: each is read by itself, so that one wrong group does not hide another's faults. */
export const instanceSchema = z.strictObject({
  name: z
    .string({ error: NAME })
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: NAME })
    .optional(),
  coin: oneOf(COINS).optional(),
  network: oneOf(NETWORK_NAMES).optional(),
  node: z.unknown().optional(),
  payout: z.unknown().optional(),
  stratum: z.unknown().optional(),
});

/** The top of a file whose one instance has no list around it. */
export const rootSchema = instanceSchema.extend({
  log: z.unknown().optional(),
  instances: z.unknown().optional(),
});

export const logSchema = z.strictObject({
  level: oneOf(['debug', 'info', 'warn', 'error']).optional(),
  format: oneOf(['auto', 'pretty', 'json']).optional(),
});

/** Parts per million are whole numbers: a percentage has four decimals at the most. */
export function isPercentage(percent: number): boolean {
  const parts = percent * 10_000;
  return percent > 0 && percent < 100 && Math.abs(parts - Math.round(parts)) < 1e-6;
}
