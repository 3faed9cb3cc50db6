import type { SimPest } from './sim-pest.ts';

/** What hostile miners do. */
export const PEST_KINDS = [
  'dribbler',
  'flooder',
  'never-reads',
  'storm',
  'forger',
  'copier',
  'garbage',
  'long-line',
  'half-line',
  'relogin',
  'refused',
  'unanswered',
  'impatient',
] as const;
export type PestKind = (typeof PEST_KINDS)[number];

interface PestSettings {
  /** From one act to the next; connecting is one, too. */
  readonly meanMs: number;
  /** As soon as it is connected. */
  readonly logsIn: boolean;
  /** The part of its login before the dot, which says how sim-kpss.ts takes it. */
  readonly account?: string;
}

export const PEST_SETTINGS: Readonly<Record<PestKind, PestSettings>> = {
  dribbler: { meanMs: 200, logsIn: false },
  flooder: { meanMs: 3_000, logsIn: true },
  'never-reads': { meanMs: 2_000, logsIn: true },
  storm: { meanMs: 120, logsIn: true },
  forger: { meanMs: 500, logsIn: true },
  copier: { meanMs: 500, logsIn: true },
  garbage: { meanMs: 500, logsIn: false },
  'long-line': { meanMs: 1_000, logsIn: true },
  'half-line': { meanMs: 400, logsIn: true },
  relogin: { meanMs: 400, logsIn: true },
  refused: { meanMs: 400, logsIn: true, account: 'refused' },
  unanswered: { meanMs: 2_000, logsIn: true, account: 'never' },
  impatient: { meanMs: 1_500, logsIn: false },
};

/** Longer than a line may be, in pieces of this size. */
const LONG_PIECE = 'x'.repeat(3_000);
const FLOOD_LINES = 150;

const GARBAGE: readonly (string | Uint8Array)[] = [
  Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0x0a),
  Uint8Array.of(0xed, 0xa0, 0x80, 0x0a),
  '{"id":1,"method":"mining.submit","params":[\n',
  '{"id":1e999,"method":5}\n',
  '[]\n',
  '"mining.subscribe"\n',
  '\0\0\0\n',
  'GET / HTTP/1.1\r\n\r\n',
  `${'['.repeat(4_000)}\n`,
  `{"id":0.5,"method":"x","params":${'['.repeat(3_900)}${']'.repeat(3_900)}}\n`,
  '{"id":{},"method":"mining.submit","params":{"__proto__":[]}}\n',
];

/** What each does when it is connected. */
export const PEST_ACTS: Readonly<Record<PestKind, (pest: SimPest) => void>> = {
  dribbler: dribble,
  flooder: flood,
  'never-reads': flood,
  storm: (pest) => pest.hangUp(),
  forger: (pest) => submitNew(pest, 'false-mix'),
  copier: copy,
  garbage: sendGarbage,
  'long-line': (pest) => pest.send(LONG_PIECE),
  'half-line': sendHalf,
  relogin: logInAgain,
  refused: (pest) => pest.logIn('refused'),
  unanswered: waitForLogin,
  impatient: hurry,
};

/** One byte at a time of something that would be right. */
function dribble(pest: SimPest): void {
  pest.send(pest.random.pick(['{', '"', 'i', '}', '\n', ' ']));
}

function flood(pest: SimPest): void {
  const { random } = pest;
  const lines = Array.from({ length: FLOOD_LINES }, () =>
    random.pick([
      pest.request('mining.hashrate', [1]),
      pest.request('mining.get_transactions', []),
      pest.request('mining.subscribe', ['flood']),
      pest.request('mining.submit', ['a', 'none', '0x', '0x', '0x']),
      '{"error":"Method not found","id":0}',
    ]),
  );
  pest.send(`${lines.join('\n')}\n`);
}

function submitNew(pest: SimPest, kind: Parameters<SimPest['find']>[0]): void {
  const { jobs, prefixHex, random } = pest;
  if (jobs.length === 0 || prefixHex === undefined) return;
  const share = pest.find(kind, random.pick(jobs));
  if (share !== undefined) pest.submit(share);
}

/** Its own shares again, in other letters too, late ones, and what belongs to others. */
function copy(pest: SimPest): void {
  const { random, shares } = pest;
  const how = random.int(0, 5);
  const overheard = pest.overheard();
  if (how === 0 && overheard !== undefined) {
    // Its own job ids may be the same, as they count up from the same number on each connection.
    const known = pest.jobs.find(({ id }) => id === overheard.job.id);
    const kind = known === undefined ? 'no-such-job' : 'wrong-header';
    const share = known && pest.find('honest', known);
    if (share) pest.submit({ ...share, kind });
  } else if (how === 1) submitNew(pest, 'wrong-prefix');
  else if (how <= 3 && shares.length > 0) {
    const share = random.pick(shares);
    const spell = random.pick([(hex: string) => hex, (hex: string) => hex.toUpperCase()]);
    pest.submit({ ...share, kind: 'repeated' }, spell);
  } else submitNew(pest, random.pick(['honest', 'honest', 'honest', 'too-easy', 'malformed']));
}

function sendGarbage(pest: SimPest): void {
  const { random } = pest;
  const how = random.next();
  if (how < 0.1) pest.hangUp();
  else if (how < 0.2) pest.send(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00));
  else if (how < 0.4) pest.send(random.bytes(random.int(1, 600)));
  else for (let i = random.int(1, 15); i > 0; i--) pest.send(random.pick(GARBAGE));
}

/** Half of a good share, and gone. */
function sendHalf(pest: SimPest): void {
  const [job] = pest.jobs;
  const share = job && pest.find('honest', job);
  if (share === undefined) return;
  pest.send(
    JSON.stringify({ id: 1, method: 'mining.submit', params: [share.job.id, `${share.nonce}`] }).slice(0, 50),
  );
  pest.hangUp();
}

function logInAgain(pest: SimPest): void {
  const how = pest.random.int(0, 3);
  if (how === 0) pest.ask('mining.subscribe', ['again']);
  else if (how === 1) pest.logIn();
  else if (how === 2) pest.logInElsewhere();
  else submitNew(pest, 'honest');
}

/** More lines behind a login that nobody answers; and at times it is gone before. */
function waitForLogin(pest: SimPest): void {
  if (pest.random.chance(0.2)) pest.hangUp();
  else pest.send(`${'{"id":7,"method":"mining.hashrate","params":[1]}\n'.repeat(20)}`);
}

/** Everything at once, before it was told anything. */
function hurry(pest: SimPest): void {
  const lines = [
    pest.request('mining.submit', ['a', '10000', '0x', '0x', '0x']),
    pest.request('mining.authorize', [`slow.${pest.name}`, 'x']),
    pest.request('mining.hashrate', [5]),
    pest.request('mining.subscribe', ['impatient']),
    pest.request('mining.authorize', [`slow.${pest.name}`, 'x']),
  ];
  pest.send(`${lines.join('\r\n')}\r\n`);
  if (pest.random.chance(0.3)) pest.hangUp();
}
