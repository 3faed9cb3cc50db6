import type { z } from 'zod';
import type { PortOptions } from '../stratum/listener.ts';
import type { PortTls } from '../stratum/tls-stage.ts';
import type { Machine } from './data-folder.ts';
import { SWITCH } from './leaves.ts';
import type { Path, Problems } from './problems.ts';
import { resolveProxies } from './proxies-section.ts';
import { isGroup, readSection } from './section.ts';
import { type portSchema, tlsSchema } from './stratum-schema.ts';
import { pathFrom } from './user-folder.ts';
import { resolveDifficulty } from './vardiff-section.ts';
import { gotText } from './words.ts';

/** One port's settings, each right by itself. */
export type PortSection = Partial<z.output<typeof portSchema>>;

/** What paths in the file count from. */
export interface PlaceContext {
  readonly machine: Machine;
  /** The configuration file's; undefined without a file. */
  readonly folder: string | undefined;
}

interface PortContext extends PlaceContext {
  readonly problems: Problems;
}

/** Nobody else reaches the miners' port until its owner says so: as it stands, it asks nobody for a password. */
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3333;

/**
 * One port for miners.
 * @param at where each setting stands
 */
export function resolvePort(
  section: PortSection,
  at: (key: keyof PortSection) => Path,
  context: PortContext,
): PortOptions {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = section;
  const vardiff = resolveDifficulty(section, at, context.problems);
  const tls = resolveTls(section.tls, at('tls'), context);
  const proxies = resolveProxies(section.proxies, at('proxies'), context.problems);
  return { host, port, vardiff, ...(tls && { tls }), ...(proxies.length > 0 && { proxies }) };
}

function resolveTls(value: unknown, path: Path, context: PortContext): PortTls | undefined {
  const { problems } = context;
  if (value === undefined || value === false) return undefined;
  if (value === true) return { kind: 'self-signed' };
  if (!isGroup(value)) {
    problems.add(path, `${SWITCH}, or certificate and key of your own${gotText([], value)}`);
    return undefined;
  }
  const section = readSection(tlsSchema, value, path, problems);
  const certificatePath = pathOf(section?.certificate, [...path, 'certificate'], context);
  const keyPath = pathOf(section?.key, [...path, 'key'], context);
  if (certificatePath === undefined || keyPath === undefined) return undefined;
  return { kind: 'files', certificatePath, keyPath };
}

function pathOf(given: string | undefined, path: Path, context: PortContext): string | undefined {
  if (given === undefined) return undefined;
  const { machine, folder = '.', problems } = context;
  const file = pathFrom(given, folder, machine);
  if (file === undefined) {
    problems.add(path, 'this user has no home folder that ~ could stand for: write the whole path');
  }
  return file;
}
