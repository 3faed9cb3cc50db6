import { bytesToHex } from '../chain/bytes.ts';
import { bitsToTarget } from '../chain/target.ts';
import type { Clock } from '../mining/ports.ts';
import type { BlockEntry, Chain } from './chain.ts';
import type { Mempool, MempoolEntry } from './mempool.ts';
import { displayHex, sigopCost, weightOf } from './transactions.ts';
import { commitmentScript } from './validate.ts';

/** Bit 8 votes for transfer_script, as ravend's templates did when they were recorded: a server passes it through. */
export const TEMPLATE_VERSION = 0x30000100;

const RULES = ['testdummy', 'assets', 'messaging_restricted', 'enforce_value'];
const VERSION_BITS_AVAILABLE = { transfer_script: 8 };

interface TemplateMakerOptions {
  /** For how long a template stays as it is while only the mempool changes; ravend: 5 s. */
  readonly cacheMs: number;
}

interface TemplateMakerModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly clock: Clock;
}

interface Selection {
  readonly tip: BlockEntry;
  readonly updates: number;
  readonly madeAtMs: number;
  readonly entries: readonly MempoolEntry[];
}

/** getblocktemplate's answers: the tip and the mempool as work for miners. */
export class TemplateMaker {
  readonly #options: TemplateMakerOptions;
  readonly #modules: TemplateMakerModules;
  #selection: Selection | undefined;

  constructor(options: TemplateMakerOptions, modules: TemplateMakerModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** Transactions in the template made last; getmininginfo shows it. */
  get lastSelection(): readonly MempoolEntry[] {
    return this.#selection?.entries ?? [];
  }

  /** The mempool's state that the last template was made from: the tail of its longpollid. */
  get lastUpdates(): number {
    return this.#selection?.updates ?? 0;
  }

  /** All members that ravend sends, in its order. */
  make(): Record<string, unknown> {
    const { chain, clock } = this.#modules;
    const { tip, updates, entries } = this.#select();
    const mintimeS = chain.medianTimePastS(tip) + 1;
    const curtimeS = Math.max(mintimeS, Math.floor(clock.nowMs() / 1000));
    const bits = chain.bitsFor(tip, curtimeS);
    tip.offeredBits.add(bits);
    const height = tip.height + 1;
    const feesSat = entries.reduce((sum, entry) => sum + entry.feeSat, 0n);
    const subsidySat = chain.ledger.subsidySat(height);
    return {
      capabilities: ['proposal'],
      version: TEMPLATE_VERSION,
      rules: RULES,
      vbavailable: VERSION_BITS_AVAILABLE,
      vbrequired: 0,
      previousblockhash: tip.hash,
      transactions: transactionsJson(entries),
      coinbaseaux: { flags: '' },
      coinbasevalue: subsidySat + feesSat,
      ...chain.ledger.mandatoryOutput?.templateMembers({ subsidySat, feesSat }),
      longpollid: `${tip.hash}${updates}`,
      target: bytesToHex(bitsToTarget(bits)),
      mintime: mintimeS,
      mutable: ['time', 'transactions', 'prevblock'],
      noncerange: '00000000ffffffff',
      sigoplimit: 80000,
      sizelimit: 8000000,
      weightlimit: 8000000,
      curtime: curtimeS,
      bits: bits.toString(16).padStart(8, '0'),
      height,
      default_witness_commitment: bytesToHex(
        commitmentScript(
          entries.map((entry) => entry.tx),
          new Uint8Array(32),
        ),
      ),
    };
  }

  #select(): Selection {
    const { chain, mempool, clock } = this.#modules;
    const last = this.#selection;
    const nowMs = clock.nowMs();
    const changed =
      last?.updates !== mempool.updates && nowMs - (last?.madeAtMs ?? 0) > this.#options.cacheMs;
    if (last && last.tip === chain.tip && !changed) return last;
    this.#selection = {
      tip: chain.tip,
      updates: mempool.updates,
      madeAtMs: nowMs,
      entries: mempool.select(),
    };
    return this.#selection;
  }
}

function transactionsJson(entries: readonly MempoolEntry[]): unknown[] {
  // `depends` counts from 1, the coinbase being 0.
  const position = new Map(entries.map((entry, index) => [entry.txid, index + 1]));
  return entries.map(({ tx, txid, feeSat }) => {
    const parents = new Set(tx.inputs.map((input) => position.get(displayHex(input.previousTxidInternal))));
    return {
      data: bytesToHex(tx.bytes),
      txid,
      hash: displayHex(tx.hashInternal),
      depends: [...parents].filter((parent) => parent !== undefined).sort((a, b) => a - b),
      fee: feeSat,
      sigops: sigopCost(tx),
      weight: weightOf(tx),
    };
  });
}
