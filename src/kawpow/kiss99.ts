/**
 * George Marsaglia's KISS generator of 1999: two multiply-with-carry generators, a xorshift and a linear congruential
 * one, combined. ProgPoW draws its random programs and the first contents of its registers from it.
 * Source: EIP-1057, kiss99
 */
export class Kiss99 {
  #z: number;
  #w: number;
  #jsr: number;
  #jcong: number;

  constructor(z: number, w: number, jsr: number, jcong: number) {
    this.#z = z;
    this.#w = w;
    this.#jsr = jsr;
    this.#jcong = jcong;
  }

  /** @returns the next uint32 */
  next(): number {
    this.#z = Math.imul(36969, this.#z & 0xffff) + (this.#z >>> 16);
    this.#w = Math.imul(18000, this.#w & 0xffff) + (this.#w >>> 16);
    this.#jcong = (Math.imul(69069, this.#jcong) + 1234567) | 0;
    this.#jsr ^= this.#jsr << 17;
    this.#jsr ^= this.#jsr >>> 13;
    this.#jsr ^= this.#jsr << 5;
    const multiplyWithCarry = (this.#z << 16) + this.#w;
    return ((multiplyWithCarry ^ this.#jcong) + this.#jsr) >>> 0;
  }
}
