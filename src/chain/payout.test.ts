import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCoins, PARTS_PER_MILLION, splitPayout } from './payout.ts';

const mainScript = Uint8Array.of(1);

test('without recipients all goes to the main script', () => {
  assert.deepEqual(splitPayout(5000n, { mainScript, recipients: [] }), [
    { amountSat: 5000n, script: mainScript },
  ]);
});

test('recipients are rounded down and the main script gets the remainder', () => {
  const script = Uint8Array.of(2);
  assert.deepEqual(splitPayout(1001n, { mainScript, recipients: [{ script, partsPerMillion: 15_000 }] }), [
    { amountSat: 986n, script: mainScript },
    { amountSat: 15n, script },
  ]);
});

test('the amounts always add up to the block’s value, and none is negative', () => {
  const parts = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 10 });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), parts, (totalSat, partsPerMillion) => {
      const recipients = partsPerMillion.map((p, i) => ({ script: Uint8Array.of(i), partsPerMillion: p }));
      const outputs = splitPayout(totalSat, { mainScript, recipients });
      const sum = outputs.reduce((total, output) => total + output.amountSat, 0n);
      return sum === totalSat && outputs.every((output) => output.amountSat >= 0n);
    }),
  );
});

test('more than everything, or a part of a part, is refused', () => {
  const tooMuch = [{ script: mainScript, partsPerMillion: PARTS_PER_MILLION + 1 }];
  assert.throws(() => splitPayout(1n, { mainScript, recipients: tooMuch }), RangeError);
  assert.throws(
    () => splitPayout(1n, { mainScript, recipients: [{ script: mainScript, partsPerMillion: 0.5 }] }),
    RangeError,
  );
  assert.throws(() => splitPayout(-1n, { mainScript, recipients: [] }), RangeError);
});

test('amounts are shown in coins, to the last satoshi', () => {
  assert.equal(formatCoins(500_000_000_000n), '5000');
  assert.equal(formatCoins(250_000_463_300n), '2500.004633');
  assert.equal(formatCoins(1n), '0.00000001');
  assert.equal(formatCoins(0n), '0');
});
