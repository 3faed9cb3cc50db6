import { decodeAddress } from '../chain/address.ts';
import { equalBytes } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import type { TransactionOutput } from '../chain/transaction.ts';

/** What the devnet demands of each block besides, as some coins of the family do. */
export interface MandatoryOutputOptions {
  /**
   * - `community`: output 1 pays a part of the new coins; the template names both, and its coinbasevalue is without it.
   * - `miner-dev-fund`: some output pays a part of new coins and fees; the template's coinbasevalue is all of them.
   */
  readonly kind: 'community' | 'miner-dev-fund';
  /** Of the devnet's network. */
  readonly address: string;
  /** A whole number from 1 to 99. */
  readonly percent: number;
}

/** A block's value: its new coins, and what its transactions pay. */
interface BlockValue {
  readonly subsidySat: bigint;
  readonly feesSat: bigint;
}

/** The rule of a coin whose blocks must pay somebody besides the miner. */
export class MandatoryOutput {
  readonly #options: MandatoryOutputOptions;
  readonly #script: Uint8Array;

  /** @throws RangeError on an address of another network, or a percentage that makes no sense */
  constructor(options: MandatoryOutputOptions, network: Network) {
    const { address, percent } = options;
    const decoded = decodeAddress(address, network);
    if (!decoded.ok) throw new RangeError(`the mandatory output's address: ${decoded.text}`);
    if (!Number.isInteger(percent) || percent < 1 || percent > 99) {
      throw new RangeError(`a mandatory output takes 1 to 99 percent, got ${percent}`);
    }
    this.#options = options;
    this.#script = decoded.script;
  }

  output(value: BlockValue): TransactionOutput {
    const base = value.subsidySat + (this.#options.kind === 'community' ? 0n : value.feesSat);
    return { script: this.#script, amountSat: (base * BigInt(this.#options.percent)) / 100n };
  }

  /** What a template of such a coin has besides, or in place of, the usual members. */
  templateMembers(value: BlockValue): Record<string, unknown> {
    const { amountSat } = this.output(value);
    const { kind, address } = this.#options;
    if (kind === 'community') {
      return {
        coinbasevalue: value.subsidySat + value.feesSat - amountSat,
        CommunityAutonomousAddress: address,
        CommunityAutonomousValue: amountSat,
      };
    }
    return { coinbasetxn: { minerdevfund: { addresses: [address], minimumvalue: amountSat } } };
  }

  /** @returns the reject reason of a coinbase that does not pay it, in words such as those coins' nodes use */
  check(outputs: readonly TransactionOutput[], value: BlockValue): string | undefined {
    const { amountSat } = this.output(value);
    const pays = (output: TransactionOutput): boolean => equalBytes(output.script, this.#script);
    if (this.#options.kind === 'miner-dev-fund') {
      const isPaid = outputs.some((output) => pays(output) && output.amountSat >= amountSat);
      return isPaid ? undefined : 'bad-cb-minerdevfund';
    }
    const [, second] = outputs;
    if (second === undefined || !pays(second)) return 'bad-cb-community-autonomous-address';
    return second.amountSat < amountSat ? 'bad-cb-community-autonomous-amount' : undefined;
  }
}
