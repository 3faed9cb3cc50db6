import type { z } from 'zod';
import type { Path, Problems } from './problems.ts';
import { type instanceSchema, tipsSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { TipsConfig } from './types.ts';

/** A call costs a node 0.2 ms, and where nothing else tells of a block, it is known 125 ms later on average. */
const DEFAULT_POLL_MS = 250;
/** Newer fees and the time of day are worth no more than two jobs a minute. */
const DEFAULT_REFRESH_S = 30;

/** What the old server had for it, beside the groups of an instance. */
type OldNames = Pick<z.output<typeof instanceSchema>, 'blockRefreshInterval' | 'getNewBlockAfterFound'>;

/** How new blocks are asked for, by the names of today or those of the old server. */
export function resolveTips(value: unknown, old: OldNames, path: Path, problems: Problems): TipsConfig {
  const section = readSection(tipsSchema, value, [...path, 'tips'], problems) ?? {};
  const { blockRefreshInterval, getNewBlockAfterFound } = old;
  const tellBoth = (oldName: keyof OldNames, name: keyof typeof section): void => {
    if (old[oldName] === undefined || section[name] === undefined) return;
    problems.add([...path, oldName], `is the old name of tips.${name}, and both are given: keep one of them`);
  };
  tellBoth('blockRefreshInterval', 'pollMs');
  tellBoth('getNewBlockAfterFound', 'askAfterFound');
  return {
    // The old server did not poll at 0, and heard of blocks by blocknotify alone. What is lost on that way would be
    // noticed by nobody, so here polling goes on beside it.
    pollMs: section.pollMs ?? (blockRefreshInterval || DEFAULT_POLL_MS),
    refreshMs: Math.round((section.refreshS ?? DEFAULT_REFRESH_S) * 1000),
    askAfterFound: section.askAfterFound ?? getNewBlockAfterFound ?? true,
  };
}
