import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ClientProfile, Step } from './profile.ts';
import { CLIENT_PROFILES } from './profiles.ts';

// A transcript is a recording of its client's profile: what the one sends, the other says that it does.

const FOLDER = new URL('../../golden/stratum/', import.meta.url);

function fileOf({ name }: ClientProfile): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${words.join('-')}.txt`;
}

/** As they stand in a transcript. */
function linesOf(steps: readonly Step[], { password = 'x' }: ClientProfile): string[] {
  return steps.flatMap((step) => {
    if (!('send' in step)) return [];
    if (typeof step.send !== 'string') return [`→ (bytes) ${Buffer.from(step.send).toString('hex')}`];
    const text = step.send.replaceAll('{password}', password);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [`→ ${line}`]));
  });
}

test('each client has a transcript, and nobody else', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), CLIENT_PROFILES.map(fileOf).sort());
});

for (const profile of CLIENT_PROFILES) {
  test(`${profile.name}: its transcript has what it sends`, () => {
    const text = readFileSync(new URL(fileOf(profile), FOLDER), 'utf8');
    const user = /"([^"]+\.rig1)"/.exec(text)?.[1] ?? assert.fail('no login');
    const lines = text.replaceAll(user, '{user}').split('\n');
    const steps = [...(profile.knocks ?? []).flat(), ...profile.opening, ...(profile.besides ?? [])];
    for (const line of linesOf(steps, profile)) assert.ok(lines.includes(line), line);
    const hex = (pattern: string) => new RegExp(`(?<=")(0x)?${pattern}(?=")`, 'g');
    const isShare = (line: string) => line.startsWith('→') && line.includes('"mining.submit"');
    const share = lines.find(isShare)?.replace(hex('[0-9a-f]{16,64}'), '$1HEX') ?? assert.fail('no share');
    const written = profile.share
      .trimEnd()
      .replace('{id}', String(profile.firstShareId))
      .replace(/\{(nonce|header|mix)\}/g, 'HEX')
      .replace('{job}', '10000');
    assert.equal(share, `→ ${written}`);
  });
}
