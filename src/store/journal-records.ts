/**
 * What the journal of found blocks holds: a JSON object a line, each with the version of its form. A block has one
 * `found` record with all that is needed to submit it again, and then what was heard of it.
 */

/** Another meaning of a field is another number; a program that does not know it keeps the line aside. */
const VERSION = 1;

/** Blocks that are settled for good and are still remembered: a few screens of history, some 100 kB. */
const HISTORY_MAX = 200;

/** One output of the coinbase that pays somebody. */
export interface JournaledPayout {
  readonly scriptHex: string;
  /** In decimal: JSON has no integers of that size. */
  readonly amountSat: string;
}

export interface FoundRecord {
  readonly kind: 'found';
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly height: number;
  /** Display hex, as all hashes here. */
  readonly blockHash: string;
  readonly previousBlockHash: string;
  readonly worker: string;
  readonly coinbaseValueSat: string;
  readonly payouts: readonly JournaledPayout[];
  /** The whole block; empty once it is settled for good. */
  readonly blockHex: string;
}

/** What one node answered; of a row of equal answers the first. */
export interface VerdictRecord {
  readonly kind: 'verdict';
  readonly atMs: number;
  readonly blockHash: string;
  readonly node: string;
  readonly verdict: string;
  /** Empty where the verdict says it all. */
  readonly reason: string;
  readonly latencyMs: number;
}

/** Where the submission led. `inconclusive`: a node has the block, beside its best chain. */
export interface OutcomeRecord {
  readonly kind: 'outcome';
  readonly atMs: number;
  readonly blockHash: string;
  readonly outcome: 'accepted' | 'inconclusive' | 'rejected';
  readonly node: string;
  readonly reason: string;
}

/** Nothing will change it any more. */
export interface FinalRecord {
  readonly kind: 'final';
  readonly atMs: number;
  readonly blockHash: string;
  readonly final: 'mature' | 'orphaned';
}

export type JournalRecord = FoundRecord | VerdictRecord | OutcomeRecord | FinalRecord;

/** All that the journal knows of one block. */
export interface JournaledBlock {
  readonly found: FoundRecord;
  /** The last of each node. */
  readonly verdicts: readonly VerdictRecord[];
  readonly outcome: OutcomeRecord | undefined;
  readonly final: FinalRecord | undefined;
}

export interface JournalContents {
  /** In the order in which they were found. */
  readonly blocks: readonly JournaledBlock[];
  /** Lines in the middle that are no records, or of no block. */
  readonly corruptLines: number;
  /** The last line was being written when the program ended, and is no record. */
  readonly isTorn: boolean;
  /** What is added begins a line of its own. */
  readonly isEnded: boolean;
}

/** @returns a line with its newline */
export function encodeRecord(record: JournalRecord): string {
  if (record.kind !== 'found') return `${JSON.stringify({ v: VERSION, ...record })}\n`;
  // Hex needs no escaping, and joined like this megabytes of it cost nothing in the turn that counts.
  const { blockHex, ...rest } = record;
  return `${JSON.stringify({ v: VERSION, ...rest }).slice(0, -1)},"blockHex":"${blockHex}"}\n`;
}

/** Reads whatever a file holds. A record that is there twice counts once: one may be written again after a failure. */
export function decodeJournal(text: string): JournalContents {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const records: JournalRecord[] = [];
  let corruptLines = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const record = decodeRecord(line);
    if (record === undefined) corruptLines += 1;
    else records.push(record);
  }
  // Whole but for its newline, it was written whole.
  const lastRecord = last === '' ? undefined : decodeRecord(last);
  if (lastRecord !== undefined) records.push(lastRecord);
  const { blocks, strays } = gather(records);
  return {
    blocks,
    corruptLines: corruptLines + strays,
    isTorn: last !== '' && lastRecord === undefined,
    isEnded: last === '',
  };
}

/** @returns whether it is settled for good: nobody has to be asked about it any more */
export function isFinal({ outcome, final }: JournaledBlock): boolean {
  return final !== undefined || outcome?.outcome === 'rejected';
}

/**
 * What has to be kept of it: all of each block that is not final; of the others the newest, without their bytes.
 * @returns the text of a new journal
 */
export function compactJournal(blocks: readonly JournaledBlock[]): string {
  const remembered = new Set(blocks.filter(isFinal).slice(-HISTORY_MAX));
  return blocks
    .filter((block) => !isFinal(block) || remembered.has(block))
    .map((block) => {
      const found = isFinal(block) ? { ...block.found, blockHex: '' } : block.found;
      const { verdicts, outcome, final } = block;
      const rest = [...verdicts, outcome, final].filter((record) => record !== undefined);
      return [found, ...rest].map(encodeRecord).join('');
    })
    .join('');
}

/** Whether compacting makes it smaller. */
export function isCompact(blocks: readonly JournaledBlock[]): boolean {
  const final = blocks.filter(isFinal);
  return final.length <= HISTORY_MAX && final.every(({ found }) => found.blockHex === '');
}

/** Records of a block may stand before the one that tells of it: that one was perhaps written late. */
function gather(records: readonly JournalRecord[]): { blocks: JournaledBlock[]; strays: number } {
  const founds = new Map<string, FoundRecord>();
  for (const record of records) {
    if (record.kind !== 'found') continue;
    const known = founds.get(record.blockHash);
    // One with its bytes counts more than a shortened one.
    if (known === undefined || known.blockHex === '') founds.set(record.blockHash, record);
  }
  const verdicts = new Map<string, Map<string, VerdictRecord>>();
  const outcomes = new Map<string, OutcomeRecord>();
  const finals = new Map<string, FinalRecord>();
  let strays = 0;
  for (const record of records) {
    const { blockHash } = record;
    if (!founds.has(blockHash)) strays += 1;
    else if (record.kind === 'outcome') outcomes.set(blockHash, record);
    else if (record.kind === 'final') finals.set(blockHash, record);
    else if (record.kind === 'verdict') {
      const ofBlock = verdicts.get(blockHash) ?? new Map<string, VerdictRecord>();
      verdicts.set(blockHash, ofBlock.set(record.node, record));
    }
  }
  const blocks = [...founds].map(([blockHash, found]) => ({
    found,
    verdicts: [...(verdicts.get(blockHash)?.values() ?? [])],
    outcome: outcomes.get(blockHash),
    final: finals.get(blockHash),
  }));
  return { blocks, strays };
}

/** @returns undefined for what is no record, or one of another version */
function decodeRecord(line: string): JournalRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, ...record } = value as { v?: unknown } & Record<string, unknown>;
  if (v !== VERSION || !isHash(record.blockHash) || typeof record.atMs !== 'number') return undefined;
  return isRecord(record) ? record : undefined;
}

function isRecord(record: Record<string, unknown>): record is Record<string, unknown> & JournalRecord {
  const areTexts = (...names: string[]): boolean => names.every((name) => typeof record[name] === 'string');
  switch (record.kind) {
    case 'found':
      return (
        areTexts('worker') &&
        Number.isSafeInteger(record.height) &&
        isHash(record.previousBlockHash) &&
        isAmount(record.coinbaseValueSat) &&
        isPayouts(record.payouts) &&
        isHex(record.blockHex)
      );
    case 'verdict':
      return areTexts('node', 'verdict', 'reason') && typeof record.latencyMs === 'number';
    case 'outcome':
      return areTexts('node', 'reason') && isOneOf(record.outcome, ['accepted', 'inconclusive', 'rejected']);
    case 'final':
      return isOneOf(record.final, ['mature', 'orphaned']);
    default:
      return false;
  }
}

function isOneOf(value: unknown, allowed: readonly string[]): boolean {
  return typeof value === 'string' && allowed.includes(value);
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]*$/i.test(value) && value.length % 2 === 0;
}

function isAmount(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

function isPayouts(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((payout) => isHex(payout?.scriptHex) && isAmount(payout?.amountSat));
}
