import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EASY_TARGET, ScriptedStratum, until } from '../../test/support/scripted-stratum.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { type MineArgs, type MineIo, runMine } from './mine.ts';

function createIo(): { io: MineIo; lines: string[]; complaints: string[]; stop: AbortController } {
  const lines: string[] = [];
  const complaints: string[] = [];
  const stop = new AbortController();
  const tell = (_fields: object, message: string): void => void lines.push(message);
  const io: MineIo = {
    log: { debug: () => undefined, info: tell, warn: tell, error: tell },
    progress: { show() {}, done() {} },
    complain: (line) => complaints.push(line),
    signal: stop.signal,
    clock: systemClock,
    random: systemRandom,
    reportMs: 200,
  };
  return { io, lines, complaints, stop };
}

describe('kpss mine', () => {
  for (const [changes, expected] of [
    // A memory has 256 scratches: one for the owner's thread, and one for each that hashes or generates.
    [{ threads: '0' }, /--threads is a whole number from 1 to 255, got 0/],
    [{ threads: '256' }, /from 1 to 255, got 256/],
    [{ threads: '128', dag: true }, /from 1 to 127 with --dag, got 128/],
    [{ threads: 'two' }, /got two/],
    [{ user: ' ' }, /--user is missing/],
    [{ url: '127.0.0.1:3333' }, /expected something like stratum\+tcp|not known/],
    [{ url: 'stratum2+tcp://127.0.0.1:3333' }, /Stratum V2/],
  ] as [Partial<MineArgs>, RegExp][]) {
    it(`refuses ${JSON.stringify(changes)}`, async () => {
      const { io, complaints } = createIo();
      const args = { url: 'stratum+tcp://127.0.0.1:3333', user: 'address.worker', ...changes };
      assert.equal(await runMine(args, io), 2);
      assert.equal(complaints.length, 1);
      assert.match(String(complaints[0]), expected);
    });
  }

  it('mines, says so in lines a person can read, and stops on the signal', async () => {
    const server = await ScriptedStratum.listen();
    const { io, lines, complaints, stop } = createIo();
    const mining = runMine({ url: server.url, user: 'address.worker', threads: '1' }, io);
    const connection = await server.ready();
    connection.sendJob({ id: 'a', target: EASY_TARGET, bits: '207fffff' });
    await until(() => lines.some((line) => line.startsWith('share accepted')), 'a share');
    await until(
      () => lines.some((line) => /^miner: \d+(\.\d)? H\/s, \d+ shares accepted, 0 refused$/.test(line)),
      'a rate',
    );
    await until(
      () => lines.includes('share accepted, which meets the network target: perhaps block 1'),
      'a block',
    );
    stop.abort();
    assert.equal(await mining, 0);
    await until(() => connection.closed, 'the end');
    await server.close();
    assert.match(String(lines[0]), /^mining on 1 thread/);
    assert.match(String(lines.at(-1)), /^stopped after \d+ accepted shares, 0 refused$/);
    assert.deepEqual(complaints, []);
  });

  it('mines on with the light cache where no DAG fits', async () => {
    const server = await ScriptedStratum.listen();
    const { io, lines, stop } = createIo();
    const args = { url: server.url, user: 'address.worker', dag: true };
    const mining = runMine(args, { ...io, availableBytes: () => 1.25 * 2 ** 30 });
    const connection = await server.ready();
    connection.sendJob({ id: 'a', target: EASY_TARGET });
    await until(() => lines.some((line) => line.startsWith('share accepted')), 'a share');
    const refusal = 'it takes 1.5 GiB, and 1.3 GiB are available; mining with the light cache';
    assert.ok(lines.includes(`miner: no DAG of epoch 0: ${refusal}`), lines.join());
    stop.abort();
    assert.equal(await mining, 0);
    await server.close();
  });

  it('stops while the server is not there', async () => {
    const { io, lines, stop } = createIo();
    const mining = runMine({ url: 'stratum+tcp://127.0.0.1:1', user: 'address.worker' }, io);
    await until(() => lines.some((line) => line.includes('ECONNREFUSED')), 'a refusal');
    stop.abort();
    assert.equal(await mining, 0);
  });
});
