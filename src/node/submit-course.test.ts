import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpSubmitter as setUp, unreachable } from '../../test/support/submitter-harness.ts';

// What the log says of the nodes' answers.

test('of a node whose status says why it takes no blocks there is no warning, and its verdicts are kept', async () => {
  for (const answer of [unreachable, 'prev-blk-not-found', 'bad-prevblk']) {
    const { log, leftAside, verdicts, outcomeAfter } = setUp(
      { submitblock: [null] },
      { submitblock: [answer] },
    );
    leftAside.add('node2');
    assert.equal((await outcomeAfter(5_000))?.kind, 'accepted');
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'warn' || level === 'error'),
      [],
    );
    assert(log.lines.some(({ message }) => /node2/.test(message)));
    assert(verdicts.some(({ node, verdict }) => node === 'node2' && verdict.kind !== 'accepted'));
  }
});
