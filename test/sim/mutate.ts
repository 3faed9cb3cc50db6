// Loaded before the simulation (`node --import ./test/sim/mutate.ts test/sim/main.ts`), it puts the canary that the
// environment names into the program, as its file is loaded. Fails loudly when the fault did not get in.

import { registerHooks } from 'node:module';
import { CANARIES } from './canaries.ts';

const name = process.env.KPSS_SIM_CANARY;
const canary = CANARIES.find((known) => known.name === name);
if (canary === undefined) throw new Error(`there is no canary «${name}»`);
const { file, from, to } = canary;
const url = new URL(`../../${file}`, import.meta.url).href;
let isIn = false;

registerHooks({
  load(loaded, context, nextLoad) {
    const module = nextLoad(loaded, context);
    if (loaded !== url) return module;
    const parts = String(module.source).split(from);
    if (parts.length !== 2) throw new Error(`${file} has the text of «${name}» ${parts.length - 1} times`);
    isIn = true;
    return { ...module, source: parts.join(to) };
  },
});

process.on('exit', () => {
  if (isIn) return;
  console.error(`${file} was not loaded, so «${name}» did not get in`);
  // Neither found nor missed.
  process.exitCode = 3;
});
