import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { silentLog } from '../../test/support/mining.ts';
import { findNetwork } from '../chain/coins.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet } from './devnet.ts';
import { createCpuMiner } from './miner.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const modules = { clock: systemClock, random: systemRandom, log: silentLog };
const noVerifier = {
  hash: () => Promise.reject(new Error('unused')),
  verify: () => Promise.reject(new Error('unused')),
};

test('the devnet answers an id nested thousands deep, and stays up', async () => {
  const devnet = await createDevnet(
    { network, rpcUser: 'u', rpcPassword: 'p' },
    { ...modules, verifier: noVerifier },
  );
  const post = (body: string) =>
    fetch(devnet.url, { method: 'POST', body, headers: { authorization: `Basic ${btoa('u:p')}` } });
  for (const depth of [10, 2_277, 2_500, 100_000]) {
    const nested = '['.repeat(depth) + ']'.repeat(depth);
    await (await post(`{"id":${nested},"method":"getblockcount","params":[]}`)).text();
    await (await post(`{"id":1,"method":"getblockcount","params":${nested}}`)).text();
  }
  const answer = await (await post('{"id":7,"method":"getblockcount","params":[]}')).json();
  assert.deepEqual(answer, { result: 0, error: null, id: 7 });
  await devnet.close();
});

test('a server that asks and asks and does not read loses its miner', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pause();
    const questions = '{"id":"xxxxxxxxxxxxxxxx","method":"client.get_version"}\n'.repeat(1_000);
    const pour = () => {
      while (socket.writable && socket.write(questions));
    };
    socket.on('drain', pour);
    pour();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lost = Promise.withResolvers<string>();
  const url = `stratum+tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const verifier = { epochMemory: () => Promise.reject(new Error('unused')) };
  const miner = createCpuMiner(
    { url, user: 'a', reportMs: 0 },
    { ...modules, verifier },
    { onDisconnect: lost.resolve },
  );
  miner.start();
  assert.match(await lost.promise, /does not read|no answer/);
  await miner.stop();
  server.close();
});
