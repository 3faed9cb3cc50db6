/** What a bar is drawn with. */
export interface Glyphs {
  readonly left: string;
  readonly full: string;
  readonly empty: string;
  readonly right: string;
  readonly cut: string;
}

export const BLOCKS: Glyphs = { left: '▕', full: '█', empty: '░', right: '▏', cut: '…' };
export const ASCII: Glyphs = { left: '[', full: '#', empty: '-', right: ']', cut: '~' };

/** One thing that is being built. */
export interface ProgressItem {
  readonly label: string;
  /** 0 to 1. */
  readonly fraction: number;
  /** undefined where nobody can say yet. */
  readonly leftMs: number | undefined;
}

/** With its two edges: a shorter bar tells less than the percent beside it. */
const BAR_COLUMNS_MIN = 10;
/** Beyond this the eye has to travel. */
const BAR_COLUMNS_MAX = 40;
/** The longest texts, for which room is kept, so that the bar does not change its width. */
const PERCENT_COLUMNS = '100 %'.length;
const LEFT_COLUMNS = '99 min left'.length;
/** Two builds side by side need as much each: a label and its percent. */
const ITEM_COLUMNS_MIN = 32;
const GAP = '  ';
/** Up to here a smaller unit says more than a larger one: 90 s left rather than 2 min. */
const UNIT_MAX = 99;

/**
 * The status line for what is being built, side by side where there is room, else the first ones. In a narrow terminal
 * the bar goes first, then the time, then the end of the label.
 * @param columns of the terminal; the text stays one below it, since some wrap after the last
 */
export function progressText(items: readonly ProgressItem[], columns: number, glyphs: Glyphs): string {
  const room = columns - 1;
  const gap = GAP.length;
  const count = Math.max(1, Math.min(items.length, Math.floor((room + gap) / (ITEM_COLUMNS_MIN + gap))));
  const each = Math.floor((room + gap) / count) - gap;
  return items
    .slice(0, count)
    .map((item) => itemText(item, each, glyphs))
    .join(GAP);
}

/** Never 100 before it is: a whole percent counts once it is done. */
export function percentOf(fraction: number): number {
  return Math.floor(fraction * 100);
}

/** @returns as in `12 s left`, rounded up; '' for what nobody can say, or beyond four days */
export function leftText(leftMs: number | undefined): string {
  if (leftMs === undefined) return '';
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  if (seconds <= UNIT_MAX) return `${seconds} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= UNIT_MAX) return `${minutes} min left`;
  const hours = Math.ceil(minutes / 60);
  return hours <= UNIT_MAX ? `${hours} h left` : '';
}

function itemText({ label, fraction, leftMs }: ProgressItem, columns: number, glyphs: Glyphs): string {
  const percent = `${percentOf(fraction)} %`;
  const left = leftText(leftMs);
  const tail = left === '' ? percent : percent + GAP + left;
  const room = columns - label.length - GAP.length;
  const barColumns = Math.min(BAR_COLUMNS_MAX, room - 1 - PERCENT_COLUMNS - GAP.length - LEFT_COLUMNS);
  if (barColumns >= BAR_COLUMNS_MIN) return `${label}${GAP}${bar(fraction, barColumns, glyphs)} ${tail}`;
  if (tail.length <= room) return label + GAP + tail;
  if (percent.length <= room) return label + GAP + percent;
  const labelColumns = columns - percent.length - 1 - glyphs.cut.length;
  if (labelColumns > 0) return `${label.slice(0, labelColumns)}${glyphs.cut} ${percent}`;
  return percent.length <= columns ? percent : '';
}

function bar(fraction: number, columns: number, glyphs: Glyphs): string {
  const cells = columns - glyphs.left.length - glyphs.right.length;
  const full = Math.floor(fraction * cells);
  return glyphs.left + glyphs.full.repeat(full) + glyphs.empty.repeat(cells - full) + glyphs.right;
}
