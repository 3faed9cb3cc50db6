import { lstatSync } from 'node:fs';

/** Read by every command that needs a configuration, from the folder it is started in, when no other is named. */
export const CONFIG_FILE = 'kpss.yaml';

/**
 * The configuration file that a command reads.
 * @param named by a flag
 * @returns undefined where none is named and there is none; one that is a link to nowhere is told when it is read
 */
export function configFile(named: string | undefined): string | undefined {
  return named ?? (isThere(CONFIG_FILE) ? CONFIG_FILE : undefined);
}

/** @returns whether something has this name, be it a link that leads nowhere */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
