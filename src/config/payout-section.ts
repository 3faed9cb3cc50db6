import type { z } from 'zod';
import { decodeAddress } from '../chain/address.ts';
import { SCRIPT_SIG_BYTES_MAX } from '../chain/coinbase.ts';
import type { Network } from '../chain/coins.ts';
import { PARTS_PER_MILLION } from '../chain/payout.ts';
import type { Path, Problems } from './problems.ts';
import type { payoutSchema } from './schema.ts';
import type { InstanceConfig } from './types.ts';

type PayoutSection = z.output<typeof payoutSchema>;

/** Stands in every block found, for everyone to see. */
const DEFAULT_TAG = '/KPSS/';
/** What a coinbase has left beside the height (5 bytes) and a job's variant (4 bytes). */
export const TAG_BYTES_MAX = SCRIPT_SIG_BYTES_MAX - 9;

/** Who is paid, with every address decoded for the network. */
export function resolvePayout(
  section: PayoutSection,
  path: Path,
  network: Network,
  problems: Problems,
): Pick<InstanceConfig, 'payout' | 'payoutAddress' | 'tag'> | undefined {
  const script = (address: string, at: Path): Uint8Array | undefined => {
    const decoded = decodeAddress(address, network);
    if (decoded.ok) return decoded.script;
    problems.add(
      at,
      `expected an address of ${network.coin} ${network.name}, got ${shown(address)}: ${decoded.text}`,
    );
    return undefined;
  };
  const { address } = section;
  const mainScript = address === undefined ? undefined : script(address, [...path, 'address']);
  const recipients = (section.recipients ?? []).map((recipient, i) => ({
    script: script(recipient.address, [...path, 'recipients', i, 'address']),
    partsPerMillion: Math.round(recipient.percent * (PARTS_PER_MILLION / 100)),
  }));
  const parts = recipients.reduce((sum, { partsPerMillion }) => sum + partsPerMillion, 0);
  if (parts >= PARTS_PER_MILLION) {
    const sum = parts / (PARTS_PER_MILLION / 100);
    problems.add(
      [...path, 'recipients'],
      `expected less than 100 percent together, got ${sum}: the rest is the miner’s`,
    );
  }
  const tag = new TextEncoder().encode(section.tag ?? DEFAULT_TAG);
  if (tag.length > TAG_BYTES_MAX) {
    problems.add([...path, 'tag'], `expected at most ${TAG_BYTES_MAX} bytes, got ${tag.length}`);
  }
  const paid = recipients.filter((recipient): recipient is Recipient => recipient.script !== undefined);
  return { payout: { mainScript, recipients: paid }, payoutAddress: address, tag };
}

type Recipient = InstanceConfig['payout']['recipients'][number];

function shown(address: string): string {
  return JSON.stringify(address.length > 70 ? `${address.slice(0, 70)}…` : address);
}
