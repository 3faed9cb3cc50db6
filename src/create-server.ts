import { resolveConfig } from './config/load.ts';
import type { KpssSettings } from './config/settings.ts';
import type { ConfigResult } from './config/types.ts';
import { KpssError } from './error.ts';
import type { ServerHooks } from './kpss-server.ts';
import { KpssServer } from './kpss-server.ts';

/**
 * Makes a server of settings; `start` starts it.
 * @param settings what kpss.yaml has, as an object, or `{ file }` for such a file. Variables of the environment that are
 *   read for a file (KPSS_RPC_PASSWORD and others) do not count for an object.
 * @throws KpssError KPSS_CONFIG when they are wrong, with a sentence for each problem in `context.problems`
 */
export function createServer(
  settings: KpssSettings | { readonly file: string },
  hooks: ServerHooks = {},
): KpssServer {
  const resolve = (given: unknown = settings): ConfigResult => resolveSettings(given);
  const resolved = resolve();
  if (!resolved.ok) {
    const { problems } = resolved;
    throw new KpssError('KPSS_CONFIG', `the settings are wrong: ${problems.join('; ')}`, {
      context: { problems },
    });
  }
  return new KpssServer(resolved.config, { ...hooks, resolve });
}

function resolveSettings(given: unknown): ConfigResult {
  if (typeof given === 'object' && given !== null && 'file' in given && typeof given.file === 'string') {
    return resolveConfig({ file: given.file, flags: {}, env: process.env });
  }
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KPSS_')));
  return resolveConfig({ settings: given ?? {}, flags: {}, env });
}
