/**
 * Which objects have an address: the index behind reverse names. Most addresses have one object, so that one is held
 * without an array around it; there are 150,000 of them in a large cluster, and each list of it writes them all. IPv4
 * addresses, which are numbers, have a table of their own that costs half of what a `Map` does, in time and in memory:
 *
 *     address ─ hash ─► slot ─ the same address? ─► its object, or the list of its objects
 *                         └─ taken by another: the next slot (linear probing)
 */
import { randomInt } from 'node:crypto';
import { ipv4Number } from '../dns/address.ts';
import { emptySlots } from './name-table.ts';

type Held<T> = T | readonly T[];

export class AddressIndex<T extends object> {
  readonly #ipv4 = new IPv4Table<Held<T>>();
  /** By the 16 octets as latin1 characters. */
  readonly #ipv6 = new Map<string, Held<T>>();

  /** The holders of the address in the order in which they came. */
  at(octets: Uint8Array): readonly T[] {
    const held = octets.length === 4 ? this.#ipv4.get(ipv4Number(octets, 0)) : this.#ipv6.get(ipv6Key(octets, 0));
    if (held === undefined) return [];
    return isList(held) ? held : [held];
  }

  /**
   * Adds a holder; one that is there already stays once. The address is the `width` octets from `start` on.
   * @param instead whose place it takes where that one has the address
   * @returns true where the address had no holder
   */
  add(octets: Uint8Array, holder: T, start = 0, width: number = octets.length, instead?: T): boolean {
    if (width === 4) return this.#ipv4.change(ipv4Number(octets, start), holder, instead, withHolder) === 'new';
    const key = ipv6Key(octets, start);
    const held = this.#ipv6.get(key);
    this.#ipv6.set(key, withHolder(held, holder, instead));
    return held === undefined;
  }

  /** @returns true where the address has no holder any more, and had this one */
  remove(octets: Uint8Array, holder: T, start = 0, width: number = octets.length): boolean {
    if (width === 4) return this.#ipv4.change(ipv4Number(octets, start), holder, undefined, withoutHolder) === 'gone';
    const key = ipv6Key(octets, start);
    const held = this.#ipv6.get(key);
    if (held === undefined) return false;
    const rest = withoutHolder(held, holder);
    if (rest === undefined) this.#ipv6.delete(key);
    else this.#ipv6.set(key, rest);
    return rest === undefined;
  }
}

function isList<T>(held: Held<T>): held is readonly T[] {
  return Array.isArray(held);
}

function withHolder<T>(held: Held<T> | undefined, holder: T, instead: T | undefined): Held<T> {
  if (held === undefined || held === holder || held === instead) return holder;
  if (!isList(held)) return [held, holder];
  if (held.includes(holder)) return held;
  const at = instead === undefined ? -1 : held.indexOf(instead);
  return at < 0 ? [...held, holder] : held.with(at, holder);
}

/** Undefined where nobody is left. */
function withoutHolder<T>(held: Held<T> | undefined, holder: T): Held<T> | undefined {
  if (held === undefined || !isList(held)) return held === holder ? undefined : held;
  if (!held.includes(holder)) return held;
  const rest = held.filter((other) => other !== holder);
  return rest.length === 1 ? rest[0] : rest;
}

function ipv6Key(octets: Uint8Array, start: number): string {
  let key = '';
  for (let at = start; at < start + 16; at++) key += String.fromCharCode(octets[at] ?? 0);
  return key;
}

const MIN_SLOTS = 16;
/** The table grows when more than this share of its slots is taken. */
const MAX_LOAD = 0.7;
/** Odd, so that each address has a place of its own before it is cut; nobody can know which addresses share a slot. */
const MULTIPLIER = randomInt(0x8000_0000) * 2 + 1;

/** What became of an address: it has a value for the first time, has none any more, or neither. */
type Change = 'new' | 'gone' | 'same';

/** Values by IPv4 address, a 32-bit integer. */
class IPv4Table<V> {
  #keys = new Int32Array(MIN_SLOTS);
  #values: (V | undefined)[] = emptySlots(MIN_SLOTS);
  #size = 0;

  get(key: number): V | undefined {
    return this.#values[this.#slotOf(key)];
  }

  /** Puts in the place of what an address has what `after` makes of it, in one search. */
  change<A, B>(key: number, a: A, b: B, after: (before: V | undefined, a: A, b: B) => V | undefined): Change {
    const slot = this.#slotOf(key);
    const before = this.#values[slot];
    const value = after(before, a, b);
    if (value === undefined) {
      if (before !== undefined) this.#free(slot);
      return before === undefined ? 'same' : 'gone';
    }
    this.#keys[slot] = key;
    this.#values[slot] = value;
    if (before !== undefined) return 'same';
    if (++this.#size > this.#keys.length * MAX_LOAD) this.#grow();
    return 'new';
  }

  #free(slotToFree: number): void {
    let hole = slotToFree;
    this.#size--;
    const mask = this.#keys.length - 1;
    // Whatever was pushed on because of it moves back, so that no search ends too early.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const value = this.#values[slot];
      if (value === undefined) break;
      const other = this.#keys[slot] ?? 0;
      if (((slot - this.#home(other)) & mask) < ((slot - hole) & mask)) continue;
      this.#keys[hole] = other;
      this.#values[hole] = value;
      hole = slot;
    }
    this.#values[hole] = undefined;
  }

  /** Where the search for an address begins. */
  #home(key: number): number {
    const hash = Math.imul(key, MULTIPLIER);
    return (hash ^ (hash >>> 15)) & (this.#keys.length - 1);
  }

  /** The slot that has the address, or the free one where it would go. */
  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    for (let slot = this.#home(key); ; slot = (slot + 1) & mask) {
      if (this.#values[slot] === undefined || this.#keys[slot] === key) return slot;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Int32Array(keys.length * 2);
    this.#values = emptySlots(keys.length * 2);
    for (let at = 0; at < keys.length; at++) {
      const value = values[at];
      if (value === undefined) continue;
      const key = keys[at] ?? 0;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#values[slot] = value;
    }
  }
}
