import { existsSync, readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../golden/stratum/', import.meta.url);
/** A transcript's beginning is what differs between clients; their shares are none here. */
const LINES_MAX = 6;

/** @returns what recorded clients send at first, a list of lines for each transcript; empty where there are none */
export function recordedTranscripts(): string[][] {
  if (!existsSync(FOLDER)) return [];
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => {
    const lines = readFileSync(new URL(name, FOLDER), 'utf8').split('\n');
    // A miner's lines are marked in one way or another; what is JSON with a method and an id is one.
    const requests = lines.map((line) => line.slice(Math.max(0, line.indexOf('{')))).filter(isRequest);
    return requests.slice(0, LINES_MAX);
  });
}

function isRequest(text: string): boolean {
  try {
    const message = JSON.parse(text);
    return typeof message.method === 'string' && message.id !== null;
  } catch {
    return false;
  }
}
