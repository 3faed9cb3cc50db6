import { isRecord, readJson, writeJson } from './json.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import type { DevnetFault, RpcCall, RpcMethod, RpcMethods } from './rpc-method.ts';
import { placeNamedParams, RpcParams } from './rpc-params.ts';

/** What goes back over HTTP: a status and a JSON body that ends in a newline. */
export interface RpcAnswer {
  readonly status: number;
  readonly body: string;
}

interface RpcRequest {
  /** As the caller sent it, of any type; null without one. */
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>>;
}

/** ravend's phases of starting are texts; this is the longest of them. */
const WARM_UP_MESSAGE = 'Loading block index...';

/** JSON-RPC as ravend speaks it: version 1.0 members whatever the caller says, batches, errors with HTTP statuses. */
export class RpcServer {
  readonly #methods: ReadonlyMap<string, RpcMethod>;
  readonly #fault: () => DevnetFault | undefined;

  constructor(methods: RpcMethods, fault: () => DevnetFault | undefined) {
    this.#methods = new Map(methods);
    this.#fault = fault;
  }

  /** @param body of the HTTP request, of any content */
  async answer(body: string, call: RpcCall): Promise<RpcAnswer> {
    let message: unknown;
    try {
      message = readJson(body);
    } catch {
      return failureAnswer(null, new RpcFailure(RPC_CODES.parse, 'Parse error'));
    }
    if (Array.isArray(message)) return this.#answerBatch(message, call);
    if (!isRecord(message)) {
      return failureAnswer(null, new RpcFailure(RPC_CODES.parse, 'Top-level object parse error'));
    }
    const id = idOf(message);
    try {
      const result = await this.#execute(parseRequest(message), call);
      return { status: 200, body: `${writeJson({ result, error: null, id })}\n` };
    } catch (error) {
      return failureAnswer(id, asFailure(error));
    }
  }

  /** One after the other, as ravend does; always HTTP 200. */
  async #answerBatch(messages: readonly unknown[], call: RpcCall): Promise<RpcAnswer> {
    const answers: unknown[] = [];
    for (const message of messages) {
      const id = idOf(message);
      try {
        answers.push({ result: await this.#execute(parseRequest(message), call), error: null, id });
      } catch (error) {
        answers.push(failureJson(id, asFailure(error)));
      }
    }
    return { status: 200, body: `${writeJson(answers)}\n` };
  }

  async #execute(request: RpcRequest, call: RpcCall): Promise<unknown> {
    const fault = this.#fault();
    if (fault?.kind === 'warming-up') {
      throw new RpcFailure(RPC_CODES.warmingUp, fault.message ?? WARM_UP_MESSAGE);
    }
    const method = this.#methods.get(request.method);
    if (!method) throw new RpcFailure(RPC_CODES.methodNotFound, 'Method not found');
    const values = Array.isArray(request.params)
      ? request.params
      : placeNamedParams(request.params as Record<string, unknown>, method.names);
    if (values.length < method.min || values.length > method.max) {
      throw new RpcFailure(RPC_CODES.misc, method.help);
    }
    return (await method.run(new RpcParams(values), call)) ?? null;
  }
}

function parseRequest(message: unknown): RpcRequest {
  if (!isRecord(message)) throw new RpcFailure(RPC_CODES.invalidRequest, 'Invalid Request object');
  const { method, params = null } = message;
  if (method === undefined || method === null)
    throw new RpcFailure(RPC_CODES.invalidRequest, 'Missing method');
  if (typeof method !== 'string') throw new RpcFailure(RPC_CODES.invalidRequest, 'Method must be a string');
  if (params !== null && typeof params !== 'object') {
    // ravend's own words: a renaming went through its source once.
    throw new RpcFailure(RPC_CODES.invalidRequest, 'GetParams must be an array or object');
  }
  return { id: idOf(message), method, params: (params ?? []) as RpcRequest['params'] };
}

/** Given back as it came, but for one nested so deep that it cannot be written again. */
function idOf(message: unknown): unknown {
  const id = isRecord(message) ? (message.id ?? null) : null;
  try {
    writeJson(id);
    return id;
  } catch {
    return null;
  }
}

/** What a method throws that is no RpcFailure is a fault of this node; the caller gets told, the node goes on. */
function asFailure(error: unknown): RpcFailure {
  if (error instanceof RpcFailure) return error;
  return new RpcFailure(RPC_CODES.internal, error instanceof Error ? error.message : String(error));
}

function failureJson(id: unknown, failure: RpcFailure): unknown {
  return { result: null, error: { code: failure.code, message: failure.message }, id };
}

function failureAnswer(id: unknown, failure: RpcFailure): RpcAnswer {
  return { status: statusOf(failure.code), body: `${writeJson(failureJson(id, failure))}\n` };
}

function statusOf(code: number): number {
  if (code === RPC_CODES.invalidRequest) return 400;
  return code === RPC_CODES.methodNotFound ? 404 : 500;
}
