import { PrefixAllocator } from '../../src/mining/extranonce.ts';
import { JobBook } from '../../src/mining/job-book.ts';
import type { VardiffOptions } from '../../src/mining/vardiff.ts';
import { DEFAULT_LIMITS } from '../../src/stratum/limits.ts';
import { LineSplitter } from '../../src/stratum/lines.ts';
import { parseRequest as realParser } from '../../src/stratum/messages.ts';
import { Session } from '../../src/stratum/session.ts';
import type { CloseReason } from '../../src/stratum/wire.ts';
import { trueMixHash } from '../sim/sim-chain.ts';
import { noRandom, PAYOUT, recordedTemplate, tipOf } from '../support/mining.ts';
import { HARD_BITS } from '../support/session-harness.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

/** Every fourth hash is a share, and none is a block. */
const VARDIFF: VardiffOptions = {
  minDifficulty: 1e-9,
  maxDifficulty: 1e-9,
  startDifficulty: 1e-9,
  targetTimeMs: 15_000,
  retargetTimeMs: 60_000,
  variancePercent: 30,
};
const OTHER_PAYOUT = { ...PAYOUT, mainScript: Uint8Array.of(0x52) };

/** What is fuzzed; another parser in its place shows what the fuzzer finds. */
export type Parser = typeof realParser;

/** A connection as the fuzzer has it: bytes in, lines out, all at once; and an honest neighbour that uses the same jobs. */
export function createRig(parse: Parser = realParser) {
  const book = new JobBook(new Uint8Array(0));
  book.add(recordedTemplate(HARD_BITS));
  const prefixes = new PrefixAllocator(noRandom);
  const neighbour = openSession('1', book, prefixes);
  for (const line of [
    '{"id":1,"method":"mining.subscribe","params":["honest"]}',
    '{"id":2,"method":"mining.authorize","params":["a.honest","x"]}',
  ])
    neighbour.session.handle(realParser(line));
  const fuzzed = openSession('2', book, prefixes);
  const splitter = new LineSplitter();
  return {
    split: (chunk: Uint8Array) => splitter.push(chunk),
    /** One line. @returns what was sent since the last time, newlines included, when all is done */
    async handle(line: string): Promise<string> {
      await fuzzed.session.handle(parse(line));
      // A verdict takes some turns of promises.
      await new Promise((resolve) => setImmediate(resolve));
      return fuzzed.sent.splice(0).join('');
    },
    closes: fuzzed.closes,
    session: fuzzed.session,
    /** A new tip. @returns what the neighbour is sent for it */
    async newTip(): Promise<string> {
      neighbour.sent.length = 0;
      book.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(0x77) }));
      neighbour.session.offerJob();
      await neighbour.clock.advance(1_000);
      return neighbour.sent.join('');
    },
    neighbourCloses: neighbour.closes,
    prefixesLeased: () => prefixes.leased,
  };
}

function openSession(id: string, jobs: JobBook, prefixes: PrefixAllocator) {
  const clock = createVirtualClock();
  const sent: string[] = [];
  const closes: CloseReason[] = [];
  const session = new Session(
    { id, vardiff: VARDIFF, limits: DEFAULT_LIMITS },
    {
      clock,
      prefixes,
      jobs,
      wire: {
        send: (line) => sent.push(line),
        sendJob: (lines) => sent.push(lines),
        close: (reason) => closes.push(reason),
      },
      login: (userName) => {
        const payout = userName.startsWith('b') ? OTHER_PAYOUT : PAYOUT;
        return { ok: true, workerName: userName, payout };
      },
      onLogin() {},
      onCandidate() {},
      judge: ({ issued, nonce, claimedMixHash }) => {
        const isRight = Buffer.compare(trueMixHash(issued.job.headerHash, nonce), claimedMixHash) === 0;
        return Promise.resolve(
          isRight ? { accepted: true, verified: true } : { accepted: false, reason: 'wrong-mix' },
        );
      },
      onResult() {},
      onEnd() {},
      onFault: (error) => {
        throw error;
      },
    },
  );
  return { session, sent, closes, clock };
}
