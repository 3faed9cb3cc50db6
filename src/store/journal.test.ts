import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemoryJournal, type MemoryJournal } from '../../test/support/memory-journal.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { KpssError } from '../error.ts';
import { openJournal } from './journal.ts';
import { decodeJournal, encodeRecord, type FoundRecord, type JournalRecord } from './journal-records.ts';

const hashOf = (n: number): string => n.toString(16).padStart(64, '0');

function found(n: number, changes: Partial<FoundRecord> = {}): FoundRecord {
  return {
    kind: 'found',
    atMs: 1_000 + n,
    height: 100 + n,
    blockHash: hashOf(n),
    previousBlockHash: hashOf(0),
    worker: `ríg "${n}"`,
    coinbaseValueSat: '250000463300',
    payouts: [{ scriptHex: '51', amountSat: '250000463300' }],
    blockHex: 'abcd'.repeat(n),
    ...changes,
  };
}
const outcome = (n: number, kind: 'accepted' | 'inconclusive' | 'rejected' = 'accepted'): JournalRecord => ({
  kind: 'outcome',
  atMs: 2_000,
  blockHash: hashOf(n),
  outcome: kind,
  node: 'node1',
  reason: '',
});
const final = (n: number, kind: 'mature' | 'orphaned' = 'mature'): JournalRecord => ({
  kind: 'final',
  atMs: 3_000,
  blockHash: hashOf(n),
  final: kind,
});
const verdict = (n: number, node: string, kind = 'accepted'): JournalRecord => ({
  kind: 'verdict',
  atMs: 1_500,
  blockHash: hashOf(n),
  node,
  verdict: kind,
  reason: '',
  latencyMs: 3,
});
const textOf = (...records: JournalRecord[]): string => records.map(encodeRecord).join('');

function setUp(store: MemoryJournal = createMemoryJournal()) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const journal = openJournal(store, { clock, log });
  const levels = (level: string) => log.lines.filter((line) => line.level === level);
  return { store, clock, log, journal, levels };
}

test('what was written is there at the next start: the block whole, the last word of each node, the outcome', async () => {
  const { store, clock, journal } = setUp();
  await journal.opened;
  const records = [
    found(1),
    verdict(1, 'a', 'no-answer'),
    verdict(1, 'a'),
    verdict(1, 'b'),
    outcome(1),
    found(2),
  ];
  for (const record of records) journal.write(record);
  await clock.settle();
  await journal.close();
  assert.equal(clock.pending(), 0);
  const again = await setUp(createMemoryJournal(store.text)).journal.opened;
  assert.deepEqual(again, [
    { found: found(1), verdicts: [verdict(1, 'a'), verdict(1, 'b')], outcome: outcome(1), final: undefined },
    { found: found(2), verdicts: [], outcome: undefined, final: undefined },
  ]);
});

test('a write is begun before it returns', async () => {
  const { store, journal } = setUp();
  await journal.opened;
  journal.write(found(1));
  assert.equal(store.appends.at(-1), encodeRecord(found(1)));
});

test('property: wherever the file is cut, no record before the cut is lost, and one in the middle at the most', () => {
  const records = [
    found(1),
    verdict(1, 'ñ'),
    outcome(1),
    found(2),
    found(3),
    final(1),
    outcome(3, 'inconclusive'),
  ];
  const bytes = Buffer.from(textOf(...records));
  const ends = records.map((_, i) => Buffer.byteLength(textOf(...records.slice(0, i + 1))));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const contents = decodeJournal(bytes.subarray(0, cut).toString());
    // A record without only its newline is whole.
    const whole = ends.filter((end) => end - 1 <= cut).length;
    assert.deepEqual(
      contents.blocks,
      decodeJournal(textOf(...records.slice(0, whole))).blocks,
      `cut at ${cut}`,
    );
    assert.equal(contents.corruptLines, 0);
    assert.equal(contents.isTorn, !ends.includes(cut) && !ends.includes(cut + 1) && cut > 0, `cut at ${cut}`);
  }
});

test('property: whatever stands between whole lines, all blocks are found, and reading never fails', () => {
  const junk = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => !/[\n\r]/.test(text));
  fc.assert(
    fc.property(fc.array(junk, { minLength: 3, maxLength: 3 }), ([a = '', b = '', c = '']) => {
      const text = `${a}\n${textOf(found(1))}${b}\n${textOf(outcome(1), found(2))}${c}`;
      const { blocks } = decodeJournal(text);
      assert.deepEqual(
        blocks.map((block) => [block.found, block.outcome]),
        [
          [found(1), outcome(1)],
          [found(2), undefined],
        ],
      );
    }),
  );
});

test('a torn last line is told, and what is written next is whole', async () => {
  const torn = textOf(found(1)) + encodeRecord(found(2)).slice(0, 50);
  const { store, journal, levels, clock } = setUp(createMemoryJournal(torn));
  assert.deepEqual(
    (await journal.opened).map((block) => block.found.height),
    [101],
  );
  assert.match(levels('warn')[0]?.message ?? '', /cut off/);
  journal.write(found(3));
  await clock.settle();
  assert.equal(store.text, textOf(found(1), found(3)));
});

test('a torn last line that cannot be taken away does not swallow the next record', async () => {
  const store = createMemoryJournal(textOf(found(1)) + encodeRecord(found(2)).slice(0, 50));
  store.replace = async () => {
    throw new Error('no room for a second file');
  };
  const { journal, clock } = setUp(store);
  await journal.opened;
  journal.write(found(3));
  await clock.settle();
  assert.deepEqual(
    decodeJournal(store.text).blocks.map((block) => block.found.height),
    [101, 103],
  );
});

test('a damaged line in the middle is kept aside and told; all others stay', async () => {
  const lines = [textOf(found(1)), '{"v":1,"kind":"fou\u0000nd"\n', textOf(found(2), found(1), outcome(2))];
  const before = lines.join('');
  const { store, journal, levels } = setUp(createMemoryJournal(before));
  assert.deepEqual(
    (await journal.opened).map((block) => block.found.height),
    [101, 102],
  );
  assert.deepEqual(store.copies, [before]);
  assert.match(levels('error')[0]?.message ?? '', /^1 line .* damaged.*memory\.jsonl\.damaged/);
  assert.equal(store.text, textOf(found(1), found(2), outcome(2)));
});

test('where no copy can be put aside, the damaged journal stays as it is', async () => {
  const before = `rubbish\n${textOf(found(1))}`;
  const store = createMemoryJournal(before);
  store.keepCopy = async () => {
    throw new Error('no room');
  };
  const { journal } = setUp(store);
  assert.equal((await journal.opened).length, 1);
  assert.equal(store.text, before);
});

test('lines of a later version are not taken for ours, and not thrown away', async () => {
  const before = textOf(found(1)) + encodeRecord(found(2)).replace('"v":1', '"v":2');
  const { store, journal, levels } = setUp(createMemoryJournal(before));
  assert.equal((await journal.opened).length, 1);
  assert.deepEqual(store.copies, [before]);
  assert.match(levels('error')[0]?.message ?? '', /^1 line .* written by a newer KPSS \(version 2 /);
  assert.equal(levels('error').length, 1);
});

test('blocks that are settled for good give up their bytes at the next start, and only the newest are kept', async () => {
  const settled = Array.from({ length: 300 }, (_, i) => [found(i + 1), outcome(i + 1), final(i + 1)]).flat();
  const open = [found(400), found(401), outcome(401), found(402), outcome(402, 'inconclusive')];
  const refused = [found(403), outcome(403, 'rejected')];
  const { store, journal } = setUp(createMemoryJournal(textOf(...settled, ...open, ...refused)));
  await journal.opened;
  const { blocks } = decodeJournal(store.text);
  const withBytes = blocks.filter((block) => block.found.blockHex !== '').map((block) => block.found.height);
  assert.deepEqual(withBytes, [500, 501, 502]);
  assert.equal(blocks.length, 200 + 3);
  assert.equal(blocks.at(-1)?.outcome?.outcome, 'rejected');
  assert.equal(blocks[0]?.final?.final, 'mature');
});

test('a disk that fails is an alarm once; its records are written when it works again', async () => {
  const { store, clock, journal, levels, log } = setUp();
  await journal.opened;
  store.failure = new KpssError('KPSS_JOURNAL_FULL', 'the disk is full');
  journal.write(found(1));
  await clock.advance(1_000);
  const { state, sinceMs } = journal.status();
  assert.deepEqual([state, sinceMs], ['failing', clock.nowMs() - 1_000]);
  journal.write(found(2));
  await clock.advance(60_000);
  assert.equal(levels('error').length, 1);
  assert.match(levels('error')[0]?.message ?? '', /cannot be written down: the disk is full/);
  assert.doesNotMatch(JSON.stringify(log.lines), /abcd/);
  store.failure = undefined;
  await clock.advance(5_000);
  assert.deepEqual(
    decodeJournal(store.text).blocks.map((block) => block.found),
    [found(1), found(2)],
  );
  assert.equal(journal.status().state, 'ok');
  assert.match(levels('info').at(-1)?.message ?? '', /written down again/);
  assert.equal(clock.pending(), 0);
});

test('a disk that works again is told so, however much there is to write', async () => {
  const { store, clock, journal } = setUp();
  await journal.opened;
  store.failure = new KpssError('KPSS_JOURNAL_FULL', 'the disk is full');
  journal.write(found(1));
  await clock.advance(1_000);
  store.failure = undefined;
  store.hold();
  await clock.advance(5_000);
  // One comes while another is being written, again and again.
  journal.write(found(2));
  store.release();
  store.hold();
  await clock.settle();
  assert.equal(journal.status().state, 'ok');
  journal.write(found(3));
  assert.equal(store.appends.at(-1), encodeRecord(found(3)));
  store.release();
  await clock.settle();
  assert.equal(decodeJournal(store.text).blocks.length, 3);
});

test('a journal that cannot be read at the start is read later; what was found meanwhile is added', async () => {
  const store = createMemoryJournal(textOf(found(1)));
  store.failure = new KpssError('KPSS_JOURNAL_UNREADABLE', 'no right to read it');
  const { clock, journal } = setUp(store);
  await clock.advance(1_000);
  assert.equal(journal.status().state, 'failing');
  journal.write(found(2));
  await clock.advance(10_000);
  store.failure = undefined;
  await clock.advance(5_000);
  assert.deepEqual(
    (await journal.opened).map((block) => block.found.height),
    [101],
  );
  assert.equal(store.text, textOf(found(1), found(2)));
  assert.equal(journal.status().state, 'ok');
});

test('what waits for a failing disk is bounded: the oldest records go', async () => {
  const { store, clock, journal, levels } = setUp();
  await journal.opened;
  store.failure = new Error('EIO');
  const blockHex = '00'.repeat(8 * 2 ** 20);
  for (let n = 1; n <= 5; n++) journal.write(found(n, { blockHex }));
  await clock.advance(6_000);
  journal.write(found(6, { blockHex }));
  store.failure = undefined;
  await clock.advance(5_000);
  assert.deepEqual(
    decodeJournal(store.text).blocks.map((block) => block.found.height),
    [104, 105, 106],
  );
  assert.match(levels('warn').at(-1)?.message ?? '', /3 records/);
});

test('a disk that is silent at the start is told, too; what is found meanwhile is written once it answers', async () => {
  const store = createMemoryJournal(textOf(found(1)));
  const read = Promise.withResolvers<string>();
  store.read = () => read.promise;
  const { clock, journal, levels } = setUp(store);
  journal.write(found(2));
  await clock.advance(60_000);
  assert.equal(journal.status().state, 'failing');
  assert.equal(levels('error').length, 1);
  read.resolve(store.text);
  await clock.advance(1_000);
  assert.equal(store.text, textOf(found(1), found(2)));
  assert.equal(journal.status().state, 'ok');
});

test('a folder that cannot be written to is told at the start, before a block is found', async () => {
  const store = createMemoryJournal();
  store.read = async () => {
    store.failure = new KpssError('KPSS_JOURNAL_UNWRITABLE', 'no right to write it');
    return '';
  };
  const { clock, journal, levels } = setUp(store);
  assert.deepEqual(await journal.opened, []);
  await clock.advance(1);
  assert.equal(journal.status().state, 'failing');
  assert.match(levels('error')[0]?.message ?? '', /^found blocks cannot be written down: /);
  await clock.advance(5_000);
  store.failure = undefined;
  await clock.advance(5_000);
  assert.equal(journal.status().state, 'ok');
  assert.equal(store.text, '');
  assert.equal(clock.pending(), 0);
  store.failure = new Error('EROFS');
  await journal.close();
  assert.equal(levels('error').length, 1);
});

test('an end says nothing of records that are missing where no block was found', async () => {
  const store = createMemoryJournal();
  store.append = () => Promise.reject(new Error('EROFS'));
  const { clock, journal, levels } = setUp(store);
  await journal.opened;
  await clock.advance(1);
  await journal.close();
  assert.equal(levels('error').length, 1);
});

test('a disk that does not answer is told after 10 s, gets no more to do, and all is written once it answers', async () => {
  const { store, clock, journal, levels } = setUp();
  await journal.opened;
  store.hold();
  journal.write(found(1));
  await clock.advance(9_000);
  assert.equal(journal.status().state, 'ok');
  await clock.advance(2_000);
  assert.equal(journal.status().state, 'failing');
  assert.match(levels('error')[0]?.message ?? '', /does not answer/);
  journal.write(found(2));
  await clock.advance(60_000);
  assert.deepEqual(store.appends.filter(Boolean), [encodeRecord(found(1))]);
  store.release();
  await clock.advance(1_000);
  assert.equal(store.text, textOf(found(1), found(2)));
  assert.equal(journal.status().state, 'ok');
  assert.equal(clock.pending(), 0);
});

test('the end waits for what is being written, tries once more what was not, and no longer than 3 s', async () => {
  const slow = setUp();
  await slow.journal.opened;
  slow.store.hold();
  slow.journal.write(found(1));
  const closing = slow.journal.close();
  await slow.clock.advance(1_000);
  slow.store.release();
  await closing;
  assert.equal(slow.store.text, textOf(found(1)));

  const stuck = setUp();
  await stuck.journal.opened;
  stuck.store.hold();
  stuck.journal.write(found(1));
  const given = stuck.journal.close();
  await stuck.clock.advance(3_000);
  await given;
  assert.match(stuck.levels('error')[0]?.message ?? '', /could not be written to the end/);
  assert.equal(stuck.clock.pending(), 0);
});

test('what a disk refused is tried once more at the end', async () => {
  const { store, journal, clock } = setUp();
  await journal.opened;
  store.failure = new Error('no');
  journal.write(found(1));
  await clock.settle();
  store.failure = undefined;
  await journal.close();
  assert.equal(store.text, textOf(found(1)));
  assert.equal(clock.pending(), 0);
});
