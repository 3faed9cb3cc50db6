// Written to hurt whoever runs it, or trusts a name in it.
process.exit(66);
while (true) {}
require('fs').writeFileSync('hostile-was-here', 'yes');
throw new Error('run');
var ports = { get 3333() { process.exit(67); }, '4444': { diff: 0.25 }, "0x10": {}, 'toString': 1 };
var doubled = 'a'; doubled = doubled + doubled; doubled = doubled + doubled;
var cycle = { name: 'Ravencoin' }; cycle.coin = cycle;
var options = {
  "coin": cycle,
  "address": "R9vME8mUyeranLhysQr1Yzpqj5taHW4Ubu",
  "ports": ports,
  "daemons": [{ host: "127.0.0.1", port: 8766, user: "u\nstratum: {}", password: "# not: [a, comment" }],
  "__proto__": { "address": "taken over" },
  "constructor": { "prototype": { "polluted": true } },
  "note\u001b[2J": "\u001b]0;title\u0007",
  ["x" + "y"]: /(a+)+$/,
  "banning": { time: 1 / 0, "__proto__": 5, enabled: "yes" },
  "connectionTimeout": -1e308,
  "blockRefreshInterval": (function () { while (true) {} })(),
  "jobRebroadcastTimeout": [[[[[[[[30]]]]]]]]
};
if (Math.random() < 2) options.address = "somebody else's";
require('stratum-pool').createPool(options, eval);
