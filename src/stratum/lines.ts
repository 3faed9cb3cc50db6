/**
 * A line of stratum is at most this long, newline excluded. The longest that a real miner sends is a NiceHash
 * subscription of about 400 bytes; more than 8 KiB is no miner.
 */
export const LINE_BYTES_MAX = 8 * 1024;

const NEWLINE = 0x0a;
const NOTHING = new Uint8Array(0);
/** One for all: it is given whole lines only, and so keeps nothing between two calls. */
const DECODER = new TextDecoder();

export interface SplitLines {
  /** Whole lines in order, without line ends and without empty ones. */
  readonly lines: readonly string[];
  /** How many lines ended, empty ones included. */
  readonly ended: number;
  /** A line is too long: the connection is to be closed, nothing more of it will come. */
  readonly overflow: boolean;
}

/** Cuts a connection's bytes into lines, whatever chunks they come in. Keeps at most one unfinished line. */
export class LineSplitter {
  #unfinished: Uint8Array = NOTHING;
  #overflowed = false;

  push(chunk: Uint8Array): SplitLines {
    const lines: string[] = [];
    let start = 0;
    let ended = 0;
    while (!this.#overflowed) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (this.#unfinished.length + piece.length > LINE_BYTES_MAX) {
        this.#overflowed = true;
        this.#unfinished = NOTHING;
        break;
      }
      const line = this.#unfinished.length === 0 ? piece : join(this.#unfinished, piece);
      if (end < 0) {
        // A copy: sockets read 64 KiB at a time, and whoever sends half a line more would hold all of it. A Buffer's own
        // slice() copies nothing.
        this.#unfinished = line === piece ? new Uint8Array(piece) : line;
        break;
      }
      this.#unfinished = NOTHING;
      start = end + 1;
      ended += 1;
      const text = DECODER.decode(line).trim();
      if (text.length > 0) lines.push(text);
    }
    return { lines, ended, overflow: this.#overflowed };
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
