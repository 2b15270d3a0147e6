/**
 * DNS messages in a stream: each behind two octets of length (RFC 1035 §4.2.2), split anywhere (RFC 7766 §8).
 *
 *     chunks ──► FrameReader ──► messages, in place        messages ──► FrameWriter ──► one block
 *
 * A frame that lies whole within one chunk is shown where it stands. Only one that does not is put together in a buffer,
 * which grows with what has arrived: a length alone reserves nothing, and single octets are not kept as objects.
 */
import { uint16At } from '../dns/octets.ts';

/** Octets of the length before each message. */
export const FRAME_PREFIX = 2;
/** The longest message that a frame can carry. */
export const FRAME_MESSAGE = 0xff_ff;
const LONGEST_FRAME = FRAME_PREFIX + FRAME_MESSAGE;

const EMPTY = Buffer.alloc(0);
const SMALLEST_BUFFER = 64;

/** Where a message stands: in `octets`, from `start` to before `end`. */
export interface MessagePlace {
  octets: Uint8Array;
  start: number;
  end: number;
}

export class FrameReader {
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  /** The beginning of a frame that is not whole yet, prefix included; its first `#held` octets count. */
  #partial: Uint8Array = EMPTY;
  #held = 0;

  /** Whether everything that was pushed has been looked at; what is missing must come from the peer. */
  get empty(): boolean {
    return this.#at === this.#chunk.length;
  }

  /** Octets of memory that an unfinished frame takes. */
  get buffered(): number {
    return this.#partial.length;
  }

  /** Adds what has arrived. The reader must be `empty`; it keeps the chunk until it is so again. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next whole message, borrowed from the chunk; `undefined` when it is not there yet, and the reader then `empty`. */
  next(): Uint8Array | undefined {
    const place: MessagePlace = { octets: EMPTY, start: 0, end: 0 };
    return this.find(place) ? place.octets.subarray(place.start, place.end) : undefined;
  }

  /** The same without a view of its own: says where the message stands, or returns false and leaves `place` as it was. */
  find(place: MessagePlace): boolean {
    return this.#held === 0 ? this.#findInChunk(place) : this.#findInPartial(place);
  }

  #findInChunk(place: MessagePlace): boolean {
    const chunk = this.#chunk;
    const left = chunk.length - this.#at;
    if (left >= FRAME_PREFIX) {
      const start = this.#at + FRAME_PREFIX;
      const end = start + uint16At(chunk, this.#at);
      if (end <= chunk.length) {
        place.octets = chunk;
        place.start = start;
        place.end = end;
        this.#advance(end);
        return true;
      }
    }
    if (left > 0) this.#hold(left);
    return false;
  }

  #findInPartial(place: MessagePlace): boolean {
    if (!this.#holdUntil(FRAME_PREFIX)) return false;
    const end = FRAME_PREFIX + uint16At(this.#partial, 0);
    if (!this.#holdUntil(end)) return false;
    place.octets = this.#partial;
    place.start = FRAME_PREFIX;
    place.end = end;
    this.#partial = EMPTY;
    this.#held = 0;
    return true;
  }

  /** Moves octets from the chunk until `size` are held; false where the chunk ends before. */
  #holdUntil(size: number): boolean {
    this.#hold(Math.min(size - this.#held, this.#chunk.length - this.#at));
    return this.#held >= size;
  }

  #hold(count: number): void {
    if (count <= 0) return;
    const held = this.#held + count;
    if (held > this.#partial.length) {
      const doubled = Math.max(held, 2 * this.#partial.length, SMALLEST_BUFFER);
      const larger = Buffer.allocUnsafeSlow(Math.min(doubled, LONGEST_FRAME));
      larger.set(this.#partial.subarray(0, this.#held));
      this.#partial = larger;
    }
    this.#partial.set(this.#chunk.subarray(this.#at, this.#at + count), this.#held);
    this.#held = held;
    this.#advance(this.#at + count);
  }

  #advance(at: number): void {
    const used = at === this.#chunk.length;
    this.#at = used ? 0 : at;
    // A chunk that is used up is let go: an idle connection holds nothing.
    if (used) this.#chunk = EMPTY;
  }
}

/** A copy of a message of at most `FRAME_MESSAGE` octets behind its length, ready to be written. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, FRAME_PREFIX);
  return frame;
}

/**
 * Frames that leave together. They stand in one block of memory, which is used again as soon as they have left; whoever
 * cannot send them at once keeps them, and the writer takes another block.
 */
export class FrameWriter {
  #block = Buffer.allocUnsafeSlow(LONGEST_FRAME);
  #length = 0;

  /** Octets of all frames, with their lengths. */
  get length(): number {
    return this.#length;
  }

  /** Whether a message of so many octets may be added; always where the writer is empty and a frame can carry it. */
  fits(length: number): boolean {
    return this.#length + FRAME_PREFIX + length <= LONGEST_FRAME;
  }

  /** Adds a copy of the first `length` octets of `message`, which must fit, behind their number. */
  add(message: Buffer, length: number): void {
    const block = this.#block;
    const at = this.#length;
    block[at] = length >>> 8;
    block[at + 1] = length & 0xff;
    message.copy(block, at + FRAME_PREFIX, 0, length);
    this.#length = at + FRAME_PREFIX + length;
  }

  /** Takes the frames out: borrowed until something is added again, or owned after `giveUp`. */
  take(): Buffer {
    const frames = this.#block.subarray(0, this.#length);
    this.#length = 0;
    return frames;
  }

  /** Leaves the block to whoever took the frames last. */
  giveUp(): void {
    this.#block = Buffer.allocUnsafeSlow(LONGEST_FRAME);
  }
}
