import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** What KPSS can use of a node's raven.conf. */
export interface RavenConf {
  readonly network: 'main' | 'test' | 'regtest';
  readonly rpcUser: string | undefined;
  readonly rpcPassword: string | undefined;
  readonly rpcPort: number | undefined;
  readonly dataDir: string | undefined;
}

/** One is a page; more is another file. */
const CONF_BYTES_MAX = 256 * 1024;

/**
 * Reads a raven.conf as data: `key=value` a line, `#` begins a remark. The first of two values counts, as it does for
 * ravend. Lines that are something else are passed over.
 * Source: Ravencoin Core, ReadConfigFile; Boost's config_file_iterator
 */
export function parseRavenConf(text: string): RavenConf {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/.exec(line.replace(/#.*$/, '')) ?? [];
    if (key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
  }
  const given = (key: string): string | undefined => values.get(key) || undefined;
  const isOn = (key: string): boolean => values.has(key) && values.get(key) !== '0';
  const port = Number(given('rpcport'));
  return {
    network: isOn('regtest') ? 'regtest' : isOn('testnet') ? 'test' : 'main',
    rpcUser: given('rpcuser'),
    rpcPassword: given('rpcpassword'),
    rpcPort: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
    dataDir: given('datadir'),
  };
}

/** @returns undefined where there is none that this user may read */
export function readRavenConf(path: string): RavenConf | undefined {
  try {
    // Opening a pipe would wait for somebody to write into it.
    if (!statSync(path).isFile()) return undefined;
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(CONF_BYTES_MAX);
      return parseRavenConf(buffer.toString('utf8', 0, readSync(file, buffer, 0, CONF_BYTES_MAX, 0)));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
