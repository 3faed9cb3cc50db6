import { decodeAddress } from '../chain/address.ts';
import type { Network } from '../chain/coins.ts';
import type { Path, Problems } from './problems.ts';
import { loginSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { InstanceConfig } from './types.ts';

/**
 * Who may mine here.
 * @param network undefined where it is wrong: then nothing that comes back is used
 * @param isPaidByLogin whether each miner is paid at the address that it logs in with
 */
export function resolveLogin(
  value: unknown,
  path: Path,
  { network, isPaidByLogin }: { readonly network: Network | undefined; readonly isPaidByLogin: boolean },
  problems: Problems,
): InstanceConfig['login'] {
  const { password, allow } = readSection(loginSchema, value, path, problems) ?? {};
  if (network !== undefined && isPaidByLogin) {
    for (const [i, name] of (allow ?? []).entries()) {
      // A worker's own address is all that counts where each is paid; with a worker's name behind it may stand, too.
      const decoded = decodeAddress(name.split('.', 1)[0] ?? '', network);
      if (decoded.ok) continue;
      problems.add(
        [...path, 'allow', i],
        `expected an address of ${network.coin} ${network.name}, since each miner is paid at its own: ${decoded.text}`,
      );
    }
  }
  return { password, allow };
}
