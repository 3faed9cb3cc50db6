import assert from 'node:assert/strict';
import { encodeAddress } from '../../../src/chain/address.ts';
import { findNetwork } from '../../../src/chain/coins.ts';
import { p2pkhScript } from '../../../src/chain/script.ts';
import { systemClock, systemRandom } from '../../../src/clock.ts';
import { createDevnet } from '../../../src/devnet/devnet.ts';
import { Instance } from '../../../src/instance.ts';
import { KAWPOW } from '../../../src/kawpow/params.ts';
import type { Verifier } from '../../../src/kawpow/verifier.ts';
import { createRpcClient } from '../../../src/node/rpc-client.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../../../src/stratum/limits.ts';
import type { PortOptions } from '../../../src/stratum/listener.ts';
import { fakeVerifier } from '../../support/devnet-node.ts';
import { silentLog } from '../../support/mining.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const KEY_HASH = new Uint8Array(20).fill(7);
/** Nobody finds a block of it by chance, so that no new tip comes in between. */
const HARD_BITS = 0x1d00ffff;
/** One hash in 256 is a share, and the target's first byte is zero: it goes out without 0x, as on a real chain. */
export const SHARE_DIFFICULTY = 2 ** -24;
export const ADDRESS = encodeAddress(network.p2pkhVersion, KEY_HASH);

/** Every second hash is a share: a target of 2^255, as on the devnet, which goes out with 0x. */
const EASY_DIFFICULTY = 2 ** -31;
const VARDIFF: PortOptions['vardiff'] = {
  minDifficulty: 1e-10,
  maxDifficulty: 1,
  startDifficulty: EASY_DIFFICULTY,
  targetTimeMs: 10_000,
  retargetTimeMs: 60_000,
  variancePercent: 40,
};

function onPort(vardiff: PortOptions['vardiff']): PortOptions {
  return { host: '127.0.0.1', port: 0, vardiff };
}

/**
 * A real instance on a real devnet, over real sockets; only the mix hash is a quick one.
 * @returns its two ports: shares as on a real chain, and as easy as on the devnet
 */
export async function openPool(): Promise<{ port: number; easyPort: number; close(): Promise<void> }> {
  assert(network);
  const modules = { clock: systemClock, random: systemRandom, log: silentLog };
  const devnet = await createDevnet(
    { network, startBits: HARD_BITS },
    { ...modules, verifier: fakeVerifier },
  );
  devnet.control.setBits(HARD_BITS);
  const { url, user, password } = devnet;
  const rpc = createRpcClient({
    url,
    credentials: { kind: 'password', user, password },
    clock: systemClock,
  });
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: p2pkhScript(KEY_HASH), recipients: [] },
      tag: new TextEncoder().encode('/KPSS/'),
      stratum: {
        ports: [onPort({ ...VARDIFF, startDifficulty: SHARE_DIFFICULTY }), onPort(VARDIFF)],
        // All of these tests come from one address.
        limits: { ...DEFAULT_LIMITS, connectsPerSMax: 1_000 },
        banning: DEFAULT_BANNING,
      },
    },
    {
      ...modules,
      verifier: { ...fakeVerifier, keep() {}, endSession() {} } as unknown as Verifier,
      nodes: [{ name: 'node1', url, priority: 1, rpc }],
    },
  );
  const [port = 0, easyPort = 0] = await instance.start();
  return {
    port,
    easyPort,
    close: async () => {
      await instance.stop();
      await devnet.close();
    },
  };
}
