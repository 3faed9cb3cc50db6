import http from 'node:http';
import type { Config } from '../config/types.ts';
import type { Clock } from '../mining/ports.ts';
import { isRecord, parseJson } from '../node/json.ts';

/** It is on this machine, or near. */
const STATUS_MS_MAX = 1_500;
/** A status of hundreds of instances; more is something else. */
const STATUS_CHARS_MAX = 1024 * 1024;

/**
 * The instances of the KPSS that runs with this configuration, as its web port tells. Never rejects.
 * @param web undefined where it has no web port, and cannot be asked
 * @returns their names; undefined where none is running, as far as can be seen
 */
export function runningInstances(
  web: Config['web'],
  clock: Pick<Clock, 'setTimer'>,
): Promise<readonly unknown[] | undefined> {
  if (web === undefined || web.port === 0) return Promise.resolve(undefined);
  const { host, port } = web;
  return new Promise((resolve) => {
    const request = http.get({ host, port, path: '/api/v1/status', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > STATUS_CHARS_MAX) end(undefined);
      });
      response.on('end', () => end(response.statusCode === 200 ? namesIn(text) : undefined));
      response.on('error', () => end(undefined));
    });
    const end = (names: readonly unknown[] | undefined): void => {
      timer.cancel();
      request.destroy();
      resolve(names);
    };
    const timer = clock.setTimer(STATUS_MS_MAX, () => end(undefined));
    request.on('error', () => end(undefined));
  });
}

function namesIn(text: string): readonly unknown[] | undefined {
  try {
    const body = parseJson(text);
    if (!isRecord(body) || !Array.isArray(body.instances)) return undefined;
    return body.instances.map((instance) => (isRecord(instance) ? instance.name : undefined));
  } catch {
    return undefined;
  }
}
