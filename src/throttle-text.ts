import type { ThrottleDecision, ThrottleRules } from './mining/throttle.ts';

const DAY_MS = 86_400_000;

/**
 * Until when no block goes out, and why, as part of a line: `throttled until 14:32:05: 12 blocks an hour`.
 * @param networkDifficulty of the newest template
 */
export function throttleText(
  decision: ThrottleDecision & { isOpen: false },
  rules: ThrottleRules,
  now: { readonly nowMs: number; readonly networkDifficulty: number },
): string {
  const { blocksPerHour, minBlockIntervalMs, pauseAboveDifficulty } = rules;
  switch (decision.why) {
    case 'blocks-per-hour': {
      const rate = blocksPerHour === 1 ? '1 block an hour' : `${blocksPerHour} blocks an hour`;
      return `throttled until ${timeText(decision.untilMs, now.nowMs)}: ${rate}`;
    }
    case 'min-interval': {
      const seconds = Math.round((minBlockIntervalMs ?? 0) / 1000);
      return `throttled until ${timeText(decision.untilMs, now.nowMs)}: ${seconds} s between blocks`;
    }
    case 'difficulty': {
      const difficulty = Number(now.networkDifficulty.toPrecision(4));
      return `throttled while the network's difficulty is above ${pauseAboveDifficulty}: it is ${difficulty}`;
    }
  }
}

/** The time of day here, with the date before it where it is not within a day. */
function timeText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  if (atMs - nowMs < DAY_MS) return time;
  return `${[at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-')} ${time}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
