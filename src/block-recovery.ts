import type { Clock, NodeRpc } from './mining/ports.ts';
import type { JournaledBlock } from './store/journal-records.ts';

/** So far below the tip a block has won or lost, and the chain says which. */
const OUT_OF_REACH = 100;
/** Whether a block is out of reach is good to know, but a node that can take it must not wait for it. */
const ASK_WITHIN_MS = 2_000;
/** Of ravend's queue of 16 requests half: work for miners goes on meanwhile. */
const AT_ONCE = 8;

interface RecoveryModules {
  readonly nodes: readonly { readonly rpc: NodeRpc }[];
  readonly clock: Clock;
  /** Whether there is no sense in going on. */
  readonly isStopped: () => boolean;
  /** Hands it to the nodes again; resolves with its outcome. */
  readonly submit: (block: JournaledBlock) => Promise<void>;
  /** It is too late for that: the chain has to be asked what became of it. */
  readonly lookFor: (block: JournaledBlock) => void;
}

/**
 * Takes up blocks of an earlier run that have no outcome. A node that has one already says so, and it stays in the chain
 * once. The newest go first, since they can still win, some at a time.
 */
export async function recoverBlocks(
  blocks: readonly JournaledBlock[],
  modules: RecoveryModules,
): Promise<void> {
  const tipHeight = await firstTipHeight(modules);
  const waiting: JournaledBlock[] = [];
  for (const block of blocks) {
    const isFarBelow = tipHeight !== undefined && tipHeight - block.found.height > OUT_OF_REACH;
    if (isFarBelow) modules.lookFor(block);
    else waiting.push(block);
  }
  waiting.sort((a, b) => a.found.height - b.found.height);
  const work = async (): Promise<void> => {
    while (!modules.isStopped()) {
      const block = waiting.pop();
      if (block === undefined) return;
      await modules.submit(block);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
}

/** @returns undefined when no node answers in time */
async function firstTipHeight({ nodes, clock }: RecoveryModules): Promise<number | undefined> {
  const over = Promise.withResolvers<undefined>();
  const timer = clock.setTimer(ASK_WITHIN_MS, () => over.resolve(undefined));
  const answers = nodes.map(async ({ rpc }) => {
    const height = await rpc.call('getblockcount', [], { timeoutMs: ASK_WITHIN_MS });
    if (typeof height !== 'number') throw new Error('getblockcount did not give a number');
    return height;
  });
  const first = Promise.any(answers).catch(() => undefined);
  const height = await Promise.race([first, over.promise]);
  timer.cancel();
  return height;
}
