#!/usr/bin/env node
import { endProcess } from './cli/end-process.ts';
import { flushOutputs } from './cli/output.ts';
import { createProgram } from './cli/program.ts';
import { KpssError } from './error.ts';

const NODE_MAJOR_MIN = 24;

/** Failures of the outside world end with their sentence and code, anything else with its stack: it is our fault. */
async function main(): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    process.stderr.write(
      `kpss: needs Node.js ${NODE_MAJOR_MIN} or later, this is ${process.versions.node}\n`,
    );
    return 1;
  }
  let code: number | undefined;
  const program = createProgram((wanted) => {
    code = wanted;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (code !== undefined) return code;
    await flushOutputs();
    const isExpected = error instanceof KpssError;
    process.stderr.write(
      isExpected ? `kpss: ${error.message} [${error.code}]\n` : `${(error as Error).stack}\n`,
    );
    return 1;
  }
  return code ?? 0;
}

const code = await main();
await flushOutputs();
// A log line that nobody reads, or a disk that hangs, would keep the process waiting.
await endProcess(code);
