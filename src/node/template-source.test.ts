import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  TIP_A as A,
  TIP_B as B,
  TIP_C as C,
  setUpTemplateSource as setUp,
} from '../../test/support/template-source-harness.ts';

test('the first template comes at once, and is a new tip', async () => {
  const { clock, rpc, source, served, states } = setUp();
  source.start();
  await clock.settle();
  assert.deepEqual(served(), [[A, true]]);
  assert.deepEqual(states(), ['connecting', 'ready']);
  assert.deepEqual(rpc.calls[1]?.params, [{ rules: ['segwit'] }]);
  await source.stop();
});

test('a new tip is served as soon as the poll sees it, at most 250 ms later', async () => {
  const { clock, node, source, templates } = setUp();
  source.start();
  await clock.advance(1100);
  node.tip = B;
  await clock.advance(250);
  assert.deepEqual(templates.at(-1), { tip: B, newTip: true, serial: 2, atMs: 1250 });
  await source.stop();
});

test('a block of the same height is a new tip too, and so is going back to the first', async () => {
  const { clock, node, source, served } = setUp();
  source.start();
  for (const tip of [B, C, B]) {
    await clock.advance(500);
    node.tip = tip;
  }
  await clock.advance(500);
  assert.deepEqual(served(), [
    [A, true],
    [B, true],
    [C, true],
    [B, true],
  ]);
  await source.stop();
});

test('while the tip stays, the template is refreshed every 30 s and nothing else is fetched', async () => {
  const { clock, source, templates, fetches } = setUp();
  source.start();
  await clock.advance(90_000);
  assert.deepEqual(
    templates.map(({ newTip, atMs }) => [newTip, atMs]),
    [
      [true, 0],
      [false, 30_000],
      [false, 60_000],
      [false, 90_000],
    ],
  );
  assert.equal(fetches(), 4);
  await source.stop();
});

test('a new tip puts off the next refresh', async () => {
  const { clock, node, source, templates } = setUp();
  source.start();
  await clock.advance(20_000);
  node.tip = B;
  await clock.advance(25_000);
  assert.deepEqual(
    templates.map(({ atMs }) => atMs),
    [0, 20_250],
  );
  await source.stop();
});

test('refresh asks at once, and once more if a template was under way already', async () => {
  const { clock, node, rpc, source, served, templates, templateFor, fetches } = setUp();
  source.start();
  await clock.settle();
  source.refresh();
  await clock.settle();
  assert.deepEqual(served().at(-1), [A, false]);
  rpc.hold('getblocktemplate');
  source.refresh();
  source.refresh();
  source.refresh();
  assert.equal(fetches(), 3);
  rpc.take('getblocktemplate').answer(templateFor(A));
  await clock.settle();
  assert.equal(fetches(), 4);
  rpc.take('getblocktemplate').answer(templateFor(A));
  await clock.settle();
  assert.equal(fetches(), 4);
  assert.equal(templates.at(-1)?.serial, node.serial);
  await source.stop();
});

test('an answer that is older than the tip seen meanwhile is dropped, and asked again', async () => {
  const { clock, node, rpc, source, served, templateFor, fetches } = setUp();
  source.start();
  await clock.settle();
  rpc.hold('getblocktemplate');
  source.refresh();
  const slow = rpc.take('getblocktemplate');
  const old = templateFor(A);
  node.tip = B;
  await clock.advance(250);
  assert.equal(fetches(), 2, 'never two under way');
  slow.answer(old);
  await clock.settle();
  assert.deepEqual(served(), [[A, true]]);
  assert.equal(fetches(), 3);
  rpc.take('getblocktemplate').answer(templateFor(B));
  await clock.settle();
  assert.deepEqual(served().at(-1), [B, true]);
  assert.equal(rpc.atOnce('getblocktemplate'), 1);
  await source.stop();
});

test('an answer for the tip seen meanwhile is served, without asking twice', async () => {
  const { clock, node, rpc, source, served, templateFor, fetches } = setUp();
  source.start();
  await clock.settle();
  rpc.hold('getblocktemplate');
  source.refresh();
  node.tip = B;
  await clock.advance(250);
  rpc.take('getblocktemplate').answer(templateFor(B));
  await clock.settle();
  assert.deepEqual(served(), [
    [A, true],
    [B, true],
  ]);
  assert.equal(fetches(), 2);
  await source.stop();
});

test('a template for a tip the poll has not seen yet is served, and the poll brings it no second time', async () => {
  const { clock, node, rpc, source, served, templateFor, fetches } = setUp();
  source.start();
  await clock.settle();
  node.tip = B;
  rpc.hold('getblocktemplate');
  await clock.advance(250);
  node.tip = C;
  rpc.take('getblocktemplate').answer(templateFor(C));
  rpc.hold();
  await clock.advance(5_000);
  assert.deepEqual(served(), [
    [A, true],
    [C, true],
  ]);
  assert.equal(fetches(), 2);
  await source.stop();
});

test('a poll answer that was under way while a template came does not turn the tip back', async () => {
  const { clock, node, rpc, source, served, fetches } = setUp();
  source.start();
  await clock.settle();
  rpc.hold('getbestblockhash');
  await clock.advance(250);
  const slowPoll = rpc.take('getbestblockhash');
  rpc.hold();
  node.tip = B;
  source.refresh();
  await clock.settle();
  slowPoll.answer(A);
  await clock.advance(5_000);
  assert.deepEqual(served(), [
    [A, true],
    [B, true],
  ]);
  assert.equal(fetches(), 2);
  await source.stop();
});

test('a tip signal fetches at once; the same news again fetches nothing', async () => {
  const { clock, node, source, templates, served, fetches } = setUp();
  source.start();
  await clock.advance(1010);
  node.tip = B;
  source.noteTip(B.toUpperCase());
  source.noteTip(B);
  await clock.settle();
  source.noteTip(B);
  await clock.advance(1000);
  assert.equal(templates.at(-1)?.atMs, 1010);
  assert.deepEqual(served(), [
    [A, true],
    [B, true],
  ]);
  assert.equal(fetches(), 2);
  await source.stop();
});

test('a late or wrong tip signal sends no job, and puts no refresh off', async () => {
  const { clock, source, templates } = setUp();
  source.start();
  await clock.advance(10);
  for (let i = 0; i < 40; i++) {
    source.noteTip(C);
    await clock.advance(1000);
  }
  assert.deepEqual(
    templates.map(({ tip, newTip, atMs }) => [tip, newTip, atMs]),
    [
      [A, true, 0],
      [A, false, 30_000],
    ],
  );
  await source.stop();
});

test('a signal that comes before the node has the block is followed by a question 50 ms later', async () => {
  const { clock, node, source, templates } = setUp();
  source.start();
  await clock.advance(1010);
  source.noteTip(B);
  await clock.settle();
  node.tip = B;
  await clock.advance(1000);
  assert.deepEqual(templates.at(-1), { tip: B, newTip: true, serial: 3, atMs: 1060 });
  await source.stop();
});

test('on standby the tip is told at once, and the template fetched a second later, however often the tip changes', async () => {
  const tips: [string, number][] = [];
  let standby = false;
  const { clock, node, source, templates } = setUp({
    isStandby: () => standby,
    onTip: (tip) => tips.push([tip, clock.nowMs() - startMs]),
  });
  const startMs = clock.nowMs();
  source.start();
  await clock.advance(1000);
  standby = true;
  for (const tip of [B, C, B, C, B, C]) {
    node.tip = tip;
    await clock.advance(250);
  }
  assert.deepEqual(tips.slice(0, 3), [
    [A, 0],
    [B, 1250],
    [C, 1500],
  ]);
  assert.deepEqual(
    templates.map(({ tip, atMs }) => [tip, atMs]),
    [
      [A, 0],
      [B, 2250],
    ],
  );
  await source.stop();
});

test('what is needed of a node on standby is asked for at once, and once', async () => {
  const { clock, node, source, templates, fetches } = setUp({ isStandby: () => true });
  source.start();
  await clock.advance(1010);
  node.tip = B;
  source.noteTip(B);
  await clock.settle();
  source.urge();
  source.urge();
  await clock.advance(2000);
  assert.deepEqual([templates.at(-1)?.tip, templates.at(-1)?.atMs, fetches()], [B, 1010, 2]);
  await source.stop();
});

test('a tip signal during a fetch is followed by another one, unless that fetch brings it', async () => {
  for (const brought of [A, B]) {
    const { clock, node, rpc, source, served, templateFor, fetches } = setUp();
    source.start();
    await clock.settle();
    rpc.hold('getblocktemplate');
    source.refresh();
    node.tip = B;
    source.noteTip(B);
    rpc.take('getblocktemplate').answer(templateFor(brought));
    rpc.hold();
    await clock.settle();
    assert.deepEqual(served().at(-1), [B, true]);
    assert.equal(fetches(), brought === A ? 3 : 2);
    await source.stop();
  }
});

test('on standby a tip signal during a poll is followed by another question, unless that poll names the tip', async () => {
  const tips: string[] = [];
  const { clock, node, rpc, source } = setUp({ isStandby: () => true, onTip: (tip) => tips.push(tip) });
  source.start();
  await clock.advance(5_000);
  const polls = () => rpc.count('getbestblockhash');
  rpc.hold('getbestblockhash');
  await clock.advance(250);
  const before = polls();
  source.noteTip(B);
  node.tip = B;
  rpc.hold();
  rpc.take('getbestblockhash').answer(A);
  await clock.advance(0);
  assert.deepEqual([tips, polls()], [[A, B], before + 1]);
  rpc.hold('getbestblockhash');
  await clock.advance(250);
  source.noteTip(C);
  rpc.take('getbestblockhash').answer(C);
  await clock.advance(200);
  assert.deepEqual([tips, polls()], [[A, B, C], before + 2], 'no question too many');
  rpc.hold();
  await source.stop();
});
