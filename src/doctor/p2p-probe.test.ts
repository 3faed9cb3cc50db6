import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fakeVerifier } from '../../test/support/devnet-node.ts';
import { silentLog } from '../../test/support/mining.ts';
import { P2P_NETWORK } from '../../test/support/scripted-p2p.ts';
import { findNetwork } from '../chain/coins.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet } from '../devnet/devnet.ts';
import { tryP2p } from './p2p-probe.ts';

const modules = { clock: systemClock, random: systemRandom, log: silentLog, verifier: fakeVerifier };

test('a node is greeted and left again; one of another network is told apart', async () => {
  const devnet = await createDevnet({ network: P2P_NETWORK, p2pPort: 0 }, modules);
  const at = { host: '127.0.0.1', port: devnet.p2pPort ?? 0, isAuto: false };
  const own = await tryP2p(at, P2P_NETWORK, modules);
  assert(own?.ok);
  assert.match(own.userAgent, /devnet/);
  const main = findNetwork('ravencoin', 'main');
  assert(main);
  const other = await tryP2p(at, main, modules);
  assert(other !== undefined && !other.ok);
  await devnet.close();
  assert.deepEqual(await tryP2p(at, P2P_NETWORK, modules), {
    ok: false,
    end: { kind: 'unreachable', code: 'ECONNREFUSED' },
  });
});

test('a port that says nothing is given up in time, and left', async () => {
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // Timers of seconds are over in milliseconds.
  const clock = {
    ...systemClock,
    setTimer: (ms: number, callback: () => void) => systemClock.setTimer(ms / 100, callback),
  };
  const answer = await tryP2p({ host: '127.0.0.1', port, isAuto: true }, P2P_NETWORK, { ...modules, clock });
  assert.deepEqual(answer, { ok: false, end: { kind: 'no-answer' } });
  await new Promise((resolve) => server.close(resolve));
});

test('a coin whose magic is not known has no P2P', async () => {
  const neurai = findNetwork('neurai', 'main');
  assert(neurai);
  assert.equal(await tryP2p({ host: '127.0.0.1', port: 1, isAuto: true }, neurai, modules), undefined);
});
