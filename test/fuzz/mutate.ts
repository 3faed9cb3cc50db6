import type { SeededRandom } from '../sim/random.ts';
import { BEGINNINGS, LINES, ODD_BYTES, ODD_MEMBERS, ODD_VALUES } from './transcripts.ts';

const LINES_MAX = 12;
/** Of a case without mutations nothing is learnt, of one with many only that garbage is refused. */
const MUTATION_CHANCE = 0.4;
const HEX_DIGITS = '0123456789abcdefABCDEFgx';

/** One connection's life, as text with placeholders: what is sent, line by line, newlines included. */
export function makeScript(random: SeededRandom, recorded: readonly (readonly string[])[]): string[] {
  const beginnings = [...BEGINNINGS, BEGINNINGS[0] as readonly string[], ...recorded];
  const script = random.pick(beginnings).map((line) => `${line}\n`);
  const count = random.int(1, LINES_MAX);
  for (let i = 0; i < count; i++) script.push(`${random.pick(LINES)}\n`);
  for (let i = 0; i < script.length; i++) {
    while (random.chance(MUTATION_CHANCE)) script[i] = mutateLine(script[i] as string, random);
  }
  if (random.chance(0.2)) moveLine(script, random);
  return script;
}

function moveLine(script: string[], random: SeededRandom): void {
  const [line] = script.splice(random.int(0, script.length - 1), 1);
  if (line !== undefined) script.splice(random.int(0, script.length), 0, line);
}

function mutateLine(line: string, random: SeededRandom): string {
  const how = random.int(0, 9);
  if (how <= 3) return replaceValue(line, random);
  if (how === 4) return changeParams(line, random);
  if (how === 5) return line.replace('{', `{${random.pick(ODD_MEMBERS)},`);
  if (how === 6) return changeDigit(line, random);
  if (how === 7) return line.replace('\n', random.pick(['\r\n', '\r', '\n\n', '', ' \n', '\t\r\n']));
  if (how === 8) return line.slice(0, random.int(0, line.length)) + random.pick(['\n', '']);
  return random.chance(0.5) ? line + line : line.toUpperCase().replaceAll('MINING', 'mining');
}

/** A number, text or word of it becomes something else. */
function replaceValue(line: string, random: SeededRandom): string {
  const values = [
    ...line.matchAll(/(?<=[:,[])("(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|null|true|\[\]|\{\})(?=[,\]}])/g),
  ];
  if (values.length === 0) return line;
  const { 0: value, index } = random.pick(values);
  return line.slice(0, index) + random.pick(ODD_VALUES) + line.slice(index + value.length);
}

/** Parameters are dropped, doubled, or change places. */
function changeParams(line: string, random: SeededRandom): string {
  const match = /"params":\[([^[\]]*)\]/.exec(line);
  if (match === null) return line;
  const params = (match[1] ?? '').split(',');
  const at = random.int(0, params.length - 1);
  const how = random.int(0, 2);
  if (how === 0) params.splice(at, 1);
  else if (how === 1) params.splice(at, 0, params[at] as string);
  else params.reverse();
  return line.replace(match[0], `"params":[${params.join(',')}]`);
}

/** One digit more, less or another, also next to a placeholder: a share that is nearly right. */
function changeDigit(line: string, random: SeededRandom): string {
  const places = [...line.matchAll(/\{(JOB|NONCE|HEADER|MIX)\}|\d/g)];
  if (places.length === 0) return line;
  const { 0: place, index } = random.pick(places);
  const digit = random.pick([...HEX_DIGITS]);
  const changed = random.pick([
    place + digit,
    digit + place,
    place.replace('}', '~}'),
    place.replace('}', '^}'),
    place.replace('}', '<}'),
  ]);
  return line.slice(0, index) + changed + line.slice(index + place.length);
}

/** Cuts into chunks anywhere, with odd bytes here and there. */
export function cut(bytes: Uint8Array, random: SeededRandom): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const isOdd = random.chance(0.2);
  for (let at = 0; at < bytes.length; ) {
    const end = random.chance(0.5) ? bytes.length : at + random.int(1, 300);
    chunks.push(bytes.subarray(at, end));
    if (isOdd && random.chance(0.3)) chunks.push(random.pick(ODD_BYTES));
    at = end;
  }
  return chunks;
}
