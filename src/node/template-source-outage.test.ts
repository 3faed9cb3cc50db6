import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ReplayRequest,
  type Reply,
  readRecording,
  replyOf,
  resultReply,
  startReplayNode,
} from '../../test/support/replay-node.ts';
import { createKeptLog, createScriptedRpc } from '../../test/support/scripted-rpc.ts';
import {
  TIP_A as A,
  TIP_B as B,
  TIP_C as C,
  setUpTemplateSource as setUp,
} from '../../test/support/template-source-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { systemClock } from '../clock.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { parseTemplate, type Template } from '../mining/template.ts';
import { createRpcClient } from './rpc-client.ts';
import { RpcError } from './rpc-error.ts';
import { createTemplateSource } from './template-source.ts';

test('a node that goes away is asked again and again, told of once, and served from within 2 s of its return', async () => {
  const { clock, node, rpc, source, states, served, templates } = setUp();
  source.start();
  await clock.advance(1000);
  node.away = new RpcError('unreachable', 'http://127.0.0.1:8766 refuses the connection (ECONNREFUSED)');
  await clock.advance(600_000);
  assert.deepEqual(states(), ['connecting', 'ready', 'unreachable']);
  const asked = rpc.count('getbestblockhash');
  assert.ok(asked > 300 && asked < 320, `${asked} polls in ten minutes`);
  delete node.away;
  await clock.advance(2000);
  assert.deepEqual(states().at(-1), 'ready');
  assert.deepEqual(served().at(-1), [A, false], 'the tip is still the same');
  assert.ok((templates.at(-1)?.atMs ?? 0) <= 603_000);
  await source.stop();
});

test('a tip signal from a node thought to be away is a reason to ask at once', async () => {
  const { clock, node, source, served } = setUp();
  node.away = new RpcError('timeout', 'no answer within 5000 ms');
  source.start();
  await clock.advance(60_000);
  delete node.away;
  source.noteTip(B);
  await clock.settle();
  assert.deepEqual(served(), [[A, true]]);
  await source.stop();
});

test('a hint’s template that comes after an outage is handed out, since what was there before is thrown away', async () => {
  const { clock, node, rpc, source, templateFor, states, served } = setUp();
  source.start();
  await clock.advance(1_000);
  rpc.hold('getblocktemplate');
  source.noteTip(B);
  node.away = new RpcError('unreachable', 'gone');
  await clock.advance(300);
  delete node.away;
  await clock.advance(300);
  rpc.take('getblocktemplate').answer(templateFor(A));
  rpc.hold();
  await clock.settle();
  assert.deepEqual(states(), ['connecting', 'ready', 'unreachable', 'ready']);
  assert.deepEqual(served(), [
    [A, true],
    [A, false],
  ]);
  await source.stop();
});

test('a template may take as long as its owner says: the limit is the client’s', async () => {
  const { clock, rpc, source } = setUp({ expectedChain: 'main' });
  source.start();
  await clock.settle();
  const limits = new Map(rpc.calls.map(({ method, timeoutMs }) => [method, timeoutMs]));
  assert.deepEqual(
    limits,
    new Map([
      ['getbestblockhash', 5_000],
      ['getblocktemplate', 0],
      ['getblockchaininfo', 0],
    ]),
  );
  await source.stop();
});

test('a restart is told step by step, each step once', async () => {
  const { clock, node, source, statuses, served } = setUp();
  node.away = new RpcError('unreachable', 'http://127.0.0.1:8766 refuses the connection (ECONNREFUSED)');
  source.start();
  await clock.advance(5000);
  for (const phase of ['RPC server started', 'Loading block index...', 'Verifying blocks...']) {
    node.away = new RpcError('warming-up', phase, { rpcCode: -28, rpcMessage: phase });
    await clock.advance(5000);
  }
  delete node.away;
  node.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
  await clock.advance(5000);
  node.noTemplate = new RpcError('downloading', 'Raven is downloading blocks... (-10)');
  await clock.advance(5000);
  delete node.noTemplate;
  await clock.advance(2000);
  assert.deepEqual(
    statuses.map(({ state }) => state),
    ['connecting', 'unreachable', 'starting', 'starting', 'starting', 'no-peers', 'downloading', 'ready'],
  );
  assert.match(statuses[3]?.sentence ?? '', /Loading block index/);
  assert.deepEqual(served(), [[A, true]]);
  await source.stop();
});

test('after an outage only a template counts as recovery', async () => {
  const { clock, node, source, states } = setUp();
  source.start();
  await clock.advance(1000);
  node.away = new RpcError('timeout', 'no answer within 5000 ms');
  await clock.advance(1000);
  delete node.away;
  node.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
  await clock.advance(5000);
  assert.deepEqual(states(), ['connecting', 'ready', 'timeout', 'no-peers']);
  await source.stop();
});

test('a wrong password is asked about every 5 s at the most often', async () => {
  const { clock, node, rpc, source } = setUp();
  node.away = new RpcError('unauthorized', 'wrong RPC user or password');
  source.start();
  await clock.advance(60_000);
  const before = rpc.count('getbestblockhash');
  await clock.advance(60_000);
  assert.equal(rpc.count('getbestblockhash') - before, 12);
  await source.stop();
});

test('a template that cannot be used is told with its reason, and asked again until it can', async () => {
  const { clock, node, source, statuses, served } = setUp();
  node.fault = 'template.coinbasevalue is missing';
  source.start();
  await clock.advance(20_000);
  assert.deepEqual(served(), []);
  assert.equal(statuses.length, 2);
  assert.equal(statuses[1]?.state, 'bad-template');
  assert.match(statuses[1]?.sentence ?? '', /cannot be used: template\.coinbasevalue is missing\./);
  delete node.fault;
  await clock.advance(5000);
  assert.deepEqual(served(), [[A, true]]);
  await source.stop();
});

test('a new tip ends the wait after a failed template', async () => {
  const { clock, node, source, served } = setUp();
  node.fault = 'template.bits is missing';
  source.start();
  await clock.advance(60_000);
  delete node.fault;
  node.tip = B;
  await clock.advance(250);
  assert.deepEqual(served(), [[B, true]]);
  await source.stop();
});

test('what is no block hash is not taken for a tip', async () => {
  const { clock, node, source, states, served } = setUp();
  node.tip = 'hello';
  source.start();
  await clock.advance(1000);
  assert.deepEqual(states(), ['connecting', 'not-a-node']);
  assert.deepEqual(served(), []);
  await source.stop();
});

test('stop in the middle of both calls leaves no timer, no call and no callback', async () => {
  const { clock, rpc, source, templateFor, states, served } = setUp();
  source.start();
  await clock.settle();
  rpc.hold('getblocktemplate', 'getbestblockhash');
  source.refresh();
  await clock.advance(250);
  let stopped = false;
  const stopping = source.stop().then(() => {
    stopped = true;
  });
  assert.equal(clock.pending(), 0);
  rpc.take('getblocktemplate').answer(templateFor(B));
  await clock.settle();
  assert.equal(stopped, false, 'a poll is still under way');
  rpc.take('getbestblockhash').fail(new RpcError('closed', 'closed'));
  await stopping;
  source.refresh();
  source.noteTip(C);
  await clock.advance(60_000);
  assert.equal(clock.pending(), 0);
  assert.equal(rpc.calls.length, 4);
  assert.deepEqual(served(), [[A, true]]);
  assert.deepEqual(states(), ['connecting', 'ready']);
});

test('a callback or parser that fails does not end the service', async () => {
  const clock = createVirtualClock();
  const log = createKeptLog();
  let parsed = 0;
  const source = createTemplateSource<{ previousBlockHash: string }>(
    {
      onTemplate: () => {
        throw new Error('in the callback');
      },
      onStatus: () => {
        throw new Error('in the status');
      },
    },
    {
      rpc: createScriptedRpc((method) => (method === 'getbestblockhash' ? A : { tip: A })),
      clock,
      log,
      parseTemplate: () => {
        parsed += 1;
        if (parsed === 1) throw new Error('in the parser');
        return { ok: true, template: { previousBlockHash: A } };
      },
    },
  );
  source.start();
  await clock.advance(70_000);
  assert.equal(parsed, 4, 'the failed one, its repetition, and two refreshes');
  assert.ok(log.lines.every(({ level }) => level === 'error'));
  assert.ok(log.lines.length >= 5);
  await source.stop();
});

test('over HTTP: recorded templates are served from a node that starts late and restarts', async () => {
  const template = readRecording('getblocktemplate/25-tx-no-miningaddress.json');
  const { previousblockhash } = (
    template as unknown as { response: { result: { previousblockhash: string } } }
  ).response.result;
  const answer = ({ id, method }: ReplayRequest): Reply =>
    method === 'getbestblockhash' ? resultReply(id, previousblockhash) : replyOf(template, id);
  let node = await startReplayNode(answer);
  const port = Number(new URL(node.url).port);
  await node.close();
  const rpc = createRpcClient({
    url: node.url,
    credentials: { kind: 'password', user: 'a', password: 'b' },
    clock: systemClock,
  });
  const states: string[] = [];
  const served: [number, boolean][] = [];
  const source = createTemplateSource<Template>(
    {
      onTemplate: ({ transactions }, { newTip }) => served.push([transactions.length, newTip]),
      onStatus: ({ state }) => states.push(state),
    },
    { rpc, clock: systemClock, log: createKeptLog(), parseTemplate: (raw) => parseTemplate(raw, KAWPOW) },
  );
  const until = async (condition: () => boolean): Promise<void> => {
    for (let tries = 0; !condition(); tries += 1) {
      assert.ok(tries < 500, `waited in vain: ${states}`);
      await sleep(10);
    }
  };
  source.start();
  await until(() => states.at(-1) === 'unreachable');
  node = await startReplayNode(answer, port);
  await until(() => served.length === 1);
  await node.close();
  await until(() => states.length === 4);
  node = await startReplayNode(answer, port);
  await until(() => served.length === 2);
  const stopped = source.stop();
  rpc.close();
  await stopped;
  await node.close();
  assert.deepEqual(states, ['connecting', 'unreachable', 'ready', 'unreachable', 'ready']);
  assert.deepEqual(served, [
    [25, true],
    [25, false],
  ]);
});
