/**
 * Numbers of entries by hash: the index of a table whose entries lie in typed arrays. Open addressing with linear probing,
 * as in name-table.ts. Whoever looks something up goes from slot to slot and compares:
 *
 *     for (let slot = slots.first(hash); ; slot = slots.next(slot)) {
 *       const entry = slots.entryAt(slot);
 *       if (entry === NO_ENTRY) …none…
 *       if (hashes[entry] === hash && …) …found…
 *     }
 */

/** What a free slot has. */
export const NO_ENTRY = -1;

/** More than this share of the slots is never taken: four octets a slot, and short runs where hashes are good. */
const MAX_LOAD = 0.75;
const MIN_SLOTS = 64;

export class PackedSlots {
  #entries = new Int32Array(MIN_SLOTS).fill(NO_ENTRY);
  #size = 0;

  /** Octets that this takes. */
  get memory(): number {
    return this.#entries.byteLength;
  }

  /** Where the search for a hash begins. */
  first(hash: number): number {
    return hash & (this.#entries.length - 1);
  }

  /** Where it goes on. */
  next(slot: number): number {
    return (slot + 1) & (this.#entries.length - 1);
  }

  entryAt(slot: number): number {
    return this.#entries[slot] ?? NO_ENTRY;
  }

  /** Puts another entry of the same hash in a slot that has one. */
  replace(slot: number, entry: number): void {
    this.#entries[slot] = entry;
  }

  /** @param hashes the hash of each entry, this one included */
  add(entry: number, hashes: Int32Array): void {
    if (++this.#size > this.#entries.length * MAX_LOAD) this.#grow(hashes);
    this.#put(entry, hashes);
  }

  /** Frees a slot; whatever was pushed on because of it moves back, so that no search ends too early. */
  remove(free: number, hashes: Int32Array): void {
    const mask = this.#entries.length - 1;
    let hole = free;
    for (let slot = this.next(hole); ; slot = this.next(slot)) {
      const entry = this.entryAt(slot);
      if (entry === NO_ENTRY) break;
      // An entry may move back to the hole unless that lies before the slot where its search begins.
      const distance = (slot - this.first(hashes[entry] ?? 0)) & mask;
      if (distance < ((slot - hole) & mask)) continue;
      this.#entries[hole] = entry;
      hole = slot;
    }
    this.#entries[hole] = NO_ENTRY;
    this.#size--;
  }

  #put(entry: number, hashes: Int32Array): void {
    let slot = this.first(hashes[entry] ?? 0);
    while (this.entryAt(slot) !== NO_ENTRY) slot = this.next(slot);
    this.#entries[slot] = entry;
  }

  #grow(hashes: Int32Array): void {
    const before = this.#entries;
    this.#entries = new Int32Array(before.length * 2).fill(NO_ENTRY);
    for (const entry of before) if (entry !== NO_ENTRY) this.#put(entry, hashes);
  }
}
