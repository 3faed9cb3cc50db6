import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createProgram } from '../src/cli/program.ts';
import { resolveDataDirectory } from '../src/config/data-directory.ts';
import { Problems } from '../src/config/problems.ts';
import { DEFAULT_LIMITS } from '../src/stratum/limits.ts';
import { LINUX } from './support/config.ts';

// The unit file against what the program expects.

const unit = readFileSync(new URL('../packaging/kpss.service', import.meta.url), 'utf8');

function settingOf(key: string): string {
  const [, value] = new RegExp(`^${key}=(.*)$`, 'm').exec(unit) ?? [];
  assert.ok(value !== undefined, `the unit has no ${key}`);
  return value;
}

function environment(): Record<string, string> {
  const pairs = [...unit.matchAll(/^Environment=(\w+)=(\S+)$/gm)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

test('the unit starts a command that there is, with flags that it has', () => {
  const [program, command, ...flags] = settingOf('ExecStart').split(' ');
  assert.match(program ?? '', /\/kpss$/);
  const known = createProgram(() => {}).commands.find((candidate) => candidate.name() === command);
  assert.ok(known, `kpss ${command} does not exist`);
  const options = known.options.map(({ long }) => long);
  for (const flag of flags.filter((word) => word.startsWith('--'))) assert.ok(options.includes(flag), flag);
});

test('found blocks and light caches go where the unit lets the program write', () => {
  const env = environment();
  assert.equal(env.KPSS_DATA_DIRECTORY, `%S/${settingOf('StateDirectory')}`);
  assert.equal(env.KPSS_CACHE_DIRECTORY, `%C/${settingOf('CacheDirectory')}`);
  const problems = new Problems(() => ({ text: '', order: 0 }));
  const place = { env: { KPSS_DATA_DIRECTORY: '/var/lib/kpss' }, machine: LINUX, folder: '/etc' };
  assert.equal(resolveDataDirectory({}, place, problems), '/var/lib/kpss');
  assert.equal(settingOf('ProtectSystem'), 'strict');
});

test('systemd and the program understand each other', () => {
  assert.equal(settingOf('Type'), 'notify');
  // systemd-notify is another process than the one that was started.
  assert.equal(settingOf('NotifyAccess'), 'all');
  assert.match(settingOf('ExecReload'), /kill -HUP \$MAINPID$/);
  // 2 is what kpss start ends with when its configuration is wrong.
  assert.equal(settingOf('RestartPreventExitStatus'), '2');
});

test('nothing that the program needs is taken from it', () => {
  assert.equal(settingOf('MemoryDenyWriteExecute'), 'no', 'V8 makes machine code');
  const families = settingOf('RestrictAddressFamilies').split(' ');
  // Netlink names this machine's addresses.
  for (const family of ['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK'])
    assert.ok(families.includes(family), family);
  assert.ok(Number(settingOf('LimitNOFILE')) > DEFAULT_LIMITS.connectionsMax);
});
