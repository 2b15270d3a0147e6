/**
 * Numbers and texts out of the octets of a snapshot. Nothing here throws, reads beyond the end, or makes room for what a
 * length only claims: whatever cannot be read sets `failed` for good, and 0 or nothing is given in its place.
 *
 * What is given is a copy and keeps none of the octets in memory. Texts are made straight from octets: the parts that
 * `substring` takes out of one large text would each keep all of it.
 */
import { shared } from './octet-writer.ts';

/** Numbers have 53 bits, 7 in an octet. */
const MAX_SCALE = 2 ** 49;

const NO_OCTETS = new Uint8Array(0);

/**
 * Octets of a block that copies share. An array of its own costs 170 octets beside its content; of a block, the whole stays
 * as long as one of its copies is in use.
 */
const BLOCK = 8_192;

export class OctetReader {
  /** Not a Buffer: its parts are Buffers, which cost several times as much. */
  #octets: Uint8Array;
  #buffer: Buffer;
  #shared: string[] = [];
  #at: number;
  #failed = false;
  /** The block that copies go to, and how much of it is taken. */
  #block = NO_OCTETS;
  #used = 0;

  /**
   * @param octets to be left alone while they are read
   * @param start the first octet that is read
   */
  constructor(octets: Uint8Array, start: number) {
    this.#octets = new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
    this.#buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    this.#at = start;
  }

  /** True once anything could not be read. */
  get failed(): boolean {
    return this.#failed;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#octets.length;
  }

  /** What was read means nothing. */
  fail(): void {
    this.#failed = true;
    this.#at = this.#octets.length;
  }

  /** Lets go of the octets: nothing more can be read. */
  close(): void {
    this.fail();
    this.#octets = NO_OCTETS;
    this.#buffer = Buffer.alloc(0);
    this.#block = NO_OCTETS;
    this.#shared = [];
    this.#at = this.#used = 0;
  }

  octet(): number {
    const octet = this.#octets[this.#at];
    if (octet === undefined) {
      this.fail();
      return 0;
    }
    this.#at++;
    return octet;
  }

  number(): number {
    const octet = this.#octets[this.#at];
    if (octet === undefined || octet > 0x7f) return this.#longNumber();
    this.#at++;
    return octet;
  }

  #longNumber(): number {
    let value = 0;
    for (let scale = 1; scale <= MAX_SCALE; scale *= 0x80) {
      const octet = this.octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) {
        if (Number.isSafeInteger(value)) return value;
        break;
      }
    }
    this.fail();
    return 0;
  }

  float(): number {
    const at = this.#skip(8);
    return this.#failed ? 0 : this.#buffer.readDoubleBE(at);
  }

  text(): string {
    const length = this.number();
    const size = Math.floor(length / 2);
    const at = this.#skip(size);
    if (this.#failed) return '';
    return this.#buffer.toString(length % 2 === 0 ? 'latin1' : 'utf16le', at, at + size);
  }

  sharedText(): string {
    const which = this.number();
    if (which === shared.once) return this.text();
    if (which === shared.anew) {
      const text = this.text();
      this.#shared.push(text);
      return text;
    }
    const text = this.#shared[which - shared.again];
    if (text === undefined) this.fail();
    return text ?? '';
  }

  /** So many octets. They share a block of a few kilobytes with those that were copied before and after them. */
  copy(size: number): Uint8Array {
    const at = this.#skip(size);
    if (this.#failed || size === 0) return NO_OCTETS;
    if (size > BLOCK / 4) return this.#octets.slice(at, at + size);
    if (size > this.#block.length - this.#used) {
      this.#block = new Uint8Array(BLOCK);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used + size);
    for (let i = 0; i < size; i++) copy[i] = this.#octets[at + i] ?? 0;
    this.#used += size;
    return copy;
  }

  /** Goes on behind so many octets; returns where they begin. */
  #skip(size: number): number {
    const at = this.#at;
    if (size > this.#octets.length - at) this.fail();
    else this.#at = at + size;
    return at;
  }
}
