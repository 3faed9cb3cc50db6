import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bad, good, only } from '../../test/support/config.ts';

describe('how new blocks are asked for', () => {
  const tipsOf = (yaml: string) => only(good(yaml)).tips;
  const defaults = { pollMs: 250, refreshMs: 30_000, askAfterFound: true };

  test('has defaults, and each setting by itself', () => {
    assert.deepEqual(tipsOf(''), defaults);
    assert.deepEqual(tipsOf('tips: { pollMs: 50 }'), { ...defaults, pollMs: 50 });
    assert.deepEqual(tipsOf('tips: { refreshS: 50 }'), { ...defaults, refreshMs: 50_000 });
    assert.deepEqual(tipsOf('tips: { askAfterFound: false }'), { ...defaults, askAfterFound: false });
  });

  test('is known by the old server’s names too, where it polls even at 0', () => {
    assert.deepEqual(tipsOf('blockRefreshInterval: 1000'), { ...defaults, pollMs: 1000 });
    assert.deepEqual(tipsOf('blockRefreshInterval: 0'), defaults);
    assert.deepEqual(tipsOf('getNewBlockAfterFound: false'), { ...defaults, askAfterFound: false });
    assert.deepEqual(tipsOf('{ blockRefreshInterval: 500, tips: { askAfterFound: false } }'), {
      ...defaults,
      pollMs: 500,
      askAfterFound: false,
    });
    const [first] = good('instances: [{ blockRefreshInterval: 750 }]').instances;
    assert.equal(first?.tips.pollMs, 750);
  });

  test('by both names is a contradiction', () => {
    const yaml = `blockRefreshInterval: 0
getNewBlockAfterFound: true
tips: { pollMs: 250, askAfterFound: true }
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:1: blockRefreshInterval: is the old name of tips.pollMs, and both are given: keep one of them',
      'kpss.yaml:2: getNewBlockAfterFound: is the old name of tips.askAfterFound, and both are given: keep one of them',
    ]);
    const yamlOfList = 'instances: [{ name: a, blockRefreshInterval: 0, tips: { pollMs: 250 } }]';
    assert.match(
      bad(yamlOfList).join(),
      /^kpss\.yaml:1: instances\[0\]\.blockRefreshInterval: is the old name/,
    );
  });

  test('is refused with what was expected', () => {
    assert.deepEqual(bad('tips:\n  pollMs: 0\n  refreshS: 55\n  askAfterFound: 1\n  refreshs: 5'), [
      'kpss.yaml:2: tips.pollMs: expected milliseconds from 50 to 10000, got 0',
      'kpss.yaml:3: tips.refreshS: expected seconds, from 5 to 50, got 55',
      'kpss.yaml:4: tips.askAfterFound: expected true or false, got 1',
      'kpss.yaml:5: tips.refreshs: unknown setting: did you mean refreshS?',
    ]);
    assert.deepEqual(bad('blockRefreshInterval: 20\ngetNewBlockAfterFound: on\npollMs: 5\ntips: 5'), [
      'kpss.yaml:1: blockRefreshInterval: expected milliseconds from 50 to 10000, or 0 for the default, got 20',
      'kpss.yaml:2: getNewBlockAfterFound: expected true or false, got "on"',
      'kpss.yaml:3: pollMs: belongs under tips: indent it',
      'kpss.yaml:4: tips: expected a group of settings, got 5',
    ]);
    assert.deepEqual(bad('blockRefreshIntervall: 20'), [
      'kpss.yaml:1: blockRefreshIntervall: unknown setting: did you mean blockRefreshInterval?',
    ]);
  });
});

describe('the throttle', () => {
  const throttleOf = (yaml: string) => only(good(yaml)).throttle;
  const none = { blocksPerHour: undefined, minBlockIntervalMs: undefined, pauseAboveDifficulty: undefined };

  test('has no rule that is not given', () => {
    for (const yaml of ['', 'throttle:', 'throttle: {}']) assert.deepEqual(throttleOf(yaml), none);
    assert.deepEqual(throttleOf('throttle: { blocksPerHour: 0.01 }'), { ...none, blocksPerHour: 0.01 });
    assert.deepEqual(throttleOf('throttle: { minBlockIntervalS: 1.5 }'), {
      ...none,
      minBlockIntervalMs: 1500,
    });
    assert.deepEqual(throttleOf('throttle: { pauseAboveDifficulty: 0.5 }'), {
      ...none,
      pauseAboveDifficulty: 0.5,
    });
  });

  test('is refused with what was expected', () => {
    const yaml =
      'throttle:\n  blocksPerHour: 0\n  minBlockIntervalS: "60"\n  pauseAboveDifficulty: 0\n  blocks: 1';
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:2: throttle.blocksPerHour: expected a number from 0.01 to 3600, got 0',
      'kpss.yaml:3: throttle.minBlockIntervalS: expected seconds, from 1 to 360000, got "60"',
      'kpss.yaml:4: throttle.pauseAboveDifficulty: expected a difficulty from 1e-10 to 1e12, got 0',
      'kpss.yaml:5: throttle.blocks: unknown setting: did you mean blocksPerHour?',
    ]);
    assert.deepEqual(bad('blocksPerHour: 5'), [
      'kpss.yaml:1: blocksPerHour: belongs under throttle: indent it',
    ]);
  });
});
