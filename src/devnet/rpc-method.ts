import type { Network } from '../chain/coins.ts';
import type { KawPow } from '../kawpow/params.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import type { Clock } from '../mining/ports.ts';
import type { Chain } from './chain.ts';
import type { LongPolls } from './long-poll.ts';
import type { Mempool } from './mempool.ts';
import { helpText } from './rpc-help.ts';
import type { RpcParams } from './rpc-params.ts';
import type { BlockGate } from './submit.ts';
import type { TemplateMaker } from './template.ts';

/**
 * A state in which ravend refuses work:
 * - `warming-up`: every call gets -28 with the message ("Loading block index…")
 * - `not-connected`, `downloading`: getblocktemplate gets -9 or -10, other calls work
 * - `work-queue-full`: every request gets HTTP 500 with a plain text
 * - `forbidden`: every request gets HTTP 403 with an empty body, as from an address outside rpcallowip
 */
export type DevnetFault =
  | { readonly kind: 'warming-up'; readonly message?: string }
  | { readonly kind: 'not-connected' | 'downloading' | 'work-queue-full' | 'forbidden' };

/** The parts of the node that RPC methods work on. */
export interface NodeParts {
  readonly network: Network;
  readonly pow: KawPow;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly templates: TemplateMaker;
  readonly gate: BlockGate;
  readonly longPolls: LongPolls;
  readonly verifier: Pick<Verifier, 'hash' | 'verify'>;
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly fault: () => DevnetFault | undefined;
}

export interface RpcCall {
  /** Fires when the caller has gone or the node stops. */
  readonly signal: AbortSignal;
}

export interface RpcMethod {
  /** Names of the parameters, in their order, for calls that name them. */
  readonly names: readonly string[];
  /** Number of parameters; outside, the caller gets the help text as error -1. */
  readonly min: number;
  readonly max: number;
  readonly help: string;
  /** @returns the call's result, or a promise of it; throws RpcFailure for an error */
  readonly run: (params: RpcParams, call: RpcCall) => unknown;
}

export type RpcMethods = readonly (readonly [string, RpcMethod])[];

interface RpcMethodParams {
  readonly names: readonly string[];
  /** How many of them must be there. */
  readonly required: number;
  /** For the help text: what follows the method's name, and an example's parameters. */
  readonly usage: string;
  readonly example?: string;
}

/** A method with its help text; without `params` it takes none. */
export function rpcMethod(
  method: string,
  text: string,
  run: RpcMethod['run'],
  params: RpcMethodParams = { names: [], required: 0, usage: '' },
): RpcMethods[number] {
  const { names, required, usage, example } = params;
  const help = helpText({ method, usage, text: `${text}\n`, ...(example === undefined ? {} : { example }) });
  return [method, { names, min: required, max: names.length, help, run }];
}
