import { type ReportWriter, shown } from './import-report.ts';
import type { OldGroup, OldMember, OldValue } from './import-value.ts';

/** From the smallest to the largest value that KPSS takes. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Where a percentage has more decimals, or a count any. */
  readonly isWhole?: boolean;
}

/**
 * The options of one group, each of which is asked for once; what nobody asked for is told at the end. What cannot be
 * read, or is of another kind than it should be, is told at once and counts as not there.
 */
export class Options {
  readonly group: OldGroup;
  readonly #report: ReportWriter;
  readonly #prefix: string;
  readonly #left: Map<string, OldMember>;

  /** @param prefix of the names in the report: `banning.` */
  constructor(group: OldGroup, report: ReportWriter, prefix = '') {
    this.group = group;
    this.#report = report;
    this.#prefix = prefix;
    this.#left = new Map(group.members);
    for (const [name, { at, value }] of group.members) {
      if (!name.startsWith('...')) continue;
      this.#left.delete(name);
      report.look(at, `${what(value, at.line)}: the options that come from it are not here`);
    }
  }

  /** `banning.time` */
  nameOf(name: string): string {
    return this.#prefix + name;
  }

  /** @returns undefined where it is not there, or null */
  take(name: string): OldMember | undefined {
    const member = this.#left.get(name);
    this.#left.delete(name);
    return member?.value.kind === 'scalar' && member.value.value === null ? undefined : member;
  }

  number(name: string, bounds: Bounds): number | undefined {
    const member = this.take(name);
    if (member === undefined) return undefined;
    const { value } = member;
    const isNumber = value.kind === 'scalar' && typeof value.value !== 'boolean' && value.value !== '';
    const given = isNumber ? Number(value.value) : Number.NaN;
    if (!Number.isFinite(given)) return this.#refuse(name, member, 'a number');
    const whole = bounds.isWhole ? Math.round(given) : given;
    const fitting = Math.min(Math.max(whole, bounds.min), bounds.max);
    if (fitting !== given) {
      const range = `from ${bounds.min} to ${bounds.max}${bounds.isWhole ? ', and whole' : ''}`;
      this.#report.look(
        member.at,
        `${this.nameOf(name)}: ${given} became ${fitting}: KPSS takes it ${range}`,
      );
    }
    return fitting;
  }

  text(name: string): string | undefined {
    const member = this.take(name);
    if (member === undefined) return undefined;
    const { value } = member;
    if (value.kind !== 'scalar' || typeof value.value === 'boolean')
      return this.#refuse(name, member, 'a text');
    return String(value.value);
  }

  /** As JavaScript takes it: 1, "yes" and true are alike. */
  flag(name: string): boolean | undefined {
    const member = this.take(name);
    if (member === undefined) return undefined;
    if (member.value.kind === 'unreadable') return this.#refuse(name, member, 'true or false');
    return member.value.kind !== 'scalar' || Boolean(member.value.value);
  }

  /** @returns undefined also where `false` stands in the group's place */
  sub(name: string): Options | undefined {
    const member = this.take(name);
    if (member === undefined || (member.value.kind === 'scalar' && member.value.value === false))
      return undefined;
    if (member.value.kind === 'group')
      return new Options(member.value, this.#report, `${this.nameOf(name)}.`);
    return this.#refuse(name, member, 'a group of options');
  }

  /** Of what nobody asked for, with why it is gone where that is known. */
  tellLeft(why: (name: string) => string | undefined): void {
    for (const [name, { at }] of this.#left)
      this.#report.gone(at, this.nameOf(shown(name)), why(name) ?? 'KPSS has nothing by this name');
  }

  /** @param expected what it should be: `a number` */
  #refuse(name: string, { at, value }: OldMember, expected: string): undefined {
    const known = value.kind !== 'unreadable';
    const text = known ? `${what(value)} is not ${expected}` : what(value, at.line);
    this.#report.look(at, `${this.nameOf(name)}: ${text}: left out`);
    return undefined;
  }
}

/**
 * For a sentence: `process.env.PORT (line 3) cannot be read as data`.
 * @param line that the sentence names already
 */
export function what(value: OldValue, line?: number): string {
  switch (value.kind) {
    case 'unreadable': {
      const place = value.at.line === line ? '' : ` (line ${value.at.line})`;
      return `${value.what}${place} cannot be read as data`;
    }
    case 'scalar':
      return shown(JSON.stringify(value.value));
    case 'group':
      return 'a group of options';
    default:
      return `a ${value.kind}`;
  }
}
