import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bookWithTemplate, PAYOUT, recordedTemplate, tipOf } from '../../test/support/mining.ts';
import {
  createHardHarness,
  createSessionHarness,
  EASY,
  HARD_BITS,
} from '../../test/support/session-harness.ts';
import { hexToBytes } from '../chain/bytes.ts';
import { targetToDifficulty } from '../chain/target.ts';
import { JobBook } from '../mining/job-book.ts';
import type { Judgement } from '../mining/judge.ts';
import { DEFAULT_LIMITS } from './limits.ts';

describe('the way to the first job', () => {
  test('subscribe, authorize, then target and job, in that order', () => {
    const harness = createHardHarness();
    harness.logIn();
    const [subscribed, authorized, target, notify] = harness.sent;
    assert.equal(harness.sent.length, 4);
    assert.equal(subscribed, '{"id":1,"result":[null,"0000"],"error":null}\n');
    assert.equal(authorized, '{"id":2,"result":true,"error":null}\n');
    const job = harness.jobs.current(PAYOUT);
    assert(job);
    const wireTarget = `0x${'f'.repeat(64)}`;
    assert.equal(target, `{"id":null,"method":"mining.set_target","params":["${wireTarget}"]}\n`);
    const params = [`10000`, job.headerHashHex, '0'.repeat(64), wireTarget, true, 258, '1d00ffff'];
    assert.equal(notify, `{"id":null,"method":"mining.notify","params":${JSON.stringify(params)}}\n`);
  });

  test('a target below 2^248 goes out as XMRig reads it, without 0x', () => {
    const harness = createHardHarness({
      ...EASY,
      minDifficulty: 0.01,
      maxDifficulty: 1,
      startDifficulty: 0.5,
    });
    harness.logIn();
    const { target } = harness.lastNotify();
    assert.match(target, /^00[0-9a-f]{62}$/);
    assert.equal(targetToDifficulty(hexToBytes(target)), 0.5);
  });

  test('authorize before subscribe works as well', () => {
    const harness = createHardHarness();
    harness.ask('{"id":2,"method":"mining.authorize","params":["a.b","x"]}');
    assert.equal(harness.notifies().length, 0);
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    assert.equal(harness.notifies().length, 1);
  });

  test('without a template there is no job yet, and there is one when it comes', () => {
    const book = new JobBook(new Uint8Array(0));
    const harness = createSessionHarness({ book });
    harness.logIn();
    assert.equal(harness.notifies().length, 0);
    book.add(recordedTemplate());
    harness.session.offerJob();
    assert.equal(harness.notifies().length, 1);
  });

  test('a second subscribe answers the same prefix, a second login sends no second job', () => {
    const harness = createHardHarness();
    harness.logIn();
    harness.logIn();
    assert.deepEqual(harness.reply(1).result, [null, '0000']);
    assert.equal(harness.notifies().length, 1);
  });

  test('a refused login is told why, and its shares are unauthorized', () => {
    const harness = createSessionHarness({ login: { ok: false, text: 'not an address' } });
    harness.logIn();
    assert.deepEqual(harness.reply(2), { id: 2, result: null, error: [24, 'not an address', null] });
    harness.submit(9, { jobId: '10000', headerHash: '00'.repeat(32) });
    assert.equal(harness.reply(9).error[0], 24);
  });

  test('who does not log in is closed after half a minute; who did is not', async () => {
    const silent = createHardHarness();
    const loggedIn = createHardHarness();
    loggedIn.logIn();
    for (const harness of [silent, loggedIn]) {
      await harness.clock.advance(DEFAULT_LIMITS.loginTimeoutMs);
      harness.session.sweep();
    }
    assert.deepEqual(silent.closes, ['login-timeout']);
    assert.deepEqual(loggedIn.closes, []);
  });

  test('when all prefixes are taken the miner is told and closed', () => {
    const harness = createHardHarness();
    while (harness.prefixes.allocate() !== undefined);
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    assert.deepEqual(harness.reply(1).error, [20, 'server is full', null]);
    assert.deepEqual(harness.closes, ['server-full']);
  });
});

describe('each kind of bad share has its code, and a good one is accepted', () => {
  const low = { ...EASY, minDifficulty: 0.5, maxDifficulty: 0.5, startDifficulty: 0.5 };
  const cases: [string, number, (h: ReturnType<typeof createHardHarness>) => void][] = [
    ['unknown job', 21, (h) => h.submit(9, { jobId: 'abcdef' })],
    ['nonce too short', 20, (h) => h.submit(9, { nonce: '01' })],
    ['nonce not hex', 20, (h) => h.submit(9, { nonce: 'zz00000000000001' })],
    ['mix hash too short', 20, (h) => h.submit(9, { mixHash: '00' })],
    ['another header hash', 20, (h) => h.submit(9, { headerHash: '11'.repeat(32) })],
    ['another connection’s prefix', 24, (h) => h.submit(9, { nonce: '0001000000000001' })],
    ['missing params', 21, (h) => h.ask('{"id":9,"method":"mining.submit"}')],
  ];
  for (const [name, code, submit] of cases) {
    test(`${name}: ${code}`, () => {
      const harness = createHardHarness();
      harness.logIn();
      submit(harness);
      assert.equal(harness.reply(9).result, null);
      assert.equal(harness.reply(9).error[0], code);
      assert.equal(harness.results.length, 1);
    });
  }

  test('a good share: true', async () => {
    const harness = createHardHarness();
    harness.logIn();
    harness.submit(9);
    await harness.clock.settle();
    assert.deepEqual(harness.reply(9), { id: 9, result: true, error: null });
    assert.equal(harness.candidates.length, 0);
  });

  test('without 0x and in upper case it is the same share', async () => {
    const harness = createHardHarness();
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    const params = ['a', jobId.toUpperCase(), '000000000000000A', headerHash.toUpperCase(), 'AB'.repeat(32)];
    harness.ask(JSON.stringify({ id: 'x', method: 'mining.submit', params }));
    await harness.clock.settle();
    assert.equal(harness.reply('x').result, true);
    harness.submit(10, { nonce: '000000000000000a', mixHash: 'ab'.repeat(32) });
    assert.deepEqual(harness.reply(10).error, [22, 'duplicate share', null]);
  });

  test('low difficulty: 23', () => {
    const harness = createHardHarness(low);
    harness.logIn();
    harness.submit(9);
    assert.equal(harness.reply(9).error[0], 23);
  });

  test('stale after a new tip: 21', () => {
    const harness = createHardHarness();
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(1) }));
    harness.submit(9, { jobId, headerHash });
    assert.deepEqual(harness.reply(9).error, [21, 'stale share', null]);
  });

  test('before subscribe: 25; before login: 24', () => {
    const harness = createHardHarness();
    harness.submit(8, { jobId: '10000', headerHash: '00'.repeat(32) });
    assert.equal(harness.reply(8).error[0], 25);
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    harness.submit(9, { jobId: '10000', headerHash: '00'.repeat(32) });
    assert.equal(harness.reply(9).error[0], 24);
  });

  test('a wrong mix hash: 20, and its sender is closed when it happens again and again', async () => {
    const harness = createHardHarness();
    harness.setJudge(() => Promise.resolve({ accepted: false, reason: 'wrong-mix' }));
    harness.logIn();
    for (let i = 1; i <= 4; i++) harness.submit(i + 10, { nonce: `000000000000000${i}` });
    await harness.clock.settle();
    assert.deepEqual(harness.reply(11).error, [20, 'wrong mix hash', null]);
    assert.deepEqual(harness.closes, ['wrong-mix']);
  });

  test('a wrong mix hash of a session that had shares taken on trust: 20, and it is closed at once', async () => {
    for (const [because, reason] of [
      ['no-verdict', 'wrong-mix'],
      ['overload', 'broken-trust'],
    ] as const) {
      const harness = createHardHarness();
      harness.logIn();
      const judgements: Judgement[] = [
        { accepted: true, verified: false, because },
        { accepted: false, reason: 'wrong-mix' },
      ];
      for (const [i, judgement] of judgements.entries()) {
        harness.setJudge(() => Promise.resolve(judgement));
        harness.submit(i + 10, { nonce: `000000000000000${i}` });
        await harness.clock.settle();
      }
      assert.deepEqual(harness.closes, because === 'overload' ? ['wrong-mix'] : []);
      assert.deepEqual(harness.reply(11).error, [20, 'wrong mix hash', null]);
      assert.deepEqual(
        harness.results.flatMap((result) => (result.kind === 'rejected' ? [result.reason] : [])),
        [reason],
      );
    }
  });

  test('a session that had shares taken on trust is closed by a wrong mix hash that is found out late, too', async () => {
    const harness = createHardHarness();
    const lates: ((isRight: boolean) => void)[] = [];
    harness.setJudge((_share, onLate) => {
      lates.push(onLate);
      return Promise.resolve({ accepted: true, verified: false, because: 'overload' });
    });
    harness.logIn();
    harness.submit(9);
    await harness.clock.settle();
    lates[0]?.(false);
    assert.deepEqual(harness.closes, ['wrong-mix']);
    assert.deepEqual(
      harness.results.flatMap((result) => (result.kind === 'revoked' ? [result.reason] : [])),
      ['broken-trust'],
    );
  });

  test('a share whose miner left before anything was known of it counts for nobody', async () => {
    const harness = createHardHarness();
    let late = (_isRight: boolean): void => {};
    const judged = Promise.withResolvers<Judgement>();
    harness.setJudge((_share, onLate) => {
      late = onLate;
      return judged.promise;
    });
    harness.logIn();
    harness.submit(9);
    harness.session.end();
    judged.resolve({ accepted: true, verified: false, because: 'no-verdict' });
    await harness.clock.settle();
    assert.deepEqual(harness.results, []);
    late(false);
    assert.deepEqual(
      harness.results.map(({ kind }) => kind),
      ['forged'],
    );
  });

  test('a session that was caught is not trusted any more: a share that nobody had time for is refused', async () => {
    for (const wasLate of [false, true]) {
      const harness = createHardHarness();
      let late = (_isRight: boolean): void => {};
      const submitJudged = async (id: number, judgement: Judgement): Promise<void> => {
        harness.setJudge((_share, onLate) => {
          late = onLate;
          return Promise.resolve(judgement);
        });
        harness.submit(id, { nonce: id.toString(16).padStart(16, '0') });
        await harness.clock.settle();
      };
      harness.logIn();
      if (wasLate) {
        await submitJudged(9, { accepted: true, verified: false, because: 'no-verdict' });
        late(false);
      } else await submitJudged(9, { accepted: false, reason: 'wrong-mix' });
      await submitJudged(10, { accepted: true, verified: false, because: 'overload' });
      assert.equal(harness.reply(10).error[0], 20);
      await submitJudged(11, { accepted: true, verified: true });
      assert.equal(harness.reply(11).result, true);
      await submitJudged(12, { accepted: true, verified: false, because: 'no-verdict' });
      assert.equal(harness.reply(12).result, true);
    }
  });

  test('shares that were verified buy demerits off, unverified ones do not', async () => {
    for (const verified of [true, false]) {
      const harness = createHardHarness();
      harness.logIn();
      let id = 10;
      const submitJudged = async (judgement: Judgement): Promise<void> => {
        harness.setJudge(() => Promise.resolve(judgement));
        id += 1;
        harness.submit(id, { nonce: id.toString(16).padStart(16, '0') });
        await harness.clock.settle();
      };
      for (let i = 0; i < 3; i++) await submitJudged({ accepted: false, reason: 'wrong-mix' });
      const good: Judgement = verified
        ? { accepted: true, verified: true }
        : { accepted: true, verified: false, because: 'no-verdict' };
      for (let i = 0; i < 3; i++) await submitJudged(good);
      await submitJudged({ accepted: false, reason: 'wrong-mix' });
      assert.deepEqual(harness.closes, verified ? [] : ['wrong-mix']);
    }
  });

  test('a wrong mix hash that was found out late counts against its sender', async () => {
    const harness = createHardHarness();
    let late = (_isRight: boolean): void => {};
    harness.setJudge((_share, onLate) => {
      late = onLate;
      return Promise.resolve({ accepted: true, verified: false, because: 'no-verdict' });
    });
    harness.logIn();
    harness.submit(9);
    await harness.clock.settle();
    assert.equal(harness.reply(9).result, true);
    for (let i = 0; i < 5; i++) late(false);
    assert.deepEqual(harness.closes, ['wrong-mix']);
  });
});

describe('other messages', () => {
  test('each is answered, none closes the connection', () => {
    const harness = createHardHarness();
    const expected: [string, unknown][] = [
      ['mining.extranonce.subscribe', true],
      ['eth_submitHashrate', true],
      ['mining.hello', 20],
      ['eth_submitLogin', 20],
      ['eth_getWork', 20],
      ['login', 20],
      ['mining.configure', {}],
      ['mining.get_transactions', []],
      ['mining.multi_version', true],
      ['mining.ping', 'pong'],
      ['client.get_version', 'KPSS'],
      ['mining.noop', 20],
    ];
    for (const [method, answer] of expected) {
      harness.ask(JSON.stringify({ id: method, method, params: {} }));
      const reply = harness.reply(method);
      const error = answer === 20 ? [20, `unsupported method ${method}`, null] : null;
      assert.deepEqual(reply, { id: method, result: error === null ? answer : null, error });
    }
    assert.deepEqual(harness.closes, []);
  });

  test('an answer to nothing is ignored', () => {
    const harness = createHardHarness();
    harness.ask('{"error":"Method not found","id":0}');
    assert.deepEqual(harness.sent, []);
  });

  test('garbage is answered each time and closed after ten', () => {
    const harness = createHardHarness();
    for (let i = 0; i < 20; i++) harness.ask('garbage');
    assert.equal(harness.sent.length, 10);
    assert(harness.sent.every((line) => line === '{"id":null,"result":null,"error":[20,"not JSON",null]}\n'));
    assert.deepEqual(harness.closes, ['garbage']);
  });
});

describe('the end', () => {
  test('the prefix rests while jobs of the session live', () => {
    const harness = createSessionHarness({ book: bookWithTemplate() });
    harness.logIn();
    harness.session.end();
    assert.equal(harness.prefixes.leased, 0);
    assert.equal(harness.prefixes.free, 65_535);
    harness.prefixes.retire(1_000);
    assert.equal(harness.prefixes.free, 65_536);
  });

  test('a share in flight is counted but not answered, and no timer is left', async () => {
    const harness = createHardHarness();
    let answer: (j: { accepted: true; verified: true }) => void = () => {};
    harness.setJudge(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    harness.logIn();
    harness.submit(9);
    harness.session.end();
    answer({ accepted: true, verified: true });
    await harness.clock.settle();
    assert.equal(harness.results.length, 1);
    assert.equal(harness.reply(9), undefined);
    assert.equal(harness.clock.pending(), 0);
  });
});
