// `npm run bench -- NAME [ARGUMENTS]` runs bench/NAME.ts, which exports run(args) and prints one table. Without a name
// it lists what there is. Benches measure and never pass or fail: figures belong to the machine that made them.

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';

interface Bench {
  readonly run?: (args: readonly string[]) => Promise<void> | void;
  /** One line for the list. */
  readonly purpose?: string;
}

function names(): string[] {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.ts'));
  return files
    .map((file) => basename(file, '.ts'))
    .filter((name) => name !== 'main' && !name.startsWith('support-'));
}

async function load(name: string): Promise<Bench> {
  return (await import(new URL(`./${name}.ts`, import.meta.url).href)) as Bench;
}

async function list(): Promise<void> {
  console.log('npm run bench -- NAME [ARGUMENTS]\n');
  for (const name of names())
    console.log(`  ${name.padEnd(16)} ${(await load(name)).purpose ?? ''}`.trimEnd());
}

const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
  await list();
} else if (!names().includes(name)) {
  console.error(`there is no bench named ${name}; there are: ${names().join(', ')}`);
  process.exitCode = 1;
} else {
  const { run } = await load(name);
  if (run === undefined) throw new Error(`bench/${name}.ts does not export run(args)`);
  await run(args);
}
