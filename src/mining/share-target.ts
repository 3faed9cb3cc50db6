import { difficultyToTarget, expectedHashes, meetsTarget, targetToDifficulty } from '../chain/target.ts';

/** What the shares of a job are judged by. Immutable, and one object for all connections at the same difficulty. */
export interface ShareTarget {
  /** 32 bytes, big-endian. */
  readonly target: Uint8Array;
  /** What the target stands for; for vardiff and display. */
  readonly difficulty: number;
  /** Hashes that a share stands for on average. */
  readonly work: number;
}

/**
 * Difficulties whose targets are remembered. A port with a fixed one has one, vardiff as many as there are miners that
 * it moved; a new block goes to all of them at once, and a target costs 5 µs to compute. 100 bytes each; when there are
 * more, all are forgotten and those in use are computed again, once.
 */
const REMEMBERED_MAX = 4_096;

const remembered = new Map<number, ShareTarget>();

/**
 * @param difficulty wanted; where it is above the network's, the network target is taken: whatever solves the block is
 *   a share
 * @throws RangeError unless a finite number above 0
 */
export function shareTargetAt(difficulty: number, networkTarget: Uint8Array): ShareTarget {
  const wanted = remembered.get(difficulty) ?? remember(difficulty);
  if (!meetsTarget(wanted.target, networkTarget)) return wanted;
  return {
    target: networkTarget,
    difficulty: targetToDifficulty(networkTarget),
    work: expectedHashes(networkTarget),
  };
}

function remember(difficulty: number): ShareTarget {
  const target = difficultyToTarget(difficulty);
  const made = { target, difficulty, work: expectedHashes(target) };
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(difficulty, made);
  return made;
}
