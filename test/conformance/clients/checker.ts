import assert from 'node:assert/strict';

/** A job as its client understood it. */
export interface Job {
  readonly id: string;
  /** Hex without 0x. */
  readonly headerHash: string;
  readonly height: number;
  isShare(finalHash: Uint8Array): boolean;
}

/** What came, before anything is known of it. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** A reply with what was asked. */
export interface Reply {
  readonly id: unknown;
  readonly method: string;
  readonly message: WireMessage;
}

/**
 * Holds a server's side of one connection against what the strictest client of each kind demands: Rigel's exact
 * members, XMRig's null ids, kawpowminer's one notify to a read, one reply to each request under the very id it had.
 */
export class WireChecker {
  readonly replies: Reply[] = [];
  /** Parameters of each mining.notify, and the target set before it. */
  readonly jobs: { readonly params: readonly unknown[]; readonly setTarget: string | undefined }[] = [];
  /** By the JSON of its id: methods asked under it and not answered yet, oldest first. */
  readonly #asked = new Map<string, string[]>();
  readonly #jobIds = new Set<unknown>();
  readonly #headers = new Set<unknown>();
  #setTarget: string | undefined;
  #unfinished = '';

  /** @param line as it goes out; what is no request wants no answer */
  noteSent(line: string): void {
    const { id, method } = JSON.parse(line) as WireMessage;
    if (typeof method !== 'string') return;
    const key = JSON.stringify(id ?? null);
    this.#asked.set(key, [...(this.#asked.get(key) ?? []), method]);
  }

  get unanswered(): number {
    return [...this.#asked.values()].flat().length;
  }

  /** @param text of one read */
  take(text: string): void {
    const parts = (this.#unfinished + text).split('\n');
    this.#unfinished = parts.pop() ?? '';
    let notifies = 0;
    for (const line of parts) {
      assert.match(line, /^\{[\x20-\x7e]*\}$/, 'a line of plain ASCII');
      const message = JSON.parse(line) as WireMessage;
      if ('method' in message) notifies += this.#takeNotification(message) ? 1 : 0;
      else this.#takeReply(message);
    }
    assert(notifies <= 1, 'two jobs in one read: kawpowminer drops the second');
  }

  /** @returns whether it is a job */
  #takeNotification(message: WireMessage): boolean {
    assert.deepEqual(Object.keys(message), ['id', 'method', 'params']);
    assert.equal(message.id, null, 'an id makes XMRig take it for a response');
    const { params } = message;
    assert(Array.isArray(params) && params.length > 0, 'empty params make kawpowminer hang up');
    if (message.method === 'mining.set_target') {
      assert.equal(params.length, 1);
      this.#setTarget = params[0];
      return false;
    }
    assert.equal(message.method, 'mining.notify', 'a notification that no client is known to want');
    const [jobId, headerHash] = params;
    assert(!this.#jobIds.has(jobId), 'a job id that was there before');
    assert(!this.#headers.has(headerHash), 'the same header twice: the same nonces are searched again');
    this.#jobIds.add(jobId);
    this.#headers.add(headerHash);
    this.jobs.push({ params, setTarget: this.#setTarget });
    return true;
  }

  #takeReply(message: WireMessage): void {
    assert.deepEqual(Object.keys(message), ['id', 'result', 'error']);
    const key = JSON.stringify(message.id);
    const method = this.#asked.get(key)?.shift();
    assert(method !== undefined, `a reply that nobody waits for: ${JSON.stringify(message)}`);
    const { result, error } = message;
    if (error === null) assert(result !== null && result !== false, 'neither a result nor an error');
    else {
      assert.equal(result, null);
      assert(Array.isArray(error) && error.length === 3 && error[2] === null);
      assert(Number.isInteger(error[0]) && typeof error[1] === 'string' && error[1] !== '');
    }
    this.replies.push({ id: message.id, method, message });
  }
}
