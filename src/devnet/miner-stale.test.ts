import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { EASY_TARGET, friendly, ScriptedStratum, until } from '../../test/support/scripted-stratum.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import { createCpuMiner } from './miner.ts';

const verifier = createVerifierPool({ threads: 1 });
before(() => verifier.prepare(0));
after(() => verifier.close());

for (const [code, level] of [
  [21, 'info'],
  [23, 'warn'],
] as const) {
  test(`a share that is refused with ${code} is told as ${level}`, async () => {
    const server = await ScriptedStratum.listen();
    server.answer = (request) =>
      request.method === 'mining.submit'
        ? { id: request.id, result: null, error: [code, 'no', null] }
        : friendly(request);
    const log = createKeptLog();
    const { lines } = log;
    const miner = createCpuMiner(
      { url: server.url, user: 'address.cpu', reportMs: 0 },
      { clock: systemClock, random: systemRandom, log, verifier },
    );
    miner.start();
    (await server.ready()).sendJob({ id: 'e', target: EASY_TARGET });
    await until(() => lines.some(({ message }) => message.includes('refused')), 'a line');
    await miner.stop();
    await server.close();
    const levels = lines
      .filter(({ message }) => message === 'miner: share refused: no')
      .map((line) => line.level);
    assert.deepEqual([...new Set(levels)], [level]);
  });
}
