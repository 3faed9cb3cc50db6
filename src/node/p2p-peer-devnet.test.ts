import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { draftBlock, fakeVerifier, getTemplate, rpc, solveBlock } from '../../test/support/devnet-node.ts';
import { silentLog } from '../../test/support/mining.ts';
import { P2P_NETWORK } from '../../test/support/scripted-p2p.ts';
import { until } from '../../test/support/scripted-stratum.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet, type Devnet } from '../devnet/devnet.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { P2pPeer } from './p2p-peer.ts';
import type { SignalReport } from './tip-signal.ts';

const modules = { clock: systemClock, random: systemRandom, log: silentLog };
let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

/** A devnet and a peer whose connection to it stands. */
async function connected(onTip: (devnet: Devnet, hashHex: string) => void = () => undefined) {
  const devnet = await createDevnet(
    { network: P2P_NETWORK, p2pPort: 0 },
    { ...modules, verifier: fakeVerifier },
  );
  assert(devnet.p2pPort !== undefined);
  const tips: string[] = [];
  const peer = new P2pPeer(
    {
      node: 'devnet',
      host: '127.0.0.1',
      port: devnet.p2pPort,
      isAuto: false,
      network: P2P_NETWORK,
      version: '0.1.0',
    },
    {
      ...modules,
      hashOfHeader: (header) => finalHash(header.headerHash, header.nonce, header.mixHash, KAWPOW),
      handlers: {
        onTip: (hashHex) => {
          tips.push(hashHex);
          onTip(devnet, hashHex);
        },
        onReport: () => undefined,
      },
    },
  );
  cleanUps = [() => peer.stop(), () => devnet.close()];
  const state = (wanted: SignalReport['state']) =>
    until(() => peer.report().state === wanted, `the state ${wanted}`);
  peer.start();
  await state('on');
  return { devnet, peer, tips, state };
}

test('a new block is told of when the RPC knows it already', async () => {
  const answers: Promise<string>[] = [];
  const { devnet, tips } = await connected((node) => answers.push(rpc<string>(node, 'getbestblockhash')));
  const hash = await devnet.control.addBlock();
  await until(() => tips.length > 0, 'a tip');
  assert.deepEqual(tips, [hash]);
  assert.equal(await answers[0], hash);
});

test('another block of the same height is a new tip as any', async () => {
  const { devnet, tips } = await connected();
  await devnet.control.addBlock();
  const { tip } = await devnet.control.reorganise(1);
  await until(() => tips.includes(tip), 'the new tip');
});

test('a block sent by P2P is in the chain, and the RPC then calls it a duplicate', async () => {
  const { devnet, peer, tips } = await connected();
  const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(devnet)));
  assert.equal(peer.sendBlock(block.hex), true);
  await until(() => tips.length > 0, 'a tip');
  assert.equal(devnet.tip(), block.hash);
  assert.equal(await rpc(devnet, 'submitblock', block.hex), 'duplicate');
});

test('of RPC and P2P at the same moment one takes the block and the other does no harm', async () => {
  const { devnet, peer, state } = await connected();
  const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(devnet)));
  const answer = rpc<string | null>(devnet, 'submitblock', block.hex);
  peer.sendBlock(block.hex);
  assert([null, 'duplicate'].includes(await answer));
  assert.equal(devnet.tip(), block.hash);
  await state('on');
});

test('when the node comes back after a restart, so do the news', async () => {
  const { devnet, peer, tips, state } = await connected();
  await devnet.control.goOffline();
  await state('failed');
  assert.equal(peer.sendBlock('00'), false);
  await devnet.control.comeBack();
  await state('on');
  const hash = await devnet.control.addBlock();
  await until(() => tips.includes(hash), 'the new block');
});
