import { bytesToHex, compactSize, concatBytes, reversed } from '../chain/bytes.ts';
import type { DecodedTransaction, TransactionInput } from '../chain/transaction.ts';

const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_CHECKSIG = 0xac;
const OP_CHECKSIGVERIFY = 0xad;

/** BIP 141: a signature check outside a witness counts four times toward a block's limit. */
const LEGACY_SIGOP_COST = 4;

/** A transaction id or hash as RPC shows it. */
export function displayHex(hashInternal: Uint8Array): string {
  return bytesToHex(reversed(hashInternal));
}

/** The output that an input spends, as a map key. */
export function outpointOf(input: TransactionInput): string {
  return `${displayHex(input.previousTxidInternal)}:${input.previousIndex}`;
}

/** BIP 141: bytes without witness count four times, bytes of the witness once. */
export function weightOf(tx: DecodedTransaction): number {
  return tx.stripped.length * 3 + tx.bytes.length;
}

/** The null outpoint: zero hash, highest index. */
export function spendsNothing(input: TransactionInput): boolean {
  return input.previousIndex === 0xffffffff && input.previousTxidInternal.every((byte) => byte === 0);
}

/** Exactly one input, which spends nothing. */
export function isCoinbase(tx: DecodedTransaction): boolean {
  const [input] = tx.inputs;
  return tx.inputs.length === 1 && input !== undefined && spendsNothing(input);
}

/** A block as it is stored: header, count, transactions. */
export function blockBytes(headerBytes: Uint8Array, txs: readonly DecodedTransaction[]): Uint8Array {
  return concatBytes(headerBytes, compactSize(txs.length), ...txs.map((tx) => tx.bytes));
}

/** One step of a script: an opcode, with the data it pushes. */
export interface ScriptStep {
  readonly opcode: number;
  readonly data?: Uint8Array;
}

/** A script's steps; a last push that runs past the end has the opcode alone and ends the list. */
export function scriptSteps(script: Uint8Array): ScriptStep[] {
  const steps: ScriptStep[] = [];
  for (let at = 0; at < script.length; ) {
    const opcode = script[at] as number;
    at += 1;
    if (opcode === 0 || opcode > OP_PUSHDATA4) {
      steps.push({ opcode });
      continue;
    }
    // A push gives its length directly, or in the 1, 2 or 4 bytes that follow, little-endian.
    const lengthBytes = opcode < OP_PUSHDATA1 ? 0 : 1 << (opcode - OP_PUSHDATA1);
    let length = lengthBytes === 0 ? opcode : 0;
    for (let i = lengthBytes - 1; i >= 0; i--) length = length * 256 + (script[at + i] ?? 0);
    at += lengthBytes;
    if (at + length > script.length) return [...steps, { opcode }];
    steps.push({ opcode, data: script.subarray(at, at + length) });
    at += length;
  }
  return steps;
}

/** Signature checks in the outputs, at their cost; what the inputs spend is not known here and counts nothing. */
export function sigopCost(tx: DecodedTransaction): number {
  const steps = tx.outputs.flatMap((output) => scriptSteps(output.script));
  const checks = steps.filter(({ opcode }) => opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY);
  return checks.length * LEGACY_SIGOP_COST;
}
