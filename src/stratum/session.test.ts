import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bookWithTemplate, PAYOUT, recordedTemplate, tipOf } from '../../test/support/mining.ts';
import { createSessionHarness, EASY } from '../../test/support/session-harness.ts';
import { hexToBytes } from '../chain/bytes.ts';
import { targetToDifficulty } from '../chain/target.ts';
import { JobBook } from '../mining/job-book.ts';
import { LOGIN_WITHIN_MS } from './session.ts';

const HARD_BITS = { bits: '1d00ffff', target: `00000000ffff${'0'.repeat(52)}` };

/** A session whose jobs nobody solves by chance. */
function hardHarness(vardiff = EASY) {
  const book = new JobBook(new Uint8Array(0));
  book.add(recordedTemplate(HARD_BITS));
  return createSessionHarness({ vardiff, book });
}

describe('the way to the first job', () => {
  test('subscribe, authorize, then target and job, in that order', () => {
    const harness = hardHarness();
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
    const harness = hardHarness({ ...EASY, minDifficulty: 0.01, maxDifficulty: 1, startDifficulty: 0.5 });
    harness.logIn();
    const { target } = harness.lastNotify();
    assert.match(target, /^00[0-9a-f]{62}$/);
    assert.equal(targetToDifficulty(hexToBytes(target)), 0.5);
  });

  test('authorize before subscribe works as well', () => {
    const harness = hardHarness();
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
    const harness = hardHarness();
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
    const silent = hardHarness();
    const loggedIn = hardHarness();
    loggedIn.logIn();
    for (const harness of [silent, loggedIn]) {
      await harness.clock.advance(LOGIN_WITHIN_MS);
      harness.session.sweep();
    }
    assert.deepEqual(silent.closes, ['login-timeout']);
    assert.deepEqual(loggedIn.closes, []);
  });

  test('when all prefixes are taken the miner is told and closed', () => {
    const harness = hardHarness();
    while (harness.prefixes.allocate() !== undefined);
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    assert.deepEqual(harness.reply(1).error, [20, 'server is full', null]);
    assert.deepEqual(harness.closes, ['server-full']);
  });
});

describe('each kind of bad share has its code, and a good one is accepted', () => {
  const low = { ...EASY, minDifficulty: 0.5, maxDifficulty: 0.5, startDifficulty: 0.5 };
  const cases: [string, number, (h: ReturnType<typeof hardHarness>) => void][] = [
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
      const harness = hardHarness();
      harness.logIn();
      submit(harness);
      assert.equal(harness.reply(9).result, null);
      assert.equal(harness.reply(9).error[0], code);
      assert.equal(harness.results.length, 1);
    });
  }

  test('a good share: true', async () => {
    const harness = hardHarness();
    harness.logIn();
    harness.submit(9);
    await harness.clock.settle();
    assert.deepEqual(harness.reply(9), { id: 9, result: true, error: null });
    assert.equal(harness.candidates.length, 0);
  });

  test('without 0x and in upper case it is the same share', async () => {
    const harness = hardHarness();
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
    const harness = hardHarness(low);
    harness.logIn();
    harness.submit(9);
    assert.equal(harness.reply(9).error[0], 23);
  });

  test('stale after a new tip: 21', () => {
    const harness = hardHarness();
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(1) }));
    harness.submit(9, { jobId, headerHash });
    assert.deepEqual(harness.reply(9).error, [21, 'stale share', null]);
  });

  test('before subscribe: 25; before login: 24', () => {
    const harness = hardHarness();
    harness.submit(8, { jobId: '10000', headerHash: '00'.repeat(32) });
    assert.equal(harness.reply(8).error[0], 25);
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    harness.submit(9, { jobId: '10000', headerHash: '00'.repeat(32) });
    assert.equal(harness.reply(9).error[0], 24);
  });

  test('a wrong mix hash: 20, and its sender is closed when it happens again and again', async () => {
    const harness = hardHarness();
    harness.setJudge(() => Promise.resolve({ accepted: false, reason: 'wrong-mix' }));
    harness.logIn();
    for (let i = 1; i <= 4; i++) harness.submit(i + 10, { nonce: `000000000000000${i}` });
    await harness.clock.settle();
    assert.deepEqual(harness.reply(11).error, [20, 'wrong mix hash', null]);
    assert.deepEqual(harness.closes, ['demerits']);
  });

  test('a wrong mix hash that was found out late counts against its sender', async () => {
    const harness = hardHarness();
    let late = () => {};
    harness.setJudge((_share, onLate) => {
      late = onLate;
      return Promise.resolve({ accepted: true, verified: false });
    });
    harness.logIn();
    harness.submit(9);
    await harness.clock.settle();
    assert.equal(harness.reply(9).result, true);
    for (let i = 0; i < 5; i++) late();
    assert.deepEqual(harness.closes, ['demerits']);
  });
});

describe('candidates', () => {
  /** Every second hash solves the recorded regtest template; these nonces do. */
  function solve(harness: ReturnType<typeof createSessionHarness>): string {
    for (let i = 0; i < 64; i++) {
      const nonce = i.toString(16).padStart(16, '0');
      const before = harness.candidates.length;
      harness.submit(100 + i, { nonce });
      if (harness.candidates.length > before) return nonce;
    }
    throw new Error('64 hashes and no candidate');
  }

  test('a candidate is seen before its share is judged, though it misses nothing of the share target', () => {
    const order: string[] = [];
    const harness = createSessionHarness({
      vardiff: { ...EASY, minDifficulty: 1e6, maxDifficulty: 1e6, startDifficulty: 1e6 },
    });
    harness.setJudge((share) => {
      if (share.isCandidate) order.push(`judged after ${harness.candidates.length}`);
      return Promise.resolve({ accepted: true, verified: true });
    });
    harness.logIn();
    solve(harness);
    assert.deepEqual(order, ['judged after 1']);
  });

  test('the same candidate again is a duplicate and goes nowhere', async () => {
    const harness = createSessionHarness();
    harness.logIn();
    const nonce = solve(harness);
    const count = harness.candidates.length;
    harness.submit(9, { nonce });
    assert.equal(harness.candidates.length, count);
    assert.equal(harness.reply(9).error[0], 22);
  });

  test('a candidate for the tip before is still submitted, and its share called stale', () => {
    const harness = createSessionHarness();
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ previousblockhash: tipOf(1) }));
    for (let i = 0; i < 64 && harness.candidates.length === 0; i++) {
      harness.submit(200 + i, { jobId, headerHash, nonce: i.toString(16).padStart(16, '0') });
    }
    assert.equal(harness.candidates.length, 1);
    assert(harness.messages().every((m) => m.id < 200 || m.error?.[0] === 21));
  });
});

describe('jobs', () => {
  test('a new template of the same tip is a job to add, a new tip one to switch to', async () => {
    const harness = hardHarness();
    harness.logIn();
    for (const changes of [{ curtime: 1795335990 }, { previousblockhash: tipOf(7) }]) {
      await harness.clock.advance(30_000);
      harness.jobs.add(recordedTemplate({ ...HARD_BITS, ...changes }));
      harness.session.offerJob();
    }
    assert.deepEqual(
      harness.notifies().map((n) => n.cleanJobs),
      [true, false, true],
    );
    assert.equal(new Set(harness.notifies().map((n) => n.jobId)).size, 3);
    assert.equal(new Set(harness.notifies().map((n) => n.headerHash)).size, 3);
  });

  test('offering again without a new template sends nothing', async () => {
    const harness = hardHarness();
    harness.logIn();
    await harness.clock.advance(1_000);
    harness.session.offerJob();
    assert.equal(harness.notifies().length, 1);
  });

  test('two templates within a moment: the second goes out a moment later, and only once', async () => {
    const harness = hardHarness();
    harness.logIn();
    await harness.clock.advance(1_000);
    for (const byte of [1, 2, 3]) {
      harness.jobs.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(byte) }));
      harness.session.offerJob();
    }
    assert.equal(harness.notifies().length, 2);
    await harness.clock.advance(50);
    assert.equal(harness.notifies().length, 3);
    assert.equal(harness.lastNotify().headerHash, harness.jobs.current(PAYOUT)?.headerHashHex);
  });

  test('a retarget comes with a new job of another header, and shares for the old job are judged by the old target', async () => {
    const vardiff = { ...EASY, minDifficulty: 1e-12, maxDifficulty: 1, startDifficulty: 1e-10 };
    const harness = hardHarness(vardiff);
    harness.logIn();
    const first = harness.lastNotify();
    await harness.clock.advance(1_000);
    for (let i = 0; i < 24; i++)
      harness.submit(20 + i, { nonce: i.toString(16).padStart(16, '0'), ...first });
    await harness.clock.settle();
    const second = harness.lastNotify();
    assert.equal(harness.notifies().length, 2);
    assert.equal(second.cleanJobs, false);
    assert.notEqual(second.headerHash, first.headerHash);
    assert.notEqual(second.target, first.target);
    harness.submit(99, { nonce: '00000000000000ff', ...first });
    await harness.clock.settle();
    assert.equal(harness.reply(99).result, true);
  });

  test('a miner that finds nothing is eased, with a new job each time', async () => {
    const harness = hardHarness({ ...EASY, minDifficulty: 0.01, maxDifficulty: 1, startDifficulty: 1 });
    harness.logIn();
    for (let i = 0; i < 60; i++) {
      await harness.clock.advance(5_000);
      harness.session.sweep();
    }
    const difficulties = harness.notifies().map((n) => targetToDifficulty(hexToBytes(n.target)));
    assert.deepEqual(
      difficulties.map((d) => Number(d.toPrecision(3))),
      [1, 0.25, 0.0625, 0.0156, 0.01],
    );
  });

  test('the share target is never harder than the network’s', () => {
    const harness = createSessionHarness({
      vardiff: { ...EASY, minDifficulty: 1e9, maxDifficulty: 1e9, startDifficulty: 1e9 },
    });
    harness.logIn();
    assert.equal(harness.lastNotify().target, `0x7fffff${'0'.repeat(58)}`);
  });
});

describe('other messages', () => {
  test('each is answered, none closes the connection', () => {
    const harness = hardHarness();
    const expected: [string, unknown][] = [
      ['mining.extranonce.subscribe', true],
      ['eth_submitHashrate', true],
      ['mining.hello', 20],
      ['eth_submitLogin', 20],
      ['mining.configure', 20],
      ['mining.suggest_difficulty', 20],
      ['client.get_version', 20],
      ['mining.noop', 20],
    ];
    for (const [method, answer] of expected) {
      harness.ask(JSON.stringify({ id: method, method, params: {} }));
      const reply = harness.reply(method);
      if (answer === true) assert.equal(reply.result, true);
      else assert.deepEqual(reply.error, [20, `unsupported method ${method}`, null]);
    }
    assert.deepEqual(harness.closes, []);
  });

  test('an answer to nothing is ignored', () => {
    const harness = hardHarness();
    harness.ask('{"error":"Method not found","id":0}');
    assert.deepEqual(harness.sent, []);
  });

  test('garbage is answered each time and closed after ten', () => {
    const harness = hardHarness();
    for (let i = 0; i < 20; i++) harness.ask('garbage');
    assert.equal(harness.sent.length, 10);
    assert(harness.sent.every((line) => line === '{"id":null,"result":null,"error":[20,"not JSON",null]}\n'));
    assert.deepEqual(harness.closes, ['demerits']);
  });
});

describe('the end', () => {
  test('the prefix rests while jobs of the session live', () => {
    const harness = createSessionHarness({ book: bookWithTemplate() });
    harness.logIn();
    harness.session.end();
    assert.equal(harness.prefixes.leased, 0);
    for (let i = 1; i < 65_536; i++) assert.notEqual(harness.prefixes.allocate(), 0);
    assert.equal(harness.prefixes.allocate(), undefined);
    harness.prefixes.retire(1_000);
    assert.equal(harness.prefixes.allocate(), 0);
  });

  test('a share in flight is counted but not answered, and no timer is left', async () => {
    const harness = hardHarness();
    let answer: (j: { accepted: true; verified: boolean }) => void = () => {};
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
