import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BAN_REASONS } from '../src/stratum/bans.ts';
import { DOOR_REFUSALS } from '../src/stratum/door.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../src/stratum/limits.ts';
import { HELD_FOR_MS } from '../src/stratum/waiting-room.ts';
import { readRepository } from './support/tidy-files.ts';

// docs/limits.md says what the program does without a setting.

const page = readRepository().find(({ path }) => path === 'docs/limits.md')?.text ?? '';

/** Setting and default of each row below a heading. */
function defaultsBelow(heading: string): Record<string, unknown> {
  const [, part = ''] = page.split(`\n## ${heading}\n`);
  const rows = (part.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm);
  return Object.fromEntries([...rows].map(([, name = '', value = '']) => [name, JSON.parse(value)]));
}

test('every limit stands in docs/limits.md with its default', () => {
  const limits = DEFAULT_LIMITS;
  assert.deepEqual(defaultsBelow('Limits'), {
    connections: limits.connectionsMax,
    connectionsPerAddress: limits.connectionsPerAddressMax,
    connectionsPerSubnet: limits.connectionsPerSubnetMax,
    connectsPerS: limits.connectsPerSMax,
    handshakeTimeoutS: limits.handshakeTimeoutMs / 1000,
    loginTimeoutS: limits.loginTimeoutMs / 1000,
    firstShareTimeoutS: limits.firstShareTimeoutMs / 1000,
    idleTimeoutS: limits.idleTimeoutMs / 1000,
    linesPerS: limits.linesPerSMax,
    backlogBytes: limits.backlogBytesMax,
  });
  assert.equal(Object.keys(limits).length, 10);
});

test('so does every rule of bans', () => {
  const rules = DEFAULT_BANNING;
  assert.deepEqual(defaultsBelow('Bans'), {
    enabled: rules.isEnabled,
    timeS: rules.timeMs / 1000,
    invalidPercent: rules.invalidPercent,
    checkThreshold: rules.checkThreshold,
    failedLogins: rules.failedLoginsMax,
    forgers: rules.forgersMax,
  });
  assert.equal(Object.keys(rules).length, 6);
});

test('and the words of refusals and bans, and how long a refused connection is held', () => {
  const words = [...DOOR_REFUSALS, ...BAN_REASONS];
  assert.deepEqual(
    words.filter((word) => !page.includes(`\`${word}\``)),
    [],
  );
  assert(page.includes(`${HELD_FOR_MS / 1000} s, unread`));
});
