import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A healthy disk is done with what it was given within milliseconds; what a busy one still writes gets this long. */
const FILES_WITHIN_MS = 2_000;
const CHECK_EVERY_MS = 20;
/** The sentence goes where somebody reads it, or nowhere. */
const SENTENCE_WITHIN_MS = 500;

/**
 * Ends this process; to be called when outputs are flushed. Node.js waits in `process.exit` for its threads, and so for
 * as long as a disk (or a reader of the log) hangs: there the process is ended as by `kill -9`, and says so. What was not
 * written by then would not be with more patience either.
 * @param code of the exit, where nothing hangs
 */
export async function endProcess(code: number): Promise<void> {
  for (let waitedMs = 0; isFileHanging() && waitedMs < FILES_WITHIN_MS; waitedMs += CHECK_EVERY_MS) {
    await sleep(CHECK_EVERY_MS);
  }
  if (!isFileHanging()) process.exit(code);
  await say('kpss: a disk, or the reader of this output, does not answer; ended without it (SIGKILL)\n');
  process.kill(process.pid, 'SIGKILL');
}

/** Whether the system was asked for something of a file, and has not answered; the names are Node's for such requests. */
function isFileHanging(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

/** By a thread, not at once: standard error may be what hangs. */
function say(sentence: string): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SENTENCE_WITHIN_MS);
    write(2, sentence, () => resolve());
  });
}
