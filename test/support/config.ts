import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { encodeAddress } from '../../src/chain/address.ts';
import type { Machine } from '../../src/config/data-folder.ts';
import { resolveConfig } from '../../src/config/load.ts';
import type {
  Config,
  ConfigFlags,
  ConfigResult,
  InstanceConfig,
  NodeConfig,
} from '../../src/config/types.ts';

// Configurations of tests: each is written to a file of its own and read as `kpss start` would.

/** Where the files are, one folder a test process. */
export const CONFIG_FOLDER = mkdtempSync(join(tmpdir(), 'kpss-config-'));
const file = join(CONFIG_FOLDER, 'kpss.yaml');
after(() => rmSync(CONFIG_FOLDER, { recursive: true }));

export const LINUX: Machine = { platform: 'linux', homeFolder: '/srv/miner', env: {} };
/** Of ravencoin main. */
export const MAIN = encodeAddress(60, new Uint8Array(20).fill(7));
export const MAIN_P2SH = encodeAddress(122, new Uint8Array(20).fill(8));
/** Of ravencoin test and regtest. */
export const TEST = encodeAddress(111, new Uint8Array(20).fill(9));

export interface Given {
  readonly flags?: ConfigFlags;
  readonly env?: Record<string, string>;
  readonly machine?: Machine;
}

/** @param yaml undefined for no file */
export function resolve(
  yaml: string | undefined,
  { flags = {}, env = {}, machine = LINUX }: Given = {},
): ConfigResult {
  if (yaml === undefined) return resolveConfig({ flags, env, machine });
  writeFileSync(file, yaml);
  return resolveConfig({ file, flags, env, machine });
}

export function good(yaml: string | undefined, given?: Given): Config {
  const result = resolve(yaml, given);
  assert.ok(result.ok, result.ok ? '' : result.problems.join('\n'));
  return result.config;
}

export function only(config: Pick<Config, 'instances'>): InstanceConfig {
  assert.equal(config.instances.length, 1);
  return config.instances[0] as InstanceConfig;
}

/** The problems, with the file called `kpss.yaml`. */
export function bad(yaml: string | undefined, given?: Given): string[] {
  const result = resolve(yaml, given);
  assert.ok(!result.ok, 'nothing was wrong');
  return result.problems.map((problem) => problem.replace(file, 'kpss.yaml'));
}

/** The one node of the one instance. */
export function onlyNode(config: Pick<Config, 'instances'>): NodeConfig {
  const { nodes } = only(config);
  assert.equal(nodes.length, 1);
  return nodes[0] as NodeConfig;
}
