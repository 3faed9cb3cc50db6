import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EASY } from '../../test/support/session-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { examineCertificate, judgeCertificate } from './tls-verdicts.ts';

const folder = mkdtempSync(join(tmpdir(), 'kpss-doctor-tls-'));
after(() => rmSync(folder, { recursive: true }));

const NOW_MS = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;

function verdictAfter(days: number, isOurs = false) {
  const facts = { certificatePem: '', keyPem: '', fingerprint: 'AB:CD', validToMs: NOW_MS + days * DAY_MS };
  return judgeCertificate(3334, facts, { isOurs, nowMs: NOW_MS });
}

test('a certificate is looked at a month before it expires', () => {
  const { verdict, sentence } = verdictAfter(31);
  assert.equal(verdict, 'green');
  assert.equal(sentence, 'The certificate of port 3334 is good until 2026-12-24: SHA-256 AB:CD.');
  assert.deepEqual(
    [verdictAfter(29).verdict, verdictAfter(29).sentence],
    ['yellow', 'The certificate of port 3334 expires on 2026-12-22.'],
  );
  assert.equal(verdictAfter(-1).sentence, 'The certificate of port 3334 expired on 2026-11-22.');
  assert.match(verdictAfter(-1, true).cure ?? '', /makes another/);
});

test('one that is still to be made is not made by looking; one that is not there is red', async () => {
  const clock = createVirtualClock();
  const port = { host: '127.0.0.1', port: 3334, vardiff: EASY };
  const ours = await examineCertificate({ ...port, tls: { kind: 'self-signed' } }, folder, clock);
  assert.equal(ours?.verdict, 'green');
  assert.deepEqual(readdirSync(folder), []);
  const certificatePath = join(folder, 'none.pem');
  const own = { kind: 'files', certificatePath, keyPath: certificatePath } as const;
  const missing = await examineCertificate({ ...port, tls: own }, folder, clock);
  assert.equal(missing?.verdict, 'red');
  assert.match(missing?.sentence ?? '', /none\.pem cannot be read: there is no such file\.$/);
  assert.equal(await examineCertificate(port, folder, clock), undefined);
});
