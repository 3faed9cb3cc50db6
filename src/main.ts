#!/usr/bin/env node
import { createProgram } from './cli/program.ts';
import { KpssError } from './error.ts';

/** Failures of the outside world end with their sentence and code, anything else with its stack: it is our fault. */
async function main(): Promise<void> {
  const program = createProgram((code) => {
    process.exitCode = code;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (process.exitCode !== undefined) return;
    process.exitCode = 1;
    const isExpected = error instanceof KpssError;
    process.stderr.write(
      isExpected ? `kpss: ${error.message} [${error.code}]\n` : `${(error as Error).stack}\n`,
    );
  }
}

await main();
