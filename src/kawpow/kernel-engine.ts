import type { Dag } from './dag.ts';
import type { Engine } from './engine.ts';
import { epochOf, periodOf } from './epoch.ts';
import type { EpochContext } from './epoch-context.ts';
import { compileKernel, type Kernel, openKernel } from './kernel.ts';
import { JOB, KERNEL_BATCH_MAX, type KernelLayout, kernelLayout } from './kernel-layout.ts';
import { writeProgram } from './kernel-program.ts';
import { KAWPOW, type KawPow } from './params.ts';
import { programOf } from './program.ts';
import type { HashRequest, HashResult } from './verifier.ts';
import type { WasmModule } from './webassembly.ts';
import { assertHash, assertNonce, HASH_BYTES } from './words.ts';

/** What header hash and nonce leave of the first Keccak-f[800] state. */
const PADDING_CHARACTERS = 15;

/**
 * The engine that does the work: WebAssembly over the epoch's shared memory. Requests are hashed up to KERNEL_BATCH_MAX
 * at once, those of one epoch together.
 * @throws RangeError on a variant that the kernel cannot compute
 */
export function createKernelEngine(pow: KawPow = KAWPOW): Engine {
  if (pow.padding.length !== PADDING_CHARACTERS) {
    throw new RangeError(`the padding has ${PADDING_CHARACTERS} characters`);
  }
  const module = compileKernel(pow);
  const epochs = new Map<number, EpochKernel>();
  return {
    prepare(context, scratch) {
      epochs.set(context.epoch, new EpochKernel(context, module, scratch));
    },
    forget(epoch) {
      epochs.delete(epoch);
    },
    useDag(epoch, dag) {
      const kernel = epochs.get(epoch);
      if (kernel === undefined) throw new RangeError(`epoch ${epoch} is not prepared`);
      kernel.useDag(dag);
    },
    hash(requests) {
      const results: HashResult[] = [];
      let from = 0;
      while (from < requests.length) {
        const epoch = epochOf(requests[from]!.height, pow);
        let end = from + 1;
        while (
          end < requests.length &&
          end - from < KERNEL_BATCH_MAX &&
          epochOf(requests[end]!.height, pow) === epoch
        ) {
          end += 1;
        }
        const kernel = epochs.get(epoch);
        if (kernel === undefined) throw new RangeError(`epoch ${epoch} is not prepared`);
        results.push(...kernel.hash(requests.slice(from, end)));
        from = end;
      }
      return results;
    },
  };
}

/** The kernel over one epoch's memory. */
class EpochKernel {
  readonly #pow: KawPow;
  readonly #layout: KernelLayout;
  readonly #open: (dag?: Dag | undefined) => Kernel;
  #kernel: Kernel;
  /** Address of this engine's scratch. */
  readonly #scratch: number;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #view: DataView<SharedArrayBuffer>;
  /** Periods whose programs are in the scratch, by place, and the batch that last used each. */
  readonly #periods: number[] = [];
  readonly #usedBy: number[] = [];
  /** The place last written to. */
  #place = -1;
  /** Counts batches. */
  #batch = 0;

  constructor({ pow, epoch, memory }: EpochContext, module: WasmModule, scratch: number) {
    this.#pow = pow;
    this.#layout = kernelLayout(pow);
    this.#open = (dag) => openKernel(module, pow, epoch, memory, dag);
    this.#kernel = this.#open();
    this.#scratch = this.#layout.scratch + scratch * this.#layout.scratchBytes;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  useDag(dag: Dag | undefined): void {
    this.#kernel = this.#open(dag);
  }

  /** @param requests 1 to KERNEL_BATCH_MAX of this epoch */
  hash(requests: readonly HashRequest[]): HashResult[] {
    this.#batch += 1;
    for (const [i, request] of requests.entries()) this.#writeJob(i, request);
    this.#kernel.hash(this.#scratch, requests.length);
    return requests.map((_, i) => {
      const at = this.#job(i);
      return { mixHash: this.#read(at + JOB.mix), finalHash: this.#read(at + JOB.final) };
    });
  }

  #job(i: number): number {
    return this.#scratch + this.#layout.jobs + i * JOB.bytes;
  }

  #read(at: number): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(at, at + HASH_BYTES));
  }

  #writeJob(i: number, { height, headerHash, nonce }: HashRequest): void {
    assertHash(headerHash, 'a header hash');
    assertNonce(nonce);
    const at = this.#job(i);
    this.#bytes.set(headerHash, at + JOB.header);
    this.#view.setBigUint64(at + JOB.nonce, nonce, true);
    this.#view.setUint32(at + JOB.program, this.#program(periodOf(height, this.#pow)), true);
  }

  /**
   * Programs stay in their places for later batches. There are as many places as a batch has hashes, so that there is
   * always one that this batch does not use yet.
   * @returns the address of a period's program
   */
  #program(period: number): number {
    const known = this.#periods.indexOf(period);
    const place = known >= 0 ? known : this.#freePlace();
    this.#usedBy[place] = this.#batch;
    const at = this.#scratch + this.#layout.programs + place * this.#layout.programBytes;
    if (known < 0) {
      writeProgram(this.#view, at, programOf(period, this.#pow));
      this.#periods[place] = period;
    }
    return at;
  }

  /** In turn, but for those that this batch uses. */
  #freePlace(): number {
    do this.#place = (this.#place + 1) % KERNEL_BATCH_MAX;
    while (this.#usedBy[this.#place] === this.#batch);
    return this.#place;
  }
}
