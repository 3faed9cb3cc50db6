// Loaded before the program in a checkout (`npm start`, `npm run kpss`): has Node keep what it makes of our TypeScript.
// Without it every thread loads the compiler that strips types, at each start: 35 MiB with one worker thread, and a
// quarter of a second. The published package is JavaScript and needs none of this.

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Where it goes with the packages, and a new install starts it anew.
const directory = fileURLToPath(new URL('../node_modules/.cache/kpss', import.meta.url));
enableCompileCache(directory);
// For the worker threads: what is enabled above holds for this thread alone.
process.env.NODE_COMPILE_CACHE ??= directory;
