import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeAddress } from '../../src/chain/address.ts';
import { systemClock } from '../../src/clock.ts';
import { createRpcClient } from '../../src/node/rpc-client.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { StratumClient } from '../support/stratum-client.ts';

const ADDRESS = encodeAddress(111, new Uint8Array(20).fill(9));
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-cli-'));
});
after(async () => {
  await stopAllKpss();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command to its end. */
async function run(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const kpss = new KpssProcess(args, { cwd: folder, env });
  kpss.child.stdin?.end(input);
  return { code: await kpss.exit(), stdout: kpss.stdout, stderr: kpss.stderr };
}

test('kpss dev --blocks 5 ends with 0, and its node’s getblock shows the five blocks paying the address', async () => {
  const flags = ['--blocks', '5', '--port', '0', '--block-time', '2', '--address', ADDRESS];
  const kpss = new KpssProcess(['dev', ...flags], { cwd: folder });
  const { msg } = await kpss.line((line) => line.msg.includes('answers ravend'));
  const url = msg.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0] ?? '';
  const first = await kpss.line((line) => line.msg.includes('ACCEPTED'));
  const rpc = createRpcClient({
    url,
    clock: systemClock,
    credentials: { kind: 'password', user: 'devnet', password: 'devnet' },
  });
  const block = (await rpc.call('getblock', [first.blockHash, 2])) as {
    tx: { vout: { value: number; scriptPubKey: { addresses: string[] } }[] }[];
  };
  rpc.close();
  assert.equal(block.tx[0]?.vout[0]?.value, 5000);
  assert.deepEqual(block.tx[0]?.vout[0]?.scriptPubKey.addresses, [ADDRESS]);
  assert.equal(await kpss.exit(), 0);
  const paid = kpss.log.filter((line) => line.msg.endsWith(`pays 5000 to ${ADDRESS}`));
  assert.deepEqual(
    paid.map((line) => line.height),
    [1, 2, 3, 4, 5],
  );
  assert.equal(kpss.stderr, '');
});

test('kpss start without configuration is the devnet, and says so; a second one beside it is no trouble', async () => {
  const both = [new KpssProcess(['start'], { cwd: folder }), new KpssProcess(['start'], { cwd: folder })];
  for (const kpss of both) {
    const { msg } = await kpss.line((line) => line.level === 40);
    assert.match(msg, /^no kpss\.yaml in .+, and no flag: starting the devnet/);
    assert.ok(msg.includes(realpathSync(folder)), msg);
    await kpss.line((line) => line.msg.includes('this is the DEVNET'));
    await kpss.line((line) => line.msg.includes('to mine on your own ravend'));
  }
  const ports = await Promise.all(both.map((kpss) => kpss.stratumPort()));
  assert.notEqual(ports[0], ports[1]);
  const third = await run(['dev', '--threads', '0', '--port', String(ports[1])]);
  assert.equal(third.code, 1);
  assert.match(third.stderr, /cannot listen on 127\.0\.0\.1:\d+: another program uses this port \[KPSS_PORT/);
  for (const kpss of both) assert.equal(await kpss.stop(), 0);
});

test('Ctrl+C under npm comes as two signals at once, and is still an orderly end', async () => {
  const kpss = new KpssProcess(['dev', '--port', '0', '--threads', '0'], { cwd: folder });
  await kpss.stratumPort();
  kpss.child.kill('SIGINT');
  kpss.child.kill('SIGINT');
  assert.equal(await kpss.exit(), 0);
});

test('kpss mine mines on a server that it is pointed at', async () => {
  const server = new KpssProcess(['dev', '--port', '0', '--threads', '0', '--block-time', '1'], {
    cwd: folder,
  });
  const url = `stratum+tcp://127.0.0.1:${await server.stratumPort()}`;
  const miner = new KpssProcess(['mine', '--url', url, '--user', `${ADDRESS}.rig`], { cwd: folder });
  await miner.line((line) => line.msg.includes('share accepted'), 60_000);
  await server.line((line) => line.msg.includes('ACCEPTED'), 60_000);
  assert.equal(await miner.stop(), 0);
  assert.equal(await server.stop(), 0);
});

test('the log settings of the file hold, and flags win over them', async () => {
  const file = join(folder, 'quiet.yaml');
  writeFileSync(file, 'network: regtest\nstratum: { port: 0 }\nlog: { level: warn, format: pretty }\n');
  const quiet = new KpssProcess(['start', '--config', file], { env: { HOME: folder } });
  const loud = new KpssProcess(['start', '--config', file, '--log-level', 'info', '--log-format', 'json']);
  await loud.stratumPort();
  for (let i = 0; i < 200 && !/cookie/i.test(quiet.stdout); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(quiet.stdout, /WARN.*cookie/i);
  assert.doesNotMatch(quiet.stdout, /INFO/);
  assert.equal(await quiet.stop(), 0);
  assert.equal(await loud.stop(), 0);
});

test('a wrong configuration is refused as a whole, with file, line, key and what was expected', async () => {
  const file = join(folder, 'wrong.yaml');
  writeFileSync(
    file,
    'network: regtest\npayout:\n  address: mufpGCucKyxh1ahcaCAqp6URzhdTnoJaaX\nstratum:\n  port: abc\n',
  );
  const { code, stderr } = await run(['start', '--config', file]);
  assert.equal(code, 2);
  assert.match(stderr, /wrong\.yaml:3: payout\.address: .*checksum/);
  assert.match(stderr, /wrong\.yaml:5: stratum\.port: expected a port number/);
  assert.match(stderr, /nothing was started/);
});

test('wrong usage ends with 2 and says what is right', async () => {
  for (const [args, expected] of [
    [['strat'], /unknown command 'strat'/],
    [['dev', '--blocks', '0'], /expected a whole number from 1/],
    [['dev', '--port', '70000'], /expected a whole number from 0 to 65535/],
    [['mine', '--user', 'x'], /required option '--url <url>'/],
    [['start', '--log-level', 'loud'], /Allowed choices are debug, info, warn, error/],
  ] as const) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, expected);
  }
  const wrongAddress = await run(['dev', '--address', 'RNobody']);
  assert.equal(wrongAddress.code, 1);
  assert.match(wrongAddress.stderr, /--address RNobody: .*KPSS_DEV_ADDRESS/);
});

test('help and version are answers, not errors', async () => {
  assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['start', 'dev', 'mine', 'hash'])
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
});

test('kpss hash prints the recorded hashes of a recorded header', async () => {
  const line =
    '{"height":0,"headerHash":"0000000000000000000000000000000000000000000000000000000000000000","nonce":"3c63986ee4a35b3b"}';
  const { code, stdout } = await run(['hash', '-'], `${line}\n`);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    mixHash: '86ec233e7bfde034e549e6e58577eddfcc2685294aa9aae9faa635839e4043ee',
    finalHash: '6506575836c6005aac278bf5f0294f491db5253fbf2adfdd16da4cffa06ab15e',
  });
});

test('kpss hash builds a light cache once, where the environment says, and not at all with off', async () => {
  const caches = join(folder, 'caches');
  const args = ['hash', '--height', '1', '--header', '0'.repeat(64), '--nonce', '0'.repeat(16)];
  const isBuilt = async (directory: string): Promise<boolean> => {
    const { code, stderr } = await run(args, '', { KPSS_CACHE_DIRECTORY: directory });
    assert.equal(code, 0);
    return stderr.includes('building the light cache');
  };
  assert.ok(await isBuilt(caches));
  assert.deepEqual(readdirSync(caches), ['kawpow-0.lightcache']);
  assert.ok(!(await isBuilt(caches)));
  assert.ok(await isBuilt('off'));
});

test('whatever strangers send, the process stays up and serves', async () => {
  const kpss = new KpssProcess(['dev', '--port', '0', '--threads', '0'], { cwd: folder });
  const port = await kpss.stratumPort();
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % below;
  };
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\n',
    '\\',
    '\u0000',
    'null',
    '1e999',
    '"method"',
    '"mining.submit"',
  ];
  pieces.push(
    '"id"',
    '"params"',
    '"mining.authorize"',
    '{"id":1,"method":"mining.subscribe","params":[]}\n',
    '\ufeff',
    '-0',
  );
  for (let i = 0; i < 60; i++) {
    // Each from an address of its own: the fourth from one would be shut out.
    const client = await StratumClient.connect(port, '127.0.0.1', `127.0.1.${i + 1}`);
    let text = '';
    for (let k = 0; k < 400; k++) text += pieces[random(pieces.length)];
    client.sendRaw(text);
    if (i % 2 === 0) client.destroy();
    else client.socket.end();
  }
  const good = await StratumClient.connect(port);
  good.send(
    { id: 1, method: 'mining.subscribe', params: [] },
    { id: 2, method: 'mining.authorize', params: ['a.b', 'x'] },
  );
  assert.equal((await good.job()).params[4], true);
  good.destroy();
  assert.equal(await kpss.stop(), 0);
  assert.equal(kpss.stderr, '');
});
