import { type Check, type CheckId, isFit, type Verdict } from '../doctor/check.ts';
import { withoutControlCodes } from './control-codes.ts';
import { manyText, wrapText } from './status-words.ts';

export interface DoctorStyle {
  readonly columns: number;
  readonly colour: boolean;
  /** Signs of Unicode; letters of ASCII otherwise. */
  readonly unicode: boolean;
}

const SIGNS: Readonly<Record<Verdict, string>> = { green: '✔', yellow: '!', red: '✖', skipped: '-' };
const ASCII_SIGNS: Readonly<Record<Verdict, string>> = { green: '+', yellow: '!', red: 'x', skipped: '-' };
/** Select Graphic Rendition. Source: ECMA-48 */
const COLOURS: Readonly<Record<Verdict, string>> = { green: '32', yellow: '33', red: '31', skipped: '90' };
const BOLD = '1';

const LABELS: Readonly<Record<CheckId, string>> = {
  config: 'settings',
  'machine.node-js': 'Node.js',
  'machine.clock': 'clock',
  'machine.data-directory': 'data folder',
  'machine.cache-directory': 'cache folder',
  'machine.web-port': 'web port',
  'machine.verifier': 'verifier',
  'instance.port': 'miners’ port',
  'instance.certificate': 'certificate',
  'instance.payout': 'payout',
  'node.answers': 'answers',
  'node.login': 'login',
  'node.version': 'version',
  'node.network': 'network',
  'node.synced': 'chain',
  'node.peers': 'peers',
  'node.clock': 'clock',
  'node.template': 'template',
  'node.miningaddress': 'miningaddress',
  'node.payout': 'payout',
  'node.proposal': 'trial block',
  'node.polling': 'polling',
  'node.p2p': 'P2P signal',
  'node.zmq': 'ZMQ signal',
  'node.long-poll': 'long poll',
};
const LABEL_COLUMNS = Math.max(...Object.values(LABELS).map((label) => label.length));
/** Wider lines are hard to read. */
const COLUMNS_MAX = 110;
/** Narrower, and a sentence would have a column of single words: the terminal may wrap it itself. */
const COLUMNS_MIN = 50;

/**
 * What the doctor found, for people.
 * @returns lines, with a heading for the machine, each instance and each node
 */
export function doctorText(checks: readonly Check[], style: DoctorStyle): string {
  const lines: string[] = [];
  let heading: string | undefined;
  for (const group of grouped(checks)) {
    const [check] = group;
    const wanted = headingOf(check);
    if (wanted !== heading) {
      if (heading !== undefined) lines.push('');
      lines.push(painted(wanted, BOLD, style));
      heading = wanted;
    }
    lines.push(...linesOf(group, style));
  }
  lines.push('', summaryOf(checks, style));
  const text = lines.join('\n');
  return style.unicode ? text : text.replaceAll('’', "'").replaceAll('…', '...');
}

function headingOf({ instance, node, id }: Check): string {
  if (id === 'config') return 'Configuration';
  if (instance === undefined) return 'This machine';
  return node === undefined ? instance : `${instance}, node ${node}`;
}

/** What could not be looked at for one reason stands in one place. */
function grouped(checks: readonly Check[]): [Check, ...Check[]][] {
  const groups: [Check, ...Check[]][] = [];
  for (const check of checks) {
    const last = groups.at(-1);
    const isSame =
      check.verdict === 'skipped' &&
      last?.[0].sentence === check.sentence &&
      headingOf(last[0]) === headingOf(check);
    if (isSame) last?.push(check);
    else groups.push([check]);
  }
  return groups;
}

/** Several that share a sentence are named in it. */
function joined([first, ...rest]: readonly [Check, ...Check[]]): {
  readonly label: string;
  readonly sentence: string;
} {
  if (rest.length === 0) return { label: LABELS[first.id], sentence: first.sentence };
  const names = [first, ...rest].map(({ id }) => LABELS[id]).join(', ');
  const sentence = first.sentence.charAt(0).toLowerCase() + first.sentence.slice(1);
  return { label: 'the rest', sentence: `${names}: ${sentence}` };
}

function linesOf(group: readonly [Check, ...Check[]], style: DoctorStyle): string[] {
  const [{ verdict, cure }] = group;
  const { label, sentence } = joined(group);
  const sign = (style.unicode ? SIGNS : ASCII_SIGNS)[verdict];
  const start = `  ${sign} ${label.padEnd(LABEL_COLUMNS)}  `;
  const width = Math.max(COLUMNS_MIN, Math.min(COLUMNS_MAX, style.columns)) - start.length;
  const [first = '', ...rest] = wrapText('', withoutControlCodes(sentence), width);
  const isQuiet = verdict === 'skipped';
  const text = (line: string): string => (isQuiet ? painted(line, COLOURS.skipped, style) : line);
  const indent = ' '.repeat(start.length);
  const arrow = style.unicode ? '→ ' : '> ';
  const cures = cure === undefined ? [] : wrapText('', withoutControlCodes(cure), width - arrow.length);
  return [
    `  ${painted(sign, COLOURS[verdict], style)} ${text(start.slice(4) + first)}`,
    ...rest.map((line) => indent + text(line)),
    ...cures.map((line, i) => indent + painted((i === 0 ? arrow : '  ') + line, COLOURS[verdict], style)),
  ];
}

function summaryOf(checks: readonly Check[], style: DoctorStyle): string {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  const bad = count('red');
  const odd = count('yellow');
  const toKnow = odd === 0 ? '' : `, and ${manyText(odd, 'thing')} to know`;
  if (!isFit(checks)) {
    return painted(
      `${manyText(bad, 'thing')} ${bad === 1 ? 'stands' : 'stand'} between here and a found block${toKnow}.`,
      COLOURS.red,
      style,
    );
  }
  const fine = `Everything is ready for a block${toKnow}.`;
  return painted(fine, odd === 0 ? COLOURS.green : COLOURS.yellow, style);
}

function painted(text: string, code: string, { colour }: DoctorStyle): string {
  return colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/**
 * What the doctor found, for programs.
 * @returns `{ ok, checks: [{ id, instance, node, verdict, sentence, cure }] }`; what there is not is null
 */
export function doctorJson(checks: readonly Check[]): string {
  const plain = checks.map(({ id, instance, node, verdict, sentence, cure }) => ({
    id,
    instance: instance ?? null,
    node: node ?? null,
    verdict,
    sentence,
    cure: cure ?? null,
  }));
  return JSON.stringify({ ok: isFit(checks), checks: plain }, undefined, 2);
}
