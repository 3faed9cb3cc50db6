import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRecording, recordingsIn } from '../../test/support/replay-node.ts';
import { readAnswer } from './rpc-answer.ts';
import { RpcError } from './rpc-error.ts';
import { classifyError, classifyResult, type SubmitVerdict } from './submit-verdict.ts';

/** What each recording of submitblock/ must be taken for; with the reason where the kind alone does not give it. */
const EXPECTED: Record<string, [SubmitVerdict['kind'], string?]> = {
  'accepted-empty-from-full-template': ['accepted'],
  'accepted-mintime': ['accepted'],
  'accepted-nonce-high': ['accepted'],
  'accepted-reordered': ['accepted'],
  'accepted-scriptsig-100': ['accepted'],
  'accepted-scriptsig-height-only': ['accepted'],
  'accepted-time-600s-ahead': ['accepted'],
  'accepted-two-outputs-p2sh': ['accepted'],
  'accepted-underpaid': ['accepted'],
  'accepted-uppercase-hex': ['accepted'],
  'accepted-version-3fffe000': ['accepted'],
  accepted: ['accepted'],
  'bad-cb-amount-fees-claimed-without-tx': ['rejected', 'bad-cb-amount'],
  'bad-cb-amount': ['rejected', 'bad-cb-amount'],
  'bad-cb-height-missing': ['rejected', 'bad-cb-height'],
  'bad-cb-height': ['rejected', 'bad-cb-height'],
  'bad-cb-length': ['rejected', 'bad-cb-length'],
  'bad-cb-multiple': ['rejected', 'bad-cb-multiple'],
  'bad-diffbits': ['rejected', 'bad-diffbits'],
  'bad-prevblk': ['rejected', 'bad-prevblk'],
  'bad-txnmrklroot': ['rejected', 'bad-txnmrklroot'],
  'bad-txns-duplicate': ['rejected', 'bad-txns-duplicate'],
  'bad-txns-inputs-missingorspent': ['rejected', 'bad-txns-inputs-missingorspent'],
  'bad-version-20000000': ['rejected', 'bad-version(0x20000000)'],
  'bad-version': ['rejected', 'bad-version(0x00000004)'],
  'bad-witness-merkle-match-nonzero-reserved': ['rejected', 'bad-witness-merkle-match'],
  'bad-witness-merkle-match': ['rejected', 'bad-witness-merkle-match'],
  'bad-witness-nonce-size': ['rejected', 'bad-witness-nonce-size'],
  'duplicate-invalid': ['rejected', 'duplicate-invalid'],
  'duplicate-old': ['duplicate'],
  duplicate: ['duplicate'],
  'empty-string': ['undecodable', 'Block decode failed'],
  'garbage-hex': ['undecodable', 'Block decode failed'],
  'header-height-too-large': ['not-yet', 'the node is more than ten blocks behind'],
  'header-only': ['undecodable', 'Block decode failed'],
  'high-hash-and-wrong-mix': ['rejected', 'high-hash'],
  'high-hash': ['rejected', 'high-hash'],
  'inconclusive-again': ['duplicate-inconclusive'],
  inconclusive: ['inconclusive'],
  'invalid-mix-hash': ['rejected', 'invalid-mix-hash'],
  'no-params': ['usage'],
  'no-transactions': ['undecodable', 'Block does not start with a coinbase'],
  'null-param': ['usage', 'JSON value is not a string as expected'],
  'number-param': ['usage', 'JSON value is not a string as expected'],
  'object-param': ['usage', 'JSON value is not a string as expected'],
  'odd-hex': ['undecodable', 'Block decode failed'],
  'prev-blk-not-found': ['not-yet', 'prev-blk-not-found'],
  'same-tx-twice-odd': ['rejected', 'bad-txns-inputs-missingorspent'],
  'three-params': ['usage'],
  'time-too-new': ['not-yet', 'time-too-new'],
  'time-too-old': ['rejected', 'time-too-old'],
  'trailing-bytes': ['accepted'],
  truncated: ['undecodable', 'Block decode failed'],
  'two-params': ['accepted'],
  'unexpected-witness': ['rejected', 'unexpected-witness'],
};

const NEXT: Record<SubmitVerdict['kind'], SubmitVerdict['next']> = {
  accepted: 'done',
  duplicate: 'ask-the-chain',
  inconclusive: 'ask-the-chain',
  'duplicate-inconclusive': 'ask-the-chain',
  'not-yet': 'try-again',
  rejected: 'done',
  undecodable: 'done',
  usage: 'done',
  'no-answer': 'try-again',
};

function verdictOf(path: string): SubmitVerdict {
  const recording = readRecording(path);
  const text = recording.responseText.replace(/"id":\d+\}\n$/, '"id":1}\n');
  const answer = readAnswer(
    { status: recording.httpStatus, text },
    { method: 'submitblock', id: 1, url: 'http://127.0.0.1:8766' },
  );
  return answer.ok ? classifyResult(answer.result) : classifyError(answer.error);
}

test('every recording of submitblock/ is spoken for', () => {
  const names = recordingsIn('submitblock').map((file) => file.replace('.json', ''));
  assert.deepEqual(names.toSorted(), Object.keys(EXPECTED).toSorted());
});

for (const [name, [kind, reason]] of Object.entries(EXPECTED)) {
  test(`submitblock/${name} is ${kind}`, () => {
    const verdict = verdictOf(`submitblock/${name}.json`);
    assert.equal(verdict.kind, kind);
    assert.equal(verdict.next, NEXT[kind]);
    if (reason !== undefined) assert.equal('reason' in verdict && verdict.reason, reason);
    assert.ok(!('reason' in verdict) || verdict.reason.length <= 120);
  });
}

test('only null is an acceptance', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.dictionary(fc.string(), fc.string()),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(anything, (result) => {
      assert.notEqual(classifyResult(result).kind, 'accepted');
    }),
  );
});

test('an unknown reason, or none, is a rejection', () => {
  assert.deepEqual(classifyResult('bad-new-rule'), {
    kind: 'rejected',
    next: 'done',
    reason: 'bad-new-rule',
  });
  assert.deepEqual(classifyResult(''), { kind: 'rejected', next: 'done', reason: 'no reason given' });
});

for (const name of [
  'warmup-2',
  'work-queue-depth-exceeded',
  'wrong-password',
  'forbidden-ip',
  'not-connected',
]) {
  test(`errors/${name} means: the node did nothing, try again`, () => {
    const verdict = verdictOf(`errors/${name}.json`);
    assert.ok(verdict.kind === 'no-answer' && verdict.mayHaveActed === false);
  });
}

test('a timeout, a lost connection and an inner error of the node may have left the block in the chain', () => {
  for (const error of [
    new RpcError('timeout', 'no answer'),
    new RpcError('unreachable', 'closed the connection'),
    new RpcError('garbage', 'not JSON'),
    new RpcError('rpc', 'disk full (-25)', { rpcCode: -25, rpcMessage: 'disk full' }),
    new Error('whatever'),
  ]) {
    const verdict = classifyError(error);
    assert.ok(verdict.kind === 'no-answer' && verdict.mayHaveActed, error.message);
  }
});

test('what fails within the node has the code of a wrong call, and is none', () => {
  const rpcMessage = 'Fatal LevelDB error: IO error: No space left on device';
  const verdict = classifyError(new RpcError('rpc', `${rpcMessage} (-1)`, { rpcCode: -1, rpcMessage }));
  assert.ok(verdict.kind === 'no-answer' && verdict.mayHaveActed);
});

test('a block that no node takes for its size is not sent again', () => {
  assert.equal(classifyError(new RpcError('too-large', 'the request is too large')).kind, 'usage');
});
