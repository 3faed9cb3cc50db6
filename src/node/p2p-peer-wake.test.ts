import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRandom, silentLog } from '../../test/support/mining.ts';
import { P2P_NETWORK, ScriptedP2p } from '../../test/support/scripted-p2p.ts';
import { until } from '../../test/support/scripted-stratum.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { P2pPeer } from './p2p-peer.ts';

test('a port that opens with its node is connected to at once, and only once', async (t) => {
  const node = await ScriptedP2p.listen();
  t.after(() => node.close());
  const { port } = node;
  await node.close();
  const clock = createVirtualClock();
  const peer = new P2pPeer(
    { node: 'home', host: '127.0.0.1', port, isAuto: true, network: P2P_NETWORK, version: '0.1.0' },
    {
      clock,
      random: noRandom,
      log: silentLog,
      handlers: { onTip: () => undefined, onReport: () => undefined },
      hashOfHeader: () => new Uint8Array(32),
    },
  );
  t.after(() => peer.stop());
  peer.wake();
  peer.start();
  await until(() => peer.report().state === 'off', 'the state off');
  await node.open(port);
  peer.wake();
  peer.wake();
  await until(() => peer.report().state === 'on', 'the state on');
  peer.wake();
  await clock.advance(60_000);
  assert.equal(node.connections.length, 1);
  await peer.stop();
  peer.wake();
  assert.equal(clock.pending(), 0);
});
