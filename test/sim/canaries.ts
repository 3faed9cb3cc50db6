/** A fault that is put into the program on purpose: some seed must find it, or the simulation looks at too little. */
export interface Canary {
  /** What would be wrong, in words. */
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export const CANARIES: readonly Canary[] = [
  {
    name: 'a tip is known by its height',
    file: 'src/stratum/session.ts',
    from: 'before.job.template === jobs.template;',
    to: 'before.job.template.height === jobs.template?.height;',
  },
  {
    name: 'shares are stale by height',
    file: 'src/mining/job-book.ts',
    from: 'return job.template.previousBlockHash !== this.tip;',
    to: 'return job.template.height !== this.template?.height;',
  },
  {
    name: 'the first node to end decides',
    file: 'src/node/submitter.ts',
    from: "if (outcome.kind !== 'accepted' && open.ended < open.courses.size) return;",
    to: '',
  },
  {
    name: 'blocks go to the first node only',
    file: 'src/node/submitter.ts',
    from: 'for (const node of nodes) {\n      if (open.courses.has(node)) continue;',
    to: 'for (const node of nodes.slice(0, 1)) {\n      if (open.courses.has(node)) continue;',
  },
  {
    name: 'stale candidates are not submitted',
    file: 'src/mining/share.ts',
    from: "return isStale ? { ok: false, reason: 'stale', share } : { ok: true, share };",
    to: "return isStale ? { ok: false, reason: 'stale' } : { ok: true, share };",
  },
  {
    name: 'a duplicate is a rejection',
    file: 'src/node/submit-verdict.ts',
    from: "if (result === 'duplicate' || result === 'inconclusive'",
    to: "if (result === 'inconclusive'",
  },
  {
    name: 'a failed sending is the last',
    file: 'src/node/submit-course.ts',
    from: 'if (why !== undefined) return this.#ended(verdict, why);',
    to: "return this.#ended(verdict, why ?? 'too-late');",
  },
  {
    name: 'silence is consent',
    file: 'src/node/submit-course.ts',
    from: "if (error instanceof RpcError && error.kind === 'timeout') this.#timeouts += 1;",
    to: "if (error instanceof RpcError && error.kind === 'timeout') return { kind: 'accepted', next: 'done' };",
  },
  {
    name: 'shares are judged by the present difficulty',
    file: 'src/stratum/session.ts',
    from: 'const issued = found !== undefined && jobs.isLive(found.job) ? found : undefined;',
    to: `const shareTarget = this.#issued.newest?.shareTarget;
      const issued =
        found !== undefined && shareTarget && jobs.isLive(found.job) ? { ...found, shareTarget } : undefined;`,
  },
  {
    name: 'a false mix hash gets no reply',
    file: 'src/stratum/share-desk.ts',
    from: '    if (!judgement.accepted) {\n      this.#reject(id, this.#falseMixReason, share);',
    to: '    if (!judgement.accepted) {',
  },
  {
    name: 'a prefix is given twice',
    file: 'src/mining/extranonce.ts',
    from: 'this.#freeStart = (this.#freeStart + 1) % PREFIX_COUNT;',
    to: '',
  },
  {
    name: 'a prefix is free as soon as its miner left',
    file: 'src/mining/extranonce.ts',
    from: 'else this.#resting.set(prefix, lastSequence);',
    to: 'else { this.#freeStart = (this.#freeStart + PREFIX_COUNT - 1) % PREFIX_COUNT; this.#free[this.#freeStart] = prefix; this.#freeCount += 1; }',
  },
  {
    name: 'a nonce is taken twice',
    file: 'src/mining/share.ts',
    from: '  issued.seenNonces.add(nonce);\n',
    to: '',
  },
  {
    name: 'after a failed poll nobody asks again',
    file: 'src/node/template-source.ts',
    from: 'this.#pollTimer.set(retryMs(this.#pollFailures, status));',
    to: '',
  },
  {
    name: 'a timer outlives the stop',
    file: 'src/instance.ts',
    from: 'this.#summaryTimer?.cancel();',
    to: '',
  },
  {
    name: 'candidates are verified before they go out',
    file: 'src/stratum/candidate-gate.ts',
    from: 'if (this.#hasRoom()) this.#sendUnproven(candidate);',
    to: 'if (share.nonce < 0n) this.#sendUnproven(candidate);',
  },
  {
    name: 'a candidate that was held back stays so when it is found right',
    file: 'src/stratum/candidate-gate.ts',
    from: 'if (!candidate.isOut) this.#send(candidate);',
    to: '',
  },
  {
    name: 'a block is written down when it is answered',
    file: 'src/found-blocks.ts',
    from: "ledger.find(share, workerName, blockHex, 'submitting');",
    to: "void submitted.then(() => ledger.find(share, workerName, blockHex, 'submitting'));",
  },
  {
    name: 'a block waits until it is written down',
    file: 'src/found-blocks.ts',
    from: 'const { submitter, ledger, jobs, tally, log } = this.#modules;',
    to: `const { submitter: real, ledger, jobs, tally, log, clock } = this.#modules;
    const written = new Promise((resolve) => clock.setTimer(5, () => resolve(undefined)));
    const submitter = { submit: (block: Parameters<typeof real.submit>[0]) => written.then(() => real.submit(block)) };`,
  },
  {
    name: 'blocks of an earlier run are not handed in again',
    file: 'src/block-recovery.ts',
    from: 'await modules.submit(block);',
    to: '',
  },
  {
    name: 'a lost node is waited for',
    file: 'src/node/source-choice.ts',
    from: ': insteadOfLost(views, best, serving, compare, nowMs);',
    to: ': serving.source;',
  },
  {
    name: 'a node that fell behind is mined on',
    file: 'src/node/source-choice.ts',
    from: "if (compare(views[best]?.tip ?? '', source.tip) > 0) return best;",
    to: '',
  },
  // The miners' side, which only hostile miners try.
  {
    name: 'a share in other letters is another share',
    file: 'src/mining/share.ts',
    from: 'if (issued.seenNonces.has(nonce)) return',
    to: 'if (issued.seenNonces.has(nonce) && !/[A-F]/.test(nonceHex)) return',
  },
  {
    name: 'any prefix will do',
    file: 'src/mining/share.ts',
    from: 'if (!nonceHasPrefix(nonce, prefix)) return',
    to: 'if (!nonceHasPrefix(nonce, prefix) && isStale) return',
  },
  {
    name: 'demerits close nobody',
    file: 'src/stratum/session.ts',
    from: 'if (verdict !== undefined) this.#close(verdict);',
    to: '',
  },
  {
    name: 'a second login changes who is paid',
    file: 'src/stratum/session.ts',
    from: 'if (this.#login !== undefined && this.#login.payout !== login.payout) {',
    to: 'if (this.#login?.payout === undefined && this.#closed) {',
  },
  {
    name: 'lines overtake a login that is asked about',
    file: 'src/stratum/connection.ts',
    from: 'else void next.then(goOn);',
    to: 'else setImmediate(goOn);',
  },
  {
    name: 'a line that is too long is forgotten',
    file: 'src/stratum/lines.ts',
    from: '        this.#overflowed = true;\n',
    to: '',
  },
  {
    name: 'who does not read is waited for',
    file: 'src/stratum/connection.ts',
    from: 'if (this.#socket.writableLength > this.#modules.limits.backlogBytesMax) {',
    to: 'if (this.#socket.writableLength < 0) {',
  },
  {
    name: 'a flood is handled in one go',
    file: 'src/stratum/connection.ts',
    from: 'handled >= LINES_PER_TURN_MAX ?',
    to: 'handled < 0 ?',
  },
  {
    name: 'a mix hash that is found false late still counts',
    file: 'src/stratum/share-desk.ts',
    from: 'onResult({ kind, reason, share });',
    to: '',
  },
  {
    name: 'who left keeps its prefix',
    file: 'src/stratum/session.ts',
    from: 'this.#modules.prefixes.release(this.#prefix, this.#issued.newest?.job.sequence);',
    to: '',
  },
];
