import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Recording, readRecording, recordingsIn } from '../../test/support/replay-node.ts';
import { type RpcAnswer, readAnswer } from './rpc-answer.ts';
import { isTransient, type RpcErrorKind } from './rpc-error.ts';

const call = { method: 'getblockcount', id: 7, url: 'http://127.0.0.1:8766' };

/** Every recording that is no plain result, with what a caller must be able to tell. */
const FAILURES: Record<string, { kind: RpcErrorKind; rpcCode?: number; says?: RegExp }> = {
  'bad-base64-authorization': { kind: 'unauthorized' },
  'batch-bad-element': { kind: 'garbage' },
  'batch-empty': { kind: 'garbage' },
  batch: { kind: 'garbage' },
  'bearer-authorization': { kind: 'unauthorized' },
  'block-not-found': { kind: 'rpc', rpcCode: -5, says: /Block not found \(-5\)/ },
  'body-too-large': { kind: 'too-large' },
  'empty-body': { kind: 'rpc', rpcCode: -32700 },
  'forbidden-ip': { kind: 'forbidden', says: /rpcallowip/ },
  'height-out-of-range': { kind: 'rpc', rpcCode: -8 },
  'http-get': { kind: 'garbage', says: /JSONRPC server handles only POST requests/ },
  'http-path': { kind: 'garbage', says: /\(empty\)/ },
  'initial-block-download': { kind: 'downloading', rpcCode: -10, says: /Raven is downloading blocks/ },
  'invalid-address': { kind: 'rpc', rpcCode: -5 },
  'method-not-found': { kind: 'method-not-found', rpcCode: -32601 },
  'method-not-string': { kind: 'rpc', rpcCode: -32600 },
  'missing-method': { kind: 'rpc', rpcCode: -32600 },
  'no-authorization': { kind: 'unauthorized' },
  'not-connected': { kind: 'not-connected', rpcCode: -9, says: /Raven is not connected/ },
  // Our ids are numbers, so an answer to no id or a string is to somebody else.
  'ok-no-id': { kind: 'garbage', says: /another request/ },
  'ok-string-id': { kind: 'garbage', says: /another request/ },
  'params-string': { kind: 'rpc', rpcCode: -32600 },
  'parse-error': { kind: 'rpc', rpcCode: -32700 },
  'too-many-params': { kind: 'rpc', rpcCode: -1 },
  'top-level-string': { kind: 'rpc', rpcCode: -32700 },
  'type-error': { kind: 'rpc', rpcCode: -1 },
  'unknown-named-param': { kind: 'rpc', rpcCode: -8 },
  'warmup-1': { kind: 'warming-up', rpcCode: -28, says: /RPC server started/ },
  'warmup-2': { kind: 'warming-up', rpcCode: -28, says: /Loading block index/ },
  'warmup-3': { kind: 'warming-up', rpcCode: -28, says: /Verifying blocks/ },
  'warmup-then-not-connected': { kind: 'not-connected', rpcCode: -9 },
  'work-queue-depth-exceeded': { kind: 'busy', says: /work queue depth exceeded/ },
  'wrong-password': { kind: 'unauthorized', says: /wrong RPC user or password/ },
};

const SUCCESSES = [
  'cookie-auth',
  'http-wallet-path',
  'initial-block-download-getblockchaininfo',
  'not-connected-getblockcount',
  'ok-jsonrpc2',
  'ok-named-params',
  'ok-no-params',
  'ok-v1',
  'stop',
];

function read(recording: Recording): RpcAnswer {
  const text = recording.responseText.replace(/"id":\d+\}\n$/, '"id":7}\n');
  return readAnswer({ status: recording.httpStatus, text }, call);
}

function failure(status: number, text: string): { kind: string; message: string } {
  const answer = readAnswer({ status, text }, call);
  assert.ok(!answer.ok);
  return answer.error;
}

test('every recording of errors/ is spoken for', () => {
  const names = recordingsIn('errors').map((file) => file.replace('.json', ''));
  assert.deepEqual(names.toSorted(), [...Object.keys(FAILURES), ...SUCCESSES].toSorted());
});

for (const [name, expected] of Object.entries(FAILURES)) {
  test(`errors/${name} is ${expected.kind}${expected.rpcCode === undefined ? '' : ` ${expected.rpcCode}`}`, () => {
    const answer = read(readRecording(`errors/${name}.json`));
    assert.ok(!answer.ok);
    assert.equal(answer.error.kind, expected.kind);
    assert.equal(answer.error.rpcCode, expected.rpcCode);
    assert.match(answer.error.message, expected.says ?? /^getblockcount at http:\/\/127\.0\.0\.1:8766: \S/);
  });
}

for (const name of SUCCESSES) {
  test(`errors/${name} is an ordinary result`, () => {
    const recording = readRecording(`errors/${name}.json`);
    const answer = read(recording);
    const { result } = (recording as unknown as { response: { result: unknown } }).response;
    assert.deepEqual(answer, { ok: true, result });
  });
}

test('an answer to another request is not taken', () => {
  assert.equal(failure(200, '{"result":1,"error":null,"id":8}').kind, 'garbage');
  assert.equal(failure(500, '{"result":null,"error":{"code":-28,"message":"x"},"id":8}').kind, 'garbage');
});

test('what is JSON but no JSON-RPC answer is garbage', () => {
  for (const text of [
    '1',
    'null',
    '"hello"',
    '[]',
    '{}',
    '{"id":7}',
    '{"id":7,"error":"no"}',
    '{"id":7,"error":{"code":"x","message":"y"}}',
  ]) {
    assert.equal(failure(200, text).kind, 'garbage', text);
  }
  assert.equal(failure(500, '{"result":1,"error":null,"id":7}').kind, 'garbage');
});

test('a result of null is a result', () => {
  assert.deepEqual(readAnswer({ status: 200, text: '{"result":null,"error":null,"id":7}\n' }, call), {
    ok: true,
    result: null,
  });
});

test('HTML, truncated JSON and an empty body are garbage, shown in one short line', () => {
  const page = `<html>\r\n<body>\u001b[31m${'Welcome '.repeat(500)}</body></html>`;
  for (const text of [page, '{"result":{"height":12', '']) {
    const { kind, message } = failure(200, text);
    assert.equal(kind, 'garbage');
    assert.ok(message.length < 400);
    assert.doesNotMatch(message, /\p{Cc}/u);
  }
});

test('JSON nested a hundred thousand deep is an answer like any other bad one', () => {
  const deep = '['.repeat(100_000);
  assert.equal(failure(200, deep).kind, 'garbage');
  assert.equal(failure(200, `{"a":1234567890123456789,"b":${deep}${']'.repeat(100_000)}}`).kind, 'garbage');
});

test('a proxy that cannot reach the node, and a node that takes no requests, are told apart', () => {
  assert.equal(failure(502, '<h1>Bad Gateway</h1>').kind, 'unreachable');
  assert.equal(failure(504, '').kind, 'unreachable');
  assert.equal(failure(503, 'Work queue depth exceeded').kind, 'busy');
});

test('what asking again may mend is transient', () => {
  const transient = Object.entries(FAILURES)
    .filter(([name]) => isTransient((read(readRecording(`errors/${name}.json`)) as { error: unknown }).error))
    .map(([, { kind }]) => kind);
  assert.deepEqual([...new Set(transient)].toSorted(), [
    'busy',
    'downloading',
    'forbidden',
    'garbage',
    'not-connected',
    'unauthorized',
    'warming-up',
  ]);
});

test('no status and no text make it throw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
      assert.equal(typeof readAnswer({ status, text }, call).ok, 'boolean');
    }),
  );
});
