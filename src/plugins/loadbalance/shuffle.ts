/**
 * Random orders. Every order is equally likely, and where only the first few of many can be sent, only those are drawn: the
 * first steps of a Fisher–Yates shuffle are a fair sample of the whole.
 *
 * `Math.random` does for this: who gets which of equal endpoints is no secret, and nothing is won by foreseeing it.
 */
import { HEADER_OCTETS } from '../../dns/message.ts';
import { type AddressRRset, type MxRRset, addressSize } from '../../dns/rrset.ts';
import { singleAddresses, singleExchanges } from './sections.ts';

/** Puts addresses into groups, which stand one behind the other. */
export interface Groups {
  readonly count: number;
  /** From 0 up, for 4 or 16 octets. */
  groupOf(octets: Uint8Array): number;
}

/**
 * The addresses of a section in random order, group by group; at least as many of the first as fit in `room` octets are
 * drawn from all. One RRset stays one; of several, each record becomes one of its own.
 *
 * @param groups undefined for one group of all
 */
export function shuffleAddresses(
  sets: readonly AddressRRset[],
  room: number,
  groups: Groups | undefined,
): readonly AddressRRset[] {
  const [first] = sets;
  if (first === undefined) return sets;
  if (sets.length === 1) return [shuffleSet(first, room, groups)];
  const singles = singleAddresses(sets);
  const grouped = groups === undefined ? [singles] : inGroups(singles, groups);
  let left = mostRecords(room, LEAST_DATA);
  for (const group of grouped) {
    drawItems(group, left);
    left -= group.length;
  }
  return grouped.flat();
}

/** Mail exchanges, of which there are few, in random order. */
export function shuffleExchanges(sets: readonly MxRRset[]): readonly MxRRset[] {
  const singles = singleExchanges(sets);
  drawItems(singles, singles.length);
  return singles;
}

/** Octets of the shortest record beside its data: the root as its owner, type, class, TTL, length. */
const LEAST_RECORD = 11;
/** Octets of an A record's data. */
const LEAST_DATA = 4;
/** Addresses are moved by words of so many octets. */
const WORD = 4;

/** No more records with so many octets of data than this fit in a message. */
function mostRecords(room: number, dataOctets: number): number {
  return Math.ceil((room - HEADER_OCTETS) / (LEAST_RECORD + dataOctets));
}

function shuffleSet(set: AddressRRset, room: number, groups: Groups | undefined): AddressRRset {
  const size = addressSize(set.type);
  const { octets, ends } =
    groups === undefined
      ? { octets: new Uint8Array(set.octets), ends: [set.octets.length / size] }
      : groupOctets(set.octets, size, groups);
  const words = new Uint32Array(octets.buffer);
  let left = mostRecords(room, size);
  let start = 0;
  for (const end of ends) {
    drawAddresses(words, size / WORD, start, end, left);
    left -= end - start;
    start = end;
  }
  return { ...set, octets };
}

/** Draws the first `count` of the addresses from `start` to `end`, all of them where there are no more. */
function drawAddresses(words: Uint32Array, width: number, start: number, end: number, count: number): void {
  const last = Math.min(start + count, end - 1);
  for (let i = start; i < last; i++) {
    const j = i + below(end - i);
    for (let word = 0; word < width; word++) {
      const a = i * width + word;
      const b = j * width + word;
      const moved = words[a] ?? 0;
      words[a] = words[b] ?? 0;
      words[b] = moved;
    }
  }
}

/** The same for things in an array. */
function drawItems(items: unknown[], count: number): void {
  const last = Math.min(count, items.length - 1);
  for (let i = 0; i < last; i++) swap(items, i, i + below(items.length - i));
}

export function swap(items: unknown[], i: number, j: number): void {
  const moved = items[i];
  items[i] = items[j];
  items[j] = moved;
}

/** A whole number from 0 to below `limit`, each as likely. */
export function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

function inGroups(singles: readonly AddressRRset[], groups: Groups): AddressRRset[][] {
  const grouped: AddressRRset[][] = Array.from({ length: groups.count }, () => []);
  for (const single of singles) grouped[groups.groupOf(single.octets)]?.push(single);
  return grouped;
}

/** The addresses group by group in a memory of their own, and behind which address each group ends. */
function groupOctets(
  octets: Uint8Array,
  size: number,
  groups: Groups,
): { readonly octets: Uint8Array<ArrayBuffer>; readonly ends: readonly number[] } {
  const members: number[][] = Array.from({ length: groups.count }, () => []);
  for (let at = 0; at < octets.length; at += size) {
    members[groups.groupOf(octets.subarray(at, at + size))]?.push(at);
  }
  const sorted = new Uint8Array(octets.length);
  let to = 0;
  const ends = members.map((group) => {
    for (const at of group) {
      sorted.set(octets.subarray(at, at + size), to);
      to += size;
    }
    return to / size;
  });
  return { octets: sorted, ends };
}
