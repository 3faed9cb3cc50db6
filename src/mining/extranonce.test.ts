import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noRandom } from '../../test/support/mining.ts';
import { nonceHasPrefix, PrefixAllocator, prefixHex } from './extranonce.ts';

test('all 65,536 prefixes are handed out once, then none', () => {
  const allocator = new PrefixAllocator(noRandom);
  const given = new Set<number>();
  for (let i = 0; i < 65_536; i++) given.add(allocator.allocate() as number);
  assert.equal(given.size, 65_536);
  assert.equal(allocator.allocate(), undefined);
  assert.equal(allocator.leased, 65_536);
});

test('a prefix whose owner had a job rests until that job is over', () => {
  const allocator = new PrefixAllocator(noRandom);
  const first = allocator.allocate() as number;
  const second = allocator.allocate() as number;
  allocator.release(first, 7);
  for (let i = 2; i < 65_535; i++) assert.notEqual(allocator.allocate(), first);
  allocator.release(second, 9);
  allocator.retire(8);
  // One never had an owner, one is free again; the other rests.
  assert.equal(allocator.free, 2);
  assert.equal(allocator.allocate(), 65_535);
  assert.equal(allocator.allocate(), first);
  assert.equal(allocator.free, 0);
});

test('when all others rest, the one that rested longest is taken rather than nobody served', () => {
  const allocator = new PrefixAllocator(noRandom);
  // Logs in, gets a job, goes: more often than there are prefixes, within one job's life.
  for (let i = 0; i < 70_000; i++) allocator.release(allocator.allocate() as number, 7);
  const next = Array.from({ length: 3 }, () => allocator.allocate() as number);
  assert.deepEqual(next, [70_000 - 65_536, 70_001 - 65_536, 70_002 - 65_536]);
  assert.equal(allocator.leased, 3);
});

test('a prefix whose owner never had a job is free at once, but goes last', () => {
  const allocator = new PrefixAllocator(noRandom);
  const first = allocator.allocate() as number;
  allocator.release(first, undefined);
  for (let i = 1; i < 65_536; i++) assert.notEqual(allocator.allocate(), first);
  assert.equal(allocator.allocate(), first);
});

test('a prefix cannot be given back twice', () => {
  const allocator = new PrefixAllocator(noRandom);
  const prefix = allocator.allocate() as number;
  allocator.release(prefix, undefined);
  assert.throws(() => allocator.release(prefix, undefined), RangeError);
});

test('it starts where chance says', () => {
  assert.equal(new PrefixAllocator({ bytes: () => Uint8Array.of(0xab, 0xcd) }).allocate(), 0xabcd);
});

test('whatever comes and goes, live prefixes are disjoint and none is used while its last job lives', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('open', 'close', 'template'), fc.nat(50)), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (script) => {
      const allocator = new PrefixAllocator(noRandom);
      const open: number[] = [];
      const lastJob = new Map<number, number>();
      let sequence = 10;
      for (const [step, pick] of script) {
        if (step === 'open') {
          const prefix = allocator.allocate() as number;
          assert(!open.includes(prefix));
          assert((lastJob.get(prefix) ?? 0) < sequence - 3);
          open.push(prefix);
        } else if (step === 'close' && open.length > 0) {
          const [prefix] = open.splice(pick % open.length, 1);
          allocator.release(prefix as number, sequence);
          lastJob.set(prefix as number, sequence);
        } else {
          sequence += 1;
          allocator.retire(sequence - 3);
        }
      }
    }),
  );
});

test('the prefix is the nonce’s most significant bytes', () => {
  assert.equal(prefixHex(0xa7), '00a7');
  assert(nonceHasPrefix(0x00a7_0000_0000_0001n, 0xa7));
  assert(!nonceHasPrefix(0x01a7_0000_0000_0001n, 0xa7));
});
