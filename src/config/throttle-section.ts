import type { Path, Problems } from './problems.ts';
import { throttleSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { ThrottleConfig } from './types.ts';

/** How fast blocks may be handed in: without a rule in the file, as fast as they are found. */
export function resolveThrottle(value: unknown, path: Path, problems: Problems): ThrottleConfig {
  const section = readSection(throttleSchema, value, [...path, 'throttle'], problems) ?? {};
  const { blocksPerHour, minBlockIntervalS, pauseAboveDifficulty } = section;
  return {
    blocksPerHour,
    minBlockIntervalMs: minBlockIntervalS === undefined ? undefined : Math.round(minBlockIntervalS * 1000),
    pauseAboveDifficulty,
  };
}
