import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { LINUX, MAIN } from '../../test/support/config.ts';
import { resolveConfig } from './load.ts';
import type { instanceSchema, loginSchema, nodeSchema } from './schema.ts';
import type { InstanceSettings, KpssSettings, PortSettings, StratumSettings } from './settings.ts';
import type { portSchema, stratumSchema, tlsSchema } from './stratum-schema.ts';

// The types that programs write their settings by, against the schemas that read them.

/** `true` where both are the same, else nothing at all. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
type Input<T extends z.ZodType> = z.input<T>;
type OldOfPort = 'diff' | 'varDiff';
type OldOfInstance = 'blockRefreshInterval' | 'getNewBlockAfterFound';

/** tsc refuses this file where a schema has a setting more or less than its type. */
const NAMES: readonly true[] = [
  true satisfies Same<keyof PortSettings, Exclude<keyof Input<typeof portSchema>, OldOfPort>>,
  true satisfies Same<
    keyof StratumSettings,
    Exclude<keyof Input<typeof stratumSchema>, OldOfPort | 'connectionTimeout'>
  >,
  true satisfies Same<keyof InstanceSettings, Exclude<keyof Input<typeof instanceSchema>, OldOfInstance>>,
  true satisfies Same<keyof NonNullable<StratumSettings['login']>, keyof Input<typeof loginSchema>>,
  true satisfies Same<keyof Extract<NonNullable<PortSettings['tls']>, object>, keyof Input<typeof tlsSchema>>,
  true satisfies Same<NonNullable<InstanceSettings['node']>, Input<typeof nodeSchema>>,
];

const PORT: Required<Omit<PortSettings, 'difficulty'>> = {
  host: '127.0.0.1',
  port: 3334,
  vardiff: { min: 0.01, max: 10, start: 1, targetTimeS: 10, retargetTimeS: 60, variancePercent: 30 },
  tls: { certificate: '/a.pem', key: '/b.pem' },
  proxies: ['10.0.0.0/8'],
};

const LIMITS: Required<NonNullable<StratumSettings['limits']>> = {
  ...{ connections: 100, connectionsPerAddress: 10, connectionsPerSubnet: 50, connectsPerS: 5 },
  ...{ handshakeTimeoutS: 1, loginTimeoutS: 2, firstShareTimeoutS: 30, idleTimeoutS: 40 },
  ...{ linesPerS: 10, backlogBytes: 65_536 },
};

const BANNING: Required<NonNullable<StratumSettings['banning']>> = {
  ...{ enabled: true, timeS: 60, invalidPercent: 50, checkThreshold: 100, failedLogins: 5, forgers: 2 },
};

const SETTINGS: KpssSettings = {
  coin: 'ravencoin',
  network: 'main',
  payout: { address: MAIN },
  stratum: {
    ...{ limits: LIMITS, banning: BANNING, login: { password: 'x', allow: ['a'] } },
    ports: [PORT, { port: 3335, difficulty: 0.05, tls: true }],
  },
  web: 'off',
};

function resolve(settings: unknown) {
  return resolveConfig({ settings, flags: {}, env: {}, machine: LINUX });
}

test('whatever the types allow is read', () => {
  assert.ok(NAMES.every(Boolean));
  const resolved = resolve(SETTINGS);
  assert.deepEqual(resolved.ok ? [] : resolved.problems, []);
  assert(resolved.ok);
  const [instance] = resolved.config.instances;
  assert.equal(instance?.stratum.limits.connectionsPerSubnetMax, 50);
  assert.equal(instance?.stratum.banning.forgersMax, 2);
  assert.deepEqual(instance?.stratum.ports[0]?.proxies, ['10.0.0.0/8']);
});

test('what the types refuse is refused when it runs, too', () => {
  // @ts-expect-error there is no such limit
  const limits: KpssSettings = { payout: { address: MAIN }, stratum: { limits: { connection: 1 } } };
  // @ts-expect-error a switch is no text
  const banning: KpssSettings = { payout: { address: MAIN }, stratum: { banning: { enabled: 'on' } } };
  // @ts-expect-error ports are a list
  const ports: KpssSettings = { payout: { address: MAIN }, stratum: { ports: 3333 } };
  for (const wrong of [limits, banning, ports]) assert.equal(resolve(wrong).ok, false);
});
