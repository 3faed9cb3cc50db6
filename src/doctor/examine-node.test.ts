import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAIN } from '../../test/support/config.ts';
import { amiss, doctorCallOf, lookAt } from '../../test/support/doctor-harness.ts';
import { rawTemplate } from '../../test/support/mining.ts';
import {
  type ReplayRequest,
  type Reply,
  readRecording,
  replyOf,
  resultReply,
} from '../../test/support/replay-node.ts';

const recorded = (path: string, changes: object) => {
  const { response } = readRecording(path) as unknown as { response: { result: object } };
  return ({ id }: ReplayRequest): Reply => resultReply(id, { ...response.result, ...changes });
};
const chain = (changes: object) => recorded('misc/getblockchaininfo.json', changes);
const template =
  (changes: object) =>
  ({ id }: ReplayRequest): Reply =>
    resultReply(id, { ...rawTemplate(), ...changes });

test('a healthy node is green throughout, and nothing is asked that changes anything', async () => {
  const looked = await lookAt({});
  assert.deepEqual(amiss(looked), []);
  assert.equal(looked.epoch, 0);
  assert.equal(looked.find('node.answers').verdict, 'green');
  assert.match(looked.find('node.template').sentence, /block 258 with 2 transactions, worth 2500\.\d+ RVN/);
  assert.match(looked.find('node.miningaddress').sentence, /not set in raven\.conf, and need not be/);
  assert.ok(looked.requests.length < 16);
  for (const request of looked.requests) {
    doctorCallOf(request);
    assert.ok(!JSON.stringify(request.params).includes('longpollid'));
  }
});

test('a mainnet node before 4.8.0 is a warning with its reason, one from 4.8.0 on is not', async () => {
  const settings = `network: main\npayout: { address: ${MAIN} }`;
  const onMain = { getblockchaininfo: chain({ chain: 'main', mediantime: rawTemplate().curtime }) };
  const old = (await lookAt(onMain, { settings })).find('node.version');
  assert.equal(old.verdict, 'yellow');
  assert.match(old.sentence, /is 4\.6\.1, older than 4\.8\.0.+height 4,487,776/);
  assert.match(old.cure ?? '', /Upgrade the node/);
  const getnetworkinfo = recorded('misc/getnetworkinfo.json', { version: 4080000 });
  const present = (await lookAt({ ...onMain, getnetworkinfo }, { settings })).find('node.version');
  assert.deepEqual([present.verdict, present.sentence], ['green', 'The node’s version is 4.8.0.']);
});

test('a node on another network is red, and told what to set', async () => {
  const finding = (await lookAt({ getblockchaininfo: chain({ chain: 'test' }) })).find('node.network');
  assert.equal(finding.verdict, 'red');
  assert.match(finding.sentence, /is on test, but KPSS is set to regtest\.$/);
  assert.match(finding.cure ?? '', /^Set network in kpss\.yaml/);
});

test('a node behind its headers is red with the percentage', async () => {
  const getblockchaininfo = chain({ blocks: 1000, headers: 3_000_000 });
  const finding = (await lookAt({ getblockchaininfo })).find('node.synced');
  assert.equal(finding.verdict, 'red');
  assert.match(finding.sentence, /0 % \(1000 of 3000000 blocks\)/);
});

test('initial-block-download with its getblockchaininfo: the node does not know yet how far it is', async () => {
  const looked = await lookAt({
    getblocktemplate: 'errors/initial-block-download.json',
    getblockchaininfo: 'errors/initial-block-download-getblockchaininfo.json',
  });
  assert.match(looked.find('node.synced').sentence, /has 0 blocks and does not know yet how many there are/);
  const { sentence, cure } = looked.find('node.template');
  assert.match(sentence, /is still downloading the blockchain\.$/);
  assert.match(cure ?? '', /^It gives no work until it is done\./);
  assert.equal(looked.find('node.proposal').verdict, 'skipped');
  assert.equal(looked.epoch, undefined);
});

for (const [aheadS, verdict, says] of [
  [29, 'green', /29 s ahead of this machine’s\.$/],
  [-45, 'yellow', /45 s behind this machine’s\.$/],
  [-719, 'yellow', /719 s behind/],
  [800, 'red', /800 s ahead/],
] as const) {
  test(`a node whose clock is ${aheadS} s ahead is ${verdict}`, async () => {
    const curtime = Number(rawTemplate().curtime) + aheadS;
    // The harness's clock may be a second on by the time of the answer: kept away from the bounds.
    const finding = (
      await lookAt({ getblocktemplate: template({ curtime, mintime: curtime - 10_000 }) })
    ).find('node.clock');
    assert.equal(finding.verdict, verdict);
    assert.match(finding.sentence, says);
  });
}

test('a template with a field that is wrong is red and names it', async () => {
  const looked = await lookAt({ getblocktemplate: template({ bits: undefined }) });
  assert.match(looked.find('node.template').sentence, /cannot be used: template\.bits is missing\.$/);
  assert.equal(looked.find('node.proposal').verdict, 'skipped');
});

test('miningaddress that is set is told, and that it is not needed', async () => {
  const looked = await lookAt({ getblocktemplate: 'getblocktemplate/2-tx-miningaddress.json' });
  const { verdict, sentence } = looked.find('node.miningaddress');
  assert.equal(verdict, 'green');
  assert.match(sentence, /is set in raven\.conf\. KPSS does not need it/);
});

test('a proposal that is refused is red with the node’s reason', async () => {
  const looked = await lookAt({ proposal: 'getblocktemplate/proposal-bad-cb-amount.json' });
  const { verdict, sentence, cure } = looked.find('node.proposal');
  assert.equal(verdict, 'red');
  assert.match(sentence, /^The node would refuse a found block: bad-cb-amount, that is: .+\.$/);
  assert.match(cure ?? '', /^Check that coin and network/);
});

test('a node without proposals is a warning: blocks may be valid all the same', async () => {
  const looked = await lookAt({ proposal: 'getblocktemplate/mode-unknown.json' });
  assert.equal(looked.find('node.proposal').verdict, 'yellow');
});

test('a proposal that a new block overtook is made again of a new template, once', async () => {
  let proposals = 0;
  const stale = readRecording('getblocktemplate/proposal-stale.json');
  const valid = readRecording('getblocktemplate/proposal-ok.json');
  const once = await lookAt({
    proposal: ({ id }) => replyOf(proposals++ === 0 ? stale : valid, id),
  });
  assert.equal(once.find('node.proposal').verdict, 'green');
  assert.equal(proposals, 2);
  const always = await lookAt({ proposal: stale });
  assert.equal(always.find('node.proposal').verdict, 'yellow');
  assert.equal(always.requests.filter((request) => doctorCallOf(request) === 'proposal').length, 2);
});

test('the trial block is the instance’s own: its payout, its recipients, its tag', async () => {
  const settings = [
    'network: regtest',
    'payout:',
    '  address: mufpGCucKyxh1ahcaCAqp6URzhdTnoJaas',
    '  tag: /doctor/',
    '  recipients: [{ address: mpbj2Spo2bE6zye4fKKg25RmzrcB6JxB8J, percent: 1 }]',
  ].join('\n');
  const looked = await lookAt(
    {
      validateaddress: ({ id, params }) =>
        resultReply(id, { isvalid: true, address: params[0], isscript: false }),
    },
    { settings },
  );
  const proposal = looked.requests.find((request) => doctorCallOf(request) === 'proposal');
  const [{ data }] = (proposal?.params ?? [{ data: '' }]) as [{ data: string }];
  assert.ok(data.includes('76a9149b3ecccacc95b61a466b402aa95d3decb6e35ce188ac'));
  assert.ok(data.includes('76a91463a022a7da5f808b4e10868369c5b35e52bfd5d588ac'));
  assert.ok(data.includes(Buffer.from('/doctor/').toString('hex')));
  assert.equal(looked.find('node.payout').sentence, 'The node finds all 2 addresses valid.');
});

test('an answer that does not call the address valid is no word for it', async () => {
  const looked = await lookAt({ validateaddress: ({ id }) => resultReply(id, {}) });
  assert.equal(looked.find('node.payout').verdict, 'red');
});

test('an address that the node pays by another script is red', async () => {
  const looked = await lookAt({ validateaddress: 'misc/validateaddress-p2pkh-mine.json' });
  assert.match(looked.find('node.payout').sentence, /would pay mufp\w+ by another script/);
});

test('a node that is not there: the port is closed, and the rest was not looked at', async () => {
  const looked = await lookAt({ all: () => 'reset' });
  assert.equal(looked.find('node.answers').verdict, 'red');
  assert.deepEqual(amiss(looked).length, 1);
  assert.match(looked.find('node.answers').cure ?? '', /^Is it running, with server=1.+\?$/);
});
