import type { Network } from '../chain/coins.ts';
import { versionText } from './node-facts.ts';

/** The first release that holds a block to its header's height. Source: Ravencoin Core's release notes */
const VERSION_MIN = 4_080_000;
const ENFORCED_FROM_HEIGHT = '4,487,776';

/**
 * Whether a node is too old for its network: only of Ravencoin's mainnet is known since when.
 * @param versionNumber as getnetworkinfo has it: 4080000 is 4.8.0
 * @returns undefined where it is not, or nobody knows
 */
export function versionTrouble(
  { coin, name }: Pick<Network, 'coin' | 'name'>,
  versionNumber: number,
): { readonly sentence: string; readonly cure: string } | undefined {
  if (coin !== 'ravencoin' || name !== 'main' || versionNumber >= VERSION_MIN) return undefined;
  return {
    sentence:
      `The node’s version is ${versionText(versionNumber)}, older than 4.8.0, which does not check the height in a ` +
      `block’s header. Newer nodes do, from height ${ENFORCED_FROM_HEIGHT} on: yours may follow a chain that the ` +
      'others refuse, and your blocks would be lost with it.',
    cure: 'Upgrade the node to Ravencoin Core 4.8.0 or later.',
  };
}
