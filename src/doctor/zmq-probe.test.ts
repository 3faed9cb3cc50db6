import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fakeVerifier } from '../../test/support/devnet-node.ts';
import { silentLog } from '../../test/support/mining.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { findNetwork } from '../chain/coins.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet } from '../devnet/devnet.ts';
import { tryZmq } from './zmq-probe.ts';

test('a node that announces blocks is on; where there is none, it is told what raven.conf needs', async () => {
  const network = findNetwork('ravencoin', 'regtest');
  assert(network);
  const devnet = await createDevnet(
    { network, zmqPort: 0 },
    { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
  );
  assert.equal((await tryZmq(devnet.zmqEndpoint ?? '', systemClock)).state, 'on');
  await devnet.close();
  // Nothing listens on port 1.
  const { state, sentence } = await tryZmq('tcp://127.0.0.1:1', systemClock);
  assert.equal(state, 'failed');
  assert.match(sentence, /does not answer\. Put zmqpubhashblock=tcp:/);
});

test('a port that is open and announces nothing, as the near end of a tunnel to nowhere, is not on', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { state, sentence } = await tryZmq(`tcp://127.0.0.1:${port}`, systemClock);
  assert.equal(state, 'failed', sentence);
  await new Promise((resolve) => server.close(resolve));
});

test('an endpoint that says nothing is given up in time, and left', async () => {
  const clock = createVirtualClock();
  let closed = 0;
  const close = () => void closed++;
  const answer = tryZmq('tcp://10.0.0.1:28332', clock, async () => ({ close }));
  await clock.advance(2_500);
  const { state, sentence } = await answer;
  assert.equal(state, 'failed');
  assert.match(sentence, /does not answer in time\. Make sure/);
  assert.deepEqual([closed, clock.pending()], [1, 0]);
});

test('where the optional package is missing, it is told how it is added', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  const { state, sentence } = await tryZmq('tcp://10.0.0.1:28332', createVirtualClock(), () =>
    Promise.reject(missing),
  );
  assert.deepEqual([state, /npm install zeromq adds it/.test(sentence)], ['off', true]);
});
