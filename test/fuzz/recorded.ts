import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../golden/stratum/', import.meta.url);
/** Login, what the client asks besides, and some shares in the form in which it writes them; what follows is alike. */
const LINES_MAX = 8;
/** Job, nonce, header hash and mix hash of a share, with or without 0x. */
const SHARE = /","[0-9a-f]{5,8}","(0x)?[0-9a-f]{16}","(0x)?[0-9a-f]{64}","(0x)?[0-9a-f]{64}"/;

/**
 * What recorded clients send, a list of lines for each connection; its shares are placeholders (transcripts.ts), since
 * each fuzzed connection has jobs of its own.
 */
export function recordedTranscripts(): string[][] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  return names.sort().flatMap((name) => {
    const connections = readFileSync(new URL(name, FOLDER), 'utf8').split('\n\n');
    return connections.map(sentLines).filter((lines) => lines.length > 0);
  });
}

function sentLines(connection: string): string[] {
  const sent = [...connection.matchAll(/^→ (\{.*)$/gm)].map(([, line = '']) => line);
  return sent
    .slice(0, LINES_MAX)
    .map((line) => line.replace(SHARE, '","{JOB}","$1{NONCE}","$2{HEADER}","$3{MIX}"'));
}
