import assert from 'node:assert/strict';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  fakeVerifier,
  getTemplate,
  makeTransaction,
  rawRequest,
  rpc,
  rpcText,
  unknownTxid,
} from '../../test/support/devnet-node.ts';
import { readGolden } from '../../test/support/golden.ts';
import { silentLog } from '../../test/support/mining.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { systemRandom } from '../clock.ts';
import { createDevnet, type Devnet } from './devnet.ts';

let clock: VirtualClock;
let node: Devnet;

async function untilWaiting(count: number): Promise<void> {
  for (let i = 0; i < 2000 && node.longPollsWaiting() !== count; i++)
    await new Promise((r) => setTimeout(r, 1));
  assert.equal(node.longPollsWaiting(), count);
}

function longPoll(
  longpollid: unknown,
): Promise<{ result: { previousblockhash: string; transactions: unknown[] } }> {
  return rpcText(node, 'getblocktemplate', [{ longpollid }]).then(({ text }) => JSON.parse(text));
}

function addTransaction(byte: number): string {
  return node.control.addTransaction(bytesToHex(makeTransaction([{ txid: unknownTxid(byte), index: 0 }])));
}

describe('long polling', () => {
  beforeEach(async () => {
    clock = createVirtualClock();
    node = await createDevnet(
      { network: findNetwork('ravencoin', 'regtest') as Network },
      { verifier: fakeVerifier, clock, random: systemRandom, log: silentLog },
    );
    node.control.setBits(0x207fffff);
    await node.control.mineBlock();
  });
  afterEach(async () => {
    await node.close();
    await untilWaiting(0);
    assert.equal(clock.pending(), 0);
  });

  it('answers as soon as there is a new tip', async () => {
    const { longpollid } = await getTemplate(node);
    const polls = [longPoll(longpollid), longPoll(longpollid), longPoll(5)];
    await untilWaiting(3);
    const tip = await node.control.mineBlock();
    for (const { result } of await Promise.all(polls)) assert.equal(result.previousblockhash, tip);
    assert.equal(clock.pending(), 0);
  });

  it('answers a stale id at once', async () => {
    const { result } = await longPoll(`${'0'.repeat(64)}1`);
    assert.equal(result.previousblockhash, node.tip());
  });

  it('answers new transactions after a minute, and later ones every ten seconds', async () => {
    const { longpollid } = await getTemplate(node);
    let done = false;
    const early = longPoll(longpollid);
    void early.then(() => {
      done = true;
    });
    await untilWaiting(1);
    addTransaction(1);
    await clock.advance(59_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert(!done);
    await clock.advance(1000);
    assert.equal((await early).result.transactions.length, 1);

    const again = await getTemplate(node);
    const late = longPoll(again.longpollid);
    await untilWaiting(1);
    await clock.advance(63_000);
    addTransaction(2);
    await untilWaiting(1);
    await clock.advance(7000);
    assert.equal((await late).result.transactions.length, 2);
  });

  it('forgets a caller that hangs up', async () => {
    const { longpollid } = await getTemplate(node);
    const body = JSON.stringify({ id: 1, method: 'getblocktemplate', params: [{ longpollid }] });
    const caller = request(node.url, { method: 'POST', auth: `${node.user}:${node.password}`, agent: false });
    caller.on('error', () => undefined);
    caller.end(body);
    await untilWaiting(1);
    caller.destroy();
    await untilWaiting(0);
    assert.equal(clock.pending(), 0);
  });

  it('ends with the connection when the node goes offline', async () => {
    const { longpollid } = await getTemplate(node);
    const poll = assert.rejects(longPoll(longpollid));
    await untilWaiting(1);
    await node.control.goOffline();
    await poll;
    await untilWaiting(0);
  });

  for (const name of ['empty-id', 'short-id']) {
    it(`${name} gets ravend's complaint`, async () => {
      const recorded = readGolden(`ravend/longpoll/${name}.json`) as {
        request: { params: unknown };
        response: { id: unknown };
        responseText: string;
        httpStatus: number;
      };
      const answer = await rpcText(node, 'getblocktemplate', recorded.request.params, recorded.response.id);
      assert.equal(answer.text, recorded.responseText);
      assert.equal(answer.status, recorded.httpStatus);
    });
  }

  it('says no to the 65th request at once, as a full work queue', async () => {
    const { longpollid } = await getTemplate(node);
    const polls = Array.from({ length: 64 }, () => longPoll(longpollid));
    await untilWaiting(64);
    const answer = await rawRequest(node, { body: '{"id":1,"method":"getblockcount"}' });
    assert.deepEqual([answer.status, answer.text], [500, 'Work queue depth exceeded']);
    node.control.dropBlocks(1);
    await Promise.all(polls);
    assert.equal(await rpc(node, 'getblockcount'), 0);
  });
});

describe('a template', () => {
  it('stays as it is for five seconds while only the mempool changes', async () => {
    clock = createVirtualClock();
    node = await createDevnet(
      { network: findNetwork('ravencoin', 'regtest') as Network },
      { verifier: fakeVerifier, clock, random: systemRandom, log: silentLog },
    );
    const count = async (): Promise<number> => (await getTemplate(node)).transactions.length;
    assert.equal(await count(), 0);
    addTransaction(1);
    await clock.advance(4000);
    assert.equal(await count(), 0);
    await clock.advance(2000);
    assert.equal(await count(), 1);
    await node.close();
  });
});
