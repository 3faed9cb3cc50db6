import { confirm, isCancel, log, password, select, settings, text } from '@clack/prompts';
import { systemClock } from '../clock.ts';
import { thisMachine } from '../config/data-folder.ts';
import { tryTcp } from '../doctor/tcp.ts';
import { runDoctor } from './doctor.ts';
import { doctorIo } from './doctor-io.ts';
import { findNodes } from './find-nodes.ts';
import type { InitIo } from './init.ts';
import { type Prompts, PromptsCancelled } from './init-questions.ts';

/** Init's outside: this process, its terminal and the real machine. */
export function initIo(): InitIo {
  const { env, stdin, stdout } = process;
  // Whoever types the first letter of a choice would move to another.
  for (const letter of ['h', 'j', 'k', 'l']) settings.aliases.delete(letter);
  return {
    env,
    prompts: stdin.isTTY && stdout.isTTY ? terminalPrompts : undefined,
    findNodes: () => findNodes(thisMachine(env), (host, port) => tryTcp(host, port, systemClock)),
    print: (line) => void stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    examine: async (file) => void (await runDoctor({ config: file }, doctorIo())),
  };
}

const terminalPrompts: Prompts = {
  say: (message) => log.info(message),
  select: (message, choices, initialValue) =>
    answered(select<string>({ message, initialValue, options: choices.map((choice) => ({ ...choice })) })),
  text: async (message, { initial, placeholder, validate }) => {
    const answer = await answered(
      text({
        message,
        // Not as a value already typed: that would have to be erased to write another.
        ...(initial !== undefined && { placeholder: initial, defaultValue: initial }),
        ...(placeholder !== undefined && { placeholder }),
        ...(validate && { validate: (given) => validate(given || initial || '') }),
      }),
    );
    // What is left empty comes as undefined.
    return answer ?? '';
  },
  secret: (message) => answered(password({ message })),
  confirm: (message) => answered(confirm({ message, initialValue: false })),
};

async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
  const given = await answer;
  if (isCancel(given)) throw new PromptsCancelled('Ctrl+C');
  return given as Exclude<T, symbol>;
}
