import type { JournalStore } from '../../src/store/journal-store.ts';

/** A journal in memory that fails, or keeps silent, when it is told to. */
export interface MemoryJournal extends JournalStore {
  text: string;
  /** Kept by `keepCopy`. */
  readonly copies: string[];
  /** What the next calls fail with; undefined when the disk is well. */
  failure: Error | undefined;
  /** Appends stay unanswered, and are not in the text, until `release`. */
  hold(): void;
  release(): void;
  /** Of every append, in order; also of those that failed. */
  readonly appends: string[];
}

export function createMemoryJournal(text = ''): MemoryJournal {
  let held: (() => void)[] | undefined;
  const check = (): void => {
    if (journal.failure !== undefined) throw journal.failure;
  };
  const journal: MemoryJournal = {
    path: 'memory.jsonl',
    text,
    copies: [],
    failure: undefined,
    appends: [],
    hold: () => {
      held = [];
    },
    release: () => {
      for (const go of held ?? []) go();
      held = undefined;
    },
    async read() {
      check();
      return journal.text;
    },
    async append(added) {
      journal.appends.push(added);
      check();
      if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
      journal.text += added;
    },
    async replace(whole) {
      check();
      journal.text = whole;
    },
    async keepCopy() {
      check();
      journal.copies.push(journal.text);
      return 'memory.jsonl.damaged';
    },
    async close() {},
  };
  return journal;
}
