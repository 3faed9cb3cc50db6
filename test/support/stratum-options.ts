import assert from 'node:assert/strict';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../../src/stratum/limits.ts';
import type { PortOptions } from '../../src/stratum/listener.ts';
import type { StratumServerOptions } from '../../src/stratum/server.ts';

/** What a test that cares for one port only says of the miners' side: any free port of this machine. */
export function onePort(vardiff: PortOptions['vardiff'], port = 0): StratumServerOptions {
  return { ports: [{ host: '127.0.0.1', port, vardiff }], limits: DEFAULT_LIMITS, banning: DEFAULT_BANNING };
}

/** The only port that there is. */
export function onlyPort({ ports }: StratumServerOptions): PortOptions {
  const [port] = ports;
  assert(port !== undefined && ports.length === 1, `${ports.length} ports`);
  return port;
}
