import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ApiStatus } from '../../src/web/api-types.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';

after(stopAllKpss);

const DEV = ['dev', '--port', '0', '--threads', '0'];

async function urlOf(kpss: KpssProcess): Promise<string> {
  const { port } = await kpss.line((line) => line.msg.startsWith('status at http://127.0.0.1:'));
  return `http://127.0.0.1:${port}`;
}

test('a running KPSS says what it does, over HTTP and in a terminal', async () => {
  const kpss = new KpssProcess(DEV);
  const url = await urlOf(kpss);
  await kpss.line((line) => line.msg.includes('work for block 1'));
  const status = (await (await fetch(`${url}/api/v1/status`)).json()) as ApiStatus;
  const [devnet] = status.instances;
  assert.equal(devnet?.name, 'devnet');
  assert.equal(devnet.state, 'no-miners');
  assert.equal(devnet.height, 1);
  assert.equal(devnet.nodes[0]?.state, 'ready');
  const shown = new KpssProcess(['status', '--url', url], { env: { LC_ALL: 'C' } });
  assert.equal(await shown.exit(), 0);
  assert.match(shown.stdout, /^~ devnet: ready for block 1 at difficulty .* on regtest via devnet\./m);
  assert.equal((await fetch(`${url}/notify/devnet`, { method: 'POST' })).status, 204);
  assert.equal(await kpss.stop(), 0);
  const late = new KpssProcess(['status', '--url', url]);
  assert.equal(await late.exit(), 1);
  assert.match(late.stderr, /nothing answers at http:\/\/127\.0\.0\.1:\d+\. Is KPSS running/);
});

test('kpss status reads from kpss.yaml where the status is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-status-'));
  try {
    for (const [web, expected] of [
      ['off', /kpss\.yaml in this folder has web: off/],
      ['{ port: 3381 }', /127\.0\.0\.1:3381/],
    ] as const) {
      writeFileSync(join(folder, 'kpss.yaml'), `web: ${web}\n`);
      const status = new KpssProcess(['status'], { cwd: folder });
      assert.equal(await status.exit(), 1);
      assert.match(status.stderr, expected);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a devnet beside another takes another port for its status', async () => {
  // Whether this one has the usual port, or somebody else on this machine has it.
  const other = createServer();
  await new Promise((resolve) => {
    other.once('listening', resolve).once('error', resolve).listen(3380, '127.0.0.1');
  });
  const kpss = new KpssProcess(DEV);
  const url = await urlOf(kpss);
  assert.notEqual(url, 'http://127.0.0.1:3380');
  const { msg } = await kpss.line((line) => line.msg.startsWith('status at'));
  assert.ok(msg.endsWith(`or: npm run kpss -- status --url ${url}`));
  assert.equal(await kpss.stop(), 0);
  other.close();
});
