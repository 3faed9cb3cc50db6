import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { buildEpochContext } from '../src/kawpow/epoch-context.ts';

/** @returns how long building the light cache takes a process that has just started */
export function coldCacheMs(epoch: number): number {
  return Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), String(epoch)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startMs = performance.now();
  buildEpochContext(Number(process.argv[2]));
  console.log(performance.now() - startMs);
}
