import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type Attack, Hostile, many } from './attack-tools.ts';

// Too many connections, and those that begin with something else than stratum.

/** 20,000 connections from one address, held for as long as they are let. */
const crowd: Attack = async ({ plainPort }) => {
  const held: Hostile[] = [];
  let taken = 0;
  await many(20_000, 200, async () => {
    const hostile = new Hostile(plainPort, '127.0.21.1');
    if (await hostile.opened()) taken += 1;
    held.push(hostile);
    // What is closed need not be kept: this process has its limit of descriptors, too.
    if (held.length > 15_000) for (const old of held.splice(0, 1_000)) old.destroy();
  });
  // Those that wait for their end have met it by then.
  await sleep(3_500);
  const open = held.filter((hostile) => !hostile.closed).length;
  for (const hostile of held) hostile.destroy();
  return { taken, open };
};

/** Logs in, hangs up, comes again, as fast as it can: kawpowminer does it two thousand times a second. */
const reconnectStorm: Attack = async ({ plainPort }) => {
  let loggedIn = 0;
  let tried = 0;
  const untilMs = Date.now() + 5_000;
  await many(100_000, 100, async () => {
    if (Date.now() > untilMs) return;
    tried += 1;
    const hostile = new Hostile(plainPort, '127.0.22.1');
    if (await hostile.opened()) {
      if ((await hostile.logIn()) !== undefined) loggedIn += 1;
    }
    hostile.destroy();
  });
  return { tried, loggedIn };
};

/** Logs in from two hundred addresses of one subnet, and goes: prefixes must not run out. */
const prefixDrain: Attack = async ({ plainPort }) => {
  let loggedIn = 0;
  const untilMs = Date.now() + 5_000;
  await many(20_000, 100, async (i) => {
    if (Date.now() > untilMs) return;
    const hostile = new Hostile(plainPort, `127.0.23.${1 + (i % 200)}`);
    if (await hostile.opened()) {
      if ((await hostile.logIn()) !== undefined) loggedIn += 1;
    }
    hostile.destroy();
  });
  return { loggedIn };
};

/** Handshakes cost the server more than whoever asks for them. */
const tlsStorm: Attack = async ({ tlsPort }) => {
  let secured = 0;
  const untilMs = Date.now() + 4_000;
  await many(100_000, 50, async () => {
    if (Date.now() > untilMs) return;
    const socket = connectTls({
      ...{ port: tlsPort, host: '127.0.0.1', localAddress: '127.0.26.1', rejectUnauthorized: false },
    });
    socket.on('error', () => {});
    socket.on('secureConnect', () => {
      secured += 1;
      socket.destroy();
    });
    await new Promise((resolve) => socket.on('close', resolve));
  });
  return { secured };
};

/** TLS to the plain port, plain text and broken TLS to the TLS port, handshakes that stop half way. */
const tlsGarbage: Attack = async ({ plainPort, tlsPort }) => {
  let plainClosed = 0;
  let tlsClosed = 0;
  const hello = Buffer.from('16030100050100000100', 'hex');
  await many(100, 20, async (i) => {
    const knock = new Hostile(plainPort, '127.0.24.1');
    knock.send(hello);
    if (await knock.closedWithin(2_000)) plainClosed += 1;
    knock.destroy();
    const broken = new Hostile(tlsPort, '127.0.24.2');
    broken.send(
      i % 2 === 0
        ? '{"id":1,"method":"mining.subscribe","params":[]}\n'
        : Buffer.concat([hello, Buffer.alloc(500, i)]),
    );
    if (await broken.closedWithin(2_000)) tlsClosed += 1;
    broken.destroy();
  });
  const silent = Array.from({ length: 100 }, () => new Hostile(tlsPort, '127.0.24.3'));
  const half = Array.from({ length: 100 }, () => {
    const socket = connectTls({ port: tlsPort, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => {});
    setTimeout(() => socket.destroy(), 20);
    return socket;
  });
  await sleep(1_000);
  for (const { socket } of silent) socket.destroy();
  for (const socket of half) socket.destroy();
  return { plainClosed, tlsClosed };
};

/** Headers from who is not trusted to write any, headers that are none, and a trusted proxy that lies about its miners. */
const proxyLies: Attack = async ({ plainPort, proxyPort }) => {
  let untrustedServed = 0;
  let brokenServed = 0;
  const subscribe = '{"id":1,"method":"mining.subscribe","params":[]}\n';
  const served = async (hostile: Hostile): Promise<number> => {
    const reply = await hostile.message(({ id }) => id === 1, 300).catch(() => undefined);
    hostile.destroy();
    return reply?.result ? 1 : 0;
  };
  await many(50, 10, async () => {
    for (const [port, from] of [
      [plainPort, '127.0.25.1'],
      [proxyPort, '127.0.25.2'],
    ] as const) {
      const liar = new Hostile(port, from);
      // In the name of the miner that behaves.
      liar.send(`PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n${'nonsense\n'.repeat(20)}${subscribe}`);
      untrustedServed += await served(liar);
    }
    const headers = [
      'PROXY TCP4 999.1.1.1 127.0.0.1 1 1\r\n',
      `PROXY ${'A'.repeat(200)}`,
      Buffer.from('0d0a0d0a000d0a515549540a21ffffff', 'hex'),
      Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex'), Buffer.alloc(70_000)]),
    ];
    for (const header of headers) {
      const broken = new Hostile(proxyPort, '127.0.9.1');
      broken.send(header);
      broken.send(subscribe);
      brokenServed += await served(broken);
    }
  });
  // The proxy passes on many that misbehave: it must not be shut out for them.
  await many(60, 10, async (i) => {
    const behind = new Hostile(proxyPort, '127.0.9.1');
    behind.send(`PROXY TCP4 198.51.100.${1 + (i % 20)} 127.0.0.1 1 1\r\n${'nonsense\n'.repeat(20)}`);
    await behind.closedWithin(2_000);
    behind.destroy();
  });
  const honest = new Hostile(proxyPort, '127.0.9.1');
  honest.send('PROXY TCP4 203.0.113.7 127.0.0.1 1 1\r\n');
  const proxyLoggedIn = (await honest.logIn()) === undefined ? 0 : 1;
  honest.destroy();
  return { untrustedServed, brokenServed, proxyLoggedIn };
};

export const CONNECTION_ATTACKS: Readonly<Record<string, Attack>> = {
  crowd,
  'reconnect-storm': reconnectStorm,
  'prefix-drain': prefixDrain,
  'tls-storm': tlsStorm,
  'tls-garbage': tlsGarbage,
  'proxy-lies': proxyLies,
};
