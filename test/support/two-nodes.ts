import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { KpssProcess, stopAllKpss } from './kpss-process.ts';
import { linkDevnets } from './linked-devnets.ts';
import { silentLog } from './mining.ts';
import { StratumClient } from './stratum-client.ts';
import { TestMiner } from './test-miner.ts';

/** Nothing that a test hashes by chance is a block at these bits. */
export const HARD_BITS = 0x1d00ffff;
/** Two of three hashes are blocks. */
export const EASY_BITS = 0x207fffff;
/** One share in four hashes. */
const SHARE_DIFFICULTY = 4 / 2 ** 32;

/** Two neighbouring devnets and the real KPSS on both, for tests of what happens when one or the other goes. */
export async function createTwoNodes() {
  const network = findNetwork('ravencoin', 'regtest');
  assert(network);
  const address = encodeAddress(network.p2pkhVersion, new Uint8Array(20).fill(7));
  const verifier = createVerifierPool();
  const modules = { verifier, clock: systemClock, random: systemRandom, log: silentLog };
  const [near, far] = [
    await createDevnet({ network, startBits: HARD_BITS }, modules),
    await createDevnet({ network, startBits: HARD_BITS }, modules),
  ];
  const link = linkDevnets(near, far);
  const folder = mkdtempSync(join(tmpdir(), 'kpss-two-'));
  const nodeLine = (name: string, { url, user, password }: Devnet): string =>
    `  - { name: ${name}, url: "${url}", user: "${user}", password: "${password}" }`;
  const setBits = (bits: number): void => {
    for (const devnet of [near, far]) devnet.control.setBits(bits);
  };
  setBits(HARD_BITS);
  const yaml = [
    'network: regtest',
    'nodes:',
    nodeLine('near', near),
    nodeLine('far', far),
    `payout: { address: ${address} }`,
    `stratum: { port: 0, difficulty: ${SHARE_DIFFICULTY} }`,
    'dataDirectory: data',
    'web: off',
  ].join('\n');
  writeFileSync(join(folder, 'kpss.yaml'), yaml);

  /** Starts KPSS; the same data directory each time. */
  const start = async () => {
    // KPSS_DATA_DIRECTORY of other tests would win over the file.
    const kpss = new KpssProcess(['start'], { cwd: folder, env: { KPSS_DATA_DIRECTORY: '' } });
    const port = await kpss.stratumPort();
    const connect = async (): Promise<TestMiner> => {
      const client = await StratumClient.connect(port);
      const miner = new TestMiner(client, { dialect: '0x', address, verifier });
      await miner.logIn();
      return miner;
    };
    return { kpss, connect };
  };

  return {
    near,
    far,
    link,
    address,
    folder,
    /** What kpss.yaml holds. */
    yaml,
    setBits,
    start,
    /** How often a block stands in a node's active chain. */
    timesInChain(devnet: Devnet, blockHash: string): number {
      const heights = Array.from({ length: devnet.height() + 1 }, (_, height) => height);
      return heights.filter((height) => devnet.hashAt(height) === blockHash).length;
    },
    close: async (): Promise<void> => {
      await stopAllKpss();
      link.unlink();
      await Promise.all([near.close(), far.close()]);
      await verifier.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type TwoNodes = Awaited<ReturnType<typeof createTwoNodes>>;
