import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash, GONE, setUpNodeSet, TIMED_OUT } from '../../test/support/node-set-harness.ts';
import { RpcError } from './rpc-error.ts';

// Three nodes under faults that a seed draws; then all are well, and the best tip must be mined on.

/** As many as take a second or two; a change of the choice is tried with some hundreds. */
const SEEDS = Number(process.env.NODE_SET_SEEDS ?? 12);
const STEPS = 40;

/** xorshift32: plain, and the same everywhere. */
function drawFrom(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`faults of seed ${seed} leave nothing behind`, async () => {
    const draw = drawFrom(seed);
    const { clock, set, n1, n2, n3, jobs, report, statuses, log } = setUpNodeSet(3);
    const nodes = [n1, n2, n3];
    let height = 1;
    set.start();
    for (let step = 0; step < STEPS; step++) {
      const { state, name } = nodes[draw(3)] ?? n1;
      const tip = `${'abc'[draw(3)]}${height - (draw(4) === 0 ? Math.min(1, height - 1) : 0)}`;
      switch (draw(10)) {
        case 0:
          state.away = draw(2) === 0 ? GONE : TIMED_OUT;
          break;
        case 1:
          state.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
          break;
        case 2:
          state.chainwork = draw(2) === 0 ? 'garbage' : TIMED_OUT;
          break;
        case 3:
          state.away = undefined;
          state.noTemplate = undefined;
          break;
        case 4:
          height += 1;
          state.tip = `a${height}`;
          break;
        case 5:
          for (const node of nodes) node.state.tip = tip;
          break;
        case 6:
          set.noteTip(blockHash(tip), { signal: 'p2p', node: name });
          break;
        case 7:
          set.refresh();
          break;
        case 8:
          state.hangs = draw(2) === 0;
          break;
        default:
          state.tip = tip;
      }
      await clock.advance(draw(3) === 0 ? draw(20_000) : draw(600));
    }
    for (const { state } of nodes) {
      state.away = undefined;
      state.noTemplate = undefined;
      state.hangs = false;
      delete state.chainwork;
    }
    n2.state.tip = `b${height + 1}`;
    await clock.advance(20_000);
    assert.equal(jobs.at(-1)?.tip, `b${height + 1}`, 'the best tip, whoever has it');
    assert.equal(report('n2').isSource, true);
    for (const { state } of nodes) state.tip = `b${height + 2}`;
    await clock.advance(250);
    assert.equal(jobs.at(-1)?.tip, `b${height + 2}`, 'at the next poll');
    await clock.advance(10_000);
    assert.equal(report('n1').isSource, true, 'the best priority in the end');
    assert.equal(statuses.at(-1)?.state, 'ready');
    const before = jobs.length;
    await clock.advance(60_000);
    assert.equal(jobs.length, before + 2, 'refreshes, and nothing else');
    for (const [index, { newTip, tip }] of jobs.entries()) assert.equal(newTip, tip !== jobs[index - 1]?.tip);
    for (const { rpc } of nodes) {
      assert(rpc.atOnce('getbestblockhash') === 1 && rpc.atOnce('getblocktemplate') === 1);
    }
    assert(log.lines.every(({ level }) => level !== 'error'));
    await set.stop();
    assert.equal(clock.pending(), 0);
  });
}
