import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { ByteReader } from '../../src/chain/byte-reader.ts';
import {
  bytesToHex,
  compactSize,
  concatBytes,
  hexToBytes,
  lengthPrefixed,
  reversed,
  uint32Le,
  uint64Le,
} from '../../src/chain/bytes.ts';
import { buildCoinbase, type CoinbaseParameters } from '../../src/chain/coinbase.ts';
import { sha256d } from '../../src/chain/hash.ts';
import { encodeHeader, encodeHeaderInput, type HeaderFields, headerHashOf } from '../../src/chain/header.ts';
import { merkleRoot } from '../../src/chain/merkle.ts';
import { p2pkhScript } from '../../src/chain/script.ts';
import { bitsToTarget, meetsTarget } from '../../src/chain/target.ts';
import { decodeTransaction } from '../../src/chain/transaction.ts';
import type { Devnet } from '../../src/devnet/devnet.ts';
import { readJson, writeJson } from '../../src/devnet/json.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { HashRequest, HashResult, Verifier } from '../../src/kawpow/verifier.ts';

/** A proof of work that needs no light cache: the true mix hash is a double SHA-256 of header hash and nonce. */
export const fakeVerifier: Pick<Verifier, 'hash' | 'verify'> = {
  hash: async (request) => ({ ok: true, ...fakeHash(request) }),
  verify: async (request) => {
    const proof = fakeHash(request);
    return { ok: true, valid: bytesToHex(proof.mixHash) === bytesToHex(request.claimedMixHash), ...proof };
  },
};

function fakeHash({ headerHash, nonce }: HashRequest): HashResult {
  const mixHash = sha256d(concatBytes(headerHash, uint64Le(nonce)));
  return { mixHash, finalHash: finalHash(headerHash, nonce, mixHash, KAWPOW) };
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface RawRequest {
  body?: string;
  /** Authorization header; the devnet's own when left out, none when false. */
  auth?: string | false;
  path?: string;
  verb?: string;
  headers?: Record<string, string | number>;
}

/** One HTTP request on a connection of its own. */
export function rawRequest(
  node: Pick<Devnet, 'url' | 'user' | 'password'>,
  options: RawRequest,
): Promise<HttpAnswer> {
  const { body = '', path = '/', verb = 'POST' } = options;
  const own = `Basic ${Buffer.from(`${node.user}:${node.password}`).toString('base64')}`;
  const authorization = options.auth === false ? undefined : (options.auth ?? own);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      new URL(path, node.url),
      {
        method: verb,
        agent: false,
        headers: { ...(authorization ? { authorization } : {}), ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** A JSON-RPC call as text in and out. */
export function rpcText(node: Devnet, method: string, params: unknown, id: unknown = 1): Promise<HttpAnswer> {
  return rawRequest(node, { body: writeJson({ id, method, params }) });
}

/** A JSON-RPC call's result; big numbers as bigint. Fails the test on an error. */
export async function rpc<Result>(node: Devnet, method: string, ...params: unknown[]): Promise<Result> {
  const answer = await rpcText(node, method, params);
  assert.equal(answer.status, 200, `${method}: ${answer.text}`);
  return (readJson(answer.text) as { result: Result }).result;
}

/** What tests read of a template. */
export interface TemplateJson {
  version: number;
  previousblockhash: string;
  transactions: { data: string; txid: string; fee: number }[];
  coinbasevalue: number | bigint;
  longpollid: string;
  mintime: number;
  curtime: number;
  bits: string;
  height: number;
  default_witness_commitment: string;
}

export function getTemplate(node: Devnet): Promise<TemplateJson> {
  return rpc(node, 'getblocktemplate', { rules: ['segwit'] });
}

/** What tests read of `getblock … 1`. */
export interface BlockJson {
  hash: string;
  confirmations: number;
  height: number;
  time: number;
  tx: string[];
  headerhash: string;
  mixhash: string;
  nonce64: number | bigint;
  previousblockhash: string;
}

export function getBlock(node: Devnet, hash: string): Promise<BlockJson> {
  return rpc(node, 'getblock', hash);
}

/** A block to be: everything that a test may want to have wrong. */
export interface BlockDraft extends Omit<HeaderFields, 'merkleRoot'> {
  /** Serialised transactions, coinbase first. */
  transactions: Uint8Array[];
  /** Display order; the right one when left out. */
  merkleRoot?: Uint8Array;
}

/** Coins go here unless a test says otherwise. */
export const TEST_SCRIPT = p2pkhScript(new Uint8Array(20).fill(7));

/** The block that a template asks for, with the coinbase or the header changed. */
export function draftBlock(
  template: TemplateJson,
  changes: { coinbase?: Partial<CoinbaseParameters>; header?: Partial<BlockDraft> } = {},
): BlockDraft {
  const coinbase = buildCoinbase({
    height: template.height,
    tag: new TextEncoder().encode('/test/'),
    outputs: [{ amountSat: BigInt(template.coinbasevalue), script: TEST_SCRIPT }],
    witnessCommitmentScript: hexToBytes(template.default_witness_commitment),
    ...changes.coinbase,
  });
  return {
    version: template.version,
    previousBlockHash: hexToBytes(template.previousblockhash),
    timeS: template.curtime,
    bits: Number.parseInt(template.bits, 16),
    height: template.height,
    transactions: [coinbase.bytes, ...template.transactions.map((tx) => hexToBytes(tx.data))],
    ...changes.header,
  };
}

export interface SolvedBlock {
  hex: string;
  /** Display hex, as the mix hash claimed in the block has it. */
  hash: string;
}

export interface SolveOptions {
  /** Look for a nonce that misses the target instead. */
  miss?: boolean;
  /** Claimed instead of the true one. */
  mixHash?: Uint8Array;
  firstNonce?: bigint;
}

/** Finds the nonce of a draft. */
export async function solveBlock(
  verifier: Pick<Verifier, 'hash'>,
  draft: BlockDraft,
  options: SolveOptions = {},
): Promise<SolvedBlock> {
  const input = encodeHeaderInput({
    ...draft,
    merkleRoot: draft.merkleRoot ?? merkleRootOf(draft.transactions),
  });
  const headerHash = headerHashOf(input);
  const target = bitsToTarget(draft.bits);
  for (let nonce = options.firstNonce ?? 0n; ; nonce++) {
    const proof = await verifier.hash({ height: draft.height, headerHash, nonce });
    assert(proof.ok);
    if (meetsTarget(proof.finalHash, target) === (options.miss ?? false)) continue;
    const mixHash = options.mixHash ?? proof.mixHash;
    return {
      hex: blockHex(encodeHeader(input, nonce, mixHash), draft.transactions),
      hash: bytesToHex(finalHash(headerHash, nonce, mixHash, KAWPOW)),
    };
  }
}

/** Display order; zeros for a block without transactions. */
export function merkleRootOf(transactions: readonly Uint8Array[]): Uint8Array {
  if (transactions.length === 0) return new Uint8Array(32);
  const leaves = transactions.map((bytes) => decodeTransaction(new ByteReader(bytes)).txidInternal);
  return reversed(merkleRoot(leaves));
}

export function blockHex(header: Uint8Array, transactions: readonly Uint8Array[]): string {
  return bytesToHex(concatBytes(header, compactSize(transactions.length), ...transactions));
}

/** A transaction without witness that spends the given outputs and pays one. */
export function makeTransaction(
  inputs: readonly { txid: string; index: number }[],
  outputs: readonly { amountSat: bigint; script: Uint8Array }[] = [{ amountSat: 1000n, script: TEST_SCRIPT }],
): Uint8Array {
  return concatBytes(
    uint32Le(2),
    compactSize(inputs.length),
    ...inputs.flatMap(({ txid, index }) => [
      reversed(hexToBytes(txid)),
      uint32Le(index),
      lengthPrefixed(Uint8Array.of(0x51)),
      uint32Le(0xffffffff),
    ]),
    compactSize(outputs.length),
    ...outputs.flatMap(({ amountSat, script }) => [uint64Le(amountSat), lengthPrefixed(script)]),
    uint32Le(0),
  );
}

/** An id that no transaction has. */
export function unknownTxid(byte: number): string {
  return byte.toString(16).padStart(2, '0').repeat(32);
}
