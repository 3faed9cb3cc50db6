import type { Devnet } from '../../src/devnet/devnet.ts';

/** Makes two devnets neighbours: each takes the other's blocks at once, while both answer. */
export function linkDevnets(a: Devnet, b: Devnet) {
  let turn: Promise<void> = Promise.resolve();
  const sync = (): Promise<void> => {
    turn = turn.then(async () => {
      if (!a.control.isOnline() || !b.control.isOnline()) return;
      await passOn(a, b);
      await passOn(b, a);
    });
    return turn;
  };
  const ends = [a, b].map((devnet) => devnet.onBlock(() => void sync()));
  return {
    /** After one was away. */
    sync,
    unlink: (): void => {
      for (const end of ends) end();
    },
  };
}

/** Gives one node the other's active chain from where they part. */
async function passOn(from: Devnet, to: Devnet): Promise<void> {
  let height = Math.min(from.height(), to.height());
  while (height > 0 && from.hashAt(height) !== to.hashAt(height)) height -= 1;
  for (height += 1; height <= from.height(); height++) {
    const hex = from.blockHex(from.hashAt(height) ?? '');
    if (hex !== undefined) await to.control.adoptBlock(hex);
  }
}
