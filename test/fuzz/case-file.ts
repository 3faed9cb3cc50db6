import { mkdirSync, readdirSync, readFileSync } from 'node:fs';

/** Connections that once were too much, one to a file. */
export const FUZZ_FOLDER = new URL('../golden/fuzz/', import.meta.url);

/** A line for each chunk: a JSON text whose characters are its bytes. */
export function formatChunks(chunks: readonly Uint8Array[]): string {
  mkdirSync(FUZZ_FOLDER, { recursive: true });
  const escaped = (chunk: Uint8Array): string =>
    JSON.stringify(Buffer.from(chunk).toString('latin1')).replace(
      /[\x7f-\xff]/g,
      (char) => `\\u00${char.charCodeAt(0).toString(16)}`,
    );
  return chunks.map((chunk) => `${escaped(chunk)}\n`).join('');
}

function parseChunks(text: string): Uint8Array[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => new Uint8Array(Buffer.from(JSON.parse(line), 'latin1')));
}

/** @returns all that were found, by file name */
export function readCases(): { readonly name: string; readonly chunks: readonly Uint8Array[] }[] {
  const names = readdirSync(FUZZ_FOLDER).filter((name) => name.endsWith('.txt'));
  return names
    .sort()
    .map((name) => ({ name, chunks: parseChunks(readFileSync(new URL(name, FUZZ_FOLDER), 'utf8')) }));
}
