import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SourceText } from './tidy-syntax.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Not ours, made by a command, or private to the one who works here. */
const LEFT_OUT = ['node_modules', 'dist', '.git', 'data', '.idea', '.vscode'];
const TEXT = /(\.(ts|mjs|js|json|md|yaml|yml|html|css|sh|service)|(^|\/)(run|LICENSE|\.npmrc|\.gitignore))$/;

/** Every text file of the repository, by its path from the root. */
export function readRepository(): SourceText[] {
  return list('').map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') }));
}

function list(folder: string): string[] {
  return readdirSync(`${ROOT}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return LEFT_OUT.includes(entry.name) ? [] : list(path);
    return entry.isFile() && TEXT.test(path) ? [path] : [];
  });
}
