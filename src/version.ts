import { readFileSync } from 'node:fs';

/** Of package.json, which stands one folder up both in a checkout and in the package. */
export function programVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
