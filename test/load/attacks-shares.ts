import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, Hostile, many, submitLine } from './attack-tools.ts';

// Logged in, and bad at it.

/** Comes again until nobody lets it in; each time it does its worst. @returns how often it was let in */
async function untilShutOut(
  from: string,
  port: number,
  timesMax: number,
  worst: (hostile: Hostile) => Promise<void>,
) {
  for (let times = 0; times < timesMax; times++) {
    const hostile = new Hostile(port, from);
    const isIn = (await hostile.opened()) && (await greeted(hostile));
    if (!isIn) {
      hostile.destroy();
      return times;
    }
    await worst(hostile);
    hostile.destroy();
  }
  return timesMax;
}

/** Whether anything is answered at all. */
async function greeted(hostile: Hostile): Promise<boolean> {
  hostile.send('{"id":0,"method":"mining.extranonce.subscribe","params":[]}\n');
  return (await hostile.message(({ id }) => id === 0, 1_000)) !== undefined;
}

/** Any mix hash with any nonce, by the hundred. */
const forgedMixHashes: Attack = async ({ plainPort }) => {
  const letIn = await untilShutOut('127.0.31.1', plainPort, 20, async (hostile) => {
    const login = await hostile.logIn();
    if (login === undefined) return;
    for (let i = 0; i < 100 && !hostile.closed; i++) {
      const nonce = login.prefix + i.toString(16).padStart(12, '0');
      hostile.send(submitLine(100 + i, login.job, nonce, i.toString(16).padStart(64, '0')));
    }
    await hostile.closedWithin(5_000);
  });
  return { letIn };
};

/** Nonces of another connection's prefix, headers of nobody, jobs that never were. */
const wrongShares: Attack = async ({ plainPort }) => {
  const letIn = await untilShutOut('127.0.32.1', plainPort, 20, async (hostile) => {
    const login = await hostile.logIn();
    if (login === undefined) return;
    for (let i = 0; i < 1_500 && !hostile.closed; i++) {
      const wrongPrefix = login.prefix === 'ffff' ? '0000' : 'ffff';
      hostile.send(
        submitLine(100 + i, login.job, `${wrongPrefix}${i.toString(16).padStart(12, '0')}`, '00'.repeat(32)),
      );
    }
    await hostile.closedWithin(8_000);
  });
  return { letIn };
};

/** Guesses the password. */
const failedLogins: Attack = async ({ plainPort }) => {
  let refused = 0;
  const letIn = await untilShutOut('127.0.33.1', plainPort, 40, async (hostile) => {
    hostile.send('{"id":1,"method":"mining.subscribe","params":[]}\n');
    hostile.send('{"id":2,"method":"mining.authorize","params":["nobody","guess"]}\n');
    const answer = await hostile.message(({ id }) => id === 2, 1_000);
    if (answer?.error) refused += 1;
  });
  return { letIn, refused };
};

/** Two hundred connections that submit without login, as fast as they are read. */
const unauthorised: Attack = async ({ plainPort }) => {
  let closed = 0;
  await many(200, 50, async (i) => {
    const hostile = new Hostile(plainPort, `127.0.34.${1 + (i % 50)}`);
    const line = submitLine(1, { id: null, params: ['1', '00'.repeat(32)] }, '0'.repeat(16), '00'.repeat(32));
    hostile.send(line.repeat(100));
    if (await hostile.closedWithin(3_000)) closed += 1;
    hostile.destroy();
    await sleep(5);
  });
  return { closed };
};

export const SHARE_ATTACKS: Readonly<Record<string, Attack>> = {
  'forged-mix-hashes': forgedMixHashes,
  'wrong-shares': wrongShares,
  'failed-logins': failedLogins,
  unauthorised,
};
