/**
 * The pods of a cluster by name and by address, packed: a cluster may have 150,000 of them, and of each there is little to
 * know. Objects are made only of those that are asked for.
 *
 *     hash of the name    ─► #byName    ─┐     ┌─ #namespaces, #names, #ips
 *                                        ├─► entry
 *     hash of the address ─► #byAddress ─┘     └─ #after, #before: the ring of the pods with one address, in their order
 *
 * A pod with a name like `web-7d4b9c6f5-x2k9p` and an IPv4 address takes 77 octets outside the engine's heap, 90 where
 * the arrays have just grown, and 3 within it (measured with 130,000 to 200,000 pods in 200 namespaces). Finding, adding and
 * removing a pod is O(1), also where hundreds share the address of their node. Hashes are seeded: nobody can choose names
 * that collide. Pods that come and go take no memory; that of the most there ever were is kept.
 */
import { InternedTexts } from './packed/interned.ts';
import { hashName } from './name-table.ts';
import type { Pod } from './objects.ts';
import { hashOfIPv4, hashOfText, isPacked, packIPv4, unpackIPv4 } from './packed/address.ts';
import { NO_ENTRY, PackedSlots } from './packed/slots.ts';
import { PackedTexts, grown, nextCapacity } from './packed/texts.ts';

/** Entries there is room for at first. */
const INITIAL = 64;

const NO_PODS: readonly Pod[] = [];

export class PodIndex {
  readonly #byName = new PackedSlots();
  /** The first pod of each address. */
  readonly #byAddress = new PackedSlots();
  readonly #namespaceTexts = new InternedTexts();
  readonly #texts = new PackedTexts();
  #nameHashes = new Int32Array(INITIAL);
  #addressHashes = new Int32Array(INITIAL);
  /** Numbers of namespaces; NO_ENTRY for an entry that is free. */
  #namespaces = new Int32Array(INITIAL);
  #names = new Int32Array(INITIAL);
  /** IPv4 addresses as 32 bits, other texts by handle: which of them, the hash of the address says. */
  #ips = new Int32Array(INITIAL);
  /** The next pod with the same address, and behind the last one the first; or the next free entry. */
  #after = new Int32Array(INITIAL);
  #before = new Int32Array(INITIAL);
  /** Entries that have been in use. */
  #touched = 0;
  #free = NO_ENTRY;
  #size = 0;

  /** The number of pods. */
  get size(): number {
    return this.#size;
  }

  /** Octets that this takes, without the names of namespaces. */
  get memory(): number {
    const fields = 7 * this.#names.byteLength;
    return fields + this.#texts.memory + this.#byName.memory + this.#byAddress.memory;
  }

  /** Puts a pod in; returns the one of its name that it takes the place of. */
  set(pod: Pod): Pod | undefined {
    const { namespace, name, ip } = pod;
    const hash = hashName(namespace, name);
    const entry = this.#byName.entryAt(this.#slotOf(namespace, name, hash));
    if (entry === NO_ENTRY) {
      this.#add(hash, pod);
      return undefined;
    }
    const before = this.#podAt(entry);
    if (before.ip !== ip) {
      this.#clearAddress(entry);
      this.#setAddress(entry, ip);
    }
    return before;
  }

  /** Takes a pod out; returns it, or undefined where there is none of this name. */
  remove(namespace: string, name: string): Pod | undefined {
    const slot = this.#slotOf(namespace, name, hashName(namespace, name));
    const entry = this.#byName.entryAt(slot);
    if (entry === NO_ENTRY) return undefined;
    const pod = this.#podAt(entry);
    this.#clearAddress(entry);
    this.#byName.remove(slot, this.#nameHashes);
    this.#texts.remove(at(this.#names, entry));
    this.#namespaceTexts.release(at(this.#namespaces, entry));
    this.#namespaces[entry] = NO_ENTRY;
    this.#after[entry] = this.#free;
    this.#free = entry;
    this.#size--;
    return pod;
  }

  get(namespace: string, name: string): Pod | undefined {
    const entry = this.#byName.entryAt(this.#slotOf(namespace, name, hashName(namespace, name)));
    return entry === NO_ENTRY ? undefined : this.#podAt(entry);
  }

  /** Whether a pod of this namespace has exactly this text as its address: makes no objects. */
  isAt(namespace: string, ip: string): boolean {
    const first = this.#byAddress.entryAt(this.#slotOfAddress(ip));
    if (first === NO_ENTRY) return false;
    for (let entry = first; ;) {
      if (this.#namespaceTexts.at(at(this.#namespaces, entry)) === namespace) return true;
      entry = at(this.#after, entry);
      if (entry === first) return false;
    }
  }

  /** The pods whose address is exactly this text, in the order in which they got it. */
  at(ip: string): readonly Pod[] {
    const first = this.#byAddress.entryAt(this.#slotOfAddress(ip));
    if (first === NO_ENTRY) return NO_PODS;
    const pods = [this.#podAt(first)];
    for (let entry = at(this.#after, first); entry !== first; entry = at(this.#after, entry)) {
      pods.push(this.#podAt(entry));
    }
    return pods;
  }

  /**
   * All pods, in no order. Pods may come and go between two steps: those that stay are given once; of the others each may be
   * given or not, as it is at that moment.
   */
  *pods(): Generator<Pod, void> {
    for (let entry = 0; entry < this.#touched; entry++) {
      if (this.#namespaces[entry] !== NO_ENTRY) yield this.#podAt(entry);
    }
  }

  #podAt(entry: number): Pod {
    return {
      namespace: this.#namespaceTexts.at(at(this.#namespaces, entry)),
      name: this.#texts.get(at(this.#names, entry)),
      ip: this.#ipAt(entry),
    };
  }

  #ipAt(entry: number): string {
    const ip = at(this.#ips, entry);
    return isPacked(at(this.#addressHashes, entry)) ? unpackIPv4(ip) : this.#texts.get(ip);
  }

  /** The slot that has the name, or the free one where it would go. */
  #slotOf(namespace: string, name: string, hash: number): number {
    const slots = this.#byName;
    for (let slot = slots.first(hash); ; slot = slots.next(slot)) {
      const entry = slots.entryAt(slot);
      if (entry === NO_ENTRY) return slot;
      if (this.#nameHashes[entry] !== hash || !this.#texts.is(at(this.#names, entry), name)) continue;
      if (this.#namespaceTexts.at(at(this.#namespaces, entry)) === namespace) return slot;
    }
  }

  /** The slot that has the address, or the free one where it would go. */
  #slotOfAddress(ip: string): number {
    const packed = packIPv4(ip);
    const hash = packed === undefined ? hashOfText(ip) : hashOfIPv4(packed);
    const slots = this.#byAddress;
    for (let slot = slots.first(hash); ; slot = slots.next(slot)) {
      const entry = slots.entryAt(slot);
      if (entry === NO_ENTRY) return slot;
      // The hash says as well whether the address is packed.
      if (this.#addressHashes[entry] !== hash) continue;
      const held = at(this.#ips, entry);
      if (packed === undefined ? this.#texts.is(held, ip) : held === packed) return slot;
    }
  }

  #add(hash: number, { namespace, name, ip }: Pod): void {
    const entry = this.#take();
    this.#nameHashes[entry] = hash;
    this.#namespaces[entry] = this.#namespaceTexts.use(namespace);
    this.#names[entry] = this.#texts.add(name);
    this.#byName.add(entry, this.#nameHashes);
    this.#setAddress(entry, ip);
    this.#size++;
  }

  /** Makes an entry the last of its address. */
  #setAddress(entry: number, ip: string): void {
    const first = this.#byAddress.entryAt(this.#slotOfAddress(ip));
    const packed = packIPv4(ip);
    this.#ips[entry] = packed ?? this.#texts.add(ip);
    this.#addressHashes[entry] = packed === undefined ? hashOfText(ip) : hashOfIPv4(packed);
    if (first === NO_ENTRY) {
      this.#join(entry, entry);
      this.#byAddress.add(entry, this.#addressHashes);
      return;
    }
    this.#join(at(this.#before, first), entry);
    this.#join(entry, first);
  }

  #clearAddress(entry: number): void {
    const hash = at(this.#addressHashes, entry);
    const next = at(this.#after, entry);
    const slots = this.#byAddress;
    let slot = slots.first(hash);
    while (slots.entryAt(slot) !== entry && slots.entryAt(slot) !== NO_ENTRY) slot = slots.next(slot);
    // Only the first of an address has a slot.
    if (slots.entryAt(slot) === entry) {
      if (next === entry) slots.remove(slot, this.#addressHashes);
      else slots.replace(slot, next);
    }
    this.#join(at(this.#before, entry), next);
    if (!isPacked(hash)) this.#texts.remove(at(this.#ips, entry));
  }

  #join(entry: number, next: number): void {
    this.#after[entry] = next;
    this.#before[next] = entry;
  }

  /** A free entry. */
  #take(): number {
    const entry = this.#free;
    if (entry !== NO_ENTRY) {
      this.#free = at(this.#after, entry);
      return entry;
    }
    if (this.#touched === this.#names.length) this.#grow(nextCapacity(this.#touched));
    return this.#touched++;
  }

  #grow(capacity: number): void {
    this.#nameHashes = grown(this.#nameHashes, capacity);
    this.#addressHashes = grown(this.#addressHashes, capacity);
    this.#namespaces = grown(this.#namespaces, capacity);
    this.#names = grown(this.#names, capacity);
    this.#ips = grown(this.#ips, capacity);
    this.#after = grown(this.#after, capacity);
    this.#before = grown(this.#before, capacity);
  }
}

function at(array: Int32Array, entry: number): number {
  return array[entry] ?? NO_ENTRY;
}
