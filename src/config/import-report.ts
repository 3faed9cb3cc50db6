import { type OldValue, type Spot, spotText } from './import-value.ts';
import type { Path } from './problems.ts';
import { pathText } from './problems.ts';

/** What the owner of an old server.js is told of it, a sentence each, with its place. */
export interface ImportReport {
  /** What an option became. */
  readonly became: readonly string[];
  /** What is not needed any more, or not there. */
  readonly gone: readonly string[];
  /** What was assumed, could not be read, or is to be done. */
  readonly look: readonly string[];
}

/** Longer reports are of no configuration, and read by nobody. */
const LINES_MAX = 500;
/** What a line shows of a value. */
const SHOWN_LENGTH_MAX = 60;
/** Are never shown, wherever they stand. */
const SECRET = /password|pass$|user/i;

/** Collects the report while options are turned into settings. */
export class ReportWriter {
  readonly #lines: Record<keyof ImportReport, Line[]> = { became: [], gone: [], look: [] };

  /** In the order of the file. */
  get report(): ImportReport {
    const { became, gone, look } = this.#lines;
    return { became: sorted(became), gone: sorted(gone), look: sorted(look) };
  }

  /** @param setting in kpss.yaml, with its value; nothing is shown where it is a secret */
  became(at: Spot, option: string, old: OldValue, setting: Path, value?: unknown): void {
    const name = setting.at(-1);
    const isSecret = SECRET.test(option) || (typeof name === 'string' && SECRET.test(name));
    const from = isSecret ? option : `${option}${valueText(old)}`;
    const to = value === undefined || isSecret ? pathText(setting) : `${pathText(setting)}: ${shown(value)}`;
    this.#add('became', at, `${from} → ${to}`);
  }

  /** An option that became more than one setting. */
  told(at: Spot, option: string, settings: string): void {
    this.#add('became', at, `${option} → ${settings}`);
  }

  /** @param why and what is there instead */
  gone(at: Spot, option: string, why: string): void {
    this.#add('gone', at, `${option}: ${why}`);
  }

  look(at: Spot, text: string): void {
    this.#add('look', at, text);
  }

  #add(kind: keyof ImportReport, at: Spot, text: string): void {
    const lines = this.#lines[kind];
    if (lines.length >= LINES_MAX) return;
    // What two pools share is told once.
    const isThere = lines.some((line) => line.text === text && line.at.line === at.line);
    if (!isThere) lines.push({ at, text });
  }
}

interface Line {
  readonly at: Spot;
  readonly text: string;
}

function sorted(lines: readonly Line[]): string[] {
  return [...lines]
    .sort((a, b) => a.at.file.localeCompare(b.at.file) || a.at.line - b.at.line)
    .map(({ at, text }) => `${spotText(at)}: ${text}`);
}

/** `: 55` after the option's name; nothing for what is no single value. */
function valueText(value: OldValue): string {
  return value.kind === 'scalar' ? `: ${shown(value.value)}` : '';
}

/** A value of a setting, cut to what fits into a line; `http://user:password@host` is not shown. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.includes('@')) return '…';
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}
