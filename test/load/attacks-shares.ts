import { setTimeout as sleep } from 'node:timers/promises';
import { hexToBytes } from '../../src/chain/bytes.ts';
import { meetsTarget } from '../../src/chain/target.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { type Attack, Hostile, type Message, many, submitLine } from './attack-tools.ts';

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

/** The claim's final hash is cheap: a forger looks for claims that would meet the target if they were true. */
function forgedClaims(
  login: { prefix: string; job: Message },
  count: number,
): [nonce: string, mixHash: string][] {
  const [, headerHash, , target] = login.job.params ?? [];
  const header = hexToBytes(String(headerHash));
  const shareTarget = hexToBytes(String(target).replace('0x', ''));
  const claims: [string, string][] = [];
  for (let i = 0; claims.length < count; i++) {
    const nonce = login.prefix + i.toString(16).padStart(12, '0');
    const mixHash = i.toString(16).padStart(64, '0');
    const hash = finalHash(header, BigInt(`0x${nonce}`), hexToBytes(mixHash), KAWPOW);
    if (meetsTarget(hash, shareTarget)) claims.push([nonce, mixHash]);
  }
  return claims;
}

/** False mix hashes that look like good shares, by the hundred. */
const forgedMixHashes: Attack = async ({ plainPort }) => {
  const letIn = await untilShutOut('127.0.31.1', plainPort, 20, async (hostile) => {
    const login = await hostile.logIn();
    if (login === undefined) return;
    for (const [nonce, mixHash] of forgedClaims(login, 100))
      hostile.send(submitLine(100, login.job, nonce, mixHash));
    await hostile.closedWithin(5_000);
  });
  return { letIn };
};

/** Three false ones to a connection, which a fourth would close. */
const hitAndRun: Attack = async ({ plainPort }) => {
  const letIn = await untilShutOut('127.0.35.1', plainPort, 20, async (hostile) => {
    const login = await hostile.logIn();
    if (login === undefined) return;
    for (const [i, [nonce, mixHash]] of forgedClaims(login, 3).entries())
      hostile.send(submitLine(100 + i, login.job, nonce, mixHash));
    await hostile.message(({ id }) => id === 102);
  });
  return { letIn };
};

/** Nonces of another connection's prefix, headers of nobody, jobs that never were. */
const wrongShares: Attack = async ({ plainPort }) => {
  const letIn = await untilShutOut('127.0.32.1', plainPort, 60, async (hostile) => {
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
  'hit-and-run': hitAndRun,
  'wrong-shares': wrongShares,
  'failed-logins': failedLogins,
  unauthorised,
};
