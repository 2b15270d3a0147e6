/**
 * Memory for datagrams that are received or sent together: for each a header, the address and control data of its other end, and
 * its octets.
 *
 *     header 0 … n-1 │ iovec 0 … n-1 │ ends 0 … n-1 │ message 0 … n-1
 *                                       └─ name: sockaddr │ control: cmsghdr and pktinfo
 *
 * The headers point at the rest once and for all. Slots are made once and kept: the system knows their addresses.
 */
import { IOVEC, MMSGHDR, PKTINFO6 } from './layout.ts';
import { type Native, NULL } from '../../native/native.ts';

/** Room for either kind of socket address and of control data. */
const NAME_ROOM = 32;
const CONTROL_ROOM = PKTINFO6.size;
const ENDS_ROOM = NAME_ROOM + CONTROL_ROOM;
const LITTLE = true;

/** How long the ends of a socket's datagrams are, in octets; multiples of four. */
export interface EndsShape {
  readonly nameLength: number;
  /** 0 where the socket has one address only. */
  readonly controlLength: number;
}

export class Slots {
  readonly count: number;
  /** The longest message. */
  readonly room: number;
  /** All messages; that of slot i begins at `i * room`. */
  readonly octets: Buffer;
  readonly #view: DataView<ArrayBuffer>;
  readonly #all: Uint8Array;
  readonly #ends: number;
  readonly #headers: readonly bigint[];
  /** The room of each message, cut to one length at a time. */
  #rooms: readonly Buffer[] = [];

  constructor(native: Native, count: number, room: number) {
    this.count = count;
    this.room = room;
    const iovecs = count * MMSGHDR.size;
    this.#ends = iovecs + count * IOVEC.size;
    const messages = this.#ends + count * ENDS_ROOM;
    const memory = new ArrayBuffer(messages + count * room);
    const view = new DataView(memory);
    const base = native.addressOf(memory);
    const address = (offset: number): bigint => base + BigInt(offset);
    const headers: bigint[] = [];
    for (let i = 0; i < count; i++) {
      const header = i * MMSGHDR.size;
      const iovec = iovecs + i * IOVEC.size;
      view.setBigUint64(header + MMSGHDR.name, address(this.nameAt(i)), LITTLE);
      view.setBigUint64(header + MMSGHDR.control, address(this.controlAt(i)), LITTLE);
      view.setBigUint64(header + MMSGHDR.iov, address(iovec), LITTLE);
      view.setUint32(header + MMSGHDR.iovCount, 1, LITTLE);
      view.setBigUint64(iovec + IOVEC.base, address(messages + i * room), LITTLE);
      view.setUint32(iovec + IOVEC.length, room, LITTLE);
      headers.push(address(header));
    }
    this.#view = view;
    this.#all = new Uint8Array(memory);
    this.#headers = headers;
    this.octets = Buffer.from(memory, messages);
  }

  /** Where the headers from this slot on stand, as the system takes them. */
  header(slot: number): bigint {
    return this.#headers[slot] ?? NULL;
  }

  /** The room of each message, or its first `length` octets. */
  rooms(length: number): readonly Buffer[] {
    const cut = Math.min(length, this.room);
    if (this.#rooms[0]?.length !== cut) {
      this.#rooms = Array.from({ length: this.count }, (_, i) => {
        const start = i * this.room;
        return this.octets.subarray(start, start + cut);
      });
    }
    return this.#rooms;
  }

  /** Sets what a reception has overwritten in the first `count` slots. */
  expect(count: number, { nameLength, controlLength }: EndsShape): void {
    const view = this.#view;
    for (let at = 0; at < count * MMSGHDR.size; at += MMSGHDR.size) {
      view.setUint32(at + MMSGHDR.nameLength, nameLength, LITTLE);
      view.setUint32(at + MMSGHDR.controlLength, controlLength, LITTLE);
    }
  }

  /** Octets that were received. */
  length(slot: number): number {
    return this.#view.getUint32(slot * MMSGHDR.size + MMSGHDR.length, LITTLE);
  }

  flags(slot: number): number {
    return this.#view.getUint32(slot * MMSGHDR.size + MMSGHDR.flags, LITTLE);
  }

  /** Octets of control data that were received. */
  controlLength(slot: number): number {
    return this.#view.getUint32(slot * MMSGHDR.size + MMSGHDR.controlLength, LITTLE);
  }

  /** Makes a slot ready to be sent: so many octets of its room, to its ends. */
  address(slot: number, length: number, { nameLength, controlLength }: EndsShape): void {
    const header = slot * MMSGHDR.size;
    const view = this.#view;
    view.setUint32(header + MMSGHDR.nameLength, nameLength, LITTLE);
    view.setUint32(header + MMSGHDR.controlLength, controlLength, LITTLE);
    view.setUint32(this.count * MMSGHDR.size + slot * IOVEC.size + IOVEC.length, length, LITTLE);
  }

  /** The message that a slot was made ready with, borrowed. */
  message(slot: number): Uint8Array {
    const length = this.#view.getUint32(this.count * MMSGHDR.size + slot * IOVEC.size + IOVEC.length, LITTLE);
    return this.octets.subarray(slot * this.room, slot * this.room + length);
  }

  /** A copy of both ends of a slot, to be given to `setEnds` later. */
  ends(slot: number): Uint8Array {
    const at = this.nameAt(slot);
    return Buffer.from(this.#all.subarray(at, at + ENDS_ROOM));
  }

  setEnds(slot: number, ends: Uint8Array): void {
    this.#all.set(ends, this.nameAt(slot));
  }

  /** Gives a slot the ends of one of other slots. */
  copyEnds(slot: number, from: Slots, fromSlot: number, { nameLength, controlLength }: EndsShape): void {
    this.#copy(this.nameAt(slot), from, from.nameAt(fromSlot), nameLength);
    this.#copy(this.controlAt(slot), from, from.controlAt(fromSlot), controlLength);
  }

  #copy(to: number, from: Slots, at: number, length: number): void {
    for (let i = 0; i < length; i += 4) this.setWord(to + i, from.word(at + i));
  }

  /** Where the socket address of a slot stands in its memory, for `word` and its like. */
  nameAt(slot: number): number {
    return this.#ends + slot * ENDS_ROOM;
  }

  /** The same for its control data. */
  controlAt(slot: number): number {
    return this.#ends + slot * ENDS_ROOM + NAME_ROOM;
  }

  /** Four octets as a number in the machine's order. */
  word(at: number): number {
    return this.#view.getUint32(at, LITTLE);
  }

  setWord(at: number, word: number): void {
    this.#view.setUint32(at, word, LITTLE);
  }

  /** Two octets as a number in the network's order. */
  networkHalf(at: number): number {
    return this.#view.getUint16(at);
  }
}
