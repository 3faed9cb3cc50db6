import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex } from '../../src/chain/bytes.ts';
import { epochOf, periodOf } from '../../src/kawpow/epoch.ts';
import { buildReferenceContext } from '../../src/kawpow/epoch-context.ts';
import { FairQueue } from '../../src/kawpow/fair-queue.ts';
import { finalHash, sealMix, seedWords } from '../../src/kawpow/final-hash.ts';
import { keccakF800 } from '../../src/kawpow/keccak-f800.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { isPrime, largestPrimeUpTo } from '../../src/kawpow/primes.ts';
import { type MathOp, programOf } from '../../src/kawpow/program.ts';
import { hashReference } from '../../src/kawpow/reference.ts';
import { mathOf } from '../../src/kawpow/registers.ts';
import { readWords, wordsToBytes } from '../../src/kawpow/words.ts';
import { SMALL_POW } from '../conformance/small-pow.ts';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const period = fc.integer({ min: 0, max: periodOf(0xffffffff, KAWPOW) });

test('the final hash of a right mix hash is the one of the whole hash', () => {
  const context = buildReferenceContext(0, { pow: SMALL_POW });
  fc.assert(
    fc.property(fc.nat({ max: 11 }), hash, uint64, (height, headerHash, nonce) => {
      const whole = hashReference(context, { height, headerHash, nonce });
      assert.deepEqual(finalHash(headerHash, nonce, whole.mixHash, KAWPOW), whole.finalHash);
    }),
    { numRuns: 50 },
  );
});

test('the final hash is its two halves, and all of its inputs matter', () => {
  fc.assert(
    fc.property(hash, uint64, hash, fc.nat({ max: 255 }), (headerHash, nonce, mixHash, bit) => {
      const mix = new Uint32Array(8);
      readWords(mixHash, mix, 0);
      const whole = finalHash(headerHash, nonce, mixHash, KAWPOW);
      assert.deepEqual(sealMix(seedWords(headerHash, nonce, KAWPOW), mix, KAWPOW), whole);
      const flipped = (bytes: Uint8Array): Uint8Array =>
        bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      assert.notDeepEqual(finalHash(flipped(headerHash), nonce, mixHash, KAWPOW), whole);
      assert.notDeepEqual(finalHash(headerHash, nonce ^ (1n << BigInt(bit % 64)), mixHash, KAWPOW), whole);
      assert.notDeepEqual(finalHash(headerHash, nonce, flipped(mixHash), KAWPOW), whole);
    }),
  );
});

/** Keccak-f[800] as FIPS 202 writes it: bit by bit over coordinates, with nothing of the fast one. */
function plainKeccakF800(words: readonly number[]): number[] {
  const rotate = (word: number, n: number): number => ((word << n) | (word >>> (32 - n))) >>> 0;
  const at = (lanes: readonly number[], x: number, y: number): number => lanes[((x + 5) % 5) + 5 * y] ?? 0;
  let lanes = [...words];
  let register = 1;
  for (let round = 0; round < 22; round++) {
    const parity = [0, 1, 2, 3, 4].map((x) => [0, 1, 2, 3, 4].reduce((sum, y) => sum ^ at(lanes, x, y), 0));
    const theta = lanes.map((lane, i) => {
      const x = i % 5;
      return lane ^ (parity[(x + 4) % 5] ?? 0) ^ rotate(parity[(x + 1) % 5] ?? 0, 1);
    });
    const turned = [...theta];
    for (let t = 0, x = 1, y = 0; t < 24; t++) {
      turned[x + 5 * y] = rotate(at(theta, x, y), (((t + 1) * (t + 2)) / 2) % 32);
      [x, y] = [y, (2 * x + 3 * y) % 5];
    }
    const moved = turned.map((_, i) => at(turned, ((i % 5) + 3 * Math.floor(i / 5)) % 5, i % 5));
    lanes = moved.map((lane, i) => {
      const y = Math.floor(i / 5);
      return lane ^ (~at(moved, (i % 5) + 1, y) & at(moved, ((i % 5) + 2) % 5, y));
    });
    for (let j = 0; j < 7; j++) {
      if (j < 6 && register & 1) lanes[0] = (lanes[0] ?? 0) ^ (1 << (2 ** j - 1));
      register = (register << 1) ^ ((register >>> 7) * 0x171);
    }
    lanes = lanes.map((lane) => lane >>> 0);
  }
  return lanes;
}

test('Keccak-f[800] is the one that its definition gives, for any state', () => {
  fc.assert(
    fc.property(fc.array(uint32, { minLength: 25, maxLength: 25 }), (words) => {
      const state = Uint32Array.from(words);
      keccakF800(state);
      assert.deepEqual([...state], plainKeccakF800(words));
    }),
  );
});

test('words go to bytes and back, little-endian', () => {
  fc.assert(
    fc.property(hash, (bytes) => {
      const words = new Uint32Array(10).fill(7);
      readWords(bytes, words, 1);
      assert.equal(words[0], 7);
      assert.equal(words[9], 7);
      assert.equal(words[1], Buffer.from(bytes).readUInt32LE(0));
      assert.equal(bytesToHex(wordsToBytes(words.subarray(1), 8)), bytesToHex(bytes));
    }),
  );
});

test('a period has one program, within its bounds, that writes to all registers', () => {
  fc.assert(
    fc.property(period, (number) => {
      const program = programOf(number);
      assert.deepEqual(programOf(number), program);
      const cacheSteps = program.steps.filter(({ kind }) => kind === 'cache');
      assert.equal(cacheSteps.length, KAWPOW.cacheOps);
      assert.equal(program.steps.length, KAWPOW.cacheOps + KAWPOW.mathOps);
      assert.equal(program.loads.length, 4);
      assert.equal(program.loads[0]?.to, 0);
      const isRegister = (n: number): boolean => Number.isInteger(n) && n >= 0 && n < KAWPOW.registers;
      for (const step of program.steps) {
        if (step.kind === 'math') assert.ok(isRegister(step.a) && isRegister(step.b) && step.a !== step.b);
        else assert.ok(isRegister(step.from));
      }
      const writes = [...program.steps, ...program.loads];
      for (const { merge } of writes) assert.ok(merge.rotation >= 1 && merge.rotation <= 31);
      // 29 steps and 3 of the loads take the 32 registers in turn.
      assert.equal(new Set(writes.map(({ to }) => to)).size, KAWPOW.registers);
    }),
  );
});

test('neighbouring periods have different programs', () => {
  fc.assert(
    fc.property(period, (number) => {
      assert.notDeepEqual(programOf(number).steps, programOf(number + 1).steps);
    }),
  );
});

const mathOracle: Readonly<Record<MathOp, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
  'multiply-high': (a, b) => (a * b) >> 32n,
  min: (a, b) => (a < b ? a : b),
  'rotate-left': (a, b) => ((a << 32n) | a) >> (32n - (b % 32n)),
  'rotate-right': (a, b) => ((a << 32n) | a) >> (b % 32n),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  'count-leading-zeros': (a, b) => 64n - bitLength(a) - bitLength(b),
  'count-ones': (a, b) => ones(a) + ones(b),
};

function bitLength(n: bigint): bigint {
  return n === 0n ? 0n : BigInt(n.toString(2).length);
}

function ones(n: bigint): bigint {
  return BigInt(n.toString(2).replaceAll('0', '').length);
}

for (const [op, oracle] of Object.entries(mathOracle)) {
  test(`${op} is the same in integers without bounds`, () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        assert.equal(
          mathOf(op as MathOp, a, b) >>> 0,
          Number(BigInt.asUintN(32, oracle(BigInt(a), BigInt(b)))),
        );
      }),
    );
  });
}

test('the largest prime up to a number is prime, and all between are not', () => {
  const slowIsPrime = (n: number): boolean => {
    for (let divisor = 2; divisor < n; divisor++) if (n % divisor === 0) return false;
    return n > 1;
  };
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20000 }), (max) => {
      const prime = largestPrimeUpTo(max);
      assert.ok(slowIsPrime(prime));
      for (let n = prime + 1; n <= max; n++) assert.ok(!slowIsPrime(n));
      assert.equal(isPrime(max), prime === max);
    }),
  );
});

test('epoch and period of a height are its whole parts', () => {
  fc.assert(
    fc.property(uint32, (height) => {
      assert.equal(epochOf(height, KAWPOW), (height - (height % 7500)) / 7500);
      assert.equal(periodOf(height, KAWPOW), (height - (height % 3)) / 3);
    }),
  );
});

test('a fair queue keeps every item, each session in order, and no session gets two turns ahead', () => {
  const pushes = fc.array(fc.record({ session: fc.integer({ min: 0, max: 4 }), urgent: fc.boolean() }));
  fc.assert(
    fc.property(pushes, (items) => {
      const queue = new FairQueue<{ n: number; session: number; urgent: boolean }>();
      for (const [n, { session, urgent }] of items.entries()) {
        if (urgent) queue.pushUrgent({ n, session, urgent });
        else queue.push(String(session), { n, session, urgent });
      }
      const taken = Array.from({ length: items.length }, () => queue.take());
      assert.equal(queue.take(), undefined);
      const urgent = taken.filter((item) => item?.urgent);
      assert.deepEqual(taken.slice(0, urgent.length), urgent);
      assert.deepEqual(new Set(taken.map((item) => item?.n)).size, items.length);
      const rest = taken.slice(urgent.length);
      const counts = new Map<number, number>();
      for (const [i, item] of rest.entries()) {
        assert.ok(item);
        const turn = (counts.get(item.session) ?? 0) + 1;
        counts.set(item.session, turn);
        for (const other of new Set(rest.slice(i + 1).map((later) => later?.session ?? -1))) {
          assert.ok(turn - (counts.get(other) ?? 0) <= 1, 'a waiting session is at most one turn behind');
        }
      }
      for (const session of [0, 1, 2, 3, 4]) {
        const order = rest.filter((item) => item?.session === session).map((item) => item?.n ?? -1);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }
    }),
  );
});
