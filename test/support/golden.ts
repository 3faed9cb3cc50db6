import { readdirSync, readFileSync } from 'node:fs';

const GOLDEN = new URL('../golden/', import.meta.url);

/** A recording of test/golden as JSON; its README tells where each comes from. */
export function readGolden(path: string): unknown {
  return JSON.parse(readGoldenText(path));
}

/** A recording's exact text. */
export function readGoldenText(path: string): string {
  return readFileSync(new URL(path, GOLDEN), 'utf8');
}

/** Names of a folder's recordings, sorted, with `.json`. */
export function listGolden(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, GOLDEN))
    .filter((name) => name.endsWith('.json'))
    .sort();
}

export interface RecordedTemplateTransaction {
  data: string;
  txid: string;
  hash: string;
}

/** What ravend/block/*.json holds of a template and of the block that was made from it. */
export interface RecordedPair {
  template: {
    response: {
      result: Record<string, unknown> & {
        version: number;
        previousblockhash: string;
        bits: string;
        height: number;
        coinbasevalue: number;
        default_witness_commitment: string;
        transactions: RecordedTemplateTransaction[];
      };
    };
  };
  assembled: {
    height: number;
    headerPreimage: string;
    headerHash: string;
    nonce64: string;
    mixHash: string;
    finalHash: string;
    blockHeader: string;
    coinbaseScriptSig: string;
    coinbaseHexNoWitness: string;
    coinbaseHexInBlock: string;
    coinbaseTxid: string;
    merkleRoot: string;
    merkleBranch: string[];
    time: number;
    blockHex: string;
  };
  payoutAddress: string;
}

/** Every recorded template with the block that ravend accepted for it. */
export function recordedPairs(): { name: string; pair: RecordedPair }[] {
  return listGolden('ravend/block')
    .map((name) => ({ name, pair: readGolden(`ravend/block/${name}`) as RecordedPair }))
    .filter(({ pair }) => pair.assembled !== undefined);
}
