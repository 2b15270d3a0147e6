/**
 * DNS messages in a stream: each behind two octets of length (RFC 1035 §4.2.2), split anywhere (RFC 7766 §8).
 *
 * A frame that lies whole within one chunk is handed out as a view of it. Only one that does not is put together in a
 * buffer, which grows with what has arrived: a length alone reserves nothing, and single octets are not kept as objects.
 */

/** Octets of the length before each message. */
export const FRAME_PREFIX = 2;
/** The longest message that a frame can carry. */
export const FRAME_MESSAGE = 0xff_ff;

const EMPTY = new Uint8Array(0);
const SMALLEST_BUFFER = 64;

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
    return this.#held === 0 ? this.#nextInChunk() : this.#nextFromPartial();
  }

  #nextInChunk(): Uint8Array | undefined {
    const chunk = this.#chunk;
    const left = chunk.length - this.#at;
    if (left >= FRAME_PREFIX) {
      const end = this.#at + FRAME_PREFIX + lengthAt(chunk, this.#at);
      if (end <= chunk.length) {
        const message = chunk.subarray(this.#at + FRAME_PREFIX, end);
        this.#advance(end);
        return message;
      }
    }
    if (left > 0) this.#hold(left);
    return undefined;
  }

  #nextFromPartial(): Uint8Array | undefined {
    if (!this.#holdUntil(FRAME_PREFIX)) return undefined;
    const end = FRAME_PREFIX + lengthAt(this.#partial, 0);
    if (!this.#holdUntil(end)) return undefined;
    const message = this.#partial.subarray(FRAME_PREFIX, end);
    this.#partial = EMPTY;
    this.#held = 0;
    return message;
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
      const larger = new Uint8Array(Math.min(doubled, FRAME_PREFIX + FRAME_MESSAGE));
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

function lengthAt(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

/** A copy of a message of at most `FRAME_MESSAGE` octets behind its length, ready to be written. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, FRAME_PREFIX);
  return frame;
}
