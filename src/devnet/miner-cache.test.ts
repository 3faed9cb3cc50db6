import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { silentLog } from '../../test/support/mining.ts';
import { EASY_TARGET, friendly, ScriptedStratum } from '../../test/support/scripted-stratum.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { seedHashOf } from '../kawpow/epoch.ts';
import type { VerifierEvent } from '../kawpow/pool.ts';
import { createCpuMiner } from './miner.ts';

it('a CPU miner lets go of the light cache of the epoch before', async () => {
  const server = await ScriptedStratum.listen();
  server.answer = friendly;
  const events: string[] = [];
  const onVerifierEvent = (event: VerifierEvent): void => {
    if ('epoch' in event && event.kind !== 'epoch-progress') events.push(`${event.kind} ${event.epoch}`);
  };
  const options = { url: server.url, user: 'address.cpu', reportMs: 0, pow: SMALL_POW };
  const modules = { clock: systemClock, random: systemRandom, log: silentLog };
  const miner = createCpuMiner(options, modules, { onVerifierEvent });
  miner.start();
  const connection = await server.ready();
  for (const epoch of [0, 1]) {
    const id = `e${epoch}`;
    const seedHash = bytesToHex(seedHashOf(epoch));
    connection.sendJob({ id, height: SMALL_POW.epochLength * epoch, seedHash, target: EASY_TARGET });
    await connection.submit(id);
  }
  assert.deepEqual(events.toSorted(), [
    'epoch-building 0',
    'epoch-building 1',
    'epoch-dropped 0',
    'epoch-ready 0',
    'epoch-ready 1',
  ]);
  await miner.stop();
  await server.close();
});
