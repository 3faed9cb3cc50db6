import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { apiInstance, apiStatus } from '../../test/support/api-status.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { runStatus, type StatusArgs, type StatusIo } from './status.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Answers everything with this text. */
async function answerWith(text: () => string, status = 200): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(text()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function run(args: StatusArgs, io: Partial<StatusIo> = {}) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const code = runStatus(args, {
    env: {},
    clock: createVirtualClock(),
    signal: new AbortController().signal,
    style: { colours: false, unicode: true },
    clears: false,
    print: async (text) => printed.push(text) > 0,
    complain: (line) => void complaints.push(line),
    ...io,
  });
  return { code, printed, complaints };
}

test('the status is shown, with or without http:// before the port', async () => {
  const url = await answerWith(() => JSON.stringify(apiStatus()));
  for (const given of [url, `${url}/`, url.replace('http://', '')]) {
    const { code, printed } = run({ url: given });
    assert.equal(await code, 0);
    assert.match(printed.join(), /ravencoin-main: mining block 4012345/);
  }
});

test('--json prints the answer as it came', async () => {
  const text = JSON.stringify(apiStatus());
  const { code, printed } = run({ url: await answerWith(() => text), json: true });
  assert.equal(await code, 0);
  assert.deepEqual(printed, [text]);
});

test('no answer, and an answer of something else, is a sentence and exit code 1', async () => {
  const closed = await answerWith(() => '');
  await closers.pop()?.();
  const cases: [string, RegExp][] = [
    [closed, /nothing answers at http:\/\/127\.0\.0\.1:\d+\. Is KPSS running/],
    [await answerWith(() => '<html>'), /is not the status of KPSS$/],
    [await answerWith(() => 'null'), /is not the status of KPSS$/],
    [
      await answerWith(() => JSON.stringify({ error: { code: 'wrong-host', message: 'this port is' } }), 403),
      /is not the status of KPSS: this port is/,
    ],
  ];
  for (const [url, expected] of cases) {
    const { code, printed, complaints } = run({ url });
    assert.equal(await code, 1);
    assert.deepEqual(printed, []);
    assert.match(complaints.join(), expected);
  }
});

test('an URL that is none is exit code 2', async () => {
  const { code, complaints } = run({ url: 'http://' });
  assert.equal(await code, 2);
  assert.match(complaints.join(), /--url is like http:\/\/127\.0\.0\.1:3380, got "http:\/\/"/);
});

test('what was typed as a login is shown nowhere, and no obstacle', async () => {
  const wrong = run({ url: 'http://me:s3cret@' });
  assert.equal(await wrong.code, 2);
  assert.doesNotMatch(wrong.complaints.join(), /s3cret/);
  const url = await answerWith(() => JSON.stringify(apiStatus()));
  assert.equal(await run({ url: url.replace('://', '://me:s3cret@') }).code, 0);
});

test('names cannot move the cursor', async () => {
  const blocks = [{ ...apiInstance().blocks[0]!, worker: 'a\u001b[2J\nb' }];
  const { code, printed } = run({
    url: await answerWith(() => JSON.stringify(apiStatus([apiInstance({ blocks })]))),
  });
  assert.equal(await code, 0);
  assert.match(printed.join(), /a \[2J b/);
});

test('watching shows it again, also after an outage, until it is told to stop', async () => {
  const answers = ['first', 'oops', 'third'];
  const url = await answerWith(() => {
    const name = answers.shift() ?? 'none';
    return name === 'oops' ? '' : JSON.stringify(apiStatus([apiInstance({ name })]));
  });
  const clock = createVirtualClock();
  const stop = new AbortController();
  const shown: string[] = [];
  let next = Promise.withResolvers<void>();
  const show = (text: string): void => {
    shown.push(text);
    next.resolve();
  };
  const { code } = run(
    { url, watch: true },
    {
      clock,
      signal: stop.signal,
      clears: true,
      print: async (text) => {
        show(text);
        return true;
      },
      complain: show,
    },
  );
  for (let i = 0; i < 3; i++) {
    await next.promise;
    next = Promise.withResolvers();
    if (i < 2) await clock.advance(2_000);
  }
  stop.abort();
  assert.equal(await code, 0);
  assert.ok(shown[0]?.startsWith('\u001b[2J\u001b[HKPSS'));
  assert.match(shown[0] ?? '', /first/);
  assert.match(shown[1] ?? '', /is not the status of KPSS/);
  assert.match(shown[2] ?? '', /third/);
  assert.equal(clock.pending(), 0);
});
