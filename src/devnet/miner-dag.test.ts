import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeThreads } from '../../test/conformance/fake-threads.ts';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { EASY_TARGET, friendly, ScriptedStratum, until } from '../../test/support/scripted-stratum.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createKernelMemory } from '../kawpow/kernel-memory.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import { type EpochMemory, epochKey } from '../kawpow/thread-messages.ts';
import type { Log } from '../mining/ports.ts';
import { createCpuMiner } from './miner.ts';
import { MinerDag } from './miner-dag.ts';

const pow = SMALL_POW;

function logTo(lines: string[]): Log {
  const tell = (_fields: object, message: string): void => void lines.push(message);
  return { debug: () => undefined, info: tell, warn: tell, error: tell };
}

function memoryOf(epoch: number): EpochMemory {
  return { pow, epoch, memory: createKernelMemory(epoch, pow) };
}

function setUp(availableBytes = 2 ** 40) {
  const threads = new FakeThreads();
  const clock = createVirtualClock();
  const lines: string[] = [];
  const given: string[] = [];
  const dag = new MinerDag(
    { threads: 2 },
    {
      clock,
      log: logTo(lines),
      availableBytes: () => availableBytes,
      onDag: (of) => given.push(epochKey(of)),
    },
    threads,
  );
  return { dag, threads, clock, lines, given };
}

describe('the DAG of a miner', () => {
  it('is told in steps of ten percent, and with the time it took', async () => {
    const { dag, threads, clock, lines, given } = setUp();
    dag.use(memoryOf(2));
    assert.deepEqual(given, ['small/2']);
    for (let i = 1; i <= 200; i++) for (const builder of threads.dagBuilders) builder.progress(i / 200);
    await clock.advance(90_000);
    for (const builder of threads.dagBuilders) builder.finish();
    assert.deepEqual(lines, [
      'miner: generates the DAG of epoch 2, 0.0 GiB, and uses what is there already',
      ...[10, 20, 30, 40, 50, 60, 70, 80, 90].map((step) => `miner: has ${step} % of the DAG of epoch 2`),
      'miner: has the whole DAG of epoch 2, after 1.5 minutes',
    ]);
  });

  it('that does not fit is refused with its size, and there is none', () => {
    const { dag, threads, lines, given } = setUp(2 ** 28);
    dag.use(memoryOf(0));
    assert.deepEqual(lines, [
      'miner: no DAG of epoch 0: it takes 0.5 GiB, and 0.3 GiB are available; mining with the light cache',
    ]);
    assert.deepEqual([given, threads.dagBuilders], [[], []]);
  });

  it('makes way for that of the next epoch, once the threads have let go', async () => {
    const { dag, threads, clock, given } = setUp();
    for (const epoch of [0, 1, 2]) dag.use(memoryOf(epoch));
    assert.equal(threads.dagBuilders[0]?.stopped, true);
    assert.deepEqual(given, ['small/0']);
    await clock.advance(1999);
    assert.deepEqual(given, ['small/0']);
    await clock.advance(1);
    assert.deepEqual(given, ['small/0', 'small/2']);
    dag.use(memoryOf(3));
    await dag.close();
    await clock.advance(10_000);
    assert.ok(threads.dagBuilders.every(({ stopped }) => stopped));
    assert.equal(given.length, 2);
  });

  it('that no buffer can hold is told', () => {
    const { dag, lines } = setUp(2 ** 50);
    dag.use({ ...memoryOf(0), pow: { ...pow, datasetBytes: { initial: 2 ** 46, growth: 0 } } });
    assert.deepEqual(lines, [
      'miner: the DAG of epoch 0 could not be generated; mining with the light cache',
    ]);
  });

  it('that fails is told', () => {
    const { dag, threads, lines } = setUp();
    dag.use(memoryOf(0));
    threads.dagBuilders[0]?.progress(0.5);
    threads.dagBuilders[0]?.crash();
    threads.dagBuilders[2]?.crash();
    assert.equal(lines.at(-1), 'miner: the DAG of epoch 0 was not finished; its 25 % are used');
  });
});

describe('a CPU miner with a DAG', () => {
  it('finds what the verifier confirms, while it is generated and with all of it', async () => {
    const verifier = createVerifierPool({ pow });
    const server = await ScriptedStratum.listen();
    server.answer = friendly;
    const lines: string[] = [];
    const miner = createCpuMiner(
      { url: server.url, user: 'address.cpu', threads: 2, reportMs: 0, dag: true, pow },
      {
        clock: systemClock,
        random: systemRandom,
        log: logTo(lines),
        verifier,
        availableBytes: () => 2 ** 40,
      },
    );
    miner.start();
    const connection = await server.ready();
    const confirm = async (id: string, height: number): Promise<void> => {
      const headerHash = new Uint8Array(32).fill(height);
      connection.sendJob({ id, height, headerHash, target: EASY_TARGET });
      const { params } = await connection.submit(id);
      const [, , nonce, , mixHash] = params as [string, string, string, string, string];
      const claimedMixHash = Buffer.from(mixHash.slice(2), 'hex');
      const request = { height, headerHash, nonce: BigInt(nonce), claimedMixHash };
      const verdict = await verifier.verify({ ...request, sessionId: 'test', urgent: false });
      assert.ok(verdict.ok && verdict.valid, id);
    };
    await confirm('early', 1);
    await until(
      () => lines.some((line) => line.startsWith('miner: has the whole DAG of epoch 0, after ')),
      'the DAG',
    );
    await confirm('late', 2);
    await miner.stop();
    await server.close();
    await verifier.close();
  });
});
