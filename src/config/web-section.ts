import type { Problems } from './problems.ts';
import { webSchema } from './schema.ts';
import { isGroup, readSection } from './section.ts';
import type { Config } from './types.ts';
import { gotText, nearest } from './words.ts';

/** Instead of a group: no status, and no tips told. */
const WEB_OFF = 'off';
/** Whoever reaches it sees what is mined, and there is no login yet. */
const DEFAULT_HOST = '127.0.0.1';
/** Beside the miners' 3333, and of no program that is known. */
const DEFAULT_PORT = 3380;

/** Where the status is served and `blocknotify` reports: for all instances together. */
export function resolveWeb(value: unknown, problems: Problems): Config['web'] {
  if (value === WEB_OFF) return undefined;
  if (value !== undefined && !isGroup(value)) {
    const meant = typeof value === 'string' && nearest(value, [WEB_OFF]) ? `: did you mean ${WEB_OFF}?` : '';
    problems.add(['web'], `expected off, or a group with host and port${gotText([], value)}${meant}`);
    return undefined;
  }
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = readSection(webSchema, value, ['web'], problems) ?? {};
  return { host, port };
}
