// Runs one test file in this process and tells the parent (scripts/run-file.ts) what happens, over the channel that
// fork() opened. The parent counts, so that a file which crashes, hangs or ends too early cannot pass.

import { run } from 'node:test';
import { inspect } from 'node:util';
import type { TestMessage } from './run-file.ts';

interface TestEventData {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly type?: string; readonly error?: Error & { failureType?: string } };
}

const file = process.argv[2];
const testTimeoutMs = Number(process.argv[3]);
// Between the end of one test and the start of the next a file may prepare something; longer silence is a leftover.
const quietMsMax = Number(process.argv[4]);
if (file === undefined) throw new Error('usage: test-file.ts FILE TEST_TIMEOUT_MS QUIET_MS');

let ended = false;
// While tests run, only the runner's sudden end closes the channel: then nothing that they started may live on.
process.on('disconnect', () => {
  if (!ended) process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL');
});
// Listening for it must not keep a finished file alive.
process.channel?.unref();

const names: string[] = [];
let open = 0;
let quietTimer: NodeJS.Timeout | undefined;

function send(message: TestMessage): void {
  process.send?.(message);
}

function watchQuiet(): void {
  clearTimeout(quietTimer);
  if (open > 0) return;
  quietTimer = setTimeout(() => {
    send({ type: 'leftover', resources: process.getActiveResourcesInfo() });
  }, quietMsMax);
  quietTimer.unref();
}

/** Skipped and to-do tests fail: the suite has no test that does not run. */
function reasonOf(kind: 'pass' | 'fail', data: TestEventData): string | undefined {
  if (data.name === file) return kind === 'pass' ? 'there is no test in this file' : causeOf(data);
  if (data.skip !== undefined && data.skip !== false) return 'it is skipped';
  if (data.todo !== undefined && data.todo !== false) return 'it is marked to do';
  return kind === 'pass' ? undefined : causeOf(data);
}

function causeOf(data: TestEventData): string {
  const error = data.details.error;
  const cause = error?.cause ?? error;
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : inspect(cause);
  const lines = (cause.stack ?? cause.message).split('\n');
  const own = lines.filter((line) => !line.includes('(node:internal'));
  return cause.cause === undefined ? own.join('\n') : `${own.join('\n')}\ncause: ${inspect(cause.cause)}`;
}

function report(kind: 'pass' | 'fail', data: TestEventData): void {
  const isSuite = data.details.type === 'suite';
  // A suite fails when a test in it does, which is counted already, or by itself, in a hook or in its body.
  if (isSuite && (kind === 'pass' || data.details.error?.failureType === 'subtestsFailed')) return;
  const name = data.name === file ? 'the file' : [...names.slice(0, data.nesting), data.name].join(' › ');
  const reason = reasonOf(kind, data);
  send(reason === undefined ? { type: 'passed', name } : { type: 'failed', name, reason });
}

const complaints: string[] = [];
for await (const event of run({ files: [file], isolation: 'none', timeout: testTimeoutMs })) {
  if (event.type === 'test:enqueue') open++;
  if (event.type === 'test:complete') open--;
  if (event.type === 'test:start') names[event.data.nesting] = event.data.name;
  if (event.type === 'test:pass') report('pass', event.data as TestEventData);
  if (event.type === 'test:fail') report('fail', event.data as TestEventData);
  if (event.type === 'test:diagnostic' && event.data.message.startsWith('Error: '))
    complaints.push(event.data.message);
  if (event.type === 'test:summary') {
    ended = true;
    send({ type: 'ended', success: event.data.success, complaints });
  }
  watchQuiet();
}
