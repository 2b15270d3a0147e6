/** Replies that the system did not take, in their order, with a bound on their octets. */

/** What a reply takes beside its message: its ends, and the objects that hold both. */
const OVERHEAD = 256;

export interface UnsentReply {
  readonly message: Uint8Array;
  readonly ends: Uint8Array;
}

export class UnsentReplies {
  #replies: UnsentReply[] = [];
  /** Replies at the beginning that have left. */
  #sent = 0;
  #octets = 0;

  get size(): number {
    return this.#replies.length - this.#sent;
  }

  /** Whether a message of so many octets keeps all of them within `most` octets. */
  hasRoom(length: number, most: number): boolean {
    return this.#octets + OVERHEAD + length <= most;
  }

  /** Adds a reply, which it owns then. */
  add(reply: UnsentReply): void {
    this.#replies.push(reply);
    this.#octets += OVERHEAD + reply.message.length;
  }

  /** The reply behind `index` others. */
  at(index: number): UnsentReply | undefined {
    return this.#replies[this.#sent + index];
  }

  /** Takes away the first replies. */
  remove(count: number): void {
    for (let i = 0; i < count; i++) this.#octets -= OVERHEAD + (this.at(i)?.message.length ?? 0);
    this.#sent += count;
    if (2 * this.#sent < this.#replies.length) return;
    this.#replies = this.#replies.slice(this.#sent);
    this.#sent = 0;
  }
}
