import type { Clock } from '../mining/ports.ts';
import type { ApiStatus } from '../web/api-types.ts';
import { apiUrlOf, askApi, configuredUrl, notOfKpss, urlTrouble } from './api-client.ts';
import { CONFIG_FILE, configFile } from './config-file.ts';
import { type StatusStyle, statusText } from './status-text.ts';

export interface StatusArgs {
  /** Of the HTTP side; that of kpss.yaml in this folder when left out. */
  readonly url?: string | undefined;
  readonly json?: boolean | undefined;
  /** Show it again and again. */
  readonly watch?: boolean | undefined;
}

export interface StatusIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Fires to stop watching. */
  readonly signal: AbortSignal;
  readonly style: StatusStyle;
  /** Whether what was printed before may be wiped away. */
  readonly clears: boolean;
  /** To standard output. @returns false when nobody reads it any more */
  print(text: string): Promise<boolean>;
  /** To standard error. */
  complain(line: string): void;
}

/** Often enough to see a block come, seldom enough to read. */
const WATCH_INTERVAL_MS = 2_000;
/** Erases a terminal and goes to its top left. */
const CLEAR = '\u001b[2J\u001b[H';

type Asked =
  | { readonly ok: true; readonly text: string; readonly status: ApiStatus }
  | { readonly ok: false; readonly sentence: string };

/**
 * `kpss status`: what a running KPSS does, as its HTTP side tells.
 * @returns the exit code: 0; 1 when there is no answer; 2 for an URL that is none
 */
export async function runStatus(args: StatusArgs, io: StatusIo): Promise<number> {
  const given = args.url ?? configuredUrl(configFile(undefined), io.env);
  if (given === undefined) {
    io.complain(
      `kpss status: ${CONFIG_FILE} in this folder has web: off; where another KPSS runs, --url says so`,
    );
    return 1;
  }
  const url = apiUrlOf(given, '/api/v1/status');
  if (url === undefined) {
    io.complain(`kpss status: ${urlTrouble(args.url)}`);
    return 2;
  }
  for (;;) {
    const asked = await ask(url, io.signal);
    if (args.watch && io.signal.aborted) return 0;
    const clear = args.watch && io.clears ? CLEAR : '';
    if (asked.ok) {
      const text = args.json ? asked.text : statusText(asked.status, io.style);
      if (!(await io.print(clear + text))) return 0;
    } else {
      io.complain(`${clear}kpss status: ${asked.sentence}`);
    }
    if (!args.watch) return asked.ok ? 0 : 1;
    await pause(WATCH_INTERVAL_MS, io);
    if (io.signal.aborted) return 0;
  }
}

async function ask(url: URL, signal: AbortSignal): Promise<Asked> {
  const answer = await askApi(url, { signal });
  if (!answer.ok) return answer;
  const { text, value } = answer;
  if (isStatus(value)) return { ok: true, text, status: value };
  return { ok: false, sentence: notOfKpss(url, 'the status', value) };
}

/** Enough to know it by; the fields are those that docs/api.md promises. */
function isStatus(answer: unknown): answer is ApiStatus {
  const status = answer as Partial<ApiStatus> | null | undefined;
  return typeof status?.startedAt === 'string' && Array.isArray(status.instances) && status.verifier != null;
}

function pause(durationMs: number, { clock, signal }: StatusIo): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(durationMs, done);
    signal.addEventListener('abort', done);
  });
}
