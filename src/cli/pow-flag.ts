import { KAWPOW, type KawPow, type PowName, PROOFS_OF_WORK } from '../kawpow/params.ts';

/**
 * What `--pow` names.
 * @param name as typed; kawpow when left out
 * @returns what is wrong with it, or the proof of work
 */
export function powOf(
  name: string = KAWPOW.name,
): { readonly name: PowName; readonly pow: KawPow } | { readonly complaint: string } {
  const names = Object.keys(PROOFS_OF_WORK) as PowName[];
  const known = names.find((candidate) => candidate === name);
  if (known !== undefined) return { name: known, pow: PROOFS_OF_WORK[known] };
  return { complaint: `--pow is one of ${names.join(', ')}, got ${name}` };
}
