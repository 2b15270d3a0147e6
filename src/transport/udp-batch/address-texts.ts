/**
 * Addresses as text, from the octets in which the system gives them. A client asks many times, so a table of fixed size keeps what
 * was made last; two addresses that share a place take turns.
 */
import { ADDRESS_TEXT, AF_INET6, INTERFACE_TEXT } from './layout.ts';
import { type Native, NULL } from '../../native/native.ts';

const PLACES = 512;
/** Words of a key: an IPv6 address and its scope. */
const KEY = 5;
const LITTLE = true;
const TEXT_ROOM = BigInt(ADDRESS_TEXT);
const IN_ADDRESS = 16;

export class AddressTexts {
  readonly #native: Native;
  readonly #scratch = Buffer.from(new ArrayBuffer(IN_ADDRESS + ADDRESS_TEXT));
  readonly #view = new DataView(this.#scratch.buffer);
  readonly #address: bigint;
  readonly #keys4 = new Uint32Array(PLACES);
  readonly #texts4 = Array.from({ length: PLACES }, () => '0.0.0.0');
  readonly #keys6 = new Uint32Array(PLACES * KEY);
  readonly #texts6 = Array.from({ length: PLACES }, () => '::');

  constructor(native: Native) {
    this.#native = native;
    this.#address = native.addressOf(this.#scratch.buffer);
  }

  /** The text of an IPv4 address, whose first octet is the lowest of the word. */
  ipv4(word: number): string {
    const place = placeOf(word);
    const found = this.#texts4[place];
    if (found !== undefined && this.#keys4[place] === word) return found;
    const text = `${word & 0xff}.${(word >>> 8) & 0xff}.${(word >>> 16) & 0xff}.${word >>> 24}`;
    this.#keys4[place] = word;
    this.#texts4[place] = text;
    return text;
  }

  /**
   * The text of an IPv6 address as Node.js writes it (RFC 5952): lower case, the longest run of zeros left out, and, where the
   * address is link-local, the interface behind a percent sign.
   * @param scope the number of the interface; 0 for none
   */
  ipv6(first: number, second: number, third: number, fourth: number, scope: number): string {
    const zone = isLinkLocal(first) ? scope : 0;
    const place = placeOf(first ^ Math.imul(second, 3) ^ Math.imul(third, 5) ^ Math.imul(fourth, 7) ^ zone);
    const keys = this.#keys6;
    const at = place * KEY;
    const found = this.#texts6[place];
    if (
      found !== undefined &&
      keys[at] === first &&
      keys[at + 1] === second &&
      keys[at + 2] === third &&
      keys[at + 3] === fourth &&
      keys[at + 4] === zone
    ) {
      return found;
    }
    keys[at] = first;
    keys[at + 1] = second;
    keys[at + 2] = third;
    keys[at + 3] = fourth;
    keys[at + 4] = zone;
    const text = this.#make(keys.subarray(at, at + 4), zone);
    this.#texts6[place] = text;
    return text;
  }

  #make(words: Uint32Array, zone: number): string {
    words.forEach((word, i) => this.#view.setUint32(4 * i, word, LITTLE));
    const room = this.#address + BigInt(IN_ADDRESS);
    this.#native.uv_inet_ntop(AF_INET6, this.#address, room, TEXT_ROOM);
    const address = this.#text(ADDRESS_TEXT);
    if (zone === 0) return address;
    const named = this.#native.if_indextoname(zone, room) !== NULL;
    return `${address}%${named ? this.#text(INTERFACE_TEXT) : zone}`;
  }

  /** What stands behind the address, up to its NUL. */
  #text(room: number): string {
    const end = this.#scratch.indexOf(0, IN_ADDRESS);
    return this.#scratch.toString('latin1', IN_ADDRESS, end === -1 ? IN_ADDRESS + room : end);
  }
}

/** Of the first four octets of an IPv6 address, in the machine's order: whether they are of `fe80::/10`. */
export function isLinkLocal(first: number): boolean {
  return (first & 0xc0_ff) === 0x80_fe;
}

function placeOf(word: number): number {
  // Addresses of one network differ in few bits: a multiplication by the golden ratio spreads them.
  return Math.imul(word, 0x9e_37_79_b1) >>> 23;
}
