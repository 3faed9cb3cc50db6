import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_FOLDER, MAIN, only, onlyNode, TEST } from '../../test/support/config.ts';
import { onlyPort } from '../../test/support/stratum-options.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { resolveConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import type { LocalNode } from './find-nodes.ts';
import { runInit } from './init.ts';
import type { InitFlags } from './init-answers.ts';
import { type Prompts, PromptsCancelled } from './init-questions.ts';

function network(coin: string, name: string): Network {
  const known = findNetwork(coin, name);
  assert(known);
  return known;
}

function local(coin: string, name: string, changes: Partial<LocalNode> = {}): LocalNode {
  const known = network(coin, name);
  const url = `http://127.0.0.1:${known.rpcPort}`;
  return { network: known, url, answers: false, login: undefined, loginFrom: undefined, ...changes };
}

const NOTHING = [local('ravencoin', 'main'), local('ravencoin', 'test'), local('neurai', 'main')];

/** Gives these answers in turn; undefined is Ctrl+C. */
function scripted(answers: readonly (string | boolean | undefined)[]) {
  const left = [...answers];
  const complaints: string[] = [];
  const next = <T>(): T => {
    const answer = left.shift();
    if (answer === undefined) throw new PromptsCancelled('Ctrl+C');
    return answer as T;
  };
  const prompts: Prompts = {
    say() {},
    select: async (_message, choices, initial) => {
      assert.ok(
        choices.some(({ value }) => value === initial),
        initial,
      );
      const answer = next<string>();
      if (answer === '') return initial;
      assert.ok(
        choices.some(({ value }) => value === answer),
        answer,
      );
      return answer;
    },
    text: async (_message, { initial = '', validate }) => {
      for (;;) {
        const answer = next<string>() || initial;
        const wrong = validate?.(answer);
        if (wrong === undefined) return answer;
        complaints.push(wrong);
      }
    },
    secret: async () => next<string>(),
    confirm: async () => next<boolean>(),
  };
  return { prompts, complaints, left };
}

interface Given {
  readonly prompts?: Prompts | undefined;
  readonly found?: readonly LocalNode[];
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in kpss.yaml before. */
  readonly before?: string;
}

async function init(flags: InitFlags, { prompts, found = NOTHING, env = {}, before }: Given = {}) {
  const folder = mkdtempSync(join(CONFIG_FOLDER, 'init-'));
  const file = join(folder, 'kpss.yaml');
  if (before !== undefined) writeFileSync(file, before);
  const complaints: string[] = [];
  const examined: string[] = [];
  const code = await runInit(
    { ...flags, file },
    {
      env,
      prompts,
      findNodes: async () => found,
      print() {},
      complain: (line) => complaints.push(line),
      examine: async (path) => void examined.push(path),
    },
  );
  const files = readdirSync(folder);
  const text = files.length === 0 ? undefined : readFileSync(file, 'utf8');
  const config = (): Config => {
    const resolved = resolveConfig({ file, flags: {}, env });
    assert.ok(resolved.ok, resolved.ok ? '' : resolved.problems.join('\n'));
    return resolved.config;
  };
  return { code, complaints, examined, files, text, file, config };
}

const NODE = 'http://kpss:s3cret@192.168.1.10:8766';

test('without a terminal and without --yes there is a sentence, exit code 2 and no file', async () => {
  const { code, complaints, files } = await init({});
  assert.equal(code, 2);
  assert.match(complaints.join(), /no terminal to ask in; --yes takes the flags and the defaults/);
  assert.deepEqual(files, []);
});

test('--yes writes what the flags say, for its owner alone, and has the doctor look at it', async () => {
  const done = await init({ yes: true, node: NODE, address: MAIN, host: '0.0.0.0', port: '4444' });
  assert.equal(done.code, 0);
  assert.deepEqual(done.examined, [done.file]);
  assert.deepEqual(done.files, ['kpss.yaml']);
  assert.equal(statSync(done.file).mode & 0o777, 0o600);
  const instance = only(done.config());
  assert.equal(instance.payoutAddress, MAIN);
  assert.deepEqual([onlyPort(instance.stratum).host, onlyPort(instance.stratum).port], ['0.0.0.0', 4444]);
  assert.equal(onlyNode(done.config()).url, 'http://192.168.1.10:8766');
  assert.deepEqual(onlyNode(done.config()).credentials, {
    kind: 'password',
    user: 'kpss',
    password: 's3cret',
  });
});

test('--yes takes the node that answers on this machine, with the login of its raven.conf', async () => {
  const login = { kind: 'password', user: 'me', password: 'x' } as const;
  const found = [
    local('ravencoin', 'test', { answers: true, login, loginFrom: 'raven.conf' }),
    ...NOTHING.slice(0, 1),
  ];
  const config = (await init({ yes: true, address: TEST }, { found })).config();
  assert.equal(only(config).network.name, 'test');
  assert.deepEqual(onlyNode(config).credentials, login);
});

test('a login of the environment stays there, and the file may be read by all', async () => {
  const env = { KPSS_RPC_USER: 'me', KPSS_RPC_PASSWORD: 'hidden' };
  const login = { kind: 'password', user: 'other', password: 'other' } as const;
  const found = [local('ravencoin', 'main', { answers: true, login })];
  const done = await init({ yes: true }, { found, env });
  assert.ok(!done.text?.includes('hidden') && !done.text?.includes('other'));
  assert.equal(statSync(done.file).mode & 0o077, 0o044 & ~process.umask());
  assert.deepEqual(onlyNode(done.config()).credentials, { kind: 'password', user: 'me', password: 'hidden' });
});

for (const [flags, says] of [
  [
    { address: 'nonsense1' },
    /^kpss init: payout\.address: expected an address of ravencoin main, got "nonsense1"/,
  ],
  [{ node: 'http://192.168.1.10' }, /^kpss init: node\.user: is missing, and password too/],
  [{ node: 'ftp://x' }, /^kpss init: --node: expected the address of the node/],
  [{ port: '99999' }, /^kpss init: stratum\.port: expected a port number/],
  [{ coin: 'nocoin' }, /^kpss init: KPSS knows no network main of nocoin/],
] as const) {
  test(`--yes with ${JSON.stringify(flags)}: exit code 2, what is wrong, and no file`, async () => {
    const { code, complaints, files, examined } = await init({ yes: true, ...flags });
    assert.equal(code, 2);
    assert.match(complaints[0] ?? '', says);
    assert.deepEqual([files, examined], [[], []]);
  });
}

test('a file that is there is written over with --force or a yes only', async () => {
  const before = 'network: test\n';
  const kept = await init({ yes: true, node: NODE }, { before });
  assert.deepEqual([kept.code, kept.text], [2, before]);
  assert.match(kept.complaints[0] ?? '', /is there already, and stays as it is; --force writes over it/);
  const declined = await init({}, { before, prompts: scripted([false]).prompts });
  assert.deepEqual([declined.code, declined.text], [1, before]);
  const forced = await init({ yes: true, force: true, node: NODE }, { before });
  assert.deepEqual([forced.code, only(forced.config()).network.name], [0, 'main']);
  const agreed = await init({}, { before, prompts: scripted([true, '', '', '', MAIN, '']).prompts });
  assert.deepEqual([agreed.code, only(agreed.config()).payoutAddress], [0, MAIN]);
});

test('with --force nobody is asked whether', async () => {
  const { prompts, left } = scripted(['', '', '', MAIN, '']);
  const done = await init({ force: true }, { before: 'network: test\n', prompts });
  assert.deepEqual([done.code, left, only(done.config()).network.name], [0, [], 'main']);
});

test('the login of a node on this machine is for no other node', async () => {
  const login = { kind: 'password', user: 'me', password: 'l0cal' } as const;
  const found = [local('ravencoin', 'main', { answers: true, login })];
  const done = await init({ yes: true, node: 'http://192.168.1.10:8766' }, { found });
  assert.deepEqual([done.code, done.files], [2, []]);
  assert.doesNotMatch(done.complaints.join(), /l0cal/);
});

test('a wrong file is never put in the place of one that is there', async () => {
  const before = 'network: test\n';
  const { code, text, files } = await init({ yes: true, force: true, address: 'nonsense1' }, { before });
  assert.deepEqual([code, text, files], [2, before, ['kpss.yaml']]);
});

test('questions: an address of another network is refused at once, and asked for again', async () => {
  const { prompts, complaints, left } = scripted([
    'ravencoin test',
    'node.example',
    'type',
    'me:too',
    'me',
    'a "#: {secret}\\ ',
    MAIN,
    ` ${TEST} `,
    '0.0.0.0',
    '99999',
    '6',
  ]);
  const done = await init({}, { prompts });
  assert.deepEqual(complaints, [
    'A user name, without a colon',
    `Not an address of ravencoin test: it is not an address of ravencoin test, but of ravencoin main`,
    'A number from 0.01 to 3600, or nothing',
  ]);
  assert.deepEqual(left, []);
  assert.equal(done.code, 0);
  const instance = only(done.config());
  assert.deepEqual(
    [
      instance.network.name,
      instance.payoutAddress,
      instance.throttle.blocksPerHour,
      onlyPort(instance.stratum).host,
    ],
    ['test', TEST, 6, '0.0.0.0'],
  );
  assert.equal(onlyNode(done.config()).url, 'http://node.example:18766');
  const password = 'a "#: {secret}\\ ';
  assert.deepEqual(onlyNode(done.config()).credentials, { kind: 'password', user: 'me', password });
});

test('Ctrl+C at any question leaves nothing written', async () => {
  const answers = ['ravencoin test', 'node.example', 'type', 'me', 'secret', TEST, '0.0.0.0', '6'];
  for (let asked = 0; asked < answers.length; asked++) {
    const { code, files, complaints } = await init(
      {},
      { prompts: scripted(answers.slice(0, asked)).prompts },
    );
    assert.deepEqual([code, files], [130, []], `after ${asked} answers`);
    assert.deepEqual(complaints, ['kpss init: nothing was written']);
  }
});

test('what cannot be put in its place leaves nothing behind, and no password', async () => {
  const folder = mkdtempSync(join(CONFIG_FOLDER, 'init-'));
  const file = join(folder, 'kpss.yaml');
  mkdirSync(join(file, 'full'), { recursive: true });
  const complaints: string[] = [];
  const code = await runInit(
    { yes: true, force: true, node: NODE, file },
    {
      env: {},
      prompts: undefined,
      findNodes: async () => NOTHING,
      print() {},
      complain: (line) => complaints.push(line),
      examine: async () => {},
    },
  );
  assert.equal(code, 1);
  assert.deepEqual(readdirSync(folder), ['kpss.yaml']);
  assert.doesNotMatch(complaints.join(), /s3cret/);
});

test('the cookie is offered for a node on this machine, and for none that is only called like it', async () => {
  const offered = async (node: string): Promise<boolean> => {
    const { prompts } = scripted(['ravencoin main', node, '', MAIN, '']);
    let isOffered = false;
    const select: Prompts['select'] = (message, choices, initial) => {
      isOffered ||= choices.some(({ value }) => value === 'cookie');
      return prompts.select(message, choices, initial);
    };
    await init({}, { prompts: { ...prompts, select } });
    return isOffered;
  };
  assert.equal(await offered('http://localhost:8766'), true);
  assert.equal(await offered('http://[::1]:8766'), true);
  assert.equal(await offered('http://localhost.example:8766'), false);
});

test('a folder that cannot be written to is told, with exit code 1', async () => {
  const io = {
    env: {},
    prompts: undefined,
    findNodes: async () => NOTHING,
    print() {},
    examine: async () => {},
  };
  const complaints: string[] = [];
  const file = join(CONFIG_FOLDER, 'no', 'such', 'kpss.yaml');
  const code = await runInit(
    { yes: true, node: NODE, file },
    { ...io, complain: (line) => complaints.push(line) },
  );
  assert.equal(code, 1);
  assert.match(complaints.join(), /cannot be written: ENOENT/);
});
