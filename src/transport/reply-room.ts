/** Where a reply is written that `node:dgram` sends, which takes a view of it. A view is an object, so short ones are made once. */

/** Octets of a reply of which there are views to be used again: as most have, and no more than 100 KiB of views for a room. */
const SHORT = 512;

export class ReplyRoom {
  readonly octets: Uint8Array;
  /** By their length. */
  readonly #views = Array.from<Uint8Array | undefined>({ length: SHORT });

  /** @param length octets of the longest reply */
  constructor(length: number) {
    this.octets = new Uint8Array(length);
  }

  /** The first octets of the room, of which there may be one view for all who ask. */
  first(length: number): Uint8Array {
    if (length >= SHORT) return this.octets.subarray(0, length);
    return (this.#views[length] ??= this.octets.subarray(0, length));
  }
}
