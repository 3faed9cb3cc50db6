import { resolveConfig } from '../config/load.ts';
import type { Clock } from '../mining/ports.ts';
import { banKey } from '../stratum/peer-address.ts';
import type { ApiBan, ApiBans, ApiLifted } from '../web/api-types.ts';
import { apiUrlOf, configuredUrl, urlTrouble } from './api-client.ts';
import { type BanKeeper, fileKeeper, runningKeeper, type Told } from './ban-keepers.ts';
import { bansText } from './bans-text.ts';
import { configFile } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
import { countText } from './status-words.ts';

/** What `kpss bans` was called with. */
export interface BansArgs {
  /** Of the HTTP side; that of the configuration, and else its files, when left out. */
  readonly url?: string | undefined;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What `kpss bans lift` was called with: an address, or all. */
export interface LiftArgs extends BansArgs {
  readonly address?: string | undefined;
  readonly all?: boolean | undefined;
  /** All instances when left out. */
  readonly instance?: string | undefined;
}

export interface BansIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Fires to give up. */
  readonly signal: AbortSignal;
  /** To standard output. @returns false when nobody reads it any more */
  print(text: string): Promise<boolean>;
  /** To standard error. */
  complain(line: string): void;
}

interface Found {
  readonly keeper: BanKeeper;
  readonly bans: readonly ApiBan[];
}

/**
 * `kpss bans`: who is shut out, as the KPSS that runs says, or its files where none does.
 * @returns the exit code: 0; 1 when nobody can say; 2 for an URL or a configuration that is wrong
 */
export async function runBans(args: BansArgs, io: BansIo): Promise<number> {
  const found = await findKeeper(args, io);
  if (typeof found === 'number') return found;
  const { bans } = found;
  await io.print(args.json ? jsonOf({ bans } satisfies ApiBans) : bansText(bans, io.clock.nowMs()));
  return 0;
}

/**
 * `kpss bans lift`: lets somebody in again, at once where KPSS runs, or else from its next start on.
 * @returns the exit code: 0; 1 when it could not be done, or the address is not banned; 2 for a wrong use
 */
export async function runLift(args: LiftArgs, io: BansIo): Promise<number> {
  const { address, all = false } = args;
  if ((address === undefined) === !all) {
    io.complain('kpss bans lift: give the address that may come in again, or --all');
    return 2;
  }
  const banned = address === undefined ? undefined : banKey(address.trim());
  if (address !== undefined && banned === undefined) {
    io.complain(`kpss bans lift: ${withoutControlCodes(address)} is no IP address; kpss bans lists them`);
    return 2;
  }
  const found = await findKeeper(args, io);
  if (typeof found === 'number') return found;
  const names = namesOf(args, banned, found.bans);
  let lifted = 0;
  for (const instance of names) {
    const told: Told<number> = await found.keeper.lift(instance, banned);
    if (!told.ok) {
      io.complain(`kpss bans lift: ${told.sentence}`);
      return 1;
    }
    lifted += told.value;
    if (told.value > 0 && !args.json) {
      const who = banned ?? (told.value === 1 ? '1 address' : `${countText(told.value)} addresses`);
      await io.print(`${who} may come in again at ${instance}`);
    }
  }
  if (args.json) await io.print(jsonOf({ lifted } satisfies ApiLifted));
  if (all && lifted === 0 && !args.json) await io.print('Nobody was banned.');
  if (all || lifted > 0) return 0;
  const where = args.instance === undefined ? '' : ` at ${args.instance}`;
  io.complain(`kpss bans lift: ${address} is not banned${where}`);
  return 1;
}

/** The instances to ask: the one that was named, or those that have it. */
function namesOf({ instance }: LiftArgs, banned: string | undefined, bans: readonly ApiBan[]): string[] {
  if (instance !== undefined) return [instance];
  const there = bans.filter(({ address }) => banned === undefined || address === banned);
  return [...new Set(there.map((ban) => ban.instance))];
}

/** @returns who knows, and what; or the exit code, after what is wrong was said */
async function findKeeper({ url: given, config: named }: BansArgs, io: BansIo): Promise<Found | number> {
  const file = configFile(named);
  const text = given ?? configuredUrl(file, io.env);
  const base = text === undefined ? undefined : apiUrlOf(text, '/');
  if (text !== undefined && base === undefined) {
    io.complain(`kpss bans: ${urlTrouble(given)}`);
    return 2;
  }
  // A port of the system's choice is only known from the log.
  if (base !== undefined && (given !== undefined || base.port !== '0')) {
    const keeper = runningKeeper(base, io.signal);
    const told = await keeper.list();
    if (told.ok) return { keeper, bans: told.value };
    if (told.isAbsent !== true || given !== undefined) {
      io.complain(`kpss bans: ${told.sentence}`);
      return 1;
    }
  }
  return findFiles(base, file, io);
}

async function findFiles(
  base: URL | undefined,
  file: string | undefined,
  io: BansIo,
): Promise<Found | number> {
  const resolved = resolveConfig({ file, flags: {}, env: io.env });
  if (!resolved.ok) {
    for (const problem of resolved.problems) io.complain(withoutControlCodes(problem));
    return 2;
  }
  const { dataDirectory } = resolved.config;
  const keeper = fileKeeper(dataDirectory, io.clock.nowMs());
  const told = await keeper.list();
  const why =
    base === undefined
      ? 'web: is off'
      : base.port === '0'
        ? 'web: is at any port'
        : `no KPSS answers at ${base.origin}`;
  if (!told.ok) {
    io.complain(`kpss bans: ${why}, and ${told.sentence}`);
    return 1;
  }
  io.complain(
    `kpss bans: ${why}, so this is about the files in ${dataDirectory}, which the next start reads. ` +
      'Where KPSS runs with another status address, --url takes it (its log says which).',
  );
  return { keeper, bans: told.value };
}

function jsonOf(value: object): string {
  return JSON.stringify(value);
}
