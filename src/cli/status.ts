import { resolveConfig } from '../config/load.ts';
import { USUAL_WEB } from '../config/web-section.ts';
import { gotText } from '../config/words.ts';
import type { Clock } from '../mining/ports.ts';
import type { ApiError, ApiStatus } from '../web/api-types.ts';
import { webUrl } from '../web-side.ts';
import { CONFIG_FILE, configFile } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
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

/** The answer takes milliseconds; a machine that swaps gets some more. */
const ANSWER_WITHIN_MS = 5_000;
/** A hundred instances with a hundred blocks each are under this. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
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
  const given = args.url ?? configuredUrl(io);
  if (given === undefined) {
    io.complain(
      `kpss status: ${CONFIG_FILE} in this folder has web: off; where another KPSS runs, --url says so`,
    );
    return 1;
  }
  const url = apiUrlOf(given);
  if (url === undefined) {
    io.complain(`kpss status: --url is like http://127.0.0.1:${USUAL_WEB.port}${gotText(['url'], args.url)}`);
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

/**
 * What is wrong with the file otherwise is told by those who need the rest of it.
 * @returns undefined where it is switched off
 */
function configuredUrl({ env }: StatusIo): string | undefined {
  const resolved = resolveConfig({ file: configFile(undefined), flags: {}, env });
  const web = resolved.ok ? resolved.config.web : USUAL_WEB;
  return web && webUrl(web.host, web.port);
}

function apiUrlOf(text: string): URL | undefined {
  const url = URL.parse('/api/v1/status', /^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url === null) return undefined;
  // It has no login, and what somebody typed as one is to be shown nowhere.
  url.username = '';
  url.password = '';
  return url;
}

async function ask(url: URL, signal: AbortSignal): Promise<Asked> {
  let response: Response;
  let text: string;
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    response = await fetch(url, { signal: within, redirect: 'error' });
    text = await readText(response);
  } catch (error) {
    return { ok: false, sentence: troubleOf(url, error) };
  }
  const answer = parse(text);
  if (isStatus(answer)) return { ok: true, text, status: answer };
  const said = isError(answer) ? `: ${answer.error.message}` : '';
  return { ok: false, sentence: `what answers at ${url.origin} is not the status of KPSS${said}` };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new Error('the answer does not end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What miners and nodes are called is theirs to choose. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' ? withoutControlCodes(value) : value,
    );
  } catch {
    return undefined;
  }
}

/** Enough to know it by; the fields are those that docs/api.md promises. */
function isStatus(answer: unknown): answer is ApiStatus {
  const status = answer as Partial<ApiStatus> | null | undefined;
  return typeof status?.startedAt === 'string' && Array.isArray(status.instances) && status.verifier != null;
}

function isError(answer: unknown): answer is ApiError {
  return typeof (answer as Partial<ApiError> | null | undefined)?.error?.message === 'string';
}

function troubleOf({ origin }: URL, error: unknown): string {
  const { name, cause } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ECONNREFUSED') {
    return `nothing answers at ${origin}. Is KPSS running (npm start)? Its log says where the status is; --url takes that.`;
  }
  if (name === 'TimeoutError') return `${origin} does not answer within ${ANSWER_WITHIN_MS / 1000} s`;
  const why = cause instanceof Error ? cause.message : (error as Error).message;
  return `asking at ${origin} failed: ${withoutControlCodes(why)}`;
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
