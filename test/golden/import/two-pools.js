#!/usr/bin/env node
'use strict';
// Two testnet pools out of variables, defaults of the environment, texts in parts, and statements that come later.
const { createPool } = require('stratum-pool');

const HOST = '127.0.' + `0.1`;
const PORT = Number(process.env.STRATUM_PORT || 3400 + 33);
const PASSWORD = process.env.RPC_PASSWORD;
const minute = 60;

const coin = { name: 'Ravencoin', symbol: 'rvn', algorithm: 'kawpow' };
const daemon = { host: HOST, port: 18766, user: 'test', password: 'test' };
const shared = {
  coin,
  address: `mgLjCZefJ6DZGQ4LX25Wz6hrpBsFHXVnWS`,
  connectionTimeout: 20 * minute,
  banning: { enabled: false },
};

function start() {
  const first = { ...shared, daemons: [daemon], ports: { [PORT]: { diff: 1 / 1000 } } };
  first.blockRefreshInterval = 250;
  createPool(first, (ip, port, name, password, done) => done({ authorized: name.length < 9 })).start();

  const second = Object.assign({}, shared, {
    address: 'mgS35WVQMD5hesgJidCeLTCoosnXbmynN7',
    daemons: [{ host: HOST, port: 18443, user: 'regtest', password: PASSWORD }],
    ports: { 3434: { diff: 0.5, varDiff: { minDiff: 0.001, maxDiff: 0.1 } } },
    tcpProxyProtocol: true,
  });
  new createPool(second).on('started', () => console.log('up')).start();
}
setTimeout(start, 1000);
