import { isRecord, parseJson } from './json.ts';
import { RpcError, type RpcErrorKind } from './rpc-error.ts';

/** What came back over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Which call it answers, for the error message. `url` is without user and password. */
export interface AskedCall {
  readonly method: string;
  readonly id: number;
  readonly url: string;
}

export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: RpcError };

/** JSON-RPC errors that callers treat in a way of their own. Source: Ravencoin Core, src/rpc/protocol.h */
const KIND_OF_CODE: ReadonlyMap<number, RpcErrorKind> = new Map([
  [-9, 'not-connected'],
  [-10, 'downloading'],
  [-28, 'warming-up'],
  [-32601, 'method-not-found'],
]);

/** Failures that the HTTP status alone tells. 502 and 504 come from a proxy before a node that is away. */
const KIND_OF_STATUS: ReadonlyMap<number, { kind: RpcErrorKind; says: string }> = new Map([
  [401, { kind: 'unauthorized', says: 'wrong RPC user or password' }],
  [403, { kind: 'forbidden', says: 'this address is not in rpcallowip' }],
  [413, { kind: 'too-large', says: 'the request is too large' }],
  [502, { kind: 'unreachable', says: 'a proxy answers, but not the node behind it' }],
  [503, { kind: 'busy', says: 'the node takes no requests at the moment' }],
  [504, { kind: 'unreachable', says: 'a proxy answers, but not the node behind it' }],
]);

/** Enough for every message ravend writes but its help texts, and short enough for a log line. */
const MESSAGE_LENGTH_MAX = 300;

/** The plain text of HTTP 500 when rpcworkqueue (16 by default) requests wait already. */
const QUEUE_FULL = 'Work queue depth exceeded';

/**
 * Reads a node's answer to one call: the result, or a typed error for each way it can be something else. Total: no
 * status and no text makes it throw.
 * @param answer status and body as received
 * @param call the call that was asked; an answer with another id is not ours
 */
export function readAnswer(answer: HttpAnswer, call: AskedCall): RpcAnswer {
  const known = KIND_OF_STATUS.get(answer.status);
  if (known !== undefined) return failed(known.kind, known.says, answer, call);
  if (answer.text.startsWith(QUEUE_FULL)) {
    return failed('busy', 'its queue of RPC requests is full (work queue depth exceeded)', answer, call);
  }
  let body: unknown;
  try {
    body = parseJson(answer.text);
  } catch (cause) {
    return failed('garbage', `not JSON: ${excerpt(answer.text)}`, answer, call, { cause });
  }
  if (!isRecord(body)) return failed('garbage', 'the answer is not a JSON-RPC object', answer, call);
  if (body.error !== null && body.error !== undefined) return readError(body, answer, call);
  if (body.id !== call.id) return failed('garbage', 'the answer belongs to another request', answer, call);
  if (body.result === undefined) return failed('garbage', 'the answer has no result', answer, call);
  if (answer.status !== 200) return failed('garbage', 'a result with an error status', answer, call);
  return { ok: true, result: body.result };
}

function readError(body: Record<string, unknown>, answer: HttpAnswer, call: AskedCall): RpcAnswer {
  const { error, id } = body;
  // A request that could not be parsed is answered with id null.
  if (id !== call.id && id !== null) {
    return failed('garbage', 'the answer belongs to another request', answer, call);
  }
  if (!isRecord(error) || typeof error.code !== 'number' || typeof error.message !== 'string') {
    return failed('garbage', 'the error has no code and message', answer, call);
  }
  const kind = KIND_OF_CODE.get(error.code) ?? 'rpc';
  const rpcMessage = excerpt(error.message);
  return failed(kind, `${rpcMessage} (${error.code})`, answer, call, { rpcCode: error.code, rpcMessage });
}

function failed(
  kind: RpcErrorKind,
  says: string,
  answer: HttpAnswer,
  call: AskedCall,
  more: { rpcCode?: number; rpcMessage?: string; cause?: unknown } = {},
): RpcAnswer {
  const error = new RpcError(kind, `${call.method} at ${call.url}: ${says}`, {
    ...more,
    context: { method: call.method, url: call.url, httpStatus: answer.status },
  });
  return { ok: false, error };
}

/** Text from outside, made fit for one line of a log. */
function excerpt(text: string): string {
  if (text === '') return '(empty)';
  const start = text.slice(0, MESSAGE_LENGTH_MAX + 1).replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ');
  return start.length > MESSAGE_LENGTH_MAX ? `${start.slice(0, MESSAGE_LENGTH_MAX)}…` : start.trim();
}
