/**
 * Reads serialised data front to back. Slices are views of the given bytes, not copies.
 * Every method throws RangeError when the data ends too early, so a truncated block cannot be taken for a whole one.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next byte without moving on, or undefined at the end. */
  peek(ahead = 0): number | undefined {
    return this.#bytes[this.#offset + ahead];
  }

  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** What was read from an earlier offset up to here. */
  since(offset: number): Uint8Array {
    return this.#bytes.subarray(offset, this.#offset);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** @throws RangeError also when the count is not in its shortest form, as ravend refuses it */
  compactSize(): number {
    const first = this.uint8();
    if (first < 0xfd) return first;
    const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8;
    const start = this.#advance(width);
    const value =
      width === 2
        ? this.#view.getUint16(start, true)
        : width === 4
          ? this.#view.getUint32(start, true)
          : Number(this.#view.getBigUint64(start, true));
    const shortestAbove = width === 2 ? 0xfc : width === 4 ? 0xffff : 0xffffffff;
    if (value <= shortestAbove) throw new RangeError('CompactSize is not in its shortest form');
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('CompactSize too large');
    return value;
  }

  #advance(length: number): number {
    if (length > this.remaining) throw new RangeError(`data ends ${length - this.remaining} bytes too early`);
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
