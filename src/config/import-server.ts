import { encodeAddress } from '../chain/address.ts';
import { hexToBytes } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import { loginVariables } from './environment.ts';
import { resolveOldNetwork } from './import-coin.ts';
import { importNodes } from './import-nodes.ts';
import { Options, what } from './import-options.ts';
import { type Draft, importStratum } from './import-ports.ts';
import { type ImportReport, ReportWriter, shown } from './import-report.ts';
import type { OldPool, OldSource } from './import-source.ts';
import type { OldValue, Spot } from './import-value.ts';
import { isPercentage } from './schema.ts';
import type { Group } from './section.ts';

/** What an old server.js becomes. */
export interface Imported {
  /** One a pool, in the order of the file; none where nothing can be mined. */
  readonly instances: readonly Draft[];
  readonly report: ImportReport;
}

/** As many instances as kpss.yaml takes. */
const POOLS_MAX = 64;
/** As many as payout.recipients takes. */
const RECIPIENTS_MAX = 32;
/** Stands where an address is wanted: kpss start refuses it, and says where. */
const PLACEHOLDER = 'YOUR_ADDRESS';

/** Options that have nothing of the kind in KPSS, and why it does without them. */
const GONE: Readonly<Record<string, string>> = {
  emitInvalidBlockHashes:
    'KPSS tells of every share in the log (--log-level debug) and as an event of the library',
  instanceId: 'KPSS gives each connection a nonce prefix that no other has',
  kawpow_validator: 'KPSS verifies shares itself, in threads of its own',
  kawpow_wrapper_host: 'KPSS verifies shares itself, in threads of its own',
  kawpow_wrapper_port: 'KPSS verifies shares itself, in threads of its own',
  api: 'the status is served by itself: docs/api.md',
  website: 'the status is served by itself: docs/api.md',
  stats: 'the status is served by itself: docs/api.md',
  redis: 'KPSS needs no database',
  paymentProcessing: 'KPSS pays in the block itself, to payout.address and its recipients',
  mposMode: 'KPSS needs no database',
  clustering: 'one process uses all cores',
  minimumPayment: 'KPSS pays in the block itself, to payout.address and its recipients',
  poolFee: 'who gets a part of each block stands in payout.recipients',
  feePercent: 'who gets a part of each block stands in payout.recipients',
  feeAddress: 'who gets a part of each block stands in payout.recipients',
  payoutThreshold: 'KPSS pays in the block itself, to payout.address and its recipients',
  testnet: 'network says it',
  regtest: 'network says it',
  enabled: 'every instance in kpss.yaml is started',
};

/** What the file listened to, and how it is heard of now. */
const EVENTS: Readonly<Record<string, string>> = {
  share:
    'the log and kpss status show shares, the journal keeps blocks; as a library KPSS has the events share and block',
  block:
    'the log and kpss status show blocks, and the journal keeps them; as a library KPSS has the event block',
  log: 'KPSS writes its log itself (log.level, log.format); as a library it has the event log',
  started: 'the log says when miners can connect',
};

/**
 * Turns the options of an old server into settings for kpss.yaml.
 * @param folder of the old file: paths in it count from there
 */
export function importServer(source: OldSource, folder: string): Imported {
  const report = new ReportWriter();
  for (const { at, text } of source.notes) report.look(at, text);
  const pools = source.pools.flatMap((pool) => readPool(pool, report) ?? []);
  const names: string[] = [];
  const around = { folder, isOnly: pools.length === 1, names, report };
  const instances = pools.slice(0, POOLS_MAX).map((pool) => importPool(pool, around));
  const tooMany = pools[POOLS_MAX];
  if (tooMany !== undefined) {
    report.look(tooMany.at, `this pool and those after it are left out: ${POOLS_MAX} are the most`);
  }
  for (const { event, at } of source.handlers) {
    const why = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
    report.gone(at, `on('${shown(event)}')`, why ?? 'KPSS writes what happens into its log');
  }
  return { instances, report: report.report };
}

/** A pool that KPSS can run. */
interface ReadPool {
  readonly at: Spot;
  readonly options: Options;
  readonly authorize: OldValue | undefined;
  readonly network: Network;
}

function readPool({ at, options: value, authorize }: OldPool, report: ReportWriter): ReadPool | undefined {
  if (value.kind !== 'group') {
    report.look(at, `the options of this pool: ${what(value, at.line)}: it is left out`);
    return undefined;
  }
  const options = new Options(value, report);
  const network = resolveOldNetwork(options, at, report);
  return network && { at, options, authorize, network };
}

interface Around {
  /** Of the old file. */
  readonly folder: string;
  readonly isOnly: boolean;
  /** Of the instances so far. */
  readonly names: string[];
  readonly report: ReportWriter;
}

function importPool({ at, options, authorize, network }: ReadPool, around: Around): Draft {
  const { folder, isOnly, names, report } = around;
  const from = options.group.members.get('coin') ?? { at };
  report.told(from.at, 'coin', `coin: ${network.coin}, network: ${network.name}`);
  const usual = `${network.coin}-${network.name}`;
  const before = names.filter((name) => name === usual).length;
  names.push(usual);
  const name = before === 0 ? usual : `${usual}-${before + 1}`;
  const nodes = importNodes(options, network, { variables: loginVariables(name, isOnly), report });
  const payout = importPayout(options, network, at, report);
  const tips = importTips(options, report);
  const stratum = importStratum(options, at, folder, report);
  if (authorize !== undefined) {
    const hook =
      'KPSS takes any name as a label (stratum.login has an allow list and a password); as a library it has the hook authorize';
    report.gone(authorize.at, 'the function that lets miners in', hook);
  }
  options.tellLeft((name) => (Object.hasOwn(GONE, name) ? GONE[name] : undefined));
  const settings: Group = {
    ...(before > 0 && { name }),
    coin: network.coin,
    network: network.name,
    ...nodes.settings,
  };
  if (Object.keys(tips).length > 0) settings.tips = tips;
  settings.payout = payout.settings;
  settings.stratum = stratum.settings;
  return { settings, remarks: [...nodes.remarks, ...payout.remarks, ...stratum.remarks] };
}

function importTips(options: Options, report: ReportWriter): Group {
  const tips: Group = {};
  const become = (name: string, setting: string, value: unknown): void => {
    const member = options.group.members.get(name);
    if (member === undefined || value === undefined) return;
    tips[setting] = value;
    report.became(member.at, name, member.value, ['tips', setting], value);
  };
  const interval = options.group.members.get('blockRefreshInterval');
  const isOff = interval?.value.kind === 'scalar' && interval.value.value === 0;
  const pollMs = isOff ? undefined : options.number('blockRefreshInterval', { min: 50, max: 10_000 });
  if (interval !== undefined && isOff) {
    options.take('blockRefreshInterval');
    report.gone(
      interval.at,
      'blockRefreshInterval: 0',
      'KPSS polls every 250 ms beside whatever tells it of a block',
    );
  }
  become('blockRefreshInterval', 'pollMs', pollMs);
  become('getNewBlockAfterFound', 'askAfterFound', options.flag('getNewBlockAfterFound'));
  const rebroadcast = options.group.members.get('jobRebroadcastTimeout');
  if (rebroadcast?.value.kind === 'scalar' && rebroadcast.value.value === 0) {
    options.take('jobRebroadcastTimeout');
    const why = 'miners get a job every 30 s at least, or they would take KPSS for dead';
    report.gone(rebroadcast.at, 'jobRebroadcastTimeout: 0', why);
  }
  become('jobRebroadcastTimeout', 'refreshS', options.number('jobRebroadcastTimeout', { min: 5, max: 50 }));
  return tips;
}

function importPayout(options: Options, network: Network, at: Spot, report: ReportWriter): Draft {
  const draft: Draft = { settings: {}, remarks: [] };
  const member = options.group.members.get('address');
  const address = options.text('address');
  draft.settings.address = address ?? PLACEHOLDER;
  if (member !== undefined && address !== undefined)
    report.became(member.at, 'address', member.value, ['payout', 'address'], address);
  else {
    report.look(
      member?.at ?? at,
      'there is no address: put yours in payout.address, where every block is paid',
    );
    draft.remarks.push({ path: ['payout', 'address'], text: 'put your own here' });
  }
  const recipients = importRecipients(options, network, report);
  if (recipients.length > 0) draft.settings.recipients = recipients;
  return draft;
}

function importRecipients(options: Options, network: Network, report: ReportWriter): Group[] {
  const list = options.sub('rewardRecipients');
  if (list === undefined) return [];
  const recipients: Group[] = [];
  for (const [name, { at, value }] of list.group.members) {
    if (name.startsWith('...')) continue;
    const given = list.number(name, { min: 0, max: 99.9999 });
    if (given === undefined) continue;
    const percent = Math.round(given * 10_000) / 10_000;
    const shownName = `rewardRecipients ${shown(name)}`;
    if (!isPercentage(percent)) report.gone(at, shownName, 'it got nothing');
    else if (recipients.length >= RECIPIENTS_MAX) report.look(at, `${shownName}: left out, as the 33rd`);
    else {
      if (percent !== given) report.look(at, `${shownName}: ${given} became ${percent}, with four decimals`);
      const address = recipientAddress(name, network);
      if (address === undefined) report.look(at, `${shownName}: a public key is no address: left out`);
      else {
        recipients.push({ address, percent });
        report.became(at, shownName, value, ['payout', 'recipients'], `${address}, ${percent} percent`);
      }
    }
  }
  tellMandatory(options, network, recipients.length, report);
  return recipients;
}

/** The original took a public key's hash in hex, too. */
function recipientAddress(name: string, network: Network): string | undefined {
  if (/^[0-9a-f]{40}$/i.test(name)) return encodeAddress(network.p2pkhVersion, hexToBytes(name));
  return /^0[234][0-9a-f]{64,128}$/i.test(name) ? undefined : name;
}

/** Who had to name the coin's fund as a recipient would pay it twice. */
function tellMandatory(options: Options, network: Network, count: number, report: ReportWriter): void {
  const member = options.group.members.get('rewardRecipients');
  if (member === undefined || count === 0 || network.mandatoryOutputs === 'none') return;
  const fund = `what ${network.coin} demands for its fund is paid by KPSS as the node says`;
  report.look(member.at, `rewardRecipients: ${fund}: take it out of payout.recipients if it stands there`);
}
