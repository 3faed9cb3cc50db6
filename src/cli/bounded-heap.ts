import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { collectGarbage } from '../kawpow/garbage.ts';

/**
 * V8 lets its space for new objects grow to 128 MiB while a flood of connections lasts, and gives it back late or never.
 * With 16 the abuse suite (test/load) is answered as fast.
 */
const NEW_SPACE_BYTES_MAX = 16 * 2 ** 20;
/**
 * Old garbage is collected when there is half as much of it as there are objects in use; V8 itself lets there be up
 * to three times as many. Marking goes on in other threads.
 */
const GARBAGE_PERCENT_MAX = 50;

/**
 * Keeps this process's memory in proportion to what it holds, for small machines and in floods: V8 takes what it likes,
 * otherwise, since it thinks of browsers. For a process that is ours alone; it takes 30 ms once, so before miners come.
 * @returns ends the watch; the rest stays
 */
export function boundHeap(): () => void {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT_MAX}`);
  // The bound goes by what was in use at the collection before, and there was none yet.
  collectGarbage();
  let mayGrow = true;
  // Of all flags for the size of new space, this one alone is heeded in a process that runs.
  const watch = new PerformanceObserver(() => {
    const now = newSpaceBytes() < NEW_SPACE_BYTES_MAX;
    if (now === mayGrow) return;
    mayGrow = now;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  });
  watch.observe({ entryTypes: ['gc'] });
  return () => watch.disconnect();
}

function newSpaceBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
