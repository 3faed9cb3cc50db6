// The settings stand in a file beside it.
const Stratum = require('stratum-pool');
const fs = require('fs');
const path = require('path');
const config = JSON.parse(fs.readFileSync(path.join(__dirname, 'with-config.json'), 'utf8'));
const secrets = require('./not-there.json');
const { daemons: [daemon] } = config;

Stratum.createPool({
  coin: config.coin,
  address: config.pools[0].address,
  ports: config.ports,
  daemons: [{ ...daemon, password: secrets.password }]
}).start();
