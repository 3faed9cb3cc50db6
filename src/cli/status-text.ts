import { formatCoins } from '../chain/payout.ts';
import { formatHashrate } from '../mining/hashrate.ts';
import type { ApiBlock, ApiInstance, ApiNode, ApiSignal, ApiStatus, ApiVerifier } from '../web/api-types.ts';
import { MINERS_SHOWN, minerLines } from './status-miners.ts';
import { countText, cutText, difficultyText, manyText, spanText, wrapText } from './status-words.ts';
import { textTable } from './text-table.ts';

/** How a status is drawn. */
export interface StatusStyle {
  readonly colours: boolean;
  /** Whether the terminal has more than ASCII. */
  readonly unicode: boolean;
  /** Of each instance so many miners, the fastest; ten when left out. */
  readonly miners?: number | undefined;
}

type Mood = 'good' | 'patience' | 'bad' | 'off';

/** What every terminal has. */
const COLUMNS = 80;
/** Labels such as `new blocks` and what follows them. */
const LABEL_COLUMNS = 12;
/** So that a table of nodes, and one of blocks, stays within 80 columns. */
const NAME_COLUMNS_MAX = 28;
const WORKER_COLUMNS_MAX = 16;
/** A coinbase can be spent after so many. Source: Ravencoin Core, COINBASE_MATURITY */
const MATURE_CONFIRMATIONS = 100;
/** The first shares after a start are verified by code that is not optimised yet. */
const VERIFIED_MIN = 100;
/** As many as one looks at. */
const BLOCKS_SHOWN = 5;
/** A ban's time: for so long a refused connection is news. */
const REFUSED_SHOWN_S = 600;

/** Shapes differ too: not everybody sees colours, and not every terminal shows them. */
const MARKS = { good: '●', patience: '◐', bad: '✖', off: '○' } as const;
const ASCII_MARKS = { good: '+', patience: '~', bad: 'x', off: '-' } as const;
/** Select Graphic Rendition: green, yellow, red, dim. */
const COLOURS = { good: 32, patience: 33, bad: 31, off: 2 } as const;

/** States that end by waiting. */
const PATIENCE: ReadonlySet<string> = new Set([
  ...['connecting', 'starting', 'downloading', 'no-peers', 'busy'],
  ...['behind', 'forked'],
]);

/**
 * The status for a terminal of 80 columns: for each instance what it does, and why not more; below it nodes, ways of
 * hearing of blocks, miners, and the last blocks.
 * @returns lines without a newline at the end
 */
export function statusText(status: ApiStatus, style: StatusStyle): string {
  const nowMs = Date.parse(status.startedAt) + status.uptimeS * 1000;
  const draw = new StatusDrawing(style, nowMs);
  const title = `KPSS ${status.version}, running for ${spanText(status.uptimeS)}`;
  const parts = status.instances.map((instance) => draw.instance(instance));
  return [[title], ...parts, draw.verifier(status.verifier)].map((lines) => lines.join('\n')).join('\n\n');
}

class StatusDrawing {
  readonly #style: StatusStyle;
  /** By the clock of the one who answered. */
  readonly #nowMs: number;

  constructor(style: StatusStyle, nowMs: number) {
    this.#style = style;
    this.#nowMs = nowMs;
  }

  instance(instance: ApiInstance): string[] {
    return [
      ...this.#head(instance),
      '',
      ...this.#nodes(instance.nodes),
      '',
      ...this.#signals(instance.signals),
      ...this.#facts(instance),
      ...this.#bans(instance),
      ...this.#door(instance),
      ...this.#miners(instance),
      ...this.#blocks(instance),
    ];
  }

  verifier({ threads, verified, shed, hashesPerS, epochs }: ApiVerifier): string[] {
    const isKnown = hashesPerS !== null && verified >= VERIFIED_MIN;
    const speed = !isKnown ? '' : ` for some ${countText(hashesPerS)} shares a second`;
    const trusted = shed === 0 ? '' : `, ${countText(shed)} taken on trust`;
    const text = `${manyText(threads, 'thread')}${speed}; ${countText(verified)} verified${trusted}`;
    const building = epochs.filter(({ state }) => state === 'building');
    return [
      ...this.#line('verifier', undefined, text),
      ...building.flatMap(({ epoch, percent }) =>
        this.#line('', 'patience', `building the light cache of epoch ${epoch}: ${percent} %`),
      ),
    ];
  }

  #head(instance: ApiInstance): string[] {
    const { name, state, sentence, height, difficulty, network, nodes } = instance;
    const source = nodes.find(({ isSource }) => isSource)?.name;
    const via = source === undefined ? '' : ` via ${source}`;
    const work = `block ${height} at difficulty ${difficultyText(difficulty ?? 0)} on ${network}${via}`;
    const [mood, text] = ((): [Mood, string] => {
      switch (state) {
        case 'mining':
          return ['good', `mining ${work}`];
        case 'no-miners':
          return ['patience', `ready for ${work}. ${sentence ?? ''}`];
        case 'throttled':
          return ['patience', `mining ${work}, and holding blocks back`];
        case 'waiting':
          return [
            nodes.some((node) => moodOf(node) === 'patience') ? 'patience' : 'bad',
            // Of several nodes each has its sentence below.
            nodes.length > 1
              ? `waiting: none of the ${nodes.length} nodes gives work`
              : `waiting. ${sentence}`,
          ];
      }
    })();
    const lines = wrapText(`${this.#bare(mood)} `, `${name}: ${text.trim()}`, COLUMNS);
    return [this.#paint(lines[0] ?? '', mood), ...lines.slice(1)];
  }

  #nodes(nodes: readonly ApiNode[]): string[] {
    const rows = nodes.map((node) => [
      `${this.#bare(moodOf(node))} ${cutText(node.name, NAME_COLUMNS_MAX)}`,
      nodeWord(node),
      node.height === null ? '' : String(node.height),
      node.peers === null ? '' : countText(node.peers),
      node.latencyMs === null ? '' : `${Number(node.latencyMs.toPrecision(2))} ms`,
    ]);
    const [head = '', rule = '', ...lines] = textTable(
      ['  node', 'state', 'block', 'peers', 'latency'],
      rows,
      2,
    ).split('\n');
    const told = nodes.map((node, i) => [
      `  ${this.#paint(lines[i] ?? '', moodOf(node))}`,
      ...(isWell(node) ? [] : wrapText('      ', troubleOf(node), COLUMNS)),
    ]);
    return [`  ${head}`, `  ${rule}`, ...told.flat()];
  }

  #signals(signals: readonly ApiSignal[]): string[] {
    const told = signals.flatMap(({ signal, first, tips, leadMs, sources }) => {
      const lead =
        leadMs === null
          ? ''
          : `, ${Math.round(Math.abs(leadMs))} ms ${leadMs < 0 ? 'after' : 'before'} polling`;
      const told =
        tips === 0 ? 'on, no block of others so far' : `first for ${first} of ${tips} blocks${lead}`;
      const score: [Mood, string] = ['good', `${signal}: ${told}`];
      const troubles = sources
        .filter(({ state }) => state !== 'on')
        .map(({ node, state, sentence }): [Mood, string] => [
          SIGNAL_MOODS[state],
          `${signal} of ${node}: ${sentence}`,
        ]);
      // Polling reports nothing of its own: it is always on.
      const isOn = signal === 'poll' || tips > 0 || sources.some(({ state }) => state === 'on');
      return isOn ? [score, ...troubles] : troubles;
    });
    return told.flatMap(([mood, text], i) => this.#line(i === 0 ? 'new blocks' : '', mood, text));
  }

  #facts({ proof, throttle, journal, miners, shares, template, ticker }: ApiInstance): string[] {
    const reasons = Object.entries(shares.byReason).map(([reason, count]) => `${countText(count)} ${reason}`);
    const unverified = shares.unverified === 0 ? '' : ` (${countText(shares.unverified)} unverified)`;
    const rejected = `${countText(shares.rejected)} rejected${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`;
    const every =
      miners.secondsPerBlock === null ? '' : `: a block every ${spanText(miners.secondsPerBlock)} on average`;
    // Of miners that left, the hashrate of their last minutes is still counted.
    const rate =
      miners.count === 0
        ? 'none connected'
        : `${manyText(miners.count, 'miner')}, ${formatHashrate(miners.hashesPerS)}${every}`;
    return [
      ...this.#proof(proof),
      ...(throttle === null
        ? []
        : this.#line(
            'throttle',
            throttle.state === 'holding' ? 'patience' : 'good',
            this.#throttle(throttle),
          )),
      ...(journal.state === 'failing'
        ? this.#line('journal', 'bad', 'found blocks cannot be written down; the log says why')
        : []),
      ...(template === null
        ? []
        : this.#line(
            'work',
            undefined,
            `${spanText(template.ageS)} old, ${manyText(template.transactions, 'transaction')}, pays ${formatCoins(BigInt(template.valueSat))} ${ticker}`,
          )),
      ...this.#line('miners', miners.count === 0 ? 'off' : 'good', rate),
      ...this.#line('shares', undefined, `${countText(shares.accepted)} accepted${unverified}, ${rejected}`),
    ];
  }

  #bans({ bans }: ApiInstance): string[] {
    if (bans === 0) return [];
    const who = bans === 1 ? '1 address is' : `${countText(bans)} addresses are`;
    return this.#line('bans', 'patience', `${who} shut out for a while; kpss bans lists them`);
  }

  /** Only while it goes on: what was refused last week is nobody's concern. */
  #door({ door }: ApiInstance): string[] {
    if (door === null || (door.lastRefusedAgeS ?? REFUSED_SHOWN_S) >= REFUSED_SHOWN_S) return [];
    const [[most] = ['']] = Object.entries(door.byReason).sort(([, a], [, b]) => b - a);
    const times = manyText(door.refused, 'connection');
    const text = `${times} refused since the start, mostly as ${most}; the last ${spanText(door.lastRefusedAgeS ?? 0)} ago`;
    return this.#line('door', 'patience', text);
  }

  #miners({ miners }: ApiInstance): string[] {
    const lines = minerLines(miners, this.#style.miners ?? MINERS_SHOWN);
    return lines.length === 0 ? [] : ['', ...lines.map((line) => `  ${line}`), ''];
  }

  #proof({ state, at, reason, lastProvedAt }: ApiInstance['proof']): string[] {
    const ago = at === null ? '' : `${spanText(this.#secondsSince(at))} ago `;
    switch (state) {
      case 'proved':
        return this.#line('proof', 'good', `${ago}a node called a block of this work valid`);
      case 'refused':
        return this.#line('proof', 'bad', `${ago}a node refused a block of this work: ${reason}`);
      case 'unknown':
        if (lastProvedAt === null) return [];
        return this.#line(
          'proof',
          'patience',
          `this work is not proved yet; ${spanText(this.#secondsSince(lastProvedAt))} ago other work was`,
        );
    }
  }

  #throttle({ until, sentence, blocksLastHour }: NonNullable<ApiInstance['throttle']>): string {
    const told = `${manyText(blocksLastHour, 'block')} in the last hour`;
    if (sentence === null) return `a block may go out; ${told}`;
    const leftS = until === null ? null : Math.max(0, Date.parse(until) - this.#nowMs) / 1000;
    const left = leftS === null ? '' : `${spanText(leftS)} to go, `;
    return `${sentence}; ${left}${told}`;
  }

  #blocks({ blocks, shares, ticker }: ApiInstance): string[] {
    const found = `${countText(shares.blocksFound)} found, ${countText(shares.blocksAccepted)} accepted`;
    const shown = blocks.slice(0, BLOCKS_SHOWN);
    const total = this.#line('blocks', undefined, `${found} since the start`);
    if (shown.length === 0) return total;
    const rows = shown.map((block) => [
      `${this.#bare(BLOCK_MOODS[block.state])} ${block.height}`,
      blockWord(block),
      cutText(block.worker, WORKER_COLUMNS_MAX),
      formatCoins(BigInt(block.valueSat)),
      spanText(this.#secondsSince(block.foundAt)),
    ]);
    const [head = '', rule = '', ...lines] = textTable(
      ['  block', 'state', 'worker', ticker, 'ago'],
      rows,
      3,
    ).split('\n');
    const told = shown.map((block, i) => [
      `  ${this.#paint(lines[i] ?? '', BLOCK_MOODS[block.state])}`,
      ...(block.state === 'rejected' ? wrapText('      ', refusalOf(block), COLUMNS) : []),
    ]);
    return [...total, '', `  ${head}`, `  ${rule}`, ...told.flat()];
  }

  #line(label: string, mood: Mood | undefined, text: string): string[] {
    const mark = mood === undefined ? '' : `${this.#bare(mood)} `;
    const lines = wrapText(`  ${label.padEnd(LABEL_COLUMNS)}${mark}`, text, COLUMNS);
    return mood === undefined ? lines : [this.#paint(lines[0] ?? '', mood), ...lines.slice(1)];
  }

  #secondsSince(at: string): number {
    return Math.max(0, this.#nowMs - Date.parse(at)) / 1000;
  }

  #bare(mood: Mood): string {
    return (this.#style.unicode ? MARKS : ASCII_MARKS)[mood];
  }

  /** Colours the mark of a line; after its columns were counted, since colours take none. */
  #paint(line: string, mood: Mood): string {
    if (!this.#style.colours) return line;
    const mark = this.#bare(mood);
    const at = line.indexOf(`${mark} `);
    return `${line.slice(0, at)}\u001b[${COLOURS[mood]}m${mark}\u001b[0m${line.slice(at + mark.length)}`;
  }
}

const SIGNAL_MOODS: Readonly<Record<ApiSignal['sources'][number]['state'], Mood>> = {
  on: 'good',
  connecting: 'patience',
  failed: 'bad',
  off: 'off',
};

const BLOCK_MOODS: Readonly<Record<ApiBlock['state'], Mood>> = {
  held: 'patience',
  submitting: 'patience',
  inconclusive: 'patience',
  accepted: 'good',
  mature: 'good',
  orphaned: 'bad',
  rejected: 'bad',
};

/** A node may give work without any other node, as long as KPSS is connected to it over P2P. */
function isWell({ state, peers }: ApiNode): boolean {
  return state === 'ready' && peers !== 0;
}

function moodOf(node: ApiNode): Mood {
  return isWell(node) ? 'good' : PATIENCE.has(node.state) ? 'patience' : 'bad';
}

function nodeWord({ state, isSource, download }: ApiNode): string {
  if (state === 'ready') return isSource ? 'gives work' : 'ready';
  return download === null ? state : `${state} ${Math.floor(download.percent)} %`;
}

const ALONE =
  'It has no connection to other nodes: a block found on its work would reach nobody. Check its internet connection; after a start it takes a minute or two.';

function troubleOf({ state, sentence, code, download }: ApiNode): string {
  if (state === 'ready') return ALONE;
  const left = download?.leftS == null ? '' : ` Some ${spanText(download.leftS)} are left.`;
  return `${sentence}${left}${code === null ? '' : ` [${code}]`}`;
}

function blockWord({ state, confirmations }: ApiBlock): string {
  if (state === 'submitting') return 'submitted';
  // An accepted block has one at least: 0 says that nobody has asked yet.
  if (state !== 'accepted' || confirmations === 0) return state;
  return `accepted, ${confirmations} of ${MATURE_CONFIRMATIONS}`;
}

function refusalOf({ verdicts }: ApiBlock): string {
  return verdicts.map(({ node, kind, reason }) => `${node}: ${reason ?? kind}`).join('; ');
}
