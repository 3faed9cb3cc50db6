import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { MAIN, TEST } from '../../test/support/config.ts';
import { encodeAddress } from '../chain/address.ts';
import { importServer } from './import-server.ts';
import { readOldSource } from './import-source.ts';
import type { Group } from './section.ts';

/** @param options members of the pool's options */
function imported(options: string, before = '') {
  const text = `${before}\ncreatePool({ ${options} });`;
  const result = readOldSource(text, 'server.js', () => ({ problem: 'there is no such file' }));
  assert.ok(result.ok, result.ok ? '' : result.problem);
  const { instances, report } = importServer(result.source, '/srv/pool');
  const lines = (kind: keyof typeof report) => report[kind].map((line) => line.replace('server.js:2: ', ''));
  return {
    settings: instances[0]?.settings ?? {},
    instances,
    became: lines('became'),
    gone: lines('gone'),
    look: lines('look'),
  };
}

const COIN = `coin: { symbol: 'RVN', algorithm: 'kawpow' }, address: '${MAIN}'`;

function stratumOf(options: string): Group {
  return imported(`${COIN}, ${options}`).settings.stratum as Group;
}

describe('the network', () => {
  const networkOf = (options: string): string => {
    const { settings } = imported(options);
    return `${settings.coin} ${settings.network}`;
  };

  test('is that of the address', () => {
    assert.equal(networkOf(`coin: { name: 'ravencoin' }, address: '${MAIN}'`), 'ravencoin main');
    assert.equal(networkOf(`coin: { name: 'Ravencoin Testnet' }, address: '${TEST}'`), 'ravencoin test');
    assert.equal(
      networkOf(`coin: 'neurai.json', address: '${encodeAddress(53, new Uint8Array(20))}'`),
      'neurai main',
    );
    assert.equal(networkOf(`address: '${encodeAddress(33, new Uint8Array(20))}'`), 'evrmore main');
  });

  test('is told by the ports or a flag where two networks have the same addresses, and else assumed', () => {
    const coin = `coin: { symbol: 'RVN' }, address: '${TEST}'`;
    assert.equal(networkOf(`${coin}, daemons: [{ port: 18443 }]`), 'ravencoin regtest');
    assert.equal(networkOf(`${coin}, p2p: { port: 18444 }`), 'ravencoin regtest');
    assert.equal(networkOf(`${coin}, regtest: true`), 'ravencoin regtest');
    assert.equal(networkOf(`${coin}, testnet: true`), 'ravencoin test');
    const { look } = imported(coin);
    assert.ok(
      look.includes('the address can be of ravencoin test or ravencoin regtest: ravencoin test was assumed'),
    );
  });

  test('is assumed, and this told, without an address or with one of another coin', () => {
    const without = imported(`coin: { symbol: 'RVN' }, daemons: [{ port: 18766 }]`);
    assert.equal(without.settings.network, 'test');
    assert.ok(
      without.look.includes('no address says of which network the pool is: ravencoin test was assumed'),
    );
    const other = encodeAddress(33, new Uint8Array(20));
    const wrong = imported(`coin: { symbol: 'RVN' }, address: '${other}'`);
    assert.match(
      wrong.look.join('\n'),
      /is none of ravencoin: it is not an address of ravencoin main, but of evrmore main/,
    );
    assert.deepEqual(wrong.settings.payout, { address: other });
  });
});

describe('the nodes', () => {
  const nodesOf = (options: string): unknown => {
    const { settings } = imported(`${COIN}, ${options}`);
    return settings.nodes ?? settings.node;
  };

  test('have host and port, however they were written', () => {
    const url = (daemon: string) => (nodesOf(`daemons: [${daemon}]`) as Group).url;
    assert.equal(url(`{ host: 'node.example', port: '8766' }`), 'http://node.example:8766');
    assert.equal(url(`{ host: 'http://127.0.0.1/', port: 1 }`), 'http://127.0.0.1:1');
    assert.equal(url(`{ host: '::1', port: 8766 }`), 'http://[::1]:8766');
    assert.equal(url('{}'), 'http://127.0.0.1:8766');
    assert.deepEqual(nodesOf(`daemons: [{ username: 'a', password: 5 }]`), {
      url: 'http://127.0.0.1:8766',
      user: 'a',
      password: '5',
    });
  });

  test('that are there twice, or cannot be read, are left out', () => {
    const { settings, look } = imported(`${COIN}, daemons: [{}, {}, more], ports: { 1: {} }`);
    assert.deepEqual(settings.nodes, [{ url: 'http://127.0.0.1:8766' }]);
    assert.deepEqual(look, [
      'daemons: more (set nowhere in the file) cannot be read as data: left out',
      'daemons: http://127.0.0.1:8766 is there twice: left out',
    ]);
  });

  test('tell of blocks over P2P where the old server listened to it', () => {
    const p2p = (options: string) => (nodesOf(`daemons: [{}], p2p: { ${options} }`) as Group).p2p;
    assert.equal(p2p(`enabled: true, host: '10.0.0.1', port: 8767`), '10.0.0.1:8767');
    assert.equal(p2p('enabled: true'), '127.0.0.1:8767');
    assert.equal(p2p('enabled: false, port: 8767'), undefined);
    const neurai = `coin: 'XNA', address: '${encodeAddress(53, new Uint8Array(20))}', daemons: [{}]`;
    const { settings, look } = imported(`${neurai}, p2p: { enabled: true }`);
    assert.deepEqual(settings.node, { url: 'http://127.0.0.1:19001' });
    assert.match(look.join('\n'), /p2p: what neurai’s nodes speak among each other is not known/);
  });
});

describe('ports', () => {
  test('keep their difficulty, and begin within the range of vardiff', () => {
    assert.deepEqual(stratumOf('ports: { 3333: { diff: 2 } }'), {
      host: '0.0.0.0',
      port: 3333,
      difficulty: 2,
    });
    const vardiff =
      'minDiff: 1, maxDiff: 4, targetTime: 15, retargetTime: 90, variancePercent: 30, x2mode: true';
    assert.deepEqual(stratumOf(`ports: { 3333: { diff: 8, varDiff: { ${vardiff} } } }`).vardiff, {
      min: 1,
      max: 4,
      start: 4,
      targetTimeS: 15,
      retargetTimeS: 90,
      variancePercent: 30,
    });
  });

  test('that are none, or that cannot be read, are told', () => {
    const { settings, look } = imported(
      `${COIN}, ports: { 70000: {}, web: {}, 1: { diff: 'much' }, ...more }`,
    );
    assert.deepEqual(settings.stratum, { host: '0.0.0.0', port: 1 });
    assert.deepEqual(look, [
      'there are no daemons: KPSS looks for a node at 127.0.0.1:8766',
      'more (set nowhere in the file) cannot be read as data: the options that come from it are not here',
      'ports: 70000 is no port: left out',
      'ports: web is no port: left out',
      'ports.1.diff: "much" is not a number: left out',
    ]);
  });

  test('with TLS have the certificate of all, whose path counts from the old file', () => {
    const ports = 'ports: { 1: { tls: true }, 2: { tls: false }, 3: {} }';
    const tls = `tlsOptions: { enabled: true, serverKey: 'key.pem', serverCert: '../cert.pem' }`;
    const { ports: list } = stratumOf(`${ports}, ${tls}`);
    const files = { certificate: '/srv/cert.pem', key: '/srv/pool/key.pem' };
    assert.deepEqual(
      (list as Group[]).map((port) => port.tls),
      [files, undefined, undefined],
    );
    assert.equal(stratumOf('ports: { 1: { tls: {} } }').tls, true);
  });

  test('with TLS but no certificate are told that KPSS makes one', () => {
    const { gone } = imported(
      `${COIN}, ports: { 1: { tls: true } }, tlsOptions: { enabled: false, serverKey: '' }`,
    );
    assert.match(gone.join('\n'), /tlsOptions: it does not name both certificate and key; KPSS makes them/);
  });

  test('behind a proxy are told to name it', () => {
    const { look, instances } = imported(`${COIN}, ports: { 1: {}, 2: {} }, tcpProxyProtocol: true`);
    assert.match(look.join('\n'), /tcpProxyProtocol: true: name your proxy under stratum\.proxies/);
    const remarks = instances[0]?.remarks.filter(({ path }) => path.join() === 'stratum') ?? [];
    assert.equal(remarks.at(-1)?.text, 'proxies: [ADDRESS_OF_YOUR_PROXY]');
  });
});

describe('other options', () => {
  test('are set within what KPSS takes, and the difference is told', () => {
    const { settings, look } = imported(
      `${COIN}, daemons: [{}], ports: { 1: {} }, blockRefreshInterval: 5, jobRebroadcastTimeout: 55, connectionTimeout: 60`,
    );
    assert.deepEqual(settings.tips, { pollMs: 50, refreshS: 50 });
    assert.deepEqual((settings.stratum as Group).limits, { idleTimeoutS: 60 });
    assert.deepEqual(look, [
      'blockRefreshInterval: 5 became 50: KPSS takes it from 50 to 10000',
      'jobRebroadcastTimeout: 55 became 50: KPSS takes it from 5 to 50',
    ]);
    const off = imported(
      `${COIN}, blockRefreshInterval: 0, jobRebroadcastTimeout: 0, getNewBlockAfterFound: false`,
    );
    assert.deepEqual(off.settings.tips, { askAfterFound: false });
    assert.equal(off.gone.length, 2);
  });

  test('banning is as before: off unless it was on', () => {
    assert.deepEqual(stratumOf('banning: { time: 60 }').banning, { enabled: false, timeS: 60 });
    assert.deepEqual(stratumOf('banning: { enabled: true, checkThreshold: 10.4 }').banning, {
      enabled: true,
      checkThreshold: 10,
    });
    assert.deepEqual(stratumOf('banning: false').banning, { enabled: false });
    assert.equal(stratumOf('ports: {}').banning, undefined);
  });

  test('recipients keep their percentages, and who got nothing gets nothing', () => {
    const other = encodeAddress(122, new Uint8Array(20));
    const recipients = `'${other}': 0.123456, '${MAIN}': 0, '${'07'.repeat(20)}': 1, '02${'ab'.repeat(32)}': 2`;
    const { settings, look, gone } = imported(
      `${COIN}, daemons: [{}], ports: { 1: {} }, rewardRecipients: { ${recipients} }`,
    );
    assert.deepEqual(settings.payout, {
      address: MAIN,
      recipients: [
        { address: other, percent: 0.1235 },
        { address: MAIN, percent: 1 },
      ],
    });
    assert.match(
      look.join('\n'),
      /0\.123456 became 0\.1235, with four decimals\n.*a public key is no address: left out/,
    );
    assert.match(gone.join('\n'), /it got nothing/);
  });

  test('that KPSS does not know are told with their line', () => {
    const { gone } = imported(`${COIN}, whatever: 1, banning: { other: 2 }`);
    assert.deepEqual(gone, [
      'banning.other: KPSS has nothing by this name',
      'whatever: KPSS has nothing by this name',
    ]);
  });

  test('several pools of one network get names', () => {
    const { instances } = imported(COIN, `createPool({ ${COIN} });`);
    assert.deepEqual(
      instances.map(({ settings }) => settings.name),
      [undefined, 'ravencoin-main-2'],
    );
  });
});

test('every option that docs/import.md names is known', () => {
  const page = readFileSync(new URL('../../docs/import.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `/.test(line));
  const options = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
  );
  assert.ok(options.length > 20, options.join());
  const values = options.filter((name) => !['coin', 'address'].includes(name)).map((name) => `${name}: {}`);
  const { gone } = imported(`${COIN}, ${values.join(', ')}`);
  assert.deepEqual(
    gone.filter((line) => line.endsWith('by this name')),
    [],
  );
});
