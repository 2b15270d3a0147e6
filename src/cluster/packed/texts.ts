/**
 * Many short texts in one block of memory: a string of the engine costs 12 to 24 octets beside its characters and is looked
 * at by each collection of garbage; these are not.
 *
 *     handle ─► chunk [ length │ web-7d4b9c6 ] ─► chunk [ f5-x2k9p ]      chunks of 12 octets, chained
 *
 * All chunks are of one size, so that what is removed makes room for anything: texts that come and go leave no holes. The
 * block never becomes smaller.
 */

/** Octets of a chunk. */
const CHUNK = 12;
/** Chunks there is room for at first. */
const INITIAL = 64;
/** What is full grows by a quarter: that costs little copying and leaves little unused. */
const GROWTH = 1.25;
/** Octets of the longest length. */
const LENGTH_SIZE = 5;

/** No handle and no number of a chunk. */
const NONE = -1;

/** A text with a character that latin1 does not have is kept in UTF-16. */
const WIDE = /[\u0100-\uffff]/;

/** Room for that many elements in all, with what is there. */
export function grown(array: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
}

/** The next larger capacity. */
export function nextCapacity(capacity: number): number {
  return Math.ceil(capacity * GROWTH);
}

/** The one text that goes in or comes out, as its chunks hold it: its length, then its octets. */
let scratch = Buffer.allocUnsafeSlow(1024);

function reserve(size: number): void {
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size * 2);
}

/** Writes a text to `scratch`; returns where it ends. */
function pack(text: string): number {
  const isWide = WIDE.test(text);
  const size = isWide ? text.length * 2 : text.length;
  reserve(size + LENGTH_SIZE);
  let at = 0;
  // The octets and whether they are UTF-16, 7 bits in an octet: one octet for a name of up to 63 characters.
  let rest = size * 2 + (isWide ? 1 : 0);
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) scratch[at++] = (rest % 0x80) | 0x80;
  scratch[at++] = rest;
  return at + scratch.write(text, at, isWide ? 'utf16le' : 'latin1');
}

/** The text in `scratch`. */
function unpack(): string {
  let length = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const octet = scratch[at++] ?? 0;
    length += (octet & 0x7f) * scale;
    if (octet < 0x80) break;
  }
  return scratch.toString(length % 2 === 0 ? 'latin1' : 'utf16le', at, at + Math.floor(length / 2));
}

export class PackedTexts {
  #octets = new Uint8Array(INITIAL * CHUNK);
  /** For each chunk the next one of its text, or of the free ones. */
  #next = new Int32Array(INITIAL);
  /** Chunks that have been in use. */
  #touched = 0;
  #free = NONE;

  /** Octets that this takes. */
  get memory(): number {
    return this.#octets.byteLength + this.#next.byteLength;
  }

  /** Keeps a text; returns the handle by which it is found again: a number from 0. */
  add(text: string): number {
    const end = pack(text);
    const handle = this.#take();
    let chunk = handle;
    for (let at = 0; ; chunk = this.#follow(chunk)) {
      const to = chunk * CHUNK - at;
      const stop = Math.min(at + CHUNK, end);
      for (; at < stop; at++) this.#octets[to + at] = scratch[at] ?? 0;
      if (at === end) break;
    }
    this.#next[chunk] = NONE;
    return handle;
  }

  /** The text at a handle that `add` gave. */
  get(handle: number): string {
    let size = 0;
    for (let chunk = handle; chunk !== NONE; chunk = this.#after(chunk)) {
      const from = chunk * CHUNK;
      if (size + CHUNK > scratch.length) {
        const before = scratch;
        reserve(size + CHUNK);
        scratch.set(before);
      }
      for (let i = 0; i < CHUNK; i++) scratch[size++] = this.#octets[from + i] ?? 0;
    }
    return unpack();
  }

  /** Whether this text is at the handle. */
  is(handle: number, text: string): boolean {
    const end = pack(text);
    let at = 0;
    for (let chunk = handle; chunk !== NONE; chunk = this.#after(chunk)) {
      const from = chunk * CHUNK - at;
      const stop = Math.min(at + CHUNK, end);
      for (; at < stop; at++) if (this.#octets[from + at] !== scratch[at]) return false;
    }
    return at === end;
  }

  /** Lets go of a text; its handle may be given to another. */
  remove(handle: number): void {
    let last = handle;
    for (let next = this.#after(last); next !== NONE; next = this.#after(last)) last = next;
    this.#next[last] = this.#free;
    this.#free = handle;
  }

  #after(chunk: number): number {
    return this.#next[chunk] ?? NONE;
  }

  /** Puts another chunk behind one. */
  #follow(chunk: number): number {
    const next = this.#take();
    this.#next[chunk] = next;
    return next;
  }

  #take(): number {
    const chunk = this.#free;
    if (chunk !== NONE) {
      this.#free = this.#after(chunk);
      return chunk;
    }
    if (this.#touched === this.#next.length) {
      const capacity = nextCapacity(this.#touched);
      const octets = new Uint8Array(capacity * CHUNK);
      octets.set(this.#octets);
      this.#octets = octets;
      this.#next = grown(this.#next, capacity);
    }
    return this.#touched++;
  }
}
