import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { fakeVerifier, rpc } from '../test/support/devnet-node.ts';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { silentLog } from '../test/support/mining.ts';
import { createKeptLog } from '../test/support/scripted-rpc.ts';
import { until } from '../test/support/scripted-stratum.ts';
import { EASY } from '../test/support/session-harness.ts';
import { StratumClient } from '../test/support/stratum-client.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { TestMiner } from '../test/support/test-miner.ts';
import { encodeAddress } from './chain/address.ts';
import { findNetwork, type Network } from './chain/coins.ts';
import { p2pkhScript } from './chain/script.ts';
import { systemClock, systemRandom } from './clock.ts';
import { createDevnet, type Devnet } from './devnet/devnet.ts';
import { Instance, type InstanceOptions } from './instance.ts';
import type { InstanceNode } from './instance-nodes.ts';
import { KAWPOW } from './kawpow/params.ts';
import type { Verifier } from './kawpow/verifier.ts';
import { createRpcClient } from './node/rpc-client.ts';
import type { JournalStore } from './store/journal-store.ts';

const regtest = findNetwork('ravencoin', 'regtest');
assert(regtest);
const FUND = encodeAddress(regtest.p2pkhVersion, new Uint8Array(20).fill(3));
const MINER = encodeAddress(regtest.p2pkhVersion, new Uint8Array(20).fill(7));
type Kind = Network['mandatoryOutputs'];

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Settings extends Partial<InstanceOptions> {
  /** What the chain demands. */
  readonly demanded?: Exclude<Kind, 'none'>;
  /** What KPSS takes the coin for. */
  readonly expected?: Kind;
  readonly journal?: JournalStore;
  /** Of an instance before this one; another when left out. */
  readonly chain?: Devnet;
  /** Changes the node's answers on their way. */
  readonly twist?: (result: unknown) => unknown;
}

/** A real instance on a devnet, over real sockets; only the proof of work is a quick one. */
async function start({ demanded, expected, twist, journal, chain, ...options }: Settings) {
  assert(regtest);
  const network: Network = { ...regtest, mandatoryOutputs: expected ?? demanded ?? 'none' };
  const modules = { clock: systemClock, random: systemRandom };
  const devnet =
    chain ??
    (await createDevnet(
      { network, ...(demanded && { mandatoryOutput: { kind: demanded, address: FUND, percent: 10 } }) },
      { ...modules, verifier: fakeVerifier, log: silentLog },
    ));
  if (chain === undefined) closers.push(() => devnet.close());
  const { url, user, password } = devnet;
  const client = createRpcClient({
    url,
    credentials: { kind: 'password', user, password },
    clock: systemClock,
  });
  const node: InstanceNode['rpc'] = {
    call: async (...call) => {
      const result = await client.call(...call);
      return twist === undefined ? result : twist(result);
    },
    close: () => client.close(),
  };
  const verifier = { ...fakeVerifier, keep() {}, endSession() {} } as unknown as Verifier;
  const log = createKeptLog();
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: p2pkhScript(new Uint8Array(20).fill(7)), recipients: [] },
      tag: new TextEncoder().encode('/KPSS/'),
      stratum: onePort(EASY),
      ...options,
    },
    { ...modules, log, verifier, journal, nodes: [{ name: 'node1', url, priority: 1, rpc: node }] },
  );
  const [port = 0] = await instance.start();
  closers.push(() => instance.stop());
  const connect = async (): Promise<TestMiner> => {
    const stratum = await StratumClient.connect(port);
    closers.push(async () => stratum.destroy());
    const miner = new TestMiner(stratum, { dialect: '0x', address: MINER, verifier: fakeVerifier });
    await miner.logIn();
    return miner;
  };
  return { devnet, instance, log, connect };
}

/** Mines until the chain has a block of that height. */
async function mineTo(height: number, miner: TestMiner, devnet: { height(): number }): Promise<void> {
  for (let i = 0; i < 100 && devnet.height() < height; i++) await miner.submitGood();
  await until(() => devnet.height() >= height, `block ${height}`);
}

for (const demanded of ['community', 'miner-dev-fund'] as const) {
  test(`${demanded}: the work is proved before a block is found, and the block pays what is demanded`, async () => {
    const { devnet, instance, connect } = await start({ demanded });
    await until(() => instance.status().proof.state === 'proved', 'a proof');
    assert.equal(instance.status().proof.height, 1);
    await mineTo(1, await connect(), devnet);
    const hash = await rpc<string>(devnet, 'getblockhash', 1);
    const { tx } = await rpc<{ tx: { vout: { value: number; scriptPubKey: { addresses?: string[] } }[] }[] }>(
      devnet,
      'getblock',
      hash,
      2,
    );
    const paid = tx[0]?.vout.map(({ value, scriptPubKey }) => [scriptPubKey.addresses?.[0], Number(value)]);
    assert.deepEqual(paid?.slice(0, 2), [
      [MINER, 4500],
      [FUND, 500],
    ]);
  });
}

test('a node of a coin with such outputs, taken for one without, gives no work, and its owner is told', async () => {
  const { instance, log } = await start({ demanded: 'community', expected: 'none' });
  await until(() => instance.status().node?.state === 'bad-template', 'the status');
  assert.match(log.lines.find(({ level }) => level === 'warn')?.message ?? '', /seems to be of another coin/);
  assert.equal(instance.status().height, undefined);
});

test('where the template demands less than the chain, the alarm comes before the lost block', async () => {
  const { instance, log } = await start({
    demanded: 'miner-dev-fund',
    twist: (result) => {
      const fund = (result as { coinbasetxn?: { minerdevfund: { minimumvalue: number } } } | null)
        ?.coinbasetxn;
      if (fund) fund.minerdevfund.minimumvalue = 1;
      return result;
    },
  });
  await until(() => instance.status().proof.state === 'refused', 'the refusal');
  assert.equal(instance.status().proof.reason, 'bad-cb-minerdevfund');
  assert(
    log.lines.some(
      ({ level, message }) => level === 'error' && /a block found on it would be lost/.test(message),
    ),
  );
});

const ONE_AN_HOUR = { blocksPerHour: 1, minBlockIntervalMs: undefined, pauseAboveDifficulty: undefined };

test('while throttled, shares are accepted and counted, and the chain gets no block', async () => {
  const { devnet, instance, connect } = await start({ throttle: ONE_AN_HOUR });
  const miner = await connect();
  await mineTo(1, miner, devnet);
  await until(() => instance.status().height === 2, 'work on the new tip');
  while ((instance.status().throttle?.held ?? 0) < 3) {
    assert.equal((await miner.submitGood()).result, true);
  }
  assert.equal(devnet.height(), 1);
  assert(instance.status().counts.accepted >= 4);
  assert.match(
    instance.status().throttle?.sentence ?? '',
    /^throttled until .*: 1 block an hour; 3 candidates/,
  );
});

test("a block of others' drops what the throttle holds", async () => {
  const { devnet, instance, connect } = await start({ throttle: ONE_AN_HOUR });
  const miner = await connect();
  await mineTo(1, miner, devnet);
  await until(() => instance.status().height === 2, 'work on the new tip');
  while (instance.status().throttle?.held === 0) await miner.submitGood();
  await devnet.control.addBlock();
  await until(() => instance.status().height === 3, 'work on their tip');
  assert.deepEqual([instance.status().throttle?.held, devnet.height()], [0, 2]);
  assert((instance.status().throttle?.droppedTotal ?? 0) > 0);
});

test('blocks of before a restart use up the rate; one that was refused does not', async () => {
  const journal = createMemoryJournal();
  const refuses = await start({
    throttle: ONE_AN_HOUR,
    journal,
    twist: (result) => result ?? 'bad-cb-amount',
  });
  await mineTo(1, await refuses.connect(), refuses.devnet);
  const rate = (instance: Instance) => instance.status().throttle?.blocksLastHour;
  await until(() => refuses.instance.status().blocks[0]?.state === 'rejected', 'the refusal');
  assert.equal(rate(refuses.instance), 0);
  await refuses.instance.stop();

  const first = await start({ throttle: ONE_AN_HOUR, journal, chain: refuses.devnet });
  await mineTo(2, await first.connect(), first.devnet);
  await until(() => first.instance.status().blocks[0]?.state === 'accepted', 'the block');
  await first.instance.stop();

  const next = await start({ throttle: ONE_AN_HOUR, journal, chain: refuses.devnet });
  await until(() => rate(next.instance) === 1, 'the block of before');
  assert.match(next.instance.status().throttle?.sentence ?? '', /^throttled until/);
});
