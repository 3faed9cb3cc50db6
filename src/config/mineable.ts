import { NETWORKS, type Network } from '../chain/coins.ts';

/** @returns what a coin of the table needs that is not built yet, whose blocks would all be refused; else undefined */
export function missingFor(network: Network): string | undefined {
  if (network.proofOfWork !== 'kawpow') return 'its proof of work is a variant that is not built in yet';
  if (network.mandatoryOutputs !== 'none')
    return 'the outputs that its blocks must have are not built in yet';
  return undefined;
}

/** The coins that this version mines. */
export const MINEABLE_COINS: readonly string[] = [
  ...new Set(NETWORKS.filter((network) => missingFor(network) === undefined).map(({ coin }) => coin)),
];
