import { resolveConfig } from '../config/load.ts';
import { USUAL_WEB } from '../config/web-section.ts';
import { gotText } from '../config/words.ts';
import type { ApiError } from '../web/api-types.ts';
import { webUrl } from '../web-side.ts';
import { withoutControlCodes } from './control-codes.ts';

// How commands talk to a KPSS that runs.

/** The answer takes milliseconds; a machine that swaps gets some more. */
const ANSWER_WITHIN_MS = 5_000;
/** A hundred instances with a hundred blocks each, or ten thousand bans each of ten, are under this. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** What came of asking; `value` is the JSON in `text`, undefined where it is none. */
export type ApiAnswer =
  | { readonly ok: true; readonly text: string; readonly value: unknown }
  /** `isAbsent`: nobody listens there. */
  | { readonly ok: false; readonly isAbsent: boolean; readonly sentence: string };

/**
 * What is wrong with the file otherwise is told by those who need the rest of it.
 * @param file the configuration's; undefined without one
 * @returns undefined where it is switched off
 */
export function configuredUrl(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const resolved = resolveConfig({ file, flags: {}, env });
  const web = resolved.ok ? resolved.config.web : USUAL_WEB;
  return web && webUrl(web.host, web.port);
}

/**
 * @param text as somebody typed it, with or without http://
 * @param path of the API
 * @returns undefined for what is no URL
 */
export function apiUrlOf(text: string, path: string): URL | undefined {
  const url = URL.parse(path, /^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url === null) return undefined;
  // It has no login, and what somebody typed as one is to be shown nowhere.
  url.username = '';
  url.password = '';
  return url;
}

/** What to say of a `--url` that is none. */
export function urlTrouble(given: string | undefined): string {
  return `--url is like http://127.0.0.1:${USUAL_WEB.port}${gotText(['url'], given)}`;
}

/** Asks once, and waits a few seconds. Never rejects. */
export async function askApi(
  url: URL,
  { signal, method = 'GET' }: { readonly signal: AbortSignal; readonly method?: 'GET' | 'DELETE' },
): Promise<ApiAnswer> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const response = await fetch(url, { method, signal: within, redirect: 'error' });
    const text = await readText(response);
    return { ok: true, text, value: parse(text) };
  } catch (error) {
    return { ok: false, isAbsent: isRefused(error), sentence: troubleOf(url, error) };
  }
}

/** What to say of an answer that is not what was asked for. */
export function notOfKpss({ origin }: URL, what: string, answer: unknown): string {
  const said = isApiError(answer) ? `: ${answer.error.message}` : '';
  return `what answers at ${origin} is not ${what} of KPSS${said}`;
}

/** Whether an answer says that the request was refused, and why. */
export function isApiError(answer: unknown): answer is ApiError {
  return typeof (answer as Partial<ApiError> | null | undefined)?.error?.message === 'string';
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

function isRefused(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}

function troubleOf({ origin }: URL, error: unknown): string {
  const { name, cause } = error as Error;
  if (isRefused(error)) {
    return `nothing answers at ${origin}. Is KPSS running (npm start)? Its log says where the status is; --url takes that.`;
  }
  if (name === 'TimeoutError') return `${origin} does not answer within ${ANSWER_WITHIN_MS / 1000} s`;
  const why = cause instanceof Error ? cause.message : (error as Error).message;
  return `asking at ${origin} failed: ${withoutControlCodes(why)}`;
}
