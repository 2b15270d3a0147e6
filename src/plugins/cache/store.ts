/**
 * Where answers are kept: two tables, one for what is there and one for what is not, each bounded in entries and in
 * octets, the least recently used leaving first. The store outlives a reload that changes nothing about the cache, the
 * block and what is below the cache in it.
 */
import { LRUCache } from 'lru-cache';
import type { Closable } from '../plugin.ts';
import type { Entry, EntryTables } from './entry.ts';
import type { EntryKind } from './options.ts';
import { ENTRY_OCTETS } from './octets.ts';

export interface StoreLimits {
  /** Entries; 0 keeps nothing. */
  readonly capacity: Readonly<Record<EntryKind, number>>;
  /** Of each kind. */
  readonly octets: number;
}

type Table = LRUCache<string, Entry>;

/** `get` makes an object for its options where it is given none. */
const GET = {};

export class CacheStore implements Closable, EntryTables {
  readonly #limits: StoreLimits;
  readonly #evicted: (kind: EntryKind) => void;
  /** Made for the first entry: a table takes memory for all its entries at once. */
  readonly #tables: Record<EntryKind, Table | undefined> = { success: undefined, denial: undefined };
  #closed = false;

  /** @param evicted called for each entry that leaves because there is no room */
  constructor(limits: StoreLimits, evicted: (kind: EntryKind) => void) {
    this.#limits = limits;
    this.#evicted = evicted;
  }

  get(kind: EntryKind, key: string): Entry | undefined {
    return this.#tables[kind]?.get(key, GET);
  }

  /** Replaces what is there under this key. An entry that is larger than the whole table is not kept. */
  set(key: string, entry: Entry): void {
    if (!this.#closed) (this.#tables[entry.kind] ??= this.#open(entry.kind))?.set(key, entry);
  }

  touch(kind: EntryKind, key: string): void {
    this.get(kind, key);
  }

  delete(kind: EntryKind, key: string): void {
    this.#tables[kind]?.delete(key);
  }

  entries(kind: EntryKind): number {
    return this.#tables[kind]?.size ?? 0;
  }

  octets(kind: EntryKind): number {
    return this.#tables[kind]?.calculatedSize ?? 0;
  }

  close(): void {
    this.#closed = true;
    this.#tables.success?.clear();
    this.#tables.denial?.clear();
  }

  #open(kind: EntryKind): Table | undefined {
    const { capacity, octets } = this.#limits;
    // More than fit into the octets would be for nothing.
    const max = Math.min(capacity[kind], Math.floor(octets / ENTRY_OCTETS));
    if (max <= 0) return undefined;
    return new LRUCache<string, Entry>({
      max,
      maxSize: octets,
      sizeCalculation: (entry) => entry.octets,
      onInsert: (entry, key) => entry.entered(this, key),
      dispose: (entry, _key, reason) => {
        entry.left();
        if (reason === 'evict') this.#evicted(kind);
      },
    });
  }
}
