import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { type: 'major'; execution: 'async' }) => unknown;

let exposed: Collect | undefined;

/**
 * Has this thread collect its garbage now. V8 does not count shared buffers as memory of a thread's, so that a thread with
 * little else to do would hold on to gigabytes that nothing refers to any more. Each thread that had the buffer has to do
 * it; the memory comes back with the last. It takes 10 ms with the small heap of a hashing thread.
 */
export function collectGarbage(): void {
  collector()();
}

/** The same once the present turn of the event loop is over, for the thread that answers miners. */
export async function collectGarbageSoon(): Promise<void> {
  await collector()({ type: 'major', execution: 'async' });
}

function collector(): Collect {
  // The function is there only for contexts that are made after the flag was set.
  setFlagsFromString('--expose-gc');
  exposed ??= runInNewContext('gc') as Collect;
  return exposed;
}
