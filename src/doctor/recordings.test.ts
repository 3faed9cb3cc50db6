import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_FOLDER } from '../../test/support/config.ts';
import { amiss, type DoctorCall, doctorCallOf, lookAt } from '../../test/support/doctor-harness.ts';
import { type Recording, readRecording, recordingsIn } from '../../test/support/replay-node.ts';
import type { CheckId, Verdict } from './check.ts';

/** What the doctor must say when a node answers these calls as in a recording. */
interface Case {
  readonly calls: readonly (DoctorCall | 'all')[];
  readonly id: CheckId;
  readonly verdict: Verdict;
  readonly says: RegExp;
}

const refused = (says: RegExp): Case => ({ calls: ['all'], id: 'node.answers', verdict: 'red', says });
const WRONG_LOGIN: Case = {
  calls: ['all'],
  id: 'node.login',
  verdict: 'red',
  says: /refuses the RPC user or password\. They must be those in its raven\.conf/,
};
const NO_PEERS: Case = {
  calls: ['getblocktemplate'],
  id: 'node.peers',
  verdict: 'red',
  says: /no connection to other nodes.+ Check its internet connection/,
};
const NOT_RPC = /What answers is not a node's RPC: .+ Check host and port/;

const ERRORS: Readonly<Record<string, Case>> = {
  'bad-base64-authorization': WRONG_LOGIN,
  'bearer-authorization': WRONG_LOGIN,
  'no-authorization': WRONG_LOGIN,
  'wrong-password': WRONG_LOGIN,
  'forbidden-ip': {
    ...WRONG_LOGIN,
    says: /takes no RPC calls from this machine\. Add rpcallowip=/,
  },
  'batch-bad-element': refused(NOT_RPC),
  'batch-empty': refused(NOT_RPC),
  batch: refused(NOT_RPC),
  'http-get': refused(NOT_RPC),
  'http-path': refused(NOT_RPC),
  'empty-body': refused(/refuses getblockchaininfo: Parse error \(-32700\)/),
  'parse-error': refused(/refuses getblockchaininfo: Parse error \(-32700\)/),
  'top-level-string': refused(/Top-level object parse error \(-32700\)/),
  'method-not-string': refused(/Method must be a string \(-32600\)/),
  'missing-method': refused(/Missing method \(-32600\)/),
  'params-string': refused(/GetParams must be an array or object \(-32600\)/),
  'warmup-1': refused(/is starting: RPC server started\. Nothing to do but wait/),
  'warmup-2': refused(/is starting: Loading block index\.\.\. Nothing to do but wait/),
  'warmup-3': refused(/is starting: Verifying blocks\.\.\. Nothing to do but wait/),
  'work-queue-depth-exceeded': refused(
    /its queue of RPC requests is full\. If this lasts, raise rpcworkqueue/,
  ),
  'method-not-found': refused(/does not know getblockchaininfo, which mining needs\. Is it a full node/),
  'not-connected': NO_PEERS,
  'warmup-then-not-connected': NO_PEERS,
  'initial-block-download': {
    calls: ['getblocktemplate'],
    id: 'node.synced',
    verdict: 'red',
    says: /is downloading the chain.+ Wait until it is done/,
  },
  'body-too-large': {
    calls: ['proposal'],
    id: 'node.proposal',
    verdict: 'red',
    says: /refuses a request for its size\. A proxy must let 32 MB through/,
  },
  'type-error': {
    calls: ['proposal'],
    id: 'node.proposal',
    verdict: 'red',
    says: /refuses getblocktemplate: JSON value is not an integer as expected \(-1\)/,
  },
  'unknown-named-param': {
    calls: ['getblocktemplate'],
    id: 'node.template',
    verdict: 'red',
    says: /refuses getblocktemplate: Unknown named parameter heigt \(-8\)/,
  },
  'too-many-params': {
    calls: ['getnetworkinfo'],
    id: 'node.version',
    verdict: 'yellow',
    says: /version is not known: .+ refuses getnetworkinfo/,
  },
  'invalid-address': {
    calls: ['validateaddress'],
    id: 'node.payout',
    verdict: 'yellow',
    says: /could not be asked: .+ Error: Invalid address \(-5\)/,
  },
  'block-not-found': {
    calls: ['getbestblockhash'],
    id: 'node.polling',
    verdict: 'yellow',
    says: /does not tell its tip: .+ Block not found \(-5\)/,
  },
  'height-out-of-range': {
    calls: ['getbestblockhash'],
    id: 'node.polling',
    verdict: 'yellow',
    says: /does not tell its tip: .+ Block height out of range \(-8\)/,
  },
};

const INVALID: Case = {
  calls: ['validateaddress'],
  id: 'node.payout',
  verdict: 'red',
  says: /says that m\w+ is no valid address\. Is it a node of ravencoin regtest\?/,
};
const MISC: Readonly<Record<string, Case>> = {
  'validateaddress-checksum': INVALID,
  'validateaddress-empty': INVALID,
  'validateaddress-invalid': INVALID,
  'validateaddress-mainnet': INVALID,
  'validateaddress-number': {
    ...INVALID,
    verdict: 'yellow',
    says: /could not be asked: .+ JSON value is not a string as expected/,
  },
  // Refusals of a call that the doctor does not make, as they would come for one that it makes.
  'getkawpowhash-bad-nonce': {
    calls: ['proposal'],
    id: 'node.proposal',
    verdict: 'red',
    says: /refuses getblocktemplate: Invalid nonce hex string \(-32602\)/,
  },
  'getkawpowhash-few-params': {
    calls: ['getblocktemplate'],
    id: 'node.template',
    verdict: 'red',
    // A help text of many lines: on one, and cut.
    says: /refuses getblocktemplate: getkawpowhash "header_hash" .{150,300} \(-1\)/,
  },
  'getkawpowhash-height-too-large': {
    calls: ['proposal'],
    id: 'node.proposal',
    verdict: 'red',
    says: /would refuse a found block: Block height is to large/,
  },
  'getkawpowhash-string-height': {
    calls: ['getbestblockhash'],
    id: 'node.polling',
    verdict: 'yellow',
    says: /does not tell its tip: .+ JSON value is not an integer as expected \(-1\)/,
  },
  'getblockstats-missing': {
    calls: ['getpeerinfo', 'getnetworkinfo'],
    id: 'node.peers',
    verdict: 'yellow',
    says: /does not know getpeerinfo/,
  },
};

for (const [folder, cases] of Object.entries({ errors: ERRORS, misc: MISC })) {
  for (const [name, { calls, id, verdict, says }] of Object.entries(cases)) {
    test(`${folder}/${name} for ${calls.join(' and ')}: ${id} is ${verdict}`, async () => {
      const recording = `${folder}/${name}.json`;
      const looked = await lookAt(Object.fromEntries(calls.map((call) => [call, recording])));
      const finding = looked.find(id);
      assert.equal(finding.verdict, verdict);
      assert.match(`${finding.sentence} ${finding.cure}`, says);
      // What only follows of it is grey: one cause is told once.
      if (calls[0] === 'all') assert.deepEqual(amiss(looked), [finding]);
    });
  }
}

/** Recordings that are no failure, by the call that the doctor makes too. */
const USED: readonly (readonly [path: string, call: DoctorCall])[] = [
  ['errors/initial-block-download-getblockchaininfo.json', 'getblockchaininfo'],
  ['misc/getblockchaininfo.json', 'getblockchaininfo'],
  ['misc/getnetworkinfo.json', 'getnetworkinfo'],
  ['misc/getpeerinfo.json', 'getpeerinfo'],
  ['misc/getbestblockhash.json', 'getbestblockhash'],
];

for (const [path, call] of USED) {
  test(`${path} is no failure: nothing is amiss`, async () => {
    const looked = await lookAt({ [call]: path });
    assert.deepEqual(amiss(looked), []);
    assert.ok(looked.requests.some((request) => doctorCallOf(request) === call));
  });
}

for (const [name, verdict, says] of [
  ['p2pkh', 'green', /finds m\w+ valid\.$/],
  ['p2pkh-mine', 'green', /valid, and it is in the node’s own wallet\.$/],
  ['p2sh', 'yellow', /^2N\w+ pays to a script \(P2SH\)\. Blocks may do that/],
  ['p2sh-mine', 'yellow', /pays to a script \(P2SH\), and it is in the node’s own wallet\./],
] as const) {
  test(`misc/validateaddress-${name} for the address that is paid: ${verdict}`, async () => {
    const recording = readRecording(`misc/validateaddress-${name}.json`);
    const settings = `network: regtest\npayout: { address: ${recording.request.params?.[0]} }`;
    const looked = await lookAt({ validateaddress: recording }, { settings });
    const finding = looked.find('node.payout');
    assert.equal(finding.verdict, verdict);
    assert.match(finding.sentence, says);
    assert.deepEqual(amiss(looked), verdict === 'green' ? [] : [finding]);
  });
}

test('errors/cookie-auth: the cookie of the file is accepted', async () => {
  const recording = readRecording('errors/cookie-auth.json') as Recording & {
    readonly cookieFileContent: string;
    readonly authorizationHeader: string;
  };
  const path = join(CONFIG_FOLDER, '.cookie');
  writeFileSync(path, recording.cookieFileContent);
  const looked = await lookAt({}, { login: `cookie: ${path}` });
  assert.deepEqual(amiss(looked), []);
  assert.equal(looked.find('node.login').sentence, `The cookie ${path} is accepted.`);
  for (const { authorization } of looked.requests) assert.equal(authorization, recording.authorizationHeader);
});

test('errors/not-connected-getblockcount, ok-… and the others are answers to what the doctor never asks', () => {
  const calls = ['getblockchaininfo', 'getnetworkinfo', 'getpeerinfo', 'getbestblockhash', 'validateaddress'];
  const paths = USED.map(([path]) => path);
  for (const folder of ['errors', 'misc']) {
    const cases = Object.keys(folder === 'errors' ? ERRORS : MISC);
    for (const file of recordingsIn(folder)) {
      const path = `${folder}/${file}`;
      if (paths.includes(path) || cases.includes(file.replace('.json', ''))) continue;
      if (/^misc\/validateaddress-p2|^errors\/cookie-auth/.test(path)) continue;
      const { request, httpStatus } = readRecording(path);
      const method =
        request.method ?? (JSON.parse(request.rawBody ?? '{}') as { method?: string }).method ?? '';
      assert.ok(!calls.includes(method) && method !== 'getblocktemplate', path);
      // A failure that nobody has looked at would hide here.
      assert.equal(httpStatus, 200, path);
    }
  }
});
