import assert from 'node:assert/strict';
import { PrefixAllocator } from '../../src/mining/extranonce.ts';
import { JobBook } from '../../src/mining/job-book.ts';
import type { Judgement } from '../../src/mining/judge.ts';
import type { Login } from '../../src/mining/login.ts';
import type { Share } from '../../src/mining/share.ts';
import type { VardiffOptions } from '../../src/mining/vardiff.ts';
import { DEFAULT_LIMITS } from '../../src/stratum/limits.ts';
import { parseRequest } from '../../src/stratum/messages.ts';
import { Session } from '../../src/stratum/session.ts';
import type { ShareResult } from '../../src/stratum/share-desk.ts';
import type { CloseReason } from '../../src/stratum/wire.ts';
import { bookWithTemplate, noRandom, PAYOUT, recordedTemplate } from './mining.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** Every hash is a share: difficulty far below any network's. */
export const EASY: VardiffOptions = {
  minDifficulty: 1e-12,
  maxDifficulty: 1e-12,
  startDifficulty: 1e-12,
  targetTimeMs: 15_000,
  retargetTimeMs: 60_000,
  variancePercent: 30,
};

export interface Notify {
  readonly jobId: string;
  readonly headerHash: string;
  readonly target: string;
  readonly cleanJobs: boolean;
}

/** A session on a virtual clock whose wire is a list, with a judge that a test answers for. */
export function createSessionHarness(
  settings: {
    vardiff?: VardiffOptions;
    /** The answer to each login, or who gives it. */
    login?: Login | Promise<Login> | ((userName: string) => Login);
    book?: ReturnType<typeof bookWithTemplate>;
  } = {},
) {
  const clock = createVirtualClock();
  const jobs = settings.book ?? bookWithTemplate();
  const prefixes = new PrefixAllocator(noRandom);
  const sent: string[] = [];
  const jobWrites: string[] = [];
  const closes: CloseReason[] = [];
  const candidates: Share[] = [];
  const results: ShareResult[] = [];
  let failedLogins = 0;
  let judge = (_share: Share, _late: (isRight: boolean) => void): Promise<Judgement> =>
    Promise.resolve({ accepted: true, verified: true });
  const session = new Session(
    { id: '1', vardiff: settings.vardiff ?? EASY, limits: DEFAULT_LIMITS },
    {
      clock,
      prefixes,
      jobs,
      wire: {
        send: (line) => sent.push(line),
        sendJob: (lines) => {
          jobWrites.push(lines);
          sent.push(...lines.split(/(?<=\n)/));
        },
        close: (reason) => closes.push(reason),
      },
      login: (userName) => {
        const { login } = settings;
        if (typeof login === 'function') return login(userName);
        return login ?? { ok: true, workerName: userName, payout: PAYOUT };
      },
      onLogin: () => {},
      onFailedLogin: () => {
        failedLogins += 1;
      },
      onCandidate: (share) => candidates.push(share),
      judge: (share, _id, late) => judge(share, late),
      onResult: (result) => results.push(result),
      onEnd: () => {},
      onFault: (error) => {
        throw error;
      },
    },
  );

  const ask = (line: string): boolean => session.handle(parseRequest(line)) === 'new-turn';
  const messages = () => sent.map((line) => JSON.parse(line));
  const notifies = (): Notify[] =>
    messages()
      .filter((message) => message.method === 'mining.notify')
      .map(({ params: [jobId, headerHash, , target, cleanJobs] }) => ({
        jobId,
        headerHash,
        target,
        cleanJobs,
      }));
  return {
    session,
    clock,
    jobs,
    prefixes,
    sent,
    jobWrites,
    closes,
    candidates,
    results,
    failedLogins: () => failedLogins,
    ask,
    messages,
    notifies,
    /** The reply to a request, the last one with that id. */
    reply: (id: unknown) =>
      messages().findLast((message) => message.id === id && message.method === undefined),
    lastNotify(): Notify {
      const last = notifies().at(-1);
      assert(last, 'no job was sent');
      return last;
    },
    setJudge(next: typeof judge): void {
      judge = next;
    },
    logIn(): void {
      ask('{"id":1,"method":"mining.subscribe","params":["test/1.0"]}');
      ask('{"id":2,"method":"mining.authorize","params":["address.worker","x"]}');
    },
    /** Submits as kawpowminer does; fields of the newest job where nothing else is said. */
    submit(
      id: unknown,
      fields: { jobId?: string; nonce?: string; headerHash?: string; mixHash?: string } = {},
    ): void {
      const newest = notifies().at(-1);
      const { jobId = newest?.jobId, headerHash = newest?.headerHash } = fields;
      const { nonce = '0000000000000001', mixHash = '00'.repeat(32) } = fields;
      const params = ['address.worker', jobId, `0x${nonce}`, `0x${headerHash}`, `0x${mixHash}`];
      ask(JSON.stringify({ id, method: 'mining.submit', params }));
    },
  };
}

/** Bits that nobody meets by chance. */
export const HARD_BITS = { bits: '1d00ffff', target: `00000000ffff${'0'.repeat(52)}` };

/** A session whose jobs nobody solves by chance. */
export function createHardHarness(vardiff = EASY) {
  const book = new JobBook(new Uint8Array(0));
  book.add(recordedTemplate(HARD_BITS));
  return createSessionHarness({ vardiff, book });
}
