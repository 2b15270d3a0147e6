/**
 * A table of objects by namespace and name, for names that clients ask for. What a `Map` does with a text that it has not
 * seen before is to intern it in a table of all strings of the engine; for a name off the wire that costs more than the
 * rest of the look-up, and is done anew for each query.
 *
 *     hash of the name ──► slot ──► the same hash and name? ──► object
 *                            └─ taken by another: the next slot (linear probing)
 */
import { randomInt } from 'node:crypto';

/** An object that knows its name; `namespace` is empty for one that is in none. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** A table grows when more than this share of its slots is taken. */
const MAX_LOAD = 0.5;
const MIN_SLOTS = 16;

/** Nobody can know beforehand which names fall into one slot. */
const SEED = randomInt(0x1_0000_0000) | 0;

function mix(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  // A separator that is in no name, so that ("ab", "c") and ("a", "bc") differ.
  return Math.imul(hash ^ 0xffff, 0x0100_0193);
}

/** FNV-1a with the bits folded, the same within one process; never 0, which stands for a free slot. */
export function hashName(namespace: string, name: string): number {
  const hash = mix(mix(SEED, namespace), name);
  const folded = hash ^ (hash >>> 15);
  return folded === 0 ? 1 : folded;
}

export class NameTable<T extends Named> {
  #hashes = new Int32Array(MIN_SLOTS);
  #objects: (T | undefined)[] = emptySlots(MIN_SLOTS);
  #size = 0;

  /** The number of objects. */
  get size(): number {
    return this.#size;
  }

  /** @param hash what `hashName` gives for the two */
  get(namespace: string, name: string, hash = hashName(namespace, name)): T | undefined {
    return this.#objects[this.#slotOf(namespace, name, hash)];
  }

  /** All objects, in no order. */
  *values(): Generator<T> {
    for (const object of this.#objects) if (object !== undefined) yield object;
  }

  /** Adds an object, or puts it in place of the one of its name. */
  set(object: T): void {
    const { namespace, name } = object;
    const hash = hashName(namespace, name);
    let slot = this.#slotOf(namespace, name, hash);
    if (this.#hashes[slot] === 0) {
      this.#size++;
      if (this.#size > this.#hashes.length * MAX_LOAD) {
        this.#grow();
        slot = this.#slotOf(namespace, name, hash);
      }
    }
    this.#put(slot, hash, object);
  }

  delete(namespace: string, name: string): void {
    const slot = this.#slotOf(namespace, name, hashName(namespace, name));
    if (this.#hashes[slot] === 0) return;
    this.#size--;
    this.#close(slot);
  }

  /** The slot that has the name, or the free one where it would go. */
  #slotOf(namespace: string, name: string, hash: number): number {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (hashes[slot] === 0) return slot;
      if (hashes[slot] !== hash) continue;
      const object = this.#objects[slot];
      if (object?.name === name && object.namespace === namespace) return slot;
    }
  }

  #put(slot: number, hash: number, object: T | undefined): void {
    this.#hashes[slot] = hash;
    this.#objects[slot] = object;
  }

  /** Frees a slot; whatever was pushed on because of it moves back, so that no search ends too early. */
  #close(free: number): void {
    const mask = this.#hashes.length - 1;
    let hole = free;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const hash = this.#hashes[slot] ?? 0;
      if (hash === 0) break;
      // An object may move back to the hole unless that lies before the slot where its search begins.
      const distance = (slot - (hash & mask)) & mask;
      if (distance < ((slot - hole) & mask)) continue;
      this.#put(hole, hash, this.#objects[slot]);
      hole = slot;
    }
    this.#put(hole, 0, undefined);
  }

  #grow(): void {
    const hashes = this.#hashes;
    const objects = this.#objects;
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#objects = emptySlots(this.#hashes.length);
    for (const [slot, object] of objects.entries()) {
      const hash = hashes[slot] ?? 0;
      if (object !== undefined) this.#put(this.#slotOf(object.namespace, object.name, hash), hash, object);
    }
  }
}

/** The free slots of a table. */
export function emptySlots(count: number): undefined[] {
  // Half a million of them: `Array.from` with a callback would hold the event loop up for longer than a query may wait.
  // oxlint-disable-next-line unicorn/no-new-array -- for that reason
  return new Array<undefined>(count).fill(undefined);
}
