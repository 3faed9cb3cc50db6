import assert from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import { meetsTarget } from '../../src/chain/target.ts';
import type { Verifier } from '../../src/kawpow/verifier.ts';
import { type Message, prefixIn, type StratumClient } from './stratum-client.ts';

/** The two ways of writing that are common: kawpowminer's with 0x and an extra key, rdna3-kawpow-miner's without. */
export type Dialect = '0x' | 'plain';

export interface FoundHash {
  readonly nonce: string;
  readonly mixHash: string;
  readonly meetsShareTarget: boolean;
}

/** A miner for tests: hashes for real, and submits what the test wants. */
export class TestMiner {
  readonly client: StratumClient;
  readonly #dialect: Dialect;
  readonly #address: string;
  readonly #password: string;
  readonly #verifier: Pick<Verifier, 'hash'>;
  #nextId = 40;
  #nextNonce = 1n;
  prefix = '';

  constructor(
    client: StratumClient,
    options: { dialect: Dialect; address: string; verifier: Pick<Verifier, 'hash'>; password?: string },
  ) {
    this.client = client;
    this.#dialect = options.dialect;
    this.#address = options.address;
    this.#password = options.password ?? 'X';
    this.#verifier = options.verifier;
  }

  async logIn(): Promise<void> {
    const agent =
      this.#dialect === '0x' ? ['kawpowminer/1.2.4+commit.632f6ea0'] : ['rdna3-kawpow-miner/0.1', null];
    this.client.send({ id: 1, method: 'mining.subscribe', params: agent });
    this.prefix = prefixIn(await this.client.find((m) => m.id === 1));
    const authorized = await this.client.call(3, 'mining.authorize', [
      `${this.#address}.${this.#dialect}`,
      this.#password,
    ]);
    assert.equal(authorized.result, true);
    await this.client.job();
  }

  /** Hashes with this connection's prefix until one is as wanted. */
  async hash(job: Message, wanted: (found: FoundHash) => boolean): Promise<FoundHash> {
    const [, headerHash, , target, , height] = job.params;
    for (let i = 0; i < 200; i++) {
      const nonce = this.prefix + (this.#nextNonce++).toString(16).padStart(12, '0');
      const outcome = await this.#verifier.hash({
        height,
        headerHash: hexToBytes(headerHash),
        nonce: BigInt(`0x${nonce}`),
      });
      assert(outcome.ok);
      const shareTarget = hexToBytes(target.replace('0x', ''));
      const meetsShareTarget = meetsTarget(outcome.finalHash, shareTarget);
      const found = { nonce, mixHash: bytesToHex(outcome.mixHash), meetsShareTarget };
      if (wanted(found)) return found;
    }
    throw new Error('200 hashes and none as wanted');
  }

  submit(
    job: Message,
    found: { nonce: string; mixHash: string },
    changes: { jobId?: string; headerHash?: string } = {},
  ): Promise<Message> {
    const [jobId, headerHash] = job.params;
    const hex = (digits: string) => (this.#dialect === '0x' ? `0x${digits}` : digits);
    const fields = [hex(found.nonce), hex(changes.headerHash ?? headerHash), hex(found.mixHash)];
    const params = [`${this.#address}.${this.#dialect}`, changes.jobId ?? jobId, ...fields];
    return this.client.call(this.#nextId++, 'mining.submit', params);
  }

  /** Finds and submits a share of the newest job, again if a newer job came meanwhile. */
  async submitGood(): Promise<Message> {
    for (;;) {
      const job = await this.client.job();
      const reply = await this.submit(job, await this.hash(job, (found) => found.meetsShareTarget));
      if (reply.error?.[0] !== 21) return reply;
    }
  }
}
