import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryJournal, type MemoryJournal } from '../../test/support/memory-journal.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { openJournal } from './journal.ts';
import { encodeRecord, type FoundRecord } from './journal-records.ts';

// What a journal may be found like at the start, beside what KPSS itself leaves there.

function textOf(...numbers: number[]): string {
  return numbers.map((n) => encodeRecord(found(n))).join('');
}
function found(n: number): FoundRecord {
  const blockHash = n.toString(16).padStart(64, '0');
  return {
    kind: 'found',
    atMs: 1_000,
    height: 100 + n,
    blockHash,
    previousBlockHash: '0'.repeat(64),
    worker: 'rig',
    coinbaseValueSat: '250000463300',
    payouts: [],
    blockHex: 'abcd',
  };
}

function setUp(store: MemoryJournal) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const errors = () => log.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  return { store, clock, errors, journal: openJournal(store, { clock, log }) };
}

test('another KPSS with the same journal: it is told what to do, nothing is written anew, and records are added', async () => {
  const before = `${textOf(1, 2)}torn`;
  const store = createMemoryJournal(before);
  store.claim = async () => 4711;
  const { journal, clock, errors } = setUp(store);
  assert.equal((await journal.opened).length, 2);
  journal.write(found(3));
  await clock.settle();
  assert.equal(store.text, `${before}\n${textOf(3)}`);
  assert.match(errors()[0] ?? '', /process 4711.*same journal.*dataDirectory/);
  assert.equal(errors().length, 1);
});

test('an end that no KPSS can have begun is kept aside, however it came there', async () => {
  for (const end of ['\0\0\0', 'x'.repeat(1_000), '{"v":2,"kind"', `{"v":1,${'x'.repeat(64 * 2 ** 20)}`]) {
    const before = textOf(1) + end;
    const { store, journal } = setUp(createMemoryJournal(before));
    assert.equal((await journal.opened).length, 1);
    assert.ok(store.copies.length === 1 && store.copies[0] === before, end.slice(0, 20));
  }
});

test('a long journal is read in slices: others get their turn in between', async () => {
  const lines = 'x\n'.repeat(600_000);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const { journal } = setUp(createMemoryJournal(textOf(1) + lines + textOf(2)));
  assert.equal((await journal.opened).length, 2);
  clearImmediate(next);
  assert.ok(turns >= 4, `${turns} turns`);
});
