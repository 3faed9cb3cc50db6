import { decodeAddress } from '../chain/address.ts';
import type { Network } from '../chain/coins.ts';
import type { TransactionOutput } from '../chain/transaction.ts';
import { type Fields, TemplateFault } from './template-fields.ts';

/** Addresses that a fund may name; Evrmore's has two. */
const FUND_ADDRESSES_MAX = 100;

/** Members by which coins with such outputs give themselves away, in the templates of a node that should have none. */
const TELLTALES = [
  'CommunityAutonomousAddress',
  'CommunityAutonomousValue',
  'coinbasetxn',
  'founder',
  'smartnode',
];

interface MandatoryOutputs {
  /** In the order in which they stand in the coinbase, from output 1 on. */
  readonly outputs: TransactionOutput[];
  /** What is left of the block's value for the payout. */
  readonly restSat: bigint;
}

/**
 * What a block must pay besides the miner, as the node's template says it.
 *
 * | kind | members | coinbasevalue | certainty |
 * | --- | --- | --- | --- |
 * | community (Satoxcoin) | CommunityAutonomousAddress, CommunityAutonomousValue | without it | certain |
 * | community (AIPG) | the same | the same | fairly certain: only the address was seen in its code |
 * | miner-dev-fund (Evrmore) | coinbasetxn.minerdevfund.addresses, one of which gets at least .minimumvalue | with it | certain |
 *
 * Both stand as output 1, where the nodes put them in blocks of their own.
 * @throws TemplateFault when a member is missing or wrong, or when the template is for another kind of coin
 * Source: src/rpc/mining.cpp of Satoxcoin and of Evrmore, src/chainparams.cpp of AIPG
 */
export function readMandatoryOutputs(fields: Fields, network: Network | undefined): MandatoryOutputs {
  const valueSat = fields.amount('coinbasevalue');
  if (network === undefined) return { outputs: [], restSat: valueSat };
  switch (network.mandatoryOutputs) {
    case 'none':
      refuseOtherCoin(fields, network);
      return { outputs: [], restSat: valueSat };
    case 'community':
      return { outputs: [communityOutput(fields, network)], restSat: valueSat };
    case 'miner-dev-fund': {
      const output = devFundOutput(fields.object('coinbasetxn').object('minerdevfund'), network);
      if (output.amountSat > valueSat) {
        throw new TemplateFault('template.coinbasetxn.minerdevfund.minimumvalue is more than the block pays');
      }
      return { outputs: [output], restSat: valueSat - output.amountSat };
    }
  }
}

/** All these chains are called `main`; a block for the wrong coin would be found only to be refused. */
function refuseOtherCoin(fields: Fields, { coin }: Network): void {
  const telltale = TELLTALES.find((key) => fields.has(key));
  if (telltale === undefined) return;
  throw new TemplateFault(
    `template.${telltale} is there, which ${coin} does not have: the node seems to be of another coin; check \`coin:\``,
  );
}

function communityOutput(fields: Fields, network: Network): TransactionOutput {
  const script = scriptOf(fields.text('CommunityAutonomousAddress'), 'CommunityAutonomousAddress', network);
  return { script, amountSat: fields.amount('CommunityAutonomousValue') };
}

/** Any one address of the list will do; the node pays the first. */
function devFundOutput(fund: Fields, network: Network): TransactionOutput {
  const [address] = fund.list('addresses', FUND_ADDRESSES_MAX);
  if (typeof address !== 'string') {
    // As with enableminerdevfund=0 in evrmore.conf: such a node takes blocks that all others refuse.
    throw new TemplateFault('template.coinbasetxn.minerdevfund.addresses names no address to pay');
  }
  const script = scriptOf(address, 'coinbasetxn.minerdevfund.addresses[0]', network);
  return { script, amountSat: fund.amount('minimumvalue') };
}

function scriptOf(address: string, key: string, network: Network): Uint8Array {
  const decoded = decodeAddress(address, network);
  if (decoded.ok) return decoded.script;
  throw new TemplateFault(`template.${key}: ${address.slice(0, 80)} cannot be paid: ${decoded.text}`);
}
