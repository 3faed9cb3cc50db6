import { encodeAddress } from '../chain/address.ts';
import { bytesToHex } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import type { DecodedTransaction, TransactionInput } from '../chain/transaction.ts';
import { coinsJson } from './json.ts';
import { displayHex, isCoinbase, type ScriptStep, scriptSteps, weightOf } from './transactions.ts';

const OP_1NEGATE = 0x4f;
const OP_1 = 0x51;
const OP_16 = 0x60;

/** The opcodes of ordinary output scripts; others show as OP_UNKNOWN. */
const OPCODE_NAMES: Readonly<Record<number, string>> = {
  0: '0',
  [OP_1NEGATE]: '-1',
  106: 'OP_RETURN',
  117: 'OP_DROP',
  118: 'OP_DUP',
  135: 'OP_EQUAL',
  136: 'OP_EQUALVERIFY',
  169: 'OP_HASH160',
  172: 'OP_CHECKSIG',
  174: 'OP_CHECKMULTISIG',
  192: 'OP_RVN_ASSET',
};

/** Last byte of a signature: which parts of a transaction it signs. */
const SIGHASH_NAMES: Readonly<Record<number, string>> = {
  1: 'ALL',
  2: 'NONE',
  3: 'SINGLE',
  129: 'ALL|ANYONECANPAY',
  130: 'NONE|ANYONECANPAY',
  131: 'SINGLE|ANYONECANPAY',
};

/**
 * A transaction as `getblock … 2` shows it. Asset scripts, which ravend explains further, show as nonstandard.
 * @param network whose addresses are shown
 */
export function transactionJson(tx: DecodedTransaction, network: Network): Record<string, unknown> {
  const coinbase = isCoinbase(tx);
  return {
    txid: displayHex(tx.txidInternal),
    hash: displayHex(tx.hashInternal),
    version: tx.version,
    size: tx.bytes.length,
    vsize: Math.ceil(weightOf(tx) / 4),
    locktime: tx.lockTime,
    vin: tx.inputs.map((input) => (coinbase ? coinbaseInputJson(input) : inputJson(input))),
    vout: tx.outputs.map((output, n) => ({
      value: coinsJson(output.amountSat),
      n,
      scriptPubKey: outputScriptJson(output.script, network),
    })),
    hex: bytesToHex(tx.bytes),
  };
}

function coinbaseInputJson(input: TransactionInput): Record<string, unknown> {
  return { coinbase: bytesToHex(input.scriptSig), sequence: input.sequence };
}

function inputJson(input: TransactionInput): Record<string, unknown> {
  return {
    txid: displayHex(input.previousTxidInternal),
    vout: input.previousIndex,
    scriptSig: { asm: asmOf(input.scriptSig, true), hex: bytesToHex(input.scriptSig) },
    ...(input.witness.length > 0 ? { txinwitness: input.witness.map(bytesToHex) } : {}),
    sequence: input.sequence,
  };
}

function outputScriptJson(script: Uint8Array, network: Network): Record<string, unknown> {
  const shown = { asm: asmOf(script, false), hex: bytesToHex(script) };
  const hex = shown.hex;
  if (/^76a914.{40}88ac$/.test(hex)) {
    const address = encodeAddress(network.p2pkhVersion, script.subarray(3, 23));
    return { ...shown, reqSigs: 1, type: 'pubkeyhash', addresses: [address] };
  }
  if (/^a914.{40}87$/.test(hex)) {
    const address = encodeAddress(network.p2shVersion, script.subarray(2, 22));
    return { ...shown, reqSigs: 1, type: 'scripthash', addresses: [address] };
  }
  return { ...shown, type: hex.startsWith('6a') ? 'nulldata' : 'nonstandard' };
}

function asmOf(script: Uint8Array, withSignatures: boolean): string {
  return scriptSteps(script)
    .map((step) => stepText(step, withSignatures))
    .join(' ');
}

function stepText({ opcode, data }: ScriptStep, withSignatures: boolean): string {
  if (data) return data.length <= 4 ? String(scriptNumber(data)) : dataText(data, withSignatures);
  if (opcode >= OP_1 && opcode <= OP_16) return String(opcode - OP_1 + 1);
  // A push that runs past the script's end.
  if (opcode > 0 && opcode < OP_1NEGATE) return '[error]';
  return OPCODE_NAMES[opcode] ?? 'OP_UNKNOWN';
}

function dataText(data: Uint8Array, withSignatures: boolean): string {
  const sighash = SIGHASH_NAMES[data.at(-1) ?? 0];
  const isSignature = data[0] === 0x30 && data[1] === data.length - 3;
  if (withSignatures && isSignature && sighash) return `${bytesToHex(data.subarray(0, -1))}[${sighash}]`;
  return bytesToHex(data);
}

/** Little-endian with the sign in the top bit of the last byte. */
function scriptNumber(data: Uint8Array): number {
  let value = 0;
  for (let i = data.length - 1; i >= 0; i--) value = value * 256 + (data[i] as number);
  const signBit = data.length > 0 ? 0x80 * 256 ** (data.length - 1) : 0;
  return signBit > 0 && value >= signBit ? signBit - value : value;
}
