import { resolve } from 'node:path';
import type { Bounds, Options } from './import-options.ts';
import { what } from './import-options.ts';
import { type ReportWriter, shown } from './import-report.ts';
import type { OldMember, Spot } from './import-value.ts';
import type { Path } from './problems.ts';
import type { Group } from './section.ts';

/** A group of settings for kpss.yaml, with what is said beside it. */
export interface Draft {
  readonly settings: Group;
  /** Comments by the setting that they stand behind, or the group that they end. */
  readonly remarks: { readonly path: Path; readonly text: string }[];
}

const DIFFICULTY: Bounds = { min: 1e-10, max: 1e12 };
const SECONDS: Bounds = { min: 0.1, max: 3600 };
/** A week, as stratum.limits takes it. */
const SILENCE: Bounds = { min: 1, max: 604_800 };
/** As many as stratum.ports takes. */
const PORTS_MAX = 16;
/** Where miners came from with the original, which listened on every address of the machine. */
const EVERYWHERE = '0.0.0.0';

/** The miners' side: ports, limits and bans of the old options, under `stratum`. */
export function importStratum(options: Options, at: Spot, folder: string, report: ReportWriter): Draft {
  const draft: Draft = { settings: {}, remarks: [] };
  const tls = importTls(options, folder, report);
  const ports = importPorts(options, tls, report);
  if (ports.length === 0) report.look(at, 'ports: there is none: KPSS opens 3333 on this machine only');
  else {
    const own = ports.length === 1 ? ports[0] : { ports };
    Object.assign(draft.settings, { host: EVERYWHERE }, own);
    const text = 'as before: every address of this machine; 127.0.0.1 for itself only';
    draft.remarks.push({ path: ['stratum', 'host'], text });
  }
  importProxy(options, draft, report);
  importLimits(options, draft, report);
  importBanning(options, draft, report);
  return draft;
}

function importPorts(options: Options, tls: unknown, report: ReportWriter): Group[] {
  const group = options.sub('ports');
  if (group === undefined) return [];
  const found: Group[] = [];
  for (const [name, { at }] of group.group.members) {
    if (name.startsWith('...')) continue;
    const port = Number(name);
    if (!/^\d+$/.test(name) || port < 1 || port > 65_535) {
      group.take(name);
      report.look(at, `ports: ${shown(name)} is no port: left out`);
    } else if (found.length >= PORTS_MAX) {
      report.look(at, `ports: more than ${PORTS_MAX} are left out`);
      break;
    } else found.push(importPort(port, group, tls, { at, report }));
  }
  return found;
}

function importPort(
  port: number,
  ports: Options,
  tls: unknown,
  { at, report }: { readonly at: Spot; readonly report: ReportWriter },
): Group {
  const settings: Group = { port };
  const options = ports.sub(String(port));
  if (options === undefined) return settings;
  const diff = options.number('diff', DIFFICULTY);
  const vardiff = importVardiff(options, diff);
  if (vardiff !== undefined) settings.vardiff = vardiff;
  else if (diff !== undefined) settings.difficulty = diff;
  const isTls = options.flag('tls');
  if (isTls) settings.tls = tls;
  options.tellLeft(() => undefined);
  const fixed = diff === undefined ? [] : [`difficulty: ${diff}`];
  const parts = vardiff === undefined ? fixed : [`vardiff: ${JSON.stringify(vardiff)}`];
  const text = [port, ...parts, ...(isTls ? ['tls'] : [])].join(', ');
  report.told(at, `ports.${port}`, `a port of stratum: ${text}`);
  return settings;
}

function importVardiff(options: Options, diff: number | undefined): Group | undefined {
  const varDiff = options.sub('varDiff');
  if (varDiff === undefined) return undefined;
  const min = varDiff.number('minDiff', DIFFICULTY);
  const max = varDiff.number('maxDiff', DIFFICULTY);
  // The original began wherever the port said, inside the range or not; KPSS wants it inside.
  const start = diff === undefined ? undefined : Math.min(Math.max(diff, min ?? diff), max ?? diff);
  const settings = {
    min: min === undefined || max === undefined ? min : Math.min(min, max),
    max,
    start,
    targetTimeS: varDiff.number('targetTime', SECONDS),
    retargetTimeS: varDiff.number('retargetTime', SECONDS),
    variancePercent: varDiff.number('variancePercent', { min: 1, max: 100 }),
  };
  varDiff.tellLeft(() => 'KPSS moves the difficulty by what it measured, at once');
  return withoutEmpty(settings);
}

/** What a port with `tls` gets: the files that are named once for all ports, or a certificate that KPSS makes. */
function importTls(options: Options, folder: string, report: ReportWriter): unknown {
  const names = ['tlsOptions', 'TLSOptions', 'tls'];
  const name = names.find((candidate) => options.group.members.has(candidate));
  if (name === undefined) return true;
  const group = options.sub(name);
  const certificate = group?.text('serverCert') ?? group?.text('cert');
  const key = group?.text('serverKey') ?? group?.text('key');
  group?.take('enabled');
  group?.tellLeft(() => 'KPSS needs certificate and key only');
  const member = options.group.members.get(name) as OldMember;
  if (!certificate || !key) {
    report.gone(
      member.at,
      name,
      'it does not name both certificate and key; KPSS makes them for a port with tls',
    );
    return true;
  }
  const files = { certificate: resolve(folder, certificate), key: resolve(folder, key) };
  report.became(member.at, name, member.value, ['stratum', 'tls'], files.certificate);
  return files;
}

function importProxy(options: Options, draft: Draft, report: ReportWriter): void {
  const member = options.take('tcpProxyProtocol');
  if (member === undefined) return;
  if (member.value.kind === 'scalar' && !member.value.value) {
    report.gone(member.at, 'tcpProxyProtocol', 'off is what KPSS does without stratum.proxies');
    return;
  }
  const isOn = member.value.kind === 'scalar';
  const found = isOn ? 'true' : what(member.value);
  const text = `tcpProxyProtocol: ${found}: name your proxy under stratum.proxies, since KPSS takes PROXY headers from addresses that are trusted, and from nobody else`;
  report.look(member.at, text);
  const path = ['stratum'];
  draft.remarks.push({
    path,
    text: 'the old server took PROXY headers from everybody; KPSS takes them from:',
  });
  draft.remarks.push({ path, text: 'proxies: [ADDRESS_OF_YOUR_PROXY]' });
}

function importLimits(options: Options, draft: Draft, report: ReportWriter): void {
  const at = options.group.members.get('connectionTimeout');
  const idleTimeoutS = options.number('connectionTimeout', SILENCE);
  if (at === undefined || idleTimeoutS === undefined) return;
  draft.settings.limits = { idleTimeoutS };
  const setting = ['stratum', 'limits', 'idleTimeoutS'];
  report.became(at.at, 'connectionTimeout', at.value, setting, idleTimeoutS);
}

/** Old option, setting, and what KPSS takes. */
const BANNING = [
  ['time', 'timeS', { min: 1, max: 2_678_400 }],
  ['invalidPercent', 'invalidPercent', { min: 1, max: 100 }],
  ['checkThreshold', 'checkThreshold', { min: 1, max: 1_000_000, isWhole: true }],
] as const;

function importBanning(options: Options, draft: Draft, report: ReportWriter): void {
  const member = options.group.members.get('banning');
  const banning = options.sub('banning');
  if (member?.value.kind === 'scalar' && member.value.value === false) {
    draft.settings.banning = { enabled: false };
    report.became(member.at, 'banning', member.value, ['stratum', 'banning', 'enabled'], false);
  }
  if (banning === undefined) return;
  const settings: Group = {};
  const enabled = banning.group.members.get('enabled');
  const isEnabled = banning.flag('enabled');
  // The original banned nobody unless told to.
  settings.enabled = isEnabled ?? false;
  const place = enabled ?? { at: banning.group.at, value: banning.group };
  report.became(
    place.at,
    'banning.enabled',
    place.value,
    ['stratum', 'banning', 'enabled'],
    settings.enabled,
  );
  for (const [name, setting, bounds] of BANNING) {
    const given = banning.group.members.get(name);
    const value = banning.number(name, bounds);
    if (given === undefined || value === undefined) continue;
    settings[setting] = value;
    report.became(given.at, `banning.${name}`, given.value, ['stratum', 'banning', setting], value);
  }
  const purge = 'KPSS forgets a ban when it ends';
  banning.tellLeft((name) => (name === 'purgeInterval' ? purge : undefined));
  draft.settings.banning = settings;
}

/** @returns the group without what was not given */
function withoutEmpty(settings: Group): Group {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
