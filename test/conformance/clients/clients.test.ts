import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ConformanceClient } from './client.ts';
import { openPool } from './pool.ts';
import type { ClientProfile } from './profile.ts';
import { CLIENT_PROFILES } from './profiles.ts';

// Each client, byte for byte, against a real instance: it gets work it can read, its share is accepted in the form in
// which it writes it, and what is refused is refused so that it understands.

/** As often as a rig that is set up wrongly tries within a minute; nobody is banned for it. */
const KNOCKS_AGAIN = 12;

let pool: Awaited<ReturnType<typeof openPool>>;
before(async () => {
  pool = await openPool();
});
after(() => pool.close());

async function withClient<Result>(
  profile: ClientProfile,
  use: (client: ConformanceClient) => Promise<Result>,
): Promise<Result> {
  const client = await ConformanceClient.open(pool.port, profile);
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

for (const profile of CLIENT_PROFILES) {
  test(`${profile.name}: it gets work it can read, its shares are accepted, and refused in words it knows`, async () => {
    for (let i = 0; i < KNOCKS_AGAIN; i++) {
      for (const knock of profile.knocks ?? []) await withClient(profile, (client) => client.run(knock));
    }
    await withClient(profile, async (client) => {
      await client.run(profile.opening);
      const job = await client.job();
      if (profile.firstTarget) assert.match(String(client.checker.jobs[0]?.params[3]), profile.firstTarget);
      const good = await client.mine(job);
      assert.deepEqual(await client.submit(job, good), { code: undefined, verdict: 'accepted' });
      const refusedAs = profile.name === 'kawpow-metal' ? 'no word' : 'rejected';
      assert.deepEqual(await client.submit(job, good), { code: 22, verdict: refusedAs });
      const poor = await client.mine(job, false);
      assert.deepEqual(await client.submit(job, poor), { code: 23, verdict: refusedAs });
      const unknown = { ...job, id: 'fffff' };
      assert.deepEqual(await client.submit(unknown, poor), { code: 21, verdict: refusedAs });
      await client.run(profile.besides ?? []);
      assert.deepEqual(await client.submit(job, await client.mine(job)), {
        code: undefined,
        verdict: 'accepted',
      });
      assert.equal(client.checker.unanswered, 0);
    });
  });
}
