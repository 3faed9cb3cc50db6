import { withoutBrackets } from './host.ts';
import type { Problems } from './problems.ts';
import { webSchema } from './schema.ts';
import { isGroup, readSection } from './section.ts';
import type { Config } from './types.ts';
import { gotText, nearest } from './words.ts';

/** Instead of a group: no status, and no tips told. */
const WEB_OFF = 'off';
/**
 * Where the status is served unless somebody says otherwise: to this machine only, since there is no login, and on a port
 * that no coin's node uses (chain/coins.ts), nor a usual miner for stratum (3333) or its own figures (4028, 4067, 22333).
 */
export const USUAL_WEB = { host: '127.0.0.1', port: 3380 } as const;

/** Where the status is served and `blocknotify` reports: for all instances together. */
export function resolveWeb(value: unknown, problems: Problems): Config['web'] {
  if (value === WEB_OFF) return undefined;
  if (value !== undefined && !isGroup(value)) {
    const meant = typeof value === 'string' && nearest(value, [WEB_OFF]) ? `: did you mean ${WEB_OFF}?` : '';
    problems.add(['web'], `expected off, or a group with host and port${gotText([], value)}${meant}`);
    return undefined;
  }
  const { host = USUAL_WEB.host, port = USUAL_WEB.port } =
    readSection(webSchema, value, ['web'], problems) ?? {};
  return { host: withoutBrackets(host), port };
}
