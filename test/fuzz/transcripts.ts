/**
 * What miners send, as a start for mutations. `{JOB}`, `{HEADER}`, `{NONCE}` and `{MIX}` stand for a right share of the
 * newest job; each line that has them gets another nonce.
 */
const SUBMIT =
  '{"id":40,"method":"mining.submit","params":["a.rig","{JOB}","0x{NONCE}","0x{HEADER}","0x{MIX}"]}';

/** How connections begin, one to a list. */
export const BEGINNINGS: readonly (readonly string[])[] = [
  [
    '{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4+commit.632f6ea0"]}',
    '{"id":3,"method":"mining.authorize","params":["a.rig","X"]}',
  ],
  [
    '{"id":1,"method":"mining.authorize","params":["a.rig","d=0.5,c=RVN"]}',
    '{"id":2,"method":"mining.subscribe","params":["GMiner/2.09",null,"host","3333"]}',
  ],
  [
    '{"id":0,"method":"mining.hello","params":{"agent":"kawpowminer","host":"h","port":"d05"}}',
    '{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4","EthereumStratum/1.0.0"]}',
    '{"id":2,"method":"mining.extranonce.subscribe","params":[]}',
    '{"id":3,"method":"mining.authorize","params":["a",null]}',
  ],
  ['{"id":"x","method":"mining.subscribe"}'],
  [],
];

/** What comes after it, in any order. */
export const LINES: readonly string[] = [
  SUBMIT,
  SUBMIT,
  SUBMIT,
  '{"id":41,"method":"mining.submit","params":["a.rig","{JOB}","{NONCE}","{HEADER}","{MIX}"],"worker":"rig"}',
  '{"id":9,"method":"eth_submitHashrate","params":["0x00000000000000000000000001c9c380","0x01"]}',
  '{"id":9,"method":"mining.hashrate","params":[30000000]}',
  '{"id":10,"method":"mining.configure","params":[["version-rolling"],{}]}',
  '{"id":11,"method":"mining.suggest_difficulty","params":[0.5]}',
  '{"id":12,"method":"mining.suggest_target","params":["00000000ffff"]}',
  '{"id":13,"method":"mining.get_transactions","params":[]}',
  '{"id":14,"jsonrpc":"2.0","method":"eth_submitLogin","params":["a","x"]}',
  '{"id":15,"method":"mining.extranonce.subscribe","params":[]}',
  '{"id":16,"method":"client.get_version"}',
  '{"error":"Method not found","id":0}',
  '{"id":17,"method":"mining.authorize","params":["b.rig","x"]}',
  '{"id":18,"method":"mining.subscribe","params":["NiceHash/1.0.0",1700000000,"ab"]}',
];

/** In place of a value. */
export const ODD_VALUES: readonly string[] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '123456789012345678901234567890',
  `1${'0'.repeat(200)}`,
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"\\"',
  '"\u{1f600}"',
  '"__proto__"',
  '[]',
  '{}',
  '[[[]]]',
  '{"id":7}',
  '{"":{"id":1e400}}',
  '{"__proto__":{"id":1,"method":"mining.submit"}}',
  `"${'f'.repeat(300)}"`,
  'NaN',
  'Infinity',
  '0x10',
  'undefined',
  `${'['.repeat(3_900)}${']'.repeat(3_900)}`,
  `${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`,
];

/** In front of the rest of an object. */
export const ODD_MEMBERS: readonly string[] = [
  '"__proto__":{"id":5}',
  '"id":5',
  '"id":1.5',
  '"constructor":{"prototype":{}}',
  '"method":"mining.submit"',
  '"params":null',
  '"\\u0069d":2.5',
  '"toString":1',
];

/** Between lines, and in them. */
export const ODD_BYTES: readonly Uint8Array[] = [
  Uint8Array.of(0x0d),
  Uint8Array.of(0x0a),
  Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a),
  Uint8Array.of(0x00),
  Uint8Array.of(0xff),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xef, 0xbb, 0xbf),
  Uint8Array.of(0xe2, 0x80, 0xa8),
  Uint8Array.of(0x22),
  Uint8Array.of(0x5c),
];
