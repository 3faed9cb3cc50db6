import type { z } from 'zod';
import type { VardiffOptions } from '../mining/vardiff.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../stratum/limits.ts';
import type { Path, Problems } from './problems.ts';
import { type stratumSchema, vardiffSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { InstanceConfig } from './types.ts';

type StratumSection = z.output<typeof stratumSchema>;

/** Nobody else reaches the miners' port until its owner says so: stratum has neither encryption nor passwords. */
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3333;
/** A card of 20 MH/s finds a share of difficulty 0.05 every 11 seconds, so most begin about right. */
const DEFAULT_START = 0.05;
/** A processor of 400 hashes a second finds one of 1e-6 every 11 seconds. */
const DEFAULT_MIN = 1e-6;
/** A farm of 400 GH/s on one connection. */
const DEFAULT_MAX = 1000;
/** Often enough for an honest hashrate within minutes, seldom enough that verifying costs nothing. */
const DEFAULT_TARGET_TIME_S = 10;
/** Six shares at the target's pace. */
const DEFAULT_RETARGET_TIME_S = 60;
/** Six shares vary by 40 percent by chance alone; a narrower band would change difficulty without cause. */
const DEFAULT_VARIANCE_PERCENT = 40;

/** Where miners connect, and how difficult their shares are. */
export function resolveStratum(
  section: StratumSection,
  path: Path,
  problems: Problems,
): InstanceConfig['stratum'] {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, difficulty, vardiff } = section;
  if (difficulty !== undefined && vardiff !== undefined) {
    problems.add([...path, 'difficulty'], 'either a fixed difficulty or vardiff, not both');
  }
  const fixed = difficulty === undefined ? {} : { min: difficulty, max: difficulty, start: difficulty };
  const following = readSection(vardiffSchema, vardiff, [...path, 'vardiff'], problems);
  const resolved = resolveVardiff({ ...following, ...fixed }, [...path, 'vardiff'], problems);
  return { ports: [{ host, port, vardiff: resolved }], limits: DEFAULT_LIMITS, banning: DEFAULT_BANNING };
}

function resolveVardiff(
  section: z.output<typeof vardiffSchema>,
  path: Path,
  problems: Problems,
): VardiffOptions {
  const { min, max, start } = section;
  // What is given moves the defaults out of its way: `min: 2000` alone is no contradiction.
  const minDifficulty = min ?? Math.min(DEFAULT_MIN, max ?? DEFAULT_MIN, start ?? DEFAULT_MIN);
  const maxDifficulty = max ?? Math.max(DEFAULT_MAX, minDifficulty, start ?? DEFAULT_MAX);
  const startDifficulty = start ?? Math.min(Math.max(DEFAULT_START, minDifficulty), maxDifficulty);
  if (minDifficulty > maxDifficulty) {
    problems.add([...path, 'min'], `expected at most max, ${maxDifficulty}, got ${minDifficulty}`);
  } else if (startDifficulty < minDifficulty || startDifficulty > maxDifficulty) {
    problems.add(
      [...path, 'start'],
      `expected a difficulty between min, ${minDifficulty}, and max, ${maxDifficulty}, got ${startDifficulty}`,
    );
  }
  return {
    minDifficulty,
    maxDifficulty,
    startDifficulty,
    targetTimeMs: (section.targetTimeS ?? DEFAULT_TARGET_TIME_S) * 1000,
    retargetTimeMs: (section.retargetTimeS ?? DEFAULT_RETARGET_TIME_S) * 1000,
    variancePercent: section.variancePercent ?? DEFAULT_VARIANCE_PERCENT,
  };
}
