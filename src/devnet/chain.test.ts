import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type BlockJson,
  draftBlock,
  fakeVerifier,
  getBlock,
  getTemplate,
  makeTransaction,
  rpc,
  rpcText,
  solveBlock,
  TEST_SCRIPT,
  unknownTxid,
} from '../../test/support/devnet-node.ts';
import { silentLog } from '../../test/support/mining.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { systemRandom } from '../clock.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import { createDevnet, type Devnet, type DevnetOptions } from './devnet.ts';

const REGTEST = findNetwork('ravencoin', 'regtest') as Network;

let clock: VirtualClock;
let node: Devnet;

async function startNode(
  options: Partial<DevnetOptions> = {},
  verifier: Pick<Verifier, 'hash' | 'verify'> = fakeVerifier,
): Promise<Devnet> {
  clock = createVirtualClock();
  const started = await createDevnet(
    { network: REGTEST, templateCacheMs: 0, ...options },
    { verifier, clock, random: systemRandom, log: silentLog },
  );
  started.control.setBits(0x207fffff);
  return started;
}

/** A solved block on any parent, told apart by its tag. */
async function blockOn(
  parent: { hash: string; height: number; time: number },
  tag: number,
  amountSat = 5000_00000000n,
): Promise<{ hex: string; hash: string }> {
  const template = await getTemplate(node);
  const changed = {
    ...template,
    previousblockhash: parent.hash,
    height: parent.height + 1,
    transactions: [],
  };
  const draft = draftBlock(changed, {
    coinbase: {
      tag: Uint8Array.of(tag, tag),
      outputs: [{ amountSat, script: TEST_SCRIPT }],
      witnessCommitmentScript: undefined,
    },
    header: { timeS: parent.time + 1 },
  });
  return solveBlock(fakeVerifier, draft);
}

function show(hash: string): Promise<BlockJson> {
  return getBlock(node, hash);
}

async function submit(block: { hex: string }): Promise<unknown> {
  return rpc(node, 'submitblock', block.hex);
}

/** `count` blocks on a parent, one on the other, not submitted. */
async function branchOn(
  parent: BlockJson,
  count: number,
  tag: number,
): Promise<{ hex: string; hash: string }[]> {
  const blocks: { hex: string; hash: string }[] = [];
  let below = { hash: parent.hash, height: parent.height, time: parent.time };
  for (let i = 0; i < count; i++) {
    const block = await blockOn(below, tag);
    blocks.push(block);
    below = { hash: block.hash, height: below.height + 1, time: below.time + 1 };
  }
  return blocks;
}

describe('which chain is the active one', () => {
  beforeEach(async () => {
    node = await startNode();
    await node.control.mineBlock();
  });
  afterEach(() => node.close());

  it('two blocks of one parent: the first seen stays, the other is inconclusive', async () => {
    const parent = await show(node.tip());
    const [first] = await branchOn(parent, 1, 1);
    const [second] = await branchOn(parent, 1, 2);
    assert.equal(await submit(first!), null);
    assert.equal(await submit(second!), 'inconclusive');
    assert.equal(node.tip(), first!.hash);
    assert.equal(await submit(second!), 'duplicate-inconclusive');
    assert.equal((await show(second!.hash)).confirmations, -1);
  });

  it('goes over to a branch with more work, and calls blocks of the left one duplicates', async () => {
    const parent = await show(node.tip());
    const short = await branchOn(parent, 2, 1);
    const long = await branchOn(parent, 3, 2);
    const seen: string[] = [];
    const end = node.onBlock((block) => seen.push(block.hash));
    for (const block of short) assert.equal(await submit(block), null);
    assert.equal(await submit(long[0]!), 'inconclusive');
    assert.equal(await submit(long[1]!), 'inconclusive');
    assert.equal(await submit(long[2]!), null);
    end();
    assert.equal(node.tip(), long[2]!.hash);
    assert.equal(node.height(), parent.height + 3);
    assert.deepEqual(
      seen,
      [...short, ...long].map((block) => block.hash),
    );
    assert.equal(await submit(short[1]!), 'duplicate');
    const tips = await rpc<{ status: string; branchlen: number }[]>(node, 'getchaintips');
    assert.deepEqual(
      tips.map((tip) => [tip.status, tip.branchlen]),
      [
        ['active', 0],
        ['valid-fork', 2],
      ],
    );
  });

  it('a branch that turns out invalid on the way up is left again', async () => {
    const parent = await show(node.tip());
    const main = await branchOn(parent, 2, 1);
    for (const block of main) await submit(block);
    const good = await blockOn(parent, 2);
    const bad = await blockOn(
      { hash: good.hash, height: parent.height + 1, time: parent.time + 1 },
      2,
      5001_00000000n,
    );
    const onBad = await blockOn({ hash: bad.hash, height: parent.height + 2, time: parent.time + 2 }, 2);
    assert.equal(await submit(good), 'inconclusive');
    assert.equal(await submit(bad), 'inconclusive');
    // Only now is the branch worth connecting, and its second block pays too much.
    assert.equal(await submit(onBad), 'inconclusive');
    assert.equal(node.tip(), main[1]!.hash);
    assert.equal(await submit(bad), 'duplicate-invalid');
    assert.equal(await submit(onBad), 'duplicate-invalid');
    const further = await blockOn({ hash: onBad.hash, height: parent.height + 3, time: parent.time + 3 }, 2);
    assert.equal(await submit(further), 'bad-prevblk');
  });

  it('transactions of a left branch wait again, and are confirmed only once', async () => {
    const parent = await show(node.tip());
    const tx = bytesToHex(makeTransaction([{ txid: unknownTxid(1), index: 0 }]));
    const txid = await rpc<string>(node, 'sendrawtransaction', tx);
    await node.control.mineBlock();
    assert.deepEqual(await rpc(node, 'getrawmempool'), []);
    for (const block of await branchOn(parent, 2, 3)) await submit(block);
    assert.deepEqual(await rpc(node, 'getrawmempool'), [txid]);
    const hash = await node.control.mineBlock();
    assert.equal((await show(hash)).tx[1], txid);
  });

  it('reorganise replaces the last blocks by a longer branch, at any difficulty', async () => {
    node.control.setBits(0x1b00ffff);
    for (let i = 0; i < 4; i++) {
      await node.control.addBlock();
      await clock.advance(400_000);
    }
    const left = [await rpc<string>(node, 'getblockhash', 5), await rpc<string>(node, 'getblockhash', 4)];
    const { dropped, tip } = await node.control.reorganise(2);
    assert.deepEqual(dropped, left);
    assert.equal(node.tip(), tip);
    assert.equal(node.height(), 6);
    assert.equal((await show(String(left[0]))).confirmations, -1);
    assert.equal((await show(String(left[0]))).time, (await show(await rpc(node, 'getblockhash', 5))).time);
    await assert.rejects(node.control.reorganise(7), RangeError);
  });

  it('addBlock is a block of the rest of the network: in no time, with what the mempool has', async () => {
    node.control.setBits(0x1b00ffff);
    const tx = bytesToHex(makeTransaction([{ txid: unknownTxid(1), index: 0 }]));
    const txid = await rpc<string>(node, 'sendrawtransaction', tx);
    const hash = await node.control.addBlock();
    assert.equal(node.tip(), hash);
    assert.equal((await show(hash)).tx[1], txid);
  });

  it('dropBlocks lowers the tip at once, and the same blocks do not come back', async () => {
    const kept = node.tip();
    const parent = await show(kept);
    const branch = await branchOn(parent, 2, 1);
    for (const block of branch) await submit(block);
    assert.deepEqual(node.control.dropBlocks(2), branch.map((block) => block.hash).reverse());
    assert.equal(node.tip(), kept);
    assert.equal(await submit(branch[0]!), 'duplicate-invalid');
    assert.equal((await getTemplate(node)).previousblockhash, kept);
    await node.control.mineBlock();
    assert.equal(node.height(), parent.height + 1);
  });
});

describe('several submissions at once', () => {
  /** Lets the test decide when each proof of work is there. */
  function heldVerifier(): { verifier: typeof fakeVerifier; release: () => void; waiting: () => number } {
    const held: (() => void)[] = [];
    return {
      verifier: {
        hash: fakeVerifier.hash,
        verify: async (request) => {
          await new Promise<void>((resolve) => held.push(resolve));
          return fakeVerifier.verify(request);
        },
      },
      release: () => held.shift()?.(),
      waiting: () => held.length,
    };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
    assert(condition());
  }

  afterEach(() => node.close());

  it('the same block twice is accepted once', async () => {
    const held = heldVerifier();
    node = await startNode({}, held.verifier);
    const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(node)));
    const answers = [submit(block), submit(block)];
    await until(() => held.waiting() === 1);
    held.release();
    assert.deepEqual(await Promise.all(answers), [null, 'duplicate']);
  });

  it('two blocks of one parent are taken in the order they came', async () => {
    const held = heldVerifier();
    node = await startNode({}, held.verifier);
    const parent = await show(node.tip());
    const [first] = await branchOn(parent, 1, 1);
    const [second] = await branchOn(parent, 1, 2);
    const one = submit(first!);
    await until(() => held.waiting() === 1);
    const two = submit(second!);
    held.release();
    assert.equal(await one, null);
    await until(() => held.waiting() === 1);
    held.release();
    assert.equal(await two, 'inconclusive');
    assert.equal(node.tip(), first!.hash);
  });

  it('a block whose parent is dropped while its proof of work is computed is refused', async () => {
    const held = heldVerifier();
    node = await startNode({}, held.verifier);
    const parent = await show(node.tip());
    const [first, second] = await branchOn(parent, 2, 1);
    const one = submit(first!);
    await until(() => held.waiting() === 1);
    held.release();
    await one;
    const two = submit(second!);
    await until(() => held.waiting() === 1);
    node.control.dropBlocks(1);
    held.release();
    assert.equal(await two, 'bad-prevblk');
    assert.equal(node.tip(), parent.hash);
  });

  it('says so when no proof of work can be computed, and takes the block later', async () => {
    let refusing = true;
    node = await startNode(
      {},
      {
        hash: fakeVerifier.hash,
        verify: async (request) =>
          refusing ? { ok: false, reason: 'queue-full' } : fakeVerifier.verify(request),
      },
    );
    const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(node)));
    const { status, text } = await rpcText(node, 'submitblock', [block.hex]);
    assert.equal(status, 500);
    assert.match(text, /queue-full/);
    refusing = false;
    assert.equal(await submit(block), null);
  });
});

describe('proposals', () => {
  beforeEach(async () => {
    node = await startNode();
    await node.control.mineBlock();
  });
  afterEach(() => node.close());

  async function propose(draft: ReturnType<typeof draftBlock>): Promise<unknown> {
    const { hex } = await solveBlock(fakeVerifier, draft, { miss: true });
    return rpc(node, 'getblocktemplate', { mode: 'proposal', data: hex, rules: ['segwit'] });
  }

  it('an unsolved block is valid, and changes nothing', async () => {
    const template = await getTemplate(node);
    assert.equal(await propose(draftBlock(template)), null);
    assert.equal(node.height(), 1);
    assert.equal(await propose(draftBlock(template)), null);
  });

  it('everything but the proof of work is checked', async () => {
    const template = await getTemplate(node);
    const [coinbase] = draftBlock(template).transactions as [Uint8Array];
    const spend = makeTransaction([{ txid: unknownTxid(1), index: 0 }]);
    const cases: [ReturnType<typeof draftBlock>, string][] = [
      [draftBlock({ ...template, coinbasevalue: BigInt(template.coinbasevalue) + 1n }), 'bad-cb-amount'],
      [draftBlock(template, { header: { transactions: [spend] } }), 'bad-cb-missing'],
      [draftBlock(template, { header: { transactions: [] } }), 'bad-blk-length'],
      [draftBlock(template, { header: { transactions: [coinbase, coinbase] } }), 'bad-txns-duplicate'],
      [draftBlock(template, { header: { merkleRoot: new Uint8Array(32) } }), 'bad-txnmrklroot'],
      [draftBlock(template, { header: { height: template.height + 1 } }), 'bad-header-height'],
      [draftBlock(template, { header: { bits: 0x207ffffe } }), 'bad-diffbits'],
      [draftBlock(template, { header: { timeS: template.mintime - 1 } }), 'time-too-old'],
      [draftBlock(template, { header: { version: 4 } }), 'bad-version(0x00000004)'],
      [
        draftBlock(template, { header: { previousBlockHash: new Uint8Array(32) } }),
        'inconclusive-not-best-prevblk',
      ],
    ];
    for (const [draft, reason] of cases) assert.equal(await propose(draft), reason);
    const missing = await rpcText(node, 'getblocktemplate', [{ mode: 'proposal' }]);
    assert.match(missing.text, /"code":-3,"message":"Missing data String key for proposal"/);
  });

  it('a block that is known already is a duplicate', async () => {
    const { hex } = await solveBlock(fakeVerifier, draftBlock(await getTemplate(node)));
    assert.equal(await rpc(node, 'submitblock', hex), null);
    assert.equal(await rpc(node, 'getblocktemplate', { mode: 'proposal', data: hex }), 'duplicate');
  });
});

describe('a coinbase without the reserved value', () => {
  it('gets it from the node, as ravend adds it', async () => {
    node = await startNode();
    const draft = draftBlock(await getTemplate(node), { coinbase: { omitWitness: true } });
    const { hex, hash } = await solveBlock(fakeVerifier, draft);
    assert.equal(await rpc(node, 'submitblock', hex), null);
    const stored: string = await rpc(node, 'getblock', hash, 0);
    assert.equal(stored.length, hex.length + 2 * (2 + 34));
    assert(stored.includes(`0120${'00'.repeat(32)}00000000`));
    await node.close();
  });
});

describe('bits', () => {
  afterEach(() => node.close());

  it('are demanded as the template had them, also after they were fixed anew', async () => {
    node = await startNode();
    const template = await getTemplate(node);
    node.control.setBits(0x1f7fffff);
    assert.equal((await getTemplate(node)).bits, '1f7fffff');
    assert.equal(await submit(await solveBlock(fakeVerifier, draftBlock(template))), null);
    const next = await getTemplate(node);
    const easier = draftBlock(next, { header: { bits: 0x207fffff } });
    assert.equal(await submit(await solveBlock(fakeVerifier, easier)), 'bad-diffbits');
    assert.throws(() => node.control.setBits(0x2100ffff), RangeError);
  });

  it('follow the block time when nobody fixes them', async () => {
    node = await startNode({ blockTimeS: 10 });
    node.control.setBits(undefined);
    const difficulty = async (): Promise<number> => rpc(node, 'getdifficulty');
    const atStart = await difficulty();
    for (let i = 0; i < 12; i++) await node.control.mineBlock();
    const afterBurst = await difficulty();
    assert(afterBurst > atStart * 5);
    for (let i = 0; i < 6; i++) {
      await clock.advance(30_000);
      await node.control.mineBlock();
    }
    assert((await difficulty()) < afterBurst);
  });

  it('a coinbase pays less after every halving', async () => {
    node = await startNode({ halvingBlocks: 3 });
    const values: number[] = [];
    for (let i = 0; i < 6; i++) {
      values.push(Number((await getTemplate(node)).coinbasevalue) / 1e8);
      await node.control.mineBlock();
    }
    assert.deepEqual(values, [5000, 5000, 2500, 2500, 2500, 1250]);
  });
});
