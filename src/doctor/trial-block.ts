import { encodeAddress } from '../chain/address.ts';
import type { Network } from '../chain/coins.ts';
import { p2pkhScript, p2shScript } from '../chain/script.ts';
import type { InstanceConfig } from '../config/types.ts';
import { solvedBlockHex } from '../mining/job.ts';
import { JobBook } from '../mining/job-book.ts';
import type { Template } from '../mining/template.ts';

/** Where each miner is paid at its login address, no address is known beforehand: this one stands for all. */
const SOMEBODY = new Uint8Array(20);
const HASH_BYTES = 20;

/**
 * A block as the instance would make it of a template, but for its proof of work: the node is asked about it and never
 * given it.
 * @returns hex
 */
export function trialBlockHex(
  template: Template,
  { payout, tag }: Pick<InstanceConfig, 'payout' | 'tag'>,
): string {
  const jobs = new JobBook(tag);
  jobs.add(template);
  const { recipients, mainScript = p2pkhScript(SOMEBODY) } = payout;
  const job = jobs.current({ mainScript, recipients });
  if (job === undefined) throw new Error('a job book with a template has a job');
  return solvedBlockHex(job, 0n, new Uint8Array(32));
}

/** The addresses that an instance pays whoever finds a block, the main one first. */
export function paidAddresses({ payout, network }: Pick<InstanceConfig, 'payout' | 'network'>): string[] {
  const scripts = [payout.mainScript, ...payout.recipients.map(({ script }) => script)];
  return scripts.flatMap((script) => (script === undefined ? [] : (addressOf(script, network) ?? [])));
}

/** The address whose output script this is; the configuration makes scripts of addresses only. */
function addressOf(script: Uint8Array, { p2pkhVersion, p2shVersion }: Network): string | undefined {
  const isSame = (other: Uint8Array): boolean => Buffer.compare(script, other) === 0;
  const publicKeyHash = script.subarray(3, 3 + HASH_BYTES);
  if (publicKeyHash.length === HASH_BYTES && isSame(p2pkhScript(publicKeyHash)))
    return encodeAddress(p2pkhVersion, publicKeyHash);
  const scriptHash = script.subarray(2, 2 + HASH_BYTES);
  if (scriptHash.length === HASH_BYTES && isSame(p2shScript(scriptHash)))
    return encodeAddress(p2shVersion, scriptHash);
  return undefined;
}
