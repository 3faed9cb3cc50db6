import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, Hostile, many } from './attack-tools.ts';

// What comes in as bytes and is no stratum, or too much of it. Each attack has a subnet of its own.

const MEBIBYTE = 1024 * 1024;

/** 100 MB and no newline, from four connections. */
const endlessLine: Attack = async ({ plainPort }) => {
  let closed = 0;
  let sentBytes = 0;
  const chunk = Buffer.alloc(MEBIBYTE, 0x61);
  await many(4, 4, async () => {
    const hostile = new Hostile(plainPort, '127.0.11.1');
    for (let i = 0; i < 25 && !hostile.closed; i++) {
      hostile.send(chunk);
      sentBytes += chunk.length;
      await hostile.drained();
    }
    if (await hostile.closedWithin(5_000)) closed += 1;
    hostile.destroy();
  });
  return { closed, sentBytes };
};

/** Lines that are no JSON, or no stratum, until the door is shut. */
const garbage: Attack = async ({ plainPort }) => {
  const lines = [
    'GET / HTTP/1.1',
    '\u0000\u0001\u0002',
    '[]',
    '42',
    '{"id":1}',
    '{"id":{},"method":[]}',
    '{"id":1,"method":"mining.subscribe","params":{"a":1}}',
    '['.repeat(8_000),
    `{"id":"${'9'.repeat(200)}","method":"mining.submit","params":[null,null,null]}`,
    '{"__proto__":{"method":"mining.submit"},"id":1e400}',
  ];
  let closed = 0;
  await many(40, 8, async (i) => {
    const hostile = new Hostile(plainPort, `127.0.12.${1 + (i % 4)}`);
    for (let n = 0; n < 200 && !hostile.closed; n++) hostile.send(`${lines[n % lines.length]}\r\n`);
    if (await hostile.closedWithin(5_000)) closed += 1;
    hostile.destroy();
  });
  return { closed };
};

/** Half a million lines that cost nothing to send: blank ones, empty objects, and questions. */
const lineFlood: Attack = async ({ plainPort }) => {
  let written = 0;
  const kinds = ['\n', '{}\n', '{"id":1,"method":"mining.subscribe","params":[]}\n'];
  await many(kinds.length, kinds.length, async (i) => {
    const hostile = new Hostile(plainPort, '127.0.13.1');
    const block = (kinds[i] ?? '').repeat(2_000);
    const untilMs = Date.now() + 6_000;
    while (!hostile.closed && Date.now() < untilMs && written < 500_000) {
      hostile.send(block);
      written += 2_000;
      // Not more than the system takes: what it holds back is the server's doing.
      while (!hostile.closed && hostile.socket.writableLength > MEBIBYTE && Date.now() < untilMs)
        await sleep(5);
    }
    hostile.destroy();
  });
  return { written };
};

/** A byte a moment, and no end of the line: three hundred of them. */
const slowLoris: Attack = async ({ plainPort }) => {
  const crowd = Array.from({ length: 300 }, () => new Hostile(plainPort, '127.0.14.1'));
  for (let i = 0; i < 30; i++) {
    for (const hostile of crowd) hostile.send('{"id":1,"method":"mining.subscribe"'.charAt(i));
    await sleep(100);
  }
  const open = crowd.filter((hostile) => !hostile.closed).length;
  for (const hostile of crowd) hostile.destroy();
  return { open };
};

/** Asks and never reads, from ten connections: what is answered must not pile up. */
const neverReading: Attack = async ({ shortPort }) => {
  let closed = 0;
  await many(10, 10, async () => {
    const hostile = new Hostile(shortPort, '127.0.15.1');
    await hostile.opened();
    hostile.socket.pause();
    const question =
      `{"id":"${'x'.repeat(120)}","method":"mining.extranonce.subscribe","params":[]}\n`.repeat(200);
    const untilMs = Date.now() + 5_000;
    // Ten megabytes of answers each; the system's buffers hold a few.
    for (let i = 0; i < 300 && !hostile.closed && !hostile.socket.destroyed && Date.now() < untilMs; i++) {
      hostile.send(question);
      for (let waited = 0; hostile.socket.writableLength > 65_536 && waited < 50; waited++) await sleep(10);
    }
    // A reset is noticed by a write, or by reading on.
    hostile.socket.resume();
    if (await hostile.closedWithin(1_000)) closed += 1;
    hostile.destroy();
  });
  return { closed };
};

const ODD_LINES: readonly (string | Uint8Array)[] = [
  // Ids of any kind.
  ...['null', 'true', '-1', '1e400', '0.1', '[]', '{"a":{}}', `"${'i'.repeat(7_000)}"`, '"\\ud800"'].map(
    (id) => `{"id":${id},"method":"mining.subscribe","params":[]}`,
  ),
  // Params of any kind.
  ...['null', '{}', '1', '"x"', '[[[[]]]]', '[null,1e400,{}]', `[${'0,'.repeat(3_000)}0]`].map(
    (params) => `{"id":5,"method":"mining.submit","params":${params}}`,
  ),
  ...[
    'null',
    '[1,2]',
    `["${'u'.repeat(7_000)}","x"]`,
    '[{"toString":1},[]]',
    '["\\u0000\\u001b[2J",null]',
  ].map((params) => `{"id":6,"method":"mining.authorize","params":${params}}`),
  ...['["1e400"]', '[1e400]', '[-1]', '["NaN"]', '[{}]'].map(
    (params) => `{"id":7,"method":"mining.suggest_difficulty","params":${params}}`,
  ),
  '{"id":8,"method":"mining.suggest_target","params":["zz"]}',
  '{"id":8,"method":"eth_submitHashrate","params":["0xffffffffffffffffffffffff",{}]}',
  // Names that every object has.
  '{"__proto__":{"method":"mining.submit","params":[1]},"id":9}',
  '{"id":9,"method":"__proto__","params":[]}',
  '{"id":9,"method":"constructor","params":{"constructor":{"prototype":1}}}',
  '{"id":9,"method":"toString"}',
  // Depth, and what is cut off in the middle.
  '['.repeat(8_000),
  '{"a":'.repeat(1_600),
  `${'['.repeat(4_000)}${']'.repeat(4_000)}`,
  `{"id":1,"method":"x","params":${'['.repeat(3_500)}${']'.repeat(3_500)}}`,
  '{"id":1,"method":"mining.subscribe","params":[',
  // No text.
  Buffer.from('ff fe 80 c0 c1 f5 22'.replaceAll(' ', ''), 'hex'),
  Buffer.concat([Buffer.from('{"id":"'), Buffer.from('c328eda080', 'hex'), Buffer.from('"}')]),
  Buffer.alloc(8_000, 0),
  '\ufeff{"id":1,"method":"mining.subscribe","params":[]}',
];

/** Each odd line on a connection of its own, and a sound one after it; and halves of lines, and then goodbye. */
const oddLines: Attack = async ({ plainPort }) => {
  let answered = 0;
  await many(ODD_LINES.length, 10, async (i) => {
    const hostile = new Hostile(plainPort, '127.0.17.1');
    hostile.send(ODD_LINES[i] ?? '');
    hostile.send('\n{"id":"sound","method":"mining.subscribe","params":[]}\n');
    if ((await hostile.message(({ id }) => id === 'sound'))?.result) answered += 1;
    hostile.destroy();
  });
  let halvesClosed = 0;
  await many(20, 20, async (i) => {
    const hostile = new Hostile(plainPort, '127.0.17.2');
    hostile.socket.end('{"id":1,"method":"mining.authorize"'.slice(0, 1 + i));
    if (await hostile.closedWithin(3_000)) halvesClosed += 1;
    hostile.destroy();
  });
  return { count: ODD_LINES.length, answered, halvesClosed };
};

/** Says nothing before the login, nothing of TLS, or nothing after the login. */
const tooLate: Attack = async ({ shortPort, shortTlsPort }) => {
  const crowd = (port: number): Hostile[] =>
    Array.from({ length: 20 }, () => new Hostile(port, '127.0.18.1'));
  const [silent, tls, idle] = [crowd(shortPort), crowd(shortTlsPort), crowd(shortPort)];
  const jobs = await Promise.all(idle.map((hostile) => hostile.logIn()));
  // Deadlines are looked at every five seconds.
  const closedOf = async (hostiles: Hostile[]): Promise<number> => {
    const closed = await Promise.all(hostiles.map((hostile) => hostile.closedWithin(12_000)));
    for (const hostile of hostiles) hostile.destroy();
    return closed.filter(Boolean).length;
  };
  const [silentClosed, tlsClosed, idleClosed] = await Promise.all([silent, tls, idle].map(closedOf));
  const isIn = jobs.every((job) => job !== undefined);
  return {
    silentClosed: silentClosed ?? 0,
    tlsClosed: tlsClosed ?? 0,
    idleClosed: isIn ? (idleClosed ?? 0) : 0,
  };
};

/** Says goodbye at once and keeps its half open, or says nothing at all. */
const halfOpen: Attack = async ({ plainPort }) => {
  const crowd = Array.from({ length: 400 }, (_, i) => new Hostile(plainPort, `127.0.16.${1 + (i % 2)}`));
  await Promise.all(crowd.map((hostile) => hostile.opened()));
  for (const hostile of crowd.slice(0, 200)) hostile.socket.end();
  await sleep(1_000);
  const goodbyesClosed = crowd.slice(0, 200).filter((hostile) => hostile.closed).length;
  for (const hostile of crowd) hostile.destroy();
  return { goodbyesClosed };
};

export const BYTE_ATTACKS: Readonly<Record<string, Attack>> = {
  'endless-line': endlessLine,
  garbage,
  'line-flood': lineFlood,
  'slow-loris': slowLoris,
  'never-reading': neverReading,
  'odd-lines': oddLines,
  'too-late': tooLate,
  'half-open': halfOpen,
};
