import { equalBytes } from '../chain/bytes.ts';
import { sha256d } from '../chain/hash.ts';

/** What a miner's password may carry besides a secret: `x`, `d=0.5`, `secret;diff=2`, `c=RVN,d=0.1,n=rig`. */
export interface PasswordParts {
  /** Asked for by `d=` or `diff=`; undefined where neither stands there, or is no positive number. */
  readonly difficulty: number | undefined;
  /** The password as a whole, and each of its parts: one of them may be the secret. */
  readonly secrets: readonly string[];
}

/** More than any proxy sends; what is behind is not looked at. */
const PARTS_MAX = 16;
const PLAIN_NUMBER = /^\d{0,15}(\.\d{0,15})?(e[+-]?\d{1,3})?$/i;

/** Options of other pools, such as `c=` and `mc=`, mean nothing here and are passed over. */
export function parsePassword(password: string): PasswordParts {
  const parts = split(password, /[,;]/);
  // A secret may have spaces within; options may be separated by them.
  const words = split(password, /[,;\s]+/);
  let difficulty: number | undefined;
  for (const part of words) {
    const [, value] = /^(?:d|diff)=(.*)$/i.exec(part) ?? [];
    if (value !== undefined && PLAIN_NUMBER.test(value) && Number(value) > 0) difficulty = Number(value);
  }
  return { difficulty, secrets: [...new Set([password, ...parts, ...words])] };
}

function split(text: string, separator: RegExp): string[] {
  return text
    .split(separator, PARTS_MAX)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Hashes are compared, so that the time it takes tells nothing of how much of the secret was guessed. */
export function hasSecret({ secrets }: PasswordParts, secret: string): boolean {
  const wanted = digest(secret);
  return secrets.filter((given) => equalBytes(digest(given), wanted)).length > 0;
}

function digest(text: string): Uint8Array {
  return sha256d(new TextEncoder().encode(text));
}
