import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { fakeVerifier, getTemplate, rpc } from '../../test/support/devnet-node.ts';
import { PAYOUT, silentLog } from '../../test/support/mining.ts';
import { encodeAddress } from '../chain/address.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { meetsTarget } from '../chain/target.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { type Job, solvedBlockHex } from '../mining/job.ts';
import { JobBook } from '../mining/job-book.ts';
import { parseTemplate, type Template } from '../mining/template.ts';
import { createDevnet, type Devnet } from './devnet.ts';
import type { MandatoryOutputOptions } from './mandatory-output.ts';

const regtest = findNetwork('ravencoin', 'regtest');
assert(regtest);
const ADDRESS = encodeAddress(regtest.p2pkhVersion, new Uint8Array(20).fill(3));
const KINDS: readonly MandatoryOutputOptions['kind'][] = ['community', 'miner-dev-fund'];

const nodes: Devnet[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});

async function startNode(kind: MandatoryOutputOptions['kind']): Promise<{ node: Devnet; network: Network }> {
  assert(regtest);
  const network: Network = { ...regtest, mandatoryOutputs: kind };
  const node = await createDevnet(
    { network, mandatoryOutput: { kind, address: ADDRESS, percent: 10 } },
    { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
  );
  nodes.push(node);
  return { node, network };
}

/** The work that KPSS would hand out on the node's template, changed where a test asks for it. */
async function jobOn(node: Devnet, network: Network, changes: Partial<Template> = {}): Promise<Job> {
  const parsed = parseTemplate(await getTemplate(node), KAWPOW, network);
  assert(parsed.ok, parsed.ok ? '' : parsed.reason);
  const book = new JobBook(new TextEncoder().encode('/KPSS/'));
  book.add({ ...parsed.template, ...changes });
  const job = book.current(PAYOUT);
  assert(job);
  return job;
}

async function solve(job: Job): Promise<string> {
  const { height, networkTarget } = job.template;
  for (let nonce = 0n; ; nonce++) {
    const proof = await fakeVerifier.hash({ height, headerHash: job.headerHash, nonce });
    assert(proof.ok);
    if (meetsTarget(proof.finalHash, networkTarget)) return solvedBlockHex(job, nonce, proof.mixHash);
  }
}

function propose(node: Devnet, job: Job): Promise<string | null> {
  const data = solvedBlockHex(job, 0n, new Uint8Array(32));
  return rpc(node, 'getblocktemplate', { mode: 'proposal', data, rules: ['segwit'] });
}

for (const kind of KINDS) {
  test(`${kind}: a block that pays what the template demands is proposed, solved and accepted`, async () => {
    const { node, network } = await startNode(kind);
    for (let height = 1; height <= 3; height++) {
      const job = await jobOn(node, network);
      assert.equal(
        job.template.coinbaseValueSat + (job.template.mandatoryOutputs[0]?.amountSat ?? 0n),
        500_000_000_000n,
      );
      assert.equal(await propose(node, job), null);
      assert.equal(await rpc(node, 'submitblock', await solve(job)), null);
      assert.equal(node.height(), height);
    }
    await node.control.mineBlock();
    assert.equal(node.height(), 4);
  });

  test(`${kind}: a block that does not pay it, or too little, is refused in words of its own`, async () => {
    const { node, network } = await startNode(kind);
    const { template } = await jobOn(node, network);
    const [demanded] = template.mandatoryOutputs;
    assert(demanded);
    const little = { mandatoryOutputs: [{ ...demanded, amountSat: demanded.amountSat - 1n }] };
    for (const changes of [{ mandatoryOutputs: [] }, little]) {
      const job = await jobOn(node, network, changes);
      const reason = await propose(node, job);
      assert.match(
        reason ?? 'taken',
        kind === 'community' ? /^bad-cb-community-autonomous/ : /^bad-cb-minerdevfund$/,
      );
      assert.equal(await rpc(node, 'submitblock', await solve(job)), reason);
    }
    const greedy = await jobOn(node, network, { coinbaseValueSat: template.coinbaseValueSat + 1n });
    assert.equal(await propose(node, greedy), 'bad-cb-amount');
    assert.equal(node.height(), 0);
  });
}

test('an output that makes no sense is refused at the start', async () => {
  assert(regtest);
  const modules = { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog };
  const start = (address: string, percent: number) =>
    createDevnet({ network: regtest, mandatoryOutput: { kind: 'community', address, percent } }, modules);
  await assert.rejects(start('nonsense', 10), /the mandatory output's address/);
  await assert.rejects(start(ADDRESS, 100), /1 to 99 percent/);
});
