/** Where an FNV hash starts. */
export const FNV_OFFSET_BASIS = 0x811c9dc5;
export const FNV_PRIME = 0x01000193;

/** FNV-1 by words: multiply, then xor. Ethash's, for the parents of dataset items. @returns an int32 */
export function fnv1(hash: number, word: number): number {
  return Math.imul(hash, FNV_PRIME) ^ word;
}

/** FNV-1a by words: xor, then multiply. ProgPoW's. @returns an int32 */
export function fnv1a(hash: number, word: number): number {
  return Math.imul(hash ^ word, FNV_PRIME);
}
