import type { Config, InstanceConfig } from '../config/types.ts';
import { type CheckId, type Finding, green, quiet, red, skipped, yellow } from './check.ts';
import type { FolderFacts } from './machine-facts.ts';
import type { ListenAnswer } from './tcp.ts';

const MIB = 2 ** 20;
/** A found block is up to 16 MB as it is written down. */
const DATA_BYTES_MIN = 64 * MIB;
/** Histories and logs grow; a disk this full is full soon. */
const DATA_BYTES_WISHED = 1024 * MIB;
/** Eight light caches of some 90 MB. */
const CACHE_BYTES_WISHED = 1024 * MIB;
/** A rig of six cards that sends a share a second each; slower, and shares wait. */
const SHARES_PER_S_WISHED = 6;
/** Before it this program was not written. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** A hundred years after it: a clock that counts in another unit. */
const LATEST_MS = Date.UTC(2126, 0, 1);

export function judgeNodeJs(version: string, platform: string): Finding {
  return green('machine.node-js', `Node.js ${version} on ${platform}.`);
}

/** Only what can be seen without asking anybody; each node's clock is held against it besides. */
export function judgeOwnClock(nowMs: number): Finding {
  const text = `It is ${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} UTC on this machine.`;
  if (nowMs > EARLIEST_MS && nowMs < LATEST_MS) return green('machine.clock', text);
  return red(
    'machine.clock',
    text,
    'Set the clock; have the system do it by itself (timedatectl set-ntp true).',
  );
}

export function judgeDataFolder({ path, obstacle, freeBytes }: FolderFacts): Finding {
  const id = 'machine.data-directory';
  if (obstacle !== undefined) {
    const sentence = `${path}, where found blocks are written down, cannot be written to: ${obstacle}.`;
    return red(
      id,
      sentence,
      'Give it to the user that KPSS runs as, or set dataDirectory to another folder.',
    );
  }
  const sentence = `${path} can be written to${freeText(freeBytes)}.`;
  if (freeBytes === undefined || freeBytes >= DATA_BYTES_WISHED) return green(id, sentence);
  const cure = 'Make room on this disk, or set dataDirectory to a folder on another.';
  return freeBytes < DATA_BYTES_MIN ? red(id, sentence, cure) : yellow(id, sentence, cure);
}

/** @param facts undefined where no light caches are kept */
export function judgeCacheFolder(facts: FolderFacts | undefined): Finding {
  const id = 'machine.cache-directory';
  if (facts === undefined) return quiet(id, 'Off: light caches are not kept on disk.');
  const { path, obstacle, freeBytes } = facts;
  const rebuilt = 'each start builds its light caches again, which takes some seconds';
  if (obstacle !== undefined) {
    const sentence = `${path} cannot be written to: ${obstacle}; ${rebuilt}.`;
    return yellow(
      id,
      sentence,
      'Give it to the user that KPSS runs as, or set verifier.cacheDirectory to another folder.',
    );
  }
  const sentence = `${path} can be written to${freeText(freeBytes)}.`;
  if (freeBytes === undefined || freeBytes >= CACHE_BYTES_WISHED) return green(id, sentence);
  return yellow(
    id,
    sentence,
    'Make room for some 700 MB of light caches, or set verifier.cacheDirectory elsewhere.',
  );
}

function freeText(freeBytes: number | undefined): string {
  if (freeBytes === undefined) return '';
  const mib = Math.floor(freeBytes / MIB);
  return mib < 10_240 ? `, ${mib} MiB are free` : `, ${Math.floor(mib / 1024)} GiB are free`;
}

export interface VerifierFacts {
  readonly epoch: number;
  /** Of one thread. */
  readonly sharesPerS: number;
  readonly threads: number;
  /** How its light cache is kept: `off` where none are. */
  readonly cache: 'on-disk' | 'not-yet' | 'off';
}

const CACHE_TEXTS: Readonly<Record<VerifierFacts['cache'], string>> = {
  'on-disk': 'on disk',
  'not-yet': 'not on disk yet; the first start builds it, which takes some seconds',
  off: 'not kept on disk; each start builds it, which takes some seconds',
};

/** @param facts undefined where the epoch is not known, or measuring failed */
export function judgeVerifier(facts: VerifierFacts | undefined): Finding {
  const id = 'machine.verifier';
  if (facts === undefined) return skipped(id, 'no node tells the present epoch');
  const { epoch, threads } = facts;
  const perS = Math.round(facts.sharesPerS);
  const each = threads === 1 ? 'with its one thread' : `with each of its ${threads} threads`;
  const sentence = `Verifies about ${perS} shares of epoch ${epoch} a second ${each}; its light cache is ${CACHE_TEXTS[facts.cache]}. kpss bench kawpow tells more.`;
  if (facts.sharesPerS * threads >= SHARES_PER_S_WISHED) return green(id, sentence);
  return yellow(
    id,
    sentence,
    'That is little. Blocks are submitted all the same, but shares may be counted unverified: raise the difficulty (stratum.vardiff.targetTimeS), or give KPSS a faster machine.',
  );
}

/**
 * A port that KPSS is to open.
 * @param runs whether the KPSS that answers on the web port has it, most likely
 * @param setting its name in kpss.yaml
 */
export function judgePort(
  id: CheckId,
  { host, port }: { readonly host: string; readonly port: number },
  answer: ListenAnswer,
  runs: boolean,
  setting: string,
): Finding {
  const where = `Port ${port} on ${host}`;
  if (answer.ok) {
    const reach = isOpenToAll(host) ? ' It is open to the whole network that this machine is in.' : '';
    return green(id, port === 0 ? `Any free port on ${host} will do.${reach}` : `${where} is free.${reach}`);
  }
  if (answer.isTaken && runs) return green(id, `${where} is taken, by the KPSS that is running already.`);
  const sentence = `${where} cannot be opened: ${answer.reason}.`;
  const cure = answer.isTaken
    ? `If that is a KPSS that is running, all is well; else end the other program, or choose another ${setting}.port.`
    : `Choose another ${setting}.${answer.reason.startsWith('that address') ? 'host' : 'port'}.`;
  return red(id, sentence, cure);
}

function isOpenToAll(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Who is paid, as far as the configuration alone tells. */
export function judgeInstancePayout({ payout, payoutAddress, network }: InstanceConfig): Finding {
  const id = 'instance.payout';
  const count = payout.recipients.length;
  const others =
    count === 0 ? '' : `, after ${count === 1 ? 'one recipient' : `${count} recipients`} got their part`;
  if (payoutAddress !== undefined)
    return green(id, `Blocks pay ${payoutAddress}, an address of ${network.coin} ${network.name}${others}.`);
  return green(
    id,
    `Blocks pay the address of ${network.coin} ${network.name} that each miner logs in with${others}.`,
  );
}

/** @param web undefined where none is opened */
export function judgeWebPort(web: Config['web'], answer: ListenAnswer | undefined, runs: boolean): Finding {
  if (web === undefined || answer === undefined) return quiet('machine.web-port', 'Off.');
  const finding = judgePort('machine.web-port', web, answer, runs, 'web');
  // Without it KPSS mines on.
  return finding.verdict === 'red' ? { ...finding, verdict: 'yellow' } : finding;
}
