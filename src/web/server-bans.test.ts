import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiStatus } from '../../test/support/api-status.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { ApiBan, ApiError } from './api-types.ts';
import { WebServer } from './server.ts';

test('bans are listed and lifted, and who asks next sees it', async (context) => {
  const ban: ApiBan = {
    ...{ instance: 'ravencoin-main', address: '2001:db8::/64', reason: 'garbage' },
    ...{ since: '2026-01-31T11:58:00.000Z', until: '2026-01-31T12:08:00.000Z' },
  };
  let bans = [ban];
  const asked: (readonly [string, string | undefined])[] = [];
  const lift = (instance: string, address: string | undefined): number => {
    asked.push([instance, address]);
    const count = bans.length;
    bans = [];
    return count;
  };
  const server = new WebServer(
    { host: '127.0.0.1', port: 0, instances: ['ravencoin-main', 'ravencoin-test'] },
    {
      clock: createVirtualClock(),
      log: createKeptLog(),
      status: () => apiStatus(),
      notify: () => {},
      bans: { list: () => bans, lift },
    },
  );
  context.after(() => server.close());
  const url = `http://127.0.0.1:${await server.listen()}`;
  const codeOf = async (response: Response) => ((await response.json()) as ApiError).error.code;
  const list = async () => (await fetch(`${url}/api/v1/bans`)).json();
  const remove = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1/bans/${path}`, { method: 'DELETE', ...init });
  assert.deepEqual(await list(), { bans: [ban] });
  const foreign = await remove('ravencoin-main', { headers: { origin: 'http://evil.example' } });
  assert.equal(await codeOf(foreign), 'wrong-origin');
  assert.equal(await codeOf(await remove('dogecoin/192.0.2.1')), 'unknown-instance');
  assert.deepEqual(asked, []);
  assert.deepEqual(await (await remove('ravencoin-main/2001:db8::%2F64')).json(), { lifted: 1 });
  assert.deepEqual(await list(), { bans: [] });
  assert.equal(await codeOf(await remove('ravencoin-main/192.0.2.1')), 'not-banned');
  assert.deepEqual(await (await remove('ravencoin-test')).json(), { lifted: 0 });
  assert.deepEqual(asked, [
    ['ravencoin-main', '2001:db8::/64'],
    ['ravencoin-main', '192.0.2.1'],
    ['ravencoin-test', undefined],
  ]);
});
