import http from 'node:http';
import type { Config } from '../config/types.ts';
import type { Clock } from '../mining/ports.ts';
import { isRecord, parseJson } from '../node/json.ts';

/** It is on this machine, or near. */
const STATUS_MS_MAX = 1_500;
/** A status of hundreds of instances; more is something else. */
const STATUS_CHARS_MAX = 1024 * 1024;

/**
 * Whether a KPSS runs with this configuration: its web port gives a status. Never rejects.
 * @param web undefined where it has no web port, and cannot be asked
 */
export function isRunning(web: Config['web'], clock: Pick<Clock, 'setTimer'>): Promise<boolean> {
  if (web === undefined || web.port === 0) return Promise.resolve(false);
  const host = web.host === '0.0.0.0' ? '127.0.0.1' : web.host === '::' ? '::1' : web.host;
  return new Promise((resolve) => {
    const request = http.get({ host, port: web.port, path: '/api/v1/status', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > STATUS_CHARS_MAX) end(false);
      });
      response.on('end', () => end(response.statusCode === 200 && isStatus(text)));
      response.on('error', () => end(false));
    });
    const end = (runs: boolean): void => {
      timer.cancel();
      request.destroy();
      resolve(runs);
    };
    const timer = clock.setTimer(STATUS_MS_MAX, () => end(false));
    request.on('error', () => end(false));
  });
}

function isStatus(text: string): boolean {
  try {
    const body = parseJson(text);
    return isRecord(body) && Array.isArray(body.instances);
  } catch {
    return false;
  }
}
