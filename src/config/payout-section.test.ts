import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bad, good, MAIN, only, TEST } from '../../test/support/config.ts';
import { PAYOUT, recordedTemplate } from '../../test/support/mining.ts';
import { TAG_BYTES_MAX } from '../chain/coinbase.ts';
import { createJob } from '../mining/job.ts';

describe('payout', () => {
  const problem = (yaml: string): string => {
    const problems = bad(yaml);
    assert.equal(problems.length, 1, problems.join('\n'));
    return problems[0] ?? '';
  };

  test('an address of another network is refused, and told whose it is', () => {
    assert.equal(
      problem(`network: test\npayout:\n  address: ${MAIN}`),
      `kpss.yaml:3: payout.address: expected an address of ravencoin test, got "${MAIN}": it is not an address of ` +
        'ravencoin test, but of ravencoin main',
    );
    const flags = { network: 'test', address: MAIN };
    assert.match(bad(undefined, { flags }).join(), /^--address: expected an address of ravencoin test/);
    assert.equal(only(good(undefined, { flags: { ...flags, address: TEST } })).payoutAddress, TEST);
  });

  test('a placeholder that was left in is called one', () => {
    const text = 'that is still a placeholder: put your own address there';
    assert.equal(
      problem('payout: { address: YOUR_ADDRESS }'),
      `kpss.yaml:1: payout.address: expected an address of ravencoin main, got "YOUR_ADDRESS": ${text}`,
    );
    for (const address of ['ANOTHER_ADDRESS', '<address>', 'RYourAddressHere']) {
      assert.ok(bad(undefined, { flags: { address } })[0]?.endsWith(text), address);
    }
    assert.doesNotMatch(problem(`payout: { address: ${MAIN.slice(0, -1)} }`), /placeholder/);
  });

  test('recipients are paid less than all', () => {
    const recipients = (...percents: string[]): string =>
      `payout:\n  recipients: [${percents.map((percent) => `{ address: ${MAIN}, percent: ${percent} }`).join(', ')}]`;
    assert.match(
      problem(recipients('60', '40')),
      /:2: payout\.recipients: expected less than 100 percent.*got 100:/,
    );
    assert.equal(only(good(recipients('60', '39.9999'))).payout.recipients[1]?.partsPerMillion, 399_999);
    for (const percent of ['0', '-1', '100', '1.00001', '"5"', '.nan', '.inf', 'a']) {
      assert.match(
        problem(recipients(percent)),
        /recipients\[0\]\.percent: expected a percentage above 0/,
        percent,
      );
    }
    assert.match(
      problem(recipients(...Array.from({ length: 33 }, () => '1'))),
      /expected at most 32 recipients/,
    );
    assert.match(problem(`payout: { recipients: [{ percent: 1 }] }`), /recipients\[0\]\.address: is missing/);
    assert.match(problem('payout: { recipients: { percent: 1 } }'), /expected a list of recipients.*a group/);
  });

  test('every percentage with four decimals is exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), (parts) => {
        const yaml = `payout: { recipients: [{ address: ${MAIN}, percent: ${(parts / 10_000).toFixed(4)} }] }`;
        assert.equal(only(good(yaml)).payout.recipients[0]?.partsPerMillion, parts);
      }),
      { numRuns: 50 },
    );
  });

  test('a tag fits into every coinbase', () => {
    assert.equal(only(good(`payout: { tag: "${'x'.repeat(91)}" }`)).tag.length, 91);
    assert.equal(only(good('payout: { tag: "" }')).tag.length, 0);
    assert.equal(
      problem(`payout: { tag: "${'é'.repeat(46)}" }`),
      'kpss.yaml:1: payout.tag: expected at most 91 bytes, got 92',
    );
  });
});

test('the longest tag that is taken is one that a job takes at any height, and one byte more is neither', () => {
  const { tag } = only(good(`payout: { address: ${MAIN}, tag: "${'x'.repeat(TAG_BYTES_MAX)}" }`));
  const template = recordedTemplate({ height: 61_439_999, transactions: [] });
  const parameters = { sequence: 1, template, branch: [], seedHashHex: '', payout: PAYOUT, variant: 1 };
  createJob({ ...parameters, tag });
  assert.throws(() => createJob({ ...parameters, tag: new Uint8Array(tag.length + 1) }), RangeError);
  assert.match(
    bad(`payout: { address: ${MAIN}, tag: "${'x'.repeat(TAG_BYTES_MAX + 1)}" }`).join(),
    /at most 91 bytes/,
  );
});
