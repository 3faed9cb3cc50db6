import { availableParallelism } from 'node:os';
import { cacheDirectory } from './cache-folder.ts';
import type { Machine } from './data-folder.ts';
import type { Environment } from './environment.ts';
import type { Problems } from './problems.ts';
import { VERIFIER_THREADS_MAX, verifierSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { Config } from './types.ts';

interface VerifierContext {
  readonly env: Environment;
  readonly machine: Machine;
  /** The configuration file's; undefined without a file. */
  readonly folder: string | undefined;
}

/** How shares are verified: for all instances together, since they share the verifier. */
export function resolveVerifier(
  value: unknown,
  { env, machine, folder = '.' }: VerifierContext,
  problems: Problems,
): Config['verifier'] {
  const section = readSection(verifierSchema, value, ['verifier'], problems) ?? {};
  const { cacheDirectory: path, threads = defaultThreads(), dag = 'off' } = section;
  const directory = cacheDirectory(env, machine, path === undefined ? undefined : { path, folder });
  return { cacheDirectory: directory, threads, dag };
}

/** One core is left for sockets and jobs. */
function defaultThreads(): number {
  return Math.min(Math.max(availableParallelism() - 1, 1), VERIFIER_THREADS_MAX);
}
