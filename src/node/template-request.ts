/**
 * What getblocktemplate is asked with, by whoever asks. ravend needs no rules and ignores them; nodes that came of newer
 * Bitcoin Core releases refuse a request without.
 */
export const TEMPLATE_REQUEST = { rules: ['segwit'] } as const;

/**
 * What getblocktemplate is asked with to learn whether a block would be taken: null, or the reason why not.
 * @param blockHex the whole block; its proof of work is not looked at
 * Source: BIP 23, block proposal
 */
export function proposalRequest(blockHex: string) {
  return { mode: 'proposal', data: blockHex, ...TEMPLATE_REQUEST } as const;
}
