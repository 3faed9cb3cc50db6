import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createCredentialSource } from './credentials.ts';
import { RpcError } from './rpc-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'kpss-cookie-'));
after(() => rmSync(folder, { recursive: true }));

const recorded = JSON.parse(
  readFileSync(new URL('../../test/golden/ravend/errors/cookie-auth.json', import.meta.url), 'utf8'),
) as { cookieFileContent: string; authorizationHeader: string };

function cookieFile(name: string, content?: string): string {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

async function cookieFailure(path: string): Promise<RpcError> {
  try {
    await createCredentialSource({ kind: 'cookie', path }).authorization();
  } catch (error) {
    assert.ok(error instanceof RpcError);
    assert.equal(error.kind, 'cookie');
    assert.equal(error.code, 'KPSS_RPC_COOKIE');
    return error;
  }
  return assert.fail('a cookie was read');
}

test('user and password become a Basic header, at once', async () => {
  const source = createCredentialSource({ kind: 'password', user: 'rvn', password: 'pä:ss' });
  const header = `Basic ${Buffer.from('rvn:pä:ss').toString('base64')}`;
  assert.equal(source.current(), header);
  assert.equal(await source.authorization(), header);
  assert.equal(await source.replacementFor(header), undefined);
  source.invalidate();
  assert.equal(source.current(), header);
});

test('a colon in the user name is refused, without showing the password', () => {
  assert.throws(
    () => createCredentialSource({ kind: 'password', user: 'a:b', password: 'secret' }),
    (error: Error & { code?: string }) =>
      error.code === 'KPSS_RPC_CREDENTIALS' && !JSON.stringify([error.message, error]).includes('secret'),
  );
});

test('the recorded cookie gives the recorded header', async () => {
  const path = cookieFile('recorded', recorded.cookieFileContent);
  const source = createCredentialSource({ kind: 'cookie', path });
  assert.equal(source.current(), undefined, 'nothing is read before it is needed');
  assert.equal(await source.authorization(), recorded.authorizationHeader);
  assert.equal(source.current(), recorded.authorizationHeader, 'from then on it is known at once');
});

test('a missing cookie file is a clear error, and is found when ravend writes it', async () => {
  const path = cookieFile('later');
  const source = createCredentialSource({ kind: 'cookie', path });
  await assert.rejects(source.authorization(), {
    message: `cookie file ${path} is not there`,
  });
  cookieFile('later', recorded.cookieFileContent);
  assert.equal(await source.authorization(), recorded.authorizationHeader);
});

test('after a 401 only a changed cookie is worth another try', async () => {
  const path = cookieFile('changing', '__cookie__:one');
  const source = createCredentialSource({ kind: 'cookie', path });
  const first = await source.authorization();
  assert.equal(await source.replacementFor(first), undefined);
  cookieFile('changing', '__cookie__:two');
  const second = await source.replacementFor(first);
  assert.equal(second, `Basic ${Buffer.from('__cookie__:two').toString('base64')}`);
  assert.equal(await source.replacementFor(first), second, 'also for a call that failed with the first one');
});

test('an invalidated cookie is read again', async () => {
  const path = cookieFile('restart', '__cookie__:one');
  const source = createCredentialSource({ kind: 'cookie', path });
  await source.authorization();
  cookieFile('restart', '__cookie__:two');
  source.invalidate();
  assert.equal(source.current(), undefined);
  assert.equal(await source.authorization(), `Basic ${Buffer.from('__cookie__:two').toString('base64')}`);
});

test('a half-written, empty or wrong file is an error that does not show its content', async () => {
  for (const content of ['', '__cookie__', 'rpcuser=a secret: value\nline', `a:${'x'.repeat(3000)}`]) {
    const error = await cookieFailure(cookieFile('wrong', content));
    assert.match(error.message, /holds no RPC cookie/);
    assert.ok(!JSON.stringify([error.message, error.context]).includes('secret'));
  }
});

test('a folder in its place says why it cannot be read', async () => {
  assert.match((await cookieFailure(folder)).message, /cannot be read \(EISDIR\)/);
});

test('a pipe in the place of the cookie file is not waited for', async () => {
  if (process.platform === 'win32') return;
  const path = cookieFile('pipe');
  execFileSync('mkfifo', [path]);
  assert.match((await cookieFailure(path)).message, /cannot be read \(a pipe\)/);
});
