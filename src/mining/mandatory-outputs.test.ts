import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawTemplate } from '../../test/support/mining.ts';
import { encodeAddress } from '../chain/address.ts';
import { ByteReader } from '../chain/byte-reader.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { p2pkhScript, p2shScript } from '../chain/script.ts';
import { decodeTransaction } from '../chain/transaction.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { JobBook } from './job-book.ts';
import { parseTemplate } from './template.ts';

const HASH = new Uint8Array(20).fill(9);

function networkOf(coin: string): Network {
  const network = findNetwork(coin, 'main');
  assert(network);
  return network;
}

const SATOX = networkOf('satoxcoin');
const EVR = networkOf('evrmore');
const COMMUNITY = encodeAddress(SATOX.p2pkhVersion, HASH);
const FUND = encodeAddress(EVR.p2shVersion, HASH);

/** The reason for which a template is refused. */
function refusal(members: Record<string, unknown>, network: Network): string {
  const parsed = parseTemplate({ ...rawTemplate(), ...members }, KAWPOW, network);
  assert(!parsed.ok, 'the template was taken');
  return parsed.reason;
}

/** What the coinbase pays, of a job with one recipient who gets a tenth; the commitment is last. */
function paid(members: Record<string, unknown>, network: Network) {
  const parsed = parseTemplate({ ...rawTemplate(), ...members }, KAWPOW, network);
  assert(parsed.ok, parsed.ok ? '' : parsed.reason);
  const book = new JobBook(new Uint8Array(0));
  book.add(parsed.template);
  const recipients = [{ script: Uint8Array.of(0x52), partsPerMillion: 100_000 }];
  const job = book.current({ mainScript: Uint8Array.of(0x51), recipients });
  assert(job);
  return decodeTransaction(new ByteReader(job.coinbase.bytes)).outputs;
}

test('a community fund is paid as output 1, beside the whole coinbasevalue', () => {
  const outputs = paid(
    { coinbasevalue: 1001, CommunityAutonomousAddress: COMMUNITY, CommunityAutonomousValue: 250 },
    SATOX,
  );
  assert.deepEqual(outputs.slice(0, 3), [
    { amountSat: 901n, script: Uint8Array.of(0x51) },
    { amountSat: 250n, script: p2pkhScript(HASH) },
    { amountSat: 100n, script: Uint8Array.of(0x52) },
  ]);
  assert.equal(outputs[3]?.script[0], 0x6a);
  assert.equal(outputs.length, 4);
});

test('a miner dev fund is paid as output 1 out of coinbasevalue, to its first address', () => {
  const other = encodeAddress(EVR.p2pkhVersion, new Uint8Array(20));
  const coinbasetxn = { minerdevfund: { addresses: [FUND, other], minimumvalue: 27780000000 } };
  const outputs = paid({ coinbasevalue: 277800000000, coinbasetxn }, EVR);
  assert.deepEqual(outputs.slice(0, 3), [
    { amountSat: 225018000000n, script: Uint8Array.of(0x51) },
    { amountSat: 27780000000n, script: p2shScript(HASH) },
    { amountSat: 25002000000n, script: Uint8Array.of(0x52) },
  ]);
  assert.equal(
    outputs.slice(0, 3).reduce((sum, { amountSat }) => sum + amountSat, 0n),
    277800000000n,
  );
});

test('a template without what its coin demands is refused, and what is missing is named', () => {
  assert.match(refusal({}, SATOX), /^template\.CommunityAutonomousAddress is missing$/);
  assert.match(
    refusal({ CommunityAutonomousAddress: COMMUNITY }, SATOX),
    /^template\.CommunityAutonomousValue is missing$/,
  );
  assert.match(
    refusal({ CommunityAutonomousAddress: COMMUNITY, CommunityAutonomousValue: -1 }, SATOX),
    /template\.CommunityAutonomousValue: expected an amount in satoshi, got -1/,
  );
  assert.match(
    refusal({ CommunityAutonomousAddress: FUND, CommunityAutonomousValue: 1 }, SATOX),
    /template\.CommunityAutonomousAddress: \S+ cannot be paid: it is not an address of satoxcoin main/,
  );
  assert.match(refusal({}, EVR), /^template\.coinbasetxn is missing$/);
  assert.match(refusal({ coinbasetxn: {} }, EVR), /^template\.coinbasetxn\.minerdevfund is missing$/);
  const fund = (minerdevfund: object) => refusal({ coinbasevalue: 100, coinbasetxn: { minerdevfund } }, EVR);
  assert.match(fund({ addresses: [], minimumvalue: 0 }), /addresses names no address to pay/);
  assert.match(fund({ addresses: [FUND] }), /minerdevfund\.minimumvalue is missing/);
  assert.match(fund({ addresses: [FUND], minimumvalue: 101 }), /is more than the block pays/);
  assert.match(fund({ addresses: [COMMUNITY], minimumvalue: 1 }), /addresses\[0\]: \S+ cannot be paid/);
});

test('a node of a coin with such outputs is not taken for one of Ravencoin, whose chain has the same name', () => {
  const members = { CommunityAutonomousAddress: COMMUNITY, CommunityAutonomousValue: 250 };
  assert.match(refusal(members, networkOf('ravencoin')), /the node seems to be of another coin/);
  assert.match(refusal({ coinbasetxn: {} }, networkOf('neurai')), /which neurai does not have/);
});
