import type { TransactionOutput } from './transaction.ts';

/** Parts of a whole: 1,000,000 is all. Percentages with up to four decimals fit exactly. */
export const PARTS_PER_MILLION = 1_000_000;

export interface PayoutShare {
  readonly script: Uint8Array;
  readonly partsPerMillion: number;
}

/** Who is paid: the recipients their parts, the main script all the rest. */
export interface Payout {
  readonly mainScript: Uint8Array;
  readonly recipients: readonly PayoutShare[];
}

/**
 * Splits a block's value. Each recipient gets its part rounded down to the satoshi, the main script the remainder, so
 * the amounts add up to the total exactly: what a coinbase leaves unpaid is lost.
 * @param totalSat the template's coinbasevalue
 * @returns the main output first, then the recipients in order, without those that would get nothing
 * @throws RangeError on a negative total, or parts that leave less than nothing for the main script
 */
export function splitPayout(totalSat: bigint, payout: Payout): TransactionOutput[] {
  if (totalSat < 0n) throw new RangeError('a block cannot pay a negative amount');
  const parts = payout.recipients.reduce((sum, recipient) => sum + recipient.partsPerMillion, 0);
  if (
    parts > PARTS_PER_MILLION ||
    payout.recipients.some((r) => !Number.isInteger(r.partsPerMillion) || r.partsPerMillion < 0)
  ) {
    throw new RangeError('recipients get whole parts, at most a million together');
  }
  const outputs = payout.recipients
    .map(({ script, partsPerMillion }) => ({
      script,
      amountSat: (totalSat * BigInt(partsPerMillion)) / BigInt(PARTS_PER_MILLION),
    }))
    .filter((output) => output.amountSat > 0n);
  const paid = outputs.reduce((sum, output) => sum + output.amountSat, 0n);
  return [{ amountSat: totalSat - paid, script: payout.mainScript }, ...outputs];
}

const SAT_PER_COIN = 100_000_000n;

/** For people: coins with as many decimals as there are, `5000` or `2500.004633`. */
export function formatCoins(amountSat: bigint): string {
  const fraction = (amountSat % SAT_PER_COIN).toString().padStart(8, '0').replace(/0+$/, '');
  return `${amountSat / SAT_PER_COIN}${fraction === '' ? '' : `.${fraction}`}`;
}
