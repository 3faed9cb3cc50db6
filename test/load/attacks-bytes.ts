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

/** Asks and never reads, from fifty connections: what is answered must not pile up. */
const neverReading: Attack = async ({ plainPort }) => {
  let closed = 0;
  await many(50, 50, async () => {
    const hostile = new Hostile(plainPort, '127.0.15.1');
    await hostile.opened();
    hostile.socket.pause();
    const question =
      `{"id":"${'x'.repeat(120)}","method":"mining.extranonce.subscribe","params":[]}\n`.repeat(200);
    const untilMs = Date.now() + 10_000;
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
  'half-open': halfOpen,
};
