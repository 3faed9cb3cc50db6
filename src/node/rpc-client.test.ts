import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Recording,
  type ReplayNode,
  type ReplayRequest,
  type Reply,
  readRecording,
  recordingsIn,
  replyOf,
  resultReply,
  startReplayNode,
} from '../../test/support/replay-node.ts';
import { systemClock } from '../clock.ts';
import { createRpcClient, type RpcClient, type RpcClientOptions } from './rpc-client.ts';
import { RpcError, type RpcErrorKind } from './rpc-error.ts';

const clock = systemClock;
const password = { kind: 'password', user: 'rvn', password: 'a secret' } as const;
const login = { clock, credentials: password };

/** A replay node and a client to it, both closed at the end. */
async function withNode(
  answer: (request: ReplayRequest) => Reply,
  use: (client: RpcClient, node: ReplayNode) => Promise<void>,
  options: Partial<RpcClientOptions> = {},
): Promise<void> {
  const node = await startReplayNode(answer);
  const client = createRpcClient({ url: node.url, ...login, timeoutMs: 5000, ...options });
  try {
    await use(client, node);
  } finally {
    client.close();
    await node.close();
  }
}

async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    assert.doesNotMatch(JSON.stringify([error.message, error.context]), /secret|__cookie__|Basic/);
    return error;
  }
  return assert.fail('the call succeeded');
}

/** Connections end a moment later on the other side. */
async function allClosed(node: ReplayNode): Promise<void> {
  for (let tries = 0; node.open() > 0; tries += 1) {
    assert.ok(tries < 300, `${node.open()} connections stay open`);
    await sleep(10);
  }
}

const answerHeight = (request: ReplayRequest): Reply => resultReply(request.id, 449);

test('a call sends method, params and login to /, and gives the result', async () => {
  await withNode(answerHeight, async (client, node) => {
    assert.equal(await client.call('getblockhash', [12, { a: 'ä' }]), 449);
    assert.equal(await client.call('getblockcount', ['00fF', 'ee'], { areHex: true }), 449);
    const [first, second] = node.requests;
    assert.deepEqual([first?.method, first?.params, first?.path], ['getblockhash', [12, { a: 'ä' }], '/']);
    assert.equal(first?.authorization, `Basic ${Buffer.from('rvn:a secret').toString('base64')}`);
    assert.deepEqual(second?.params, ['00fF', 'ee']);
    assert.notEqual(first?.id, second?.id);
    assert.equal(second?.connection, 1, 'the connection is kept');
  });
});

test('every recording of errors/ comes over the wire as the result or as a typed error', async () => {
  const recordings = recordingsIn('errors').map((file) => readRecording(`errors/${file}`));
  const kinds = new Map<string, number>();
  await withNode(
    ({ id, count }) => replyOf(recordings[count - 1] as Recording, id),
    async (client) => {
      for (const { description } of recordings) {
        const kind = await client.call('getblockcount').then(
          () => 'result',
          (error: RpcError) => error.kind,
        );
        assert.ok(kind !== undefined, description);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    },
  );
  assert.deepEqual(Object.fromEntries(kinds), {
    result: 9,
    unauthorized: 4,
    garbage: 7,
    rpc: 12,
    'too-large': 1,
    forbidden: 1,
    downloading: 1,
    'method-not-found': 1,
    'not-connected': 2,
    'warming-up': 3,
    busy: 1,
  });
});

test('a 64-bit nonce arrives without loss', async () => {
  const recording = readRecording('misc/getblock-1.json');
  await withNode(
    ({ id }) => replyOf(recording, id),
    async (client) => {
      const block = (await client.call('getblock', ['…'])) as { nonce64: unknown };
      assert.equal(block.nonce64, 45705769860816384n);
    },
  );
});

test('nothing listening is unreachable, and the request was not sent', async () => {
  const node = await startReplayNode(answerHeight);
  await node.close();
  const client = createRpcClient({ url: node.url, ...login });
  const error = await failureOf(client.call('getblockcount'));
  assert.deepEqual(
    [error.kind, error.code, error.mayHaveActed],
    ['unreachable', 'KPSS_RPC_UNREACHABLE', false],
  );
  assert.match(error.message, /refuses the connection \(ECONNREFUSED\)/);
  client.close();
});

test('a host name that does not exist is unreachable', async () => {
  const client = createRpcClient({ url: 'http://node.invalid:8766', ...login, timeoutMs: 5000 });
  const error = await failureOf(client.call('getblockcount'));
  assert.equal(error.kind, 'unreachable');
  assert.match(error.message, /host name/);
  client.close();
});

const MISBEHAVIOUR: [string, Reply, RpcErrorKind, RegExp][] = [
  ['a reset connection', 'reset', 'unreachable', /closed the connection without an answer/],
  ['half an answer', 'half', 'unreachable', /in the middle of its answer/],
  ['another protocol', { raw: '{"id":null,"error":[20,"stratum"]}\n' }, 'garbage', /does not speak HTTP/],
  [
    'an HTML page',
    { status: 200, text: '<html>Router login</html>' },
    'garbage',
    /not JSON: <html>Router login/,
  ],
  ['truncated JSON', { status: 200, text: '{"result":{"hash":"00' }, 'garbage', /not JSON/],
];

for (const [name, reply, kind, says] of MISBEHAVIOUR) {
  test(`${name} is ${kind}, and the request may have been acted on`, async () => {
    await withNode(
      () => reply,
      async (client, node) => {
        const error = await failureOf(client.call('submitblock', ['00']));
        assert.deepEqual([error.kind, error.mayHaveActed], [kind, true]);
        assert.match(error.message, says);
        assert.equal(node.requests.length, 1, 'what fails on a new connection is not sent again');
      },
    );
  });
}

test('an endless answer is cut off', async () => {
  const server = net.createServer((socket) => {
    const block = Buffer.alloc(4 * 1024 * 1024, ' ');
    const pour = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('error', () => {});
    socket.on('drain', pour);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    pour();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createRpcClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...login,
  });
  const error = await failureOf(client.call('getblocktemplate'));
  assert.equal(error.kind, 'garbage');
  assert.match(error.message, /sends more than 67108864 bytes/);
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

test('silence ends with a timeout, after the time the call asked for', async () => {
  await withNode(
    () => 'silence',
    async (client, node) => {
      const startedMs = performance.now();
      const error = await failureOf(client.call('getblockcount', [], { timeoutMs: 60 }));
      assert.deepEqual([error.kind, error.code, error.mayHaveActed], ['timeout', 'KPSS_RPC_TIMEOUT', true]);
      assert.match(error.message, /getblockcount at .*: no answer within 60 ms/);
      assert.ok(performance.now() - startedMs < 2000);
      await allClosed(node);
    },
  );
});

test('a connection closed while idle is opened again, and the call does not notice', async () => {
  await withNode(answerHeight, async (client, node) => {
    await client.call('getblockcount');
    node.closeConnections();
    await sleep(20);
    assert.equal(await client.call('getblockcount'), 449);
    assert.equal(node.requests[1]?.connection, 2);
  });
});

test('a request on a connection that dies under it is sent once more, a block too', async () => {
  // The first request of the second round meets a reset, as if ravend closed the connection at that moment.
  await withNode(
    ({ id, count, method }) =>
      count === 2 ? 'reset' : resultReply(id, method === 'submitblock' ? 'duplicate' : 449),
    async (client, node) => {
      await client.call('getblockcount');
      assert.equal(await client.call('submitblock', ['00']), 'duplicate');
      assert.deepEqual(
        node.requests.map(({ method, connection }) => [method, connection]),
        [
          ['getblockcount', 1],
          ['submitblock', 1],
          ['submitblock', 2],
        ],
      );
    },
  );
});

test('the second sending takes a new connection, not another one that died as well', async () => {
  await withNode(
    ({ id, count, connection }) => (count > 2 && connection < 3 ? 'reset' : resultReply(id, 449)),
    async (client, node) => {
      await Promise.all([client.call('getblockcount'), client.call('getblockcount')]);
      assert.equal(node.open(), 2);
      assert.equal(await client.call('getblockcount'), 449);
      assert.equal(node.requests.at(-1)?.connection, 3);
    },
  );
});

test('once an answer has begun, the request is not sent again', async () => {
  await withNode(
    ({ id, count }) => (count === 1 ? resultReply(id, 449) : 'half'),
    async (client, node) => {
      await client.call('getblockcount');
      const error = await failureOf(client.call('getblockcount'));
      assert.match(error.message, /in the middle of its answer/);
      assert.equal(node.requests.length, 2);
    },
  );
});

test('a request is sent twice at the most', async () => {
  await withNode(
    ({ id, count }) => (count === 1 ? resultReply(id, 449) : 'reset'),
    async (client, node) => {
      await client.call('getblockcount');
      const error = await failureOf(client.call('getblockcount'));
      assert.equal(error.kind, 'unreachable');
      assert.equal(node.requests.length, 3);
    },
  );
});

test('after a lost answer even a refusal says that the node may have acted', async () => {
  const busy = readRecording('errors/work-queue-depth-exceeded.json');
  await withNode(
    ({ id, count }) => (count === 1 ? resultReply(id, 449) : count === 2 ? 'reset' : replyOf(busy, id)),
    async (client) => {
      await client.call('getblockcount');
      const error = await failureOf(client.call('submitblock', ['00']));
      assert.deepEqual([error.kind, error.mayHaveActed], ['busy', true]);
    },
  );
});

test('an unused connection is dropped before the node drops it', async () => {
  await withNode(
    answerHeight,
    async (client, node) => {
      await client.call('getblockcount');
      assert.equal(node.open(), 1);
      await allClosed(node);
      assert.equal(await client.call('getblockcount'), 449);
    },
    { idleSocketMs: 40 },
  );
});

test('a cookie that changed with a restart is read again, within the same call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-rpc-'));
  const path = join(folder, '.cookie');
  let cookie = '__cookie__:one';
  const refusal = readRecording('errors/wrong-password.json');
  const node = await startReplayNode(({ id, authorization }) =>
    authorization === `Basic ${Buffer.from(cookie).toString('base64')}`
      ? resultReply(id, 449)
      : replyOf(refusal, id),
  );
  const client = createRpcClient({ url: node.url, clock, credentials: { kind: 'cookie', path } });
  try {
    const missing = await failureOf(client.call('getblockcount'));
    assert.equal(missing.kind, 'cookie');
    assert.equal(missing.message, `cookie file ${path} is not there`);

    writeFileSync(path, cookie);
    assert.equal(await client.call('getblockcount'), 449);

    cookie = '__cookie__:two';
    writeFileSync(path, cookie);
    const both = await Promise.all([client.call('getblockcount'), client.call('getblockcount')]);
    assert.deepEqual(both, [449, 449]);

    cookie = '__cookie__:three';
    const before = node.requests.length;
    assert.equal((await failureOf(client.call('getblockcount'))).kind, 'unauthorized');
    assert.equal(node.requests.length - before, 1, 'the same cookie is not tried twice');
  } finally {
    client.close();
    await node.close();
    rmSync(folder, { recursive: true });
  }
});

test('a node that was away is met with its new cookie, without a refusal first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-rpc-'));
  const path = join(folder, '.cookie');
  writeFileSync(path, '__cookie__:one');
  const before = await startReplayNode(answerHeight);
  const client = createRpcClient({ url: before.url, clock, credentials: { kind: 'cookie', path } });
  await client.call('getblockcount');
  await before.close();
  assert.equal((await failureOf(client.call('getblockcount'))).kind, 'unreachable');
  writeFileSync(path, '__cookie__:two');
  const after = await startReplayNode(answerHeight, Number(new URL(before.url).port));
  await client.call('getblockcount');
  client.close();
  await after.close();
  rmSync(folder, { recursive: true });
  assert.deepEqual(
    after.requests.map(({ authorization }) => authorization),
    [`Basic ${Buffer.from('__cookie__:two').toString('base64')}`],
  );
});

test('close drops idle connections', async () => {
  await withNode(answerHeight, async (client, node) => {
    await client.call('getblockcount');
    client.close();
    await allClosed(node);
  });
});

test('close ends everything outstanding, and later calls at once', async () => {
  await withNode(
    () => 'silence',
    async (client, node) => {
      const outstanding = [client.call('getblockcount'), client.call('submitblock', ['00'])];
      const errors = outstanding.map(failureOf);
      await sleep(20);
      client.close();
      for (const error of await Promise.all(errors)) assert.equal(error.kind, 'closed');
      assert.deepEqual(await failureOf(client.call('getblockcount')).then((e) => [e.kind, e.mayHaveActed]), [
        'closed',
        false,
      ]);
      await allClosed(node);
    },
  );
});

test('a request no node takes is not sent', async () => {
  await withNode(answerHeight, async (client, node) => {
    const error = await failureOf(client.call('submitblock', ['0'.repeat(33 * 1024 * 1024)]));
    assert.deepEqual([error.kind, error.mayHaveActed], ['too-large', false]);
    assert.ok(error.message.length < 200);
    assert.equal(node.requests.length, 0);
  });
});

test('a URL that cannot be used is refused, and a password in it is not shown', () => {
  for (const url of [
    '127.0.0.1:8766',
    'stratum+tcp://127.0.0.1:3333',
    '',
    'http://rvn:secret@127.0.0.1:8766',
  ]) {
    assert.throws(
      () => createRpcClient({ url, ...login }),
      (error: Error & { code?: string }) =>
        error.code === 'KPSS_RPC_URL' && !error.message.includes('secret'),
      url,
    );
  }
});
