import { readdirSync } from 'node:fs';
import { type Environment, loginVariablesSet } from '../config/environment.ts';

/** `kpss.yml`, `kpss.yaml.txt` (as Windows hides it), `kpss-main.yaml`, `kpss (1).yaml`, `kpss.json`. */
const NEARLY = /^\.?kpss([^a-z].*)?\.ya?ml(\.txt)?$|^kpss\.(json|txt|conf)$/i;

/**
 * Signs that somebody who starts KPSS without file and flags has a node in mind: to run the devnet then would earn
 * worthless coins unnoticed.
 * @param folder where kpss.yaml was not found
 * @returns a sentence each, with what to do; empty when nothing speaks against the devnet
 */
export function findMisplaced(folder: string, env: Environment): string[] {
  const files = list(folder)
    .filter((name) => NEARLY.test(name))
    .sort();
  const ofFiles = files.map(
    (name) =>
      `${folder}: kpss start reads kpss.yaml, and here is ${name}: rename it, or add --config "${name}"`,
  );
  const variables = loginVariablesSet(env);
  if (variables.length === 0) return ofFiles;
  const are = variables.length === 1 ? 'is set' : 'are set';
  const ofVariables = `${variables.join(' and ')} ${are}, but nothing says for which node: add --node http://127.0.0.1:8766, or write kpss.yaml`;
  return [...ofFiles, ofVariables];
}

/** A folder that may not be listed has nothing that could be told, and is no reason to stop. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
