import type { z } from 'zod';
import type { VardiffOptions } from '../mining/vardiff.ts';
import type { PortSection } from './port-section.ts';
import type { Path, Problems } from './problems.ts';
import { readSection } from './section.ts';
import { oldVardiffSchema, vardiffSchema } from './stratum-schema.ts';

type VardiffSection = Partial<z.output<typeof vardiffSchema>>;

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

type At = (key: keyof PortSection) => Path;

/**
 * How difficult a port's shares are: fixed, or following its miners.
 * @param at where each setting of the port stands
 */
export function resolveDifficulty(section: PortSection, at: At, problems: Problems): VardiffOptions {
  const { difficulty, diff } = section;
  const isOld = section.varDiff !== undefined && section.vardiff === undefined;
  const groupPath = at(isOld ? 'varDiff' : 'vardiff');
  const following = isOld
    ? readOld(section.varDiff, groupPath, problems)
    : readSection(vardiffSchema, section.vardiff, groupPath, problems);
  const follows = section.vardiff !== undefined || section.varDiff !== undefined;
  if (section.vardiff !== undefined && section.varDiff !== undefined) {
    problems.add(at('varDiff'), 'is the old name of vardiff, and both are given: keep one of them');
  }
  if (difficulty !== undefined && diff !== undefined) {
    problems.add(at('diff'), 'is the old name of difficulty, and both are given: keep one of them');
  }
  if (difficulty !== undefined && follows) {
    problems.add(at('difficulty'), 'either a fixed difficulty or vardiff, not both');
  }
  if (diff !== undefined && following?.start !== undefined) {
    problems.add(at('diff'), 'vardiff.start says already where miners begin: keep one of them');
  }
  // With the old server, a port's diff was where its miners began when it had a varDiff.
  if (follows && difficulty === undefined) {
    const startPath = diff === undefined ? [...groupPath, 'start'] : at('diff');
    const given = { ...following, start: following?.start ?? diff };
    return resolveVardiff(given, [...groupPath, isOld ? 'minDiff' : 'min'], startPath, problems);
  }
  const fixed = difficulty ?? diff;
  const bounds = fixed === undefined ? {} : { min: fixed, max: fixed, start: fixed };
  return resolveVardiff(
    { ...following, ...bounds },
    [...groupPath, 'min'],
    [...groupPath, 'start'],
    problems,
  );
}

function readOld(value: unknown, path: Path, problems: Problems): VardiffSection {
  const section = readSection(oldVardiffSchema, value, path, problems) ?? {};
  return {
    min: section.minDiff,
    max: section.maxDiff,
    targetTimeS: section.targetTime,
    retargetTimeS: section.retargetTime,
    variancePercent: section.variancePercent,
  };
}

function resolveVardiff(
  section: VardiffSection,
  minPath: Path,
  startPath: Path,
  problems: Problems,
): VardiffOptions {
  const { min, max, start } = section;
  // What is given moves the defaults out of its way: `min: 2000` alone is no contradiction.
  const minDifficulty = min ?? Math.min(DEFAULT_MIN, max ?? DEFAULT_MIN, start ?? DEFAULT_MIN);
  const maxDifficulty = max ?? Math.max(DEFAULT_MAX, minDifficulty, start ?? DEFAULT_MAX);
  const startDifficulty = start ?? Math.min(Math.max(DEFAULT_START, minDifficulty), maxDifficulty);
  if (minDifficulty > maxDifficulty) {
    problems.add(minPath, `expected at most max, ${maxDifficulty}, got ${minDifficulty}`);
  } else if (startDifficulty < minDifficulty || startDifficulty > maxDifficulty) {
    const expected = `expected a difficulty between min, ${minDifficulty}, and max, ${maxDifficulty}`;
    problems.add(startPath, `${expected}, got ${startDifficulty}`);
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
