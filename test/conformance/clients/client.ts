import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bytesToHex, hexToBytes } from '../../../src/chain/bytes.ts';
import { finalHash } from '../../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../../src/kawpow/params.ts';
import { fakeVerifier } from '../../support/devnet-node.ts';
import { type Job, type Reply, WireChecker } from './checker.ts';
import { ADDRESS } from './pool.ts';
import type { ClientProfile, Step } from './profile.ts';
import { readPrefix } from './reader.ts';

/** How long a test waits for something before it fails. */
const PATIENCE_MS = 15_000;
/** One hash in 256 is a share: in so many there is one, but for one run in 10^17. */
const HASHES_MAX = 10_000;

/** Fields of a share, bare lower-case hex. */
export interface Solution {
  readonly nonce: string;
  readonly mix: string;
}

/** One connection of a client: sends what its profile says, and reads as that client does. */
export class ConformanceClient {
  readonly checker = new WireChecker();
  readonly #profile: ClientProfile;
  readonly #socket: Socket;
  readonly #taken = new Set<Reply>();
  #prefix = '';
  #nextShareId: number;
  #nextNonce = 1;
  #closed = false;
  #failure: unknown;
  #wake: () => void = () => {};

  private constructor(socket: Socket, profile: ClientProfile) {
    this.#socket = socket;
    this.#profile = profile;
    this.#nextShareId = profile.firstShareId;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(port: number, profile: ClientProfile): Promise<ConformanceClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new ConformanceClient(socket, profile);
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('send' in step) this.send(step.send);
      else if (!('id' in step)) await this.#until(() => this.#closed, 'the end of the connection');
      else await this.#expect(step);
    }
  }

  /** One segment. */
  send(text: string | Uint8Array): void {
    if (typeof text !== 'string') {
      this.#socket.write(text);
      return;
    }
    const { password = 'x' } = this.#profile;
    const bytes = text.replaceAll('{user}', `${ADDRESS}.rig1`).replaceAll('{password}', password);
    for (const line of bytes.split('\n')) if (line.trim() !== '') this.checker.noteSent(line);
    this.#socket.write(bytes);
  }

  /** The newest job, as this client reads it; waits for the first, or for one after `count` of them. */
  async job(count = 0): Promise<Job> {
    await this.#until(() => this.checker.jobs.length > count, 'a job');
    const { params, setTarget } = this.checker.jobs.at(-1) ?? assert.fail();
    return this.#profile.reader.job(params, setTarget);
  }

  /** Looks for a hash that is a share, or is none, in this client's own eyes. */
  async mine(job: Job, isShare = true): Promise<Solution> {
    const headerHash = hexToBytes(job.headerHash);
    for (let i = 0; i < HASHES_MAX; i++) {
      const nonce = this.#prefix + (this.#nextNonce++).toString(16).padStart(12, '0');
      const outcome = await fakeVerifier.hash({
        height: job.height,
        headerHash,
        nonce: BigInt(`0x${nonce}`),
      });
      assert(outcome.ok);
      const hash = finalHash(headerHash, BigInt(`0x${nonce}`), outcome.mixHash, KAWPOW);
      if (job.isShare(hash) === isShare) return { nonce, mix: bytesToHex(outcome.mixHash) };
    }
    throw new Error(`${HASHES_MAX} hashes and none as wanted`);
  }

  /**
   * @param form of the whole line, as this client would write it where nothing is said
   * @returns the code of the refusal, undefined for none, and what this client makes of the reply
   */
  async submit(
    job: Job,
    solution: Solution,
    form: (line: string) => string = (line) => line,
  ): Promise<{ code: unknown; verdict: ReturnType<ClientProfile['reader']['verdict']> }> {
    const { id, line } = this.#shareLine(job, solution);
    this.send(form(line));
    const { message } = await this.#reply(id);
    const code = Array.isArray(message.error) ? message.error[0] : undefined;
    return { code, verdict: this.#profile.reader.verdict(message) };
  }

  /** All in one segment, as from several cards that find at the same moment. @returns how many were accepted */
  async submitTogether(job: Job, solutions: readonly Solution[]): Promise<number> {
    const shares = solutions.map((solution) => this.#shareLine(job, solution));
    this.send(shares.map(({ line }) => line).join(''));
    const verdicts: unknown[] = [];
    for (const { id } of shares) {
      const { message } = await this.#reply(id);
      verdicts.push(this.#profile.reader.verdict(message));
    }
    return verdicts.filter((verdict) => verdict === 'accepted').length;
  }

  /** Everything that was asked has its answer. */
  async answered(): Promise<void> {
    await this.#until(() => this.checker.unanswered === 0, 'the last answers');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #shareLine(job: Job, { nonce, mix }: Solution): { id: number; line: string } {
    const id = this.#nextShareId;
    if (this.#profile.reusesIds !== true) this.#nextShareId += 1;
    const line = this.#profile.share
      .replace('{id}', String(id))
      .replace('{job}', job.id)
      .replace('{nonce}', nonce)
      .replace('{header}', job.headerHash)
      .replace('{mix}', mix);
    return { id, line };
  }

  async #expect({ id, is }: Extract<Step, { id: unknown }>): Promise<void> {
    const { message } = await this.#reply(id);
    if (is === 'subscribed') this.#prefix = readPrefix(message.result);
    else if (is === 'refused') assert(message.error !== null, `not refused: ${JSON.stringify(message)}`);
    else assert.equal(message.result, is, JSON.stringify(message));
  }

  async #reply(id: unknown): Promise<Reply> {
    const find = () => this.checker.replies.find((reply) => reply.id === id && !this.#taken.has(reply));
    await this.#until(() => find() !== undefined, `the reply to ${JSON.stringify(id)}`);
    const reply = find() ?? assert.fail();
    this.#taken.add(reply);
    return reply;
  }

  #take(text: string): void {
    try {
      this.checker.take(text);
    } catch (error) {
      this.#failure ??= error;
    }
    this.#wake();
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (condition()) return;
      if (this.#closed) throw new Error(`closed while waiting for ${what}`);
      if (Date.now() > deadlineMs) throw new Error(`nothing came: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
