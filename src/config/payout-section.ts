import type { z } from 'zod';
import { decodeAddress } from '../chain/address.ts';
import { TAG_BYTES_MAX } from '../chain/coinbase.ts';
import type { Network } from '../chain/coins.ts';
import { PARTS_PER_MILLION } from '../chain/payout.ts';
import type { Path, Problems } from './problems.ts';
import { type payoutSchema, recipientSchema } from './schema.ts';
import { readSection } from './section.ts';
import type { InstanceConfig } from './types.ts';

type PayoutSection = z.output<typeof payoutSchema>;

/** Stands in every block found, for everyone to see. */
const DEFAULT_TAG = '/KPSS/';

/** Examples have YOUR_ADDRESS where this must stand. */
const PLACEHOLDER = 'that is still a placeholder: put your own address there';

/**
 * Who is paid, with every address decoded for the network.
 * @param network undefined where it is wrong: then the rest is checked, and nothing that comes back is used
 */
export function resolvePayout(
  section: PayoutSection,
  path: Path,
  network: Network | undefined,
  problems: Problems,
): Pick<InstanceConfig, 'payout' | 'payoutAddress' | 'tag'> {
  const script = (address: string | undefined, at: Path): Uint8Array | undefined => {
    if (address === undefined || network === undefined) return undefined;
    const decoded = decodeAddress(address, network);
    if (decoded.ok) return decoded.script;
    const why = isPlaceholder(address, decoded.reason) ? PLACEHOLDER : decoded.text;
    problems.add(at, `expected an address of ${network.coin} ${network.name}, got ${shown(address)}: ${why}`);
    return undefined;
  };
  const { address } = section;
  const mainScript = script(address, [...path, 'address']);
  const recipients = (section.recipients ?? []).map((value, i) => {
    const at = [...path, 'recipients', i];
    const recipient = readSection(recipientSchema, value, at, problems) ?? {};
    return {
      script: script(recipient.address, [...at, 'address']),
      partsPerMillion: Math.round((recipient.percent ?? 0) * (PARTS_PER_MILLION / 100)),
    };
  });
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

/** Of 300 real addresses one has no digit; what has none and is no address either was never meant to be one. */
function isPlaceholder(address: string, reason: string): boolean {
  return (reason === 'not-base58' || reason === 'wrong-length') && !/\d/.test(address);
}

type Recipient = InstanceConfig['payout']['recipients'][number];

function shown(address: string): string {
  return JSON.stringify(address.length > 70 ? `${address.slice(0, 70)}…` : address);
}
