/**
 * What the journal of found blocks holds: a JSON object a line, each with the version of its form. A block has one
 * `found` record with all that is needed to submit it again, and then what was heard of it.
 */

/** Another meaning of a field is another number; a program that does not know it keeps the line aside. */
const VERSION = 1;

/** Blocks that are settled for good and are still remembered: a few screens of history, some 100 kB. */
const HISTORY_MAX = 200;

/** Read at once: some milliseconds of records, or about 10 of the shortest lines that are none. */
const SLICE_CHARACTERS = 256 * 1024;
/** What is cut off is part of one batch of records; this is four blocks of the largest size. */
const TORN_CHARACTERS_MAX = 64 * 2 ** 20;

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
  /** Lines of a later form than ours. */
  readonly newerLines: number;
  /** The latest form among them. */
  readonly newerVersion: number | undefined;
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
  const decoder = new JournalDecoder(text);
  while (!decoder.step());
  return decoder.finish();
}

/** As `decodeJournal`; a long one in slices, so that miners and nodes are answered in between. */
export async function decodeLongJournal(text: string): Promise<JournalContents> {
  const decoder = new JournalDecoder(text);
  while (!decoder.step()) await new Promise<void>((resolve) => setImmediate(resolve));
  return decoder.finish();
}

class JournalDecoder {
  readonly #text: string;
  readonly #records: JournalRecord[] = [];
  #position = 0;
  #corruptLines = 0;
  #newerLines = 0;
  #newerVersion: number | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** @returns whether all lines that have an end are read */
  step(): boolean {
    const stop = this.#position + SLICE_CHARACTERS;
    while (this.#position < stop) {
      const end = this.#text.indexOf('\n', this.#position);
      if (end === -1) return true;
      const line = this.#text.slice(this.#position, end);
      this.#position = end + 1;
      if (line.trim() !== '') this.#take(line);
    }
    return false;
  }

  finish(): JournalContents {
    const last = this.#text.slice(this.#position);
    // Whole but for its newline, it was written whole.
    const isWhole = last !== '' && decodeRecord(last) !== undefined;
    const isTorn = last !== '' && !isWhole && isBegunRecord(last);
    if (last !== '' && !isTorn) this.#take(last);
    const { blocks, strays } = gather(this.#records);
    return {
      blocks,
      corruptLines: this.#corruptLines + strays,
      newerLines: this.#newerLines,
      newerVersion: this.#newerVersion,
      isTorn,
      isEnded: last === '',
    };
  }

  #take(line: string): void {
    const record = decodeRecord(line);
    if (record === undefined) this.#corruptLines += 1;
    else if ('newerVersion' in record) {
      this.#newerLines += 1;
      this.#newerVersion = Math.max(this.#newerVersion ?? 0, record.newerVersion);
    } else this.#records.push(record);
  }
}

/** Whether a program that ended while it wrote may have left this; what is no such thing is kept aside. */
function isBegunRecord(text: string): boolean {
  const start = `{"v":${VERSION},`;
  return text.length <= TORN_CHARACTERS_MAX && (text.startsWith(start) || start.startsWith(text));
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

/** @returns undefined for what is no record */
function decodeRecord(line: string): JournalRecord | { readonly newerVersion: number } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, ...record } = value as { v?: unknown } & Record<string, unknown>;
  if (typeof v === 'number' && Number.isSafeInteger(v) && v > VERSION) return { newerVersion: v };
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
