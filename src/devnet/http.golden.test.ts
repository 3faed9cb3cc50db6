import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import {
  fakeVerifier,
  type HttpAnswer,
  type RawRequest,
  rawRequest,
} from '../../test/support/devnet-node.ts';
import { listGolden, readGolden } from '../../test/support/golden.ts';
import { silentLog } from '../../test/support/mining.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet, type Devnet } from './devnet.ts';
import type { DevnetFault } from './rpc-method.ts';

interface Recording {
  request: {
    rawBody?: string;
    auth?: string | false;
    path?: string;
    method?: string;
    params?: unknown;
    contentLength?: number;
  };
  httpStatus: number;
  httpHeaders: Record<string, string>;
  response: { id?: unknown };
  responseText: string;
}

/** The state the recorded node was in, where it was no ordinary one. */
const FAULTS: Record<string, DevnetFault> = {
  'forbidden-ip': { kind: 'forbidden' },
  'initial-block-download': { kind: 'downloading' },
  'not-connected': { kind: 'not-connected' },
  'not-connected-getblockcount': { kind: 'not-connected' },
  'warmup-1': { kind: 'warming-up', message: 'RPC server started' },
  'warmup-2': { kind: 'warming-up' },
  'warmup-3': { kind: 'warming-up', message: 'Verifying blocks...' },
  'warmup-then-not-connected': { kind: 'not-connected' },
  'work-queue-depth-exceeded': { kind: 'work-queue-full' },
};

/** What the devnet does not offer, with the reason. */
const LEFT_OUT: Record<string, string> = {
  'cookie-auth': 'the devnet has a user and a password',
  'invalid-address': 'generatetoaddress belongs to the wallet',
  'initial-block-download-getblockchaininfo': 'its members are held in rpc-shapes.golden.test.ts',
  stop: 'the program that started the devnet stops it',
};

function requestOf(name: string, { request, response }: Recording): RawRequest {
  if (request.contentLength) return { headers: { 'content-length': request.contentLength } };
  if (request.rawBody !== undefined) {
    return {
      body: request.rawBody,
      ...(name === 'wrong-password' ? { auth: `Basic ${btoa('kpss:wrong')}` } : {}),
      ...(request.auth === undefined ? {} : { auth: request.auth }),
      ...(request.path ? { path: request.path } : {}),
      ...(request.method ? { verb: request.method } : {}),
    };
  }
  const { method, params } = request;
  return { body: JSON.stringify({ id: response.id ?? 1, method, params }) };
}

/** Heights and block hashes are the chain's own. */
function withoutChain(text: string): string {
  return text.replace(/"result":(?:\d+|"[0-9a-f]{64}")/g, '"result":CHAIN');
}

describe('HTTP and JSON-RPC as ravend', () => {
  let node: Devnet;

  before(async () => {
    node = await createDevnet(
      { network: findNetwork('ravencoin', 'regtest') as Network },
      { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
    );
    await node.control.mineBlock();
  });

  after(() => node.close());

  for (const name of listGolden('ravend/errors').map((file) => file.slice(0, -'.json'.length))) {
    if (name in LEFT_OUT) continue;
    it(name, async () => {
      const recorded = readGolden(`ravend/errors/${name}.json`) as Recording;
      node.control.setFault(FAULTS[name]);
      let answer: HttpAnswer;
      try {
        answer = await rawRequest(node, requestOf(name, recorded));
      } finally {
        node.control.setFault(undefined);
      }
      assert.equal(withoutChain(answer.text), withoutChain(recorded.responseText));
      assert.equal(answer.status, recorded.httpStatus);
      for (const [header, value] of Object.entries(recorded.httpHeaders)) {
        const expected = header === 'Content-Length' ? String(Buffer.byteLength(answer.text)) : value;
        assert.equal(answer.headers[header.toLowerCase()], expected, header);
      }
    });
  }

  it('takes its time over a wrong password, and none over a missing one', async () => {
    const timed = async (auth: string | false): Promise<number> => {
      const startMs = performance.now();
      assert.equal((await rawRequest(node, { auth })).status, 401);
      return performance.now() - startMs;
    };
    assert((await timed(`Basic ${btoa('kpss:wrong')}`)) >= 240);
    // The fastest of several, since a busy machine can hold up any one of them.
    const missing: number[] = [];
    for (let i = 0; i < 5; i++) missing.push(await timed(false));
    assert(Math.min(...missing) < 200, missing.join());
  });

  it('echoes an id of any kind, big numbers with all their digits', async () => {
    for (const id of ['18446744073709551615', '{"a":[1,null]}', 'true', '""', '1.5', '-3']) {
      const { text } = await rawRequest(node, { body: `{"id":${id},"method":"getblockcount"}` });
      assert.equal(text, `{"result":1,"error":null,"id":${id}}\n`);
    }
  });

  it('answers nesting without end as a parse error', async () => {
    const depth = 200_000;
    const { status, text } = await rawRequest(node, { body: '['.repeat(depth) + ']'.repeat(depth) });
    assert.equal(status, 500);
    assert.match(text, /-32700/);
  });

  it('works off a batch in order, with the error of each in its place', async () => {
    const body = '[{"id":1,"method":"getblockhash","params":[7]},5,{"method":"getbestblockhash","id":"x"}]';
    const { status, text } = await rawRequest(node, { body });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), [
      { result: null, error: { code: -8, message: 'Block height out of range' }, id: 1 },
      { result: null, error: { code: -32600, message: 'Invalid Request object' }, id: null },
      { result: node.tip(), error: null, id: 'x' },
    ]);
  });

  it('cuts its callers when it goes offline, refuses others, and returns on the same port', async () => {
    node.control.setDelayMs(60_000);
    const caller = connect(Number(new URL(node.url).port), '127.0.0.1');
    caller.on('error', () => undefined);
    await once(caller, 'connect');
    const login = btoa(`${node.user}:${node.password}`);
    const body = '{"id":1,"method":"getblockcount"}';
    caller.write(
      `POST / HTTP/1.1\r\nHost: node\r\nAuthorization: Basic ${login}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const cut = new Promise((resolve) => caller.on('close', resolve));
    await node.control.goOffline();
    await cut;
    node.control.setDelayMs(0);
    await assert.rejects(rawRequest(node, { body: '{}' }), /ECONNREFUSED/);
    await node.control.comeBack();
    assert.equal((await rawRequest(node, { body: '{"id":1,"method":"getblockcount"}' })).status, 200);
  });

  it('returns by itself after the time it was sent away for', async () => {
    const startMs = performance.now();
    await node.control.goOffline(500);
    const isBack = (): Promise<boolean> =>
      rawRequest(node, { body: '{"id":1,"method":"getblockcount"}' }).then(
        ({ status }) => status === 200,
        (error: Error) => assert.match(String(error), /ECONNREFUSED/) ?? false,
      );
    while (!(await isBack())) await new Promise((resolve) => setTimeout(resolve, 5));
    // Timers may fire a little early by another clock's count.
    assert(performance.now() - startMs >= 490);
  });

  it('holds answers back as long as it is told', async () => {
    node.control.setDelayMs(150);
    const startMs = performance.now();
    await rawRequest(node, { body: '{"id":1,"method":"getblockcount"}' });
    node.control.setDelayMs(0);
    assert(performance.now() - startMs >= 140);
  });

  it('says when its port is taken', async () => {
    const port = Number(new URL(node.url).port);
    await assert.rejects(
      createDevnet(
        { network: findNetwork('ravencoin', 'regtest') as Network, port },
        { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
      ),
      { code: 'KPSS_DEVNET_LISTEN', message: /EADDRINUSE/ },
    );
  });
});
