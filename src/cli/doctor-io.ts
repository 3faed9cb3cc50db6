import { systemClock, systemRandom } from '../clock.ts';
import { examine } from '../doctor/examine.ts';
import type { DoctorIo } from './doctor.ts';
import { canColour, hasUnicode, USUAL_COLUMNS } from './terminal.ts';

/** The doctor's outside: this process, its terminal and the real machine. */
export function doctorIo(): DoctorIo {
  const { stdout, env } = process;
  const modules = {
    clock: systemClock,
    random: systemRandom,
    runtime: { version: process.versions.node, platform: `${process.platform} ${process.arch}` },
  };
  return {
    env,
    style: {
      columns: stdout.columns || USUAL_COLUMNS,
      colour: canColour(stdout, env),
      unicode: hasUnicode(env),
    },
    print: (text) => void stdout.write(`${text}\n`),
    examine: (config) => examine(config, modules),
  };
}
