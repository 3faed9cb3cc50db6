import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecording } from '../../test/support/replay-node.ts';
import { systemClock } from '../clock.ts';
import { KpssError } from '../error.ts';
import { createCredentialSource } from './credentials.ts';
import { readAnswer } from './rpc-answer.ts';
import { createRpcClient } from './rpc-client.ts';
import { RpcError } from './rpc-error.ts';
import {
  badTemplate,
  CONNECTING,
  describe,
  type NodeState,
  needsTheOwner,
  READY,
  wrongNetwork,
} from './status.ts';

const call = { method: 'getblocktemplate', id: 1, url: 'http://127.0.0.1:8766' };

function statusOf(name: string) {
  const recording = readRecording(`errors/${name}.json`);
  const text = recording.responseText.replace(/"id":\d+\}\n$/, '"id":1}\n');
  const answer = readAnswer({ status: recording.httpStatus, text }, call);
  assert.ok(!answer.ok);
  return describe(answer.error);
}

const EXPECTED: [string, NodeState, RegExp][] = [
  ['wrong-password', 'wrong-password', /refuses the RPC user or password.*rpcpassword/],
  ['no-authorization', 'wrong-password', /rpcuser/],
  ['forbidden-ip', 'forbidden', /rpcallowip/],
  ['warmup-1', 'starting', /is starting: RPC server started\. Nothing to do but wait/],
  ['warmup-2', 'starting', /is starting: Loading block index\.\.\. Nothing/],
  ['not-connected', 'no-peers', /no connection to other nodes/],
  ['initial-block-download', 'downloading', /still downloading the blockchain/],
  ['work-queue-depth-exceeded', 'busy', /rpcworkqueue/],
  ['http-get', 'not-a-node', /host and port/],
  ['http-path', 'not-a-node', /8766/],
  ['method-not-found', 'not-a-node', /does not know getblocktemplate.*full node of a KawPoW coin/],
  ['body-too-large', 'refused', /size/],
  ['block-not-found', 'refused', /refuses getblocktemplate: Block not found \(-5\)\./],
];

for (const [name, state, says] of EXPECTED) {
  test(`errors/${name} is "${state}" to the owner, with what to do`, () => {
    const status = statusOf(name);
    assert.equal(status.state, state);
    assert.match(status.sentence, says);
    assert.match(status.sentence, /^[A-Z].*[.?]$/);
  });
}

test('a node that is not running names its address', async () => {
  const client = createRpcClient({
    url: 'http://127.0.0.1:1',
    credentials: { kind: 'password', user: 'a', password: 'b' },
    clock: systemClock,
  });
  const status = await client
    .call('getbestblockhash')
    .then(() => assert.fail('something listens on port 1'), describe);
  assert.equal(status.state, 'unreachable');
  assert.match(status.sentence, /^The node at http:\/\/127\.0\.0\.1:1 refuses the connection.*server=1/);
  client.close();
});

test('a missing cookie file is named', () => {
  const status = describe(new RpcError('cookie', 'cookie file /root/.raven/.cookie is not there'));
  assert.equal(status.state, 'no-cookie');
  assert.match(status.sentence, /^Cookie file \/root\/\.raven\/\.cookie is not there\. KPSS logs in/);
});

test('a cookie that cannot be read gives whole sentences, with the other way to log in', async () => {
  const source = createCredentialSource({ kind: 'cookie', path: '/nowhere/.cookie' });
  const status = await source.authorization().then(() => assert.fail('there is a cookie'), describe);
  assert.doesNotMatch(status.sentence, /[.?!:;,]{2}/);
  assert.match(status.sentence, /If its raven\.conf sets rpcuser and rpcpassword it writes none.*the same/);
});

test('every trouble has the code of docs/errors.md', () => {
  for (const [name] of EXPECTED) assert.match(statusOf(name).code ?? '', /^KPSS_RPC_[A-Z_]+$/);
  assert.equal(statusOf('forbidden-ip').code, 'KPSS_RPC_FORBIDDEN');
  assert.equal(describe(new KpssError('KPSS_DEV_ADDRESS', 'no address')).code, 'KPSS_DEV_ADDRESS');
  assert.equal(describe(new TypeError('x is not a function')).code, undefined);
  assert.equal(badTemplate('bits is missing').code, 'KPSS_NODE_TEMPLATE');
  assert.equal(wrongNetwork('test', 'main', undefined).code, 'KPSS_NODE_NETWORK');
  assert.deepEqual([CONNECTING.code, READY.code], [undefined, undefined]);
});

test('a failure that is no RpcError is told as our own', () => {
  assert.deepEqual(describe(new TypeError('x is not a function')).state, 'failed');
  assert.equal(describe('thrown').state, 'failed');
});

test('only what the owner must change is asked about less often', () => {
  const patient = EXPECTED.filter(([name]) => needsTheOwner(statusOf(name))).map(([, state]) => state);
  assert.deepEqual(new Set(patient), new Set(['wrong-password', 'forbidden', 'not-a-node', 'refused']));
  assert.ok(needsTheOwner(badTemplate('coinbasevalue is missing')));
  assert.ok(needsTheOwner(wrongNetwork('regtest', 'main', undefined)));
});
