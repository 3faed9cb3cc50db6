import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../test/support/mining.ts';
import {
  EASY_TARGET,
  friendly,
  IMPOSSIBLE_TARGET,
  jobMessage,
  ScriptedStratum,
  until,
} from '../../test/support/scripted-stratum.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { meetsTarget } from '../chain/target.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import type { Clock } from '../mining/ports.ts';
import {
  type CpuMiner,
  type CpuMinerEvents,
  type CpuMinerOptions,
  createCpuMiner,
  type MinerShare,
} from './miner.ts';

/** Waits pass five times as fast, so that time limits of seconds can be tested. */
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs() * 5,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 5, callback),
};
/** Only waits of minutes are cut short. */
const impatientClock: Clock = {
  nowMs: systemClock.nowMs,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs > 60_000 ? delayMs / 500 : delayMs, callback),
};

let verifier: Verifier;
let server: ScriptedStratum;
let miner: CpuMiner | undefined;
let shares: MinerShare[];
let lost: string[];

before(async () => {
  verifier = createVerifierPool({ threads: 1 });
  await verifier.prepare(0);
});
after(() => verifier.close());

beforeEach(() => {
  shares = [];
  lost = [];
});
afterEach(async () => {
  await miner?.stop();
  miner = undefined;
  await server.close();
});

function startMiner(
  options: Partial<CpuMinerOptions> = {},
  events: CpuMinerEvents = {},
  clock = systemClock,
  lightCaches: Pick<Verifier, 'epochMemory'> = verifier,
): CpuMiner {
  miner = createCpuMiner(
    { url: server.url, user: 'address.cpu', password: 'secret', reportMs: 0, ...options },
    { clock, random: systemRandom, log: silentLog, verifier: lightCaches },
    { onShare: (share) => shares.push(share), onDisconnect: (reason) => lost.push(reason), ...events },
  );
  miner.start();
  return miner;
}

describe('a CPU miner and a stratum server', () => {
  beforeEach(async () => {
    server = await ScriptedStratum.listen();
  });

  it('subscribes, authorizes, and submits shares that the reference confirms', async () => {
    startMiner();
    const connection = await server.ready();
    assert.deepEqual(
      connection.requests.map(({ method, params }) => [method, params]),
      [
        ['mining.subscribe', ['kpss-miner/0.1']],
        ['mining.authorize', ['address.cpu', 'secret']],
      ],
    );
    const headerHash = new Uint8Array(32).fill(0xab);
    const target = `0x3f${'f'.repeat(62)}`;
    connection.sendJob({ id: 'a1', height: 5, headerHash, target });
    const { params } = await connection.submit('a1');
    const [user, , nonceText, headerText, mixText] = params as [string, string, string, string, string];
    assert.equal(user, 'address.cpu');
    assert.match(nonceText, /^0x00a7[0-9a-f]{12}$/);
    assert.equal(headerText, `0x${bytesToHex(headerHash)}`);
    assert.match(mixText, /^0x[0-9a-f]{64}$/);
    const verdict = await verifier.verify({
      height: 5,
      headerHash,
      nonce: BigInt(nonceText),
      claimedMixHash: hexToBytes(mixText.slice(2)),
      sessionId: 'test',
      urgent: false,
    });
    assert(verdict.ok && verdict.valid);
    assert(meetsTarget(verdict.finalHash, hexToBytes(target.slice(2))));
    await until(() => shares.length > 0, 'a verdict');
    assert.deepEqual(
      { ...shares[0], nonce: 0n },
      {
        accepted: true,
        reason: undefined,
        code: undefined,
        candidate: false,
        jobId: 'a1',
        height: 5,
        nonce: 0n,
      },
    );
  });

  it('takes a target without 0x as it stands, and submits nothing that misses it', async () => {
    startMiner();
    const connection = await server.ready();
    connection.sendJob({ id: 'hard', target: IMPOSSIBLE_TARGET });
    await new Promise((resolve) => setTimeout(resolve, 200));
    connection.sendJob({ id: 'easy', target: 'f'.repeat(64) });
    await connection.submit('easy');
    assert.equal(connection.submits('hard').length, 0);
  });

  it('submits what meets the network target though it misses the share target, as a block', async () => {
    const blocks: MinerShare[] = [];
    startMiner({}, { onBlock: (share) => blocks.push(share) });
    const connection = await server.ready();
    connection.sendJob({ id: 'b', target: IMPOSSIBLE_TARGET, bits: '207fffff' });
    await connection.submit('b');
    await until(() => blocks.length > 0, 'a block');
    assert.equal(blocks[0]?.candidate, true);
  });

  it('submits one block of a tip, whatever its jobs, and the next one when the tip has moved', async () => {
    startMiner();
    const connection = await server.ready();
    const job = { target: IMPOSSIBLE_TARGET, bits: '207fffff' };
    connection.sendJob({ ...job, id: 'b' });
    await connection.submit('b');
    // The same tip, as after a refresh: every second hash would be a block, and the others are shares.
    connection.sendJob({ ...job, id: 'c', target: EASY_TARGET, clean: false });
    await until(() => shares.length > 20, 'shares of the same tip');
    assert.equal(shares.filter(({ candidate }) => candidate).length, 1);
    connection.sendJob({ ...job, id: 'e', height: 2 });
    await connection.submit('e');
  });

  it('submits another block of a tip when the server refused the first, or the tip stays after all', async () => {
    let refuses = true;
    server.answer = (request) =>
      request.method === 'mining.submit' && refuses
        ? { id: request.id, result: null, error: [20, 'no', null] }
        : friendly(request);
    startMiner({}, {}, { ...systemClock, nowMs: () => systemClock.nowMs() * 20 });
    const connection = await server.ready();
    connection.sendJob({ id: 'b', target: IMPOSSIBLE_TARGET, bits: '207fffff' });
    await until(() => shares.length > 1, 'a second block');
    refuses = false;
    await until(() => shares.filter(({ accepted }) => accepted).length > 1, 'one more after the wait');
  });

  it('leaves a job when a clean one comes, and sends nothing of it any more', async () => {
    startMiner();
    const connection = await server.ready();
    connection.sendJob({ id: 'old', target: EASY_TARGET });
    await connection.submit('old');
    connection.sendJob({ id: 'new', headerHash: new Uint8Array(32).fill(2), target: EASY_TARGET });
    await connection.submit('new');
    const order = connection.submits().map((request) => request.params[1]);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => (a === b ? 0 : a === 'old' ? -1 : 1)),
    );
    const header = connection.submits('new')[0]?.params[3];
    assert.equal(header, `0x${'02'.repeat(32)}`);
  });

  it('threads search different nonces, none twice, all behind the prefix', async () => {
    startMiner({ threads: 2 });
    const connection = await server.ready();
    connection.sendJob({ id: 'c', target: EASY_TARGET });
    const noncesOf = (): string[] => connection.submits('c').map((request) => String(request.params[2]));
    // The top bit behind the prefix is the thread's.
    const threadsSeen = () =>
      new Set(noncesOf().map((nonce) => Number.parseInt(nonce[6] as string, 16) >> 3));
    await until(() => noncesOf().length >= 30 && threadsSeen().size === 2, '30 shares, of both threads');
    const nonces = noncesOf();
    assert.equal(new Set(nonces).size, nonces.length);
    assert(nonces.every((nonce) => nonce.startsWith('0x00a7')));
  });

  it('works on the last of several jobs that come in one piece', async () => {
    startMiner();
    const connection = await server.ready();
    const first = jobMessage({ id: 'd1', target: IMPOSSIBLE_TARGET });
    const second = jobMessage({ id: 'd2', headerHash: new Uint8Array(32).fill(3), target: EASY_TARGET });
    connection.send(first, second);
    await connection.submit('d2');
    assert.equal(connection.submits('d1').length, 0);
  });

  it('tells how a share was refused', async () => {
    server.answer = (request) =>
      request.method === 'mining.submit'
        ? { id: request.id, result: null, error: [23, 'low difficulty share', null] }
        : friendly(request);
    const cpu = startMiner();
    const connection = await server.ready();
    connection.sendJob({ id: 'e', target: EASY_TARGET });
    await until(() => shares.length > 0, 'a verdict');
    assert.deepEqual(
      [shares[0]?.accepted, shares[0]?.code, shares[0]?.reason],
      [false, 23, 'low difficulty share'],
    );
    assert(cpu.stats().rejected > 0 && cpu.stats().accepted === 0);
  });

  it('mines on through garbage of any kind', async () => {
    startMiner();
    const connection = await server.ready();
    connection.sendRaw('not json\n{"id":\n[]\nnull\n5\n"x"\n\n\r\n{}\n');
    connection.sendRaw(Uint8Array.of(0, 255, 254, 10, 0x16, 0x03, 10));
    connection.sendRaw(`${'['.repeat(20_000)}\n`);
    connection.send(
      { id: null, method: 'mining.notify', params: [] },
      { id: null, method: 'mining.notify', params: { a: 1 } },
      { id: null, method: 'mining.notify', params: [1, 2, 3, 4, 5, 6, 7] },
      { id: null, method: 'mining.set_target', params: ['x'] },
      { id: 77, result: true, error: null },
      { id: 'x', result: true, error: null },
      { id: null, method: 'mining.set_extranonce', params: [] },
    );
    connection.sendJob({ id: 'seed', target: EASY_TARGET, seedHash: '11'.repeat(32) });
    connection.sendJob({ id: 'far', target: EASY_TARGET, height: 0xffffffff, seedHash: '00'.repeat(32) });
    connection.send({ id: 9, method: 'client.get_version', params: [] });
    const line = JSON.stringify(jobMessage({ id: 'f', target: EASY_TARGET }));
    connection.sendRaw(line.slice(0, 40));
    const answered = () => connection.requests.find(({ id, method }) => id === 9 && method === undefined);
    await until(() => answered() !== undefined, 'the answer to the question before half a line');
    connection.sendRaw(`${line.slice(40)}\r\n`);
    await connection.submit('f');
    assert.deepEqual(connection.submits('seed').length + connection.submits('far').length, 0);
    assert.deepEqual(answered()?.error, [20, 'unsupported method', null]);
    assert.deepEqual(lost, []);
  });

  it('hangs up on a line without end, and comes back', async () => {
    startMiner();
    const connection = await server.ready();
    connection.sendRaw('x'.repeat(100_000));
    await server.ready(1);
    assert(connection.closed);
    assert.deepEqual(lost, ['the server sent a line without end']);
  });

  it('comes back when the server closes, with the job of the new connection', async () => {
    startMiner();
    const first = await server.ready();
    first.sendJob({ id: 'g1', target: EASY_TARGET });
    await first.submit('g1');
    first.socket.destroy();
    const second = await server.ready(1);
    second.sendJob({ id: 'g2', target: EASY_TARGET });
    await second.submit('g2');
    // What it is called depends on whether shares were on their way.
    assert.equal(lost.length, 1);
    assert.equal(second.submits('g1').length, 0);
  });

  for (const method of ['mining.subscribe', 'mining.authorize', 'mining.submit']) {
    it(`hangs up when ${method} is not answered within two seconds`, async () => {
      let silent = true;
      server.answer = (request) => (silent && request.method === method ? false : friendly(request));
      startMiner({}, {}, fastClock);
      await until(() => server.connections[0] !== undefined, 'a connection');
      if (method === 'mining.submit') (await server.ready()).sendJob({ id: 'h', target: EASY_TARGET });
      await until(() => lost.includes(`no answer to ${method} within 2 s`), 'the end');
      silent = false;
      await server.ready(lost.length);
    });
  }

  it('says why the server did not take its user', async () => {
    server.answer = (request) =>
      request.method === 'mining.authorize'
        ? { id: request.id, result: null, error: [24, 'no such\u001b[31m address', null] }
        : friendly(request);
    startMiner({}, {}, fastClock);
    const refusal = 'the server refused the user address.cpu: no such?[31m address';
    await until(() => lost.filter((reason) => reason === refusal).length > 1, 'two refusals');
  });

  it('begins with a job that came before the reply to authorize', async () => {
    server.answer = (request, connection) => {
      if (request.method === 'mining.authorize') connection.sendJob({ id: 'i', target: EASY_TARGET });
      return friendly(request);
    };
    startMiner();
    const connection = await server.ready();
    await connection.submit('i');
  });

  it('gives up a server that has no work for three minutes', async () => {
    startMiner({}, {}, impatientClock);
    await until(() => lost.length > 0, 'the end');
    assert.equal(lost[0], 'no job for 180 s');
  });

  it('asks for one light cache at a time, however often a server changes the epoch', async () => {
    const asked: number[] = [];
    let answer: () => void = () => undefined;
    const epochMemory: Verifier['epochMemory'] = (epoch) => {
      asked.push(epoch);
      return new Promise((resolve, reject) => {
        answer = () => (epoch === 0 ? resolve(verifier.epochMemory(0)) : reject(new Error('no memory')));
      });
    };
    startMiner({}, {}, systemClock, { epochMemory });
    const connection = await server.ready();
    for (let epoch = 1; epoch <= 20; epoch++) {
      connection.sendJob({ id: `e${epoch}`, height: 7500 * epoch, target: EASY_TARGET });
    }
    // It answers in order: then it has seen all of them.
    connection.send({ id: 9, method: 'client.get_version', params: [] });
    await until(() => connection.requests.some(({ id, method }) => id === 9 && !method), 'its answer');
    assert.deepEqual(asked, [1]);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 20));
    // It failed; the next job asks anew.
    connection.sendJob({ id: 'z', height: 7, target: EASY_TARGET });
    await until(() => asked.length > 1, 'the second question');
    answer();
    await connection.submit('z');
    assert.deepEqual(asked, [1, 0]);
  });

  it('measures its hashrate', async () => {
    const cpu = startMiner();
    const connection = await server.ready();
    connection.sendJob({ id: 'j', target: IMPOSSIBLE_TARGET });
    await until(() => cpu.hashrate() > 1, 'a hashrate');
  });

  it('stops without a trace, also while it is looking for the server', async () => {
    const cpu = startMiner();
    const connection = await server.ready();
    connection.sendJob({ id: 'k', target: EASY_TARGET });
    await connection.submit('k');
    await cpu.stop();
    await until(() => connection.closed, 'the end');
    const count = shares.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(shares.length, count);
    assert.deepEqual(lost, []);

    const lonely = startMiner({ url: 'stratum+tcp://127.0.0.1:1' });
    await until(() => lost.length > 0, 'a refused connection');
    assert.match(String(lost[0]), /ECONNREFUSED/);
    await lonely.stop();
  });
});

describe('a CPU miner and a TLS server', () => {
  beforeEach(async () => {
    server = await ScriptedStratum.listen({ tls: true });
  });

  it('mines where it is told to take any certificate', async () => {
    startMiner({ insecure: true });
    const connection = await server.ready();
    connection.sendJob({ id: 'a', target: EASY_TARGET });
    await connection.submit('a');
  });

  it('does not send its user to a server that cannot prove who it is', async () => {
    startMiner();
    await until(() => lost.length > 0, 'a refusal');
    assert.match(String(lost[0]), /self-signed.*--insecure takes it/);
    assert(server.connections.every((connection) => connection.requests.length === 0));
  });
});
