/**
 * About how much memory an answer takes while it is kept. In: its records. Out: octets, on the side of too many: names that
 * records share are counted for each of them, and every record twice, since an entry holds a second copy with TTLs that
 * have counted down.
 */
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Reply } from '../answer.ts';

/** Objects as V8 lays them out on 64-bit machines. */
const OBJECT = 96;
const ARRAY = 40;
const SLOT = 8;
const STRING = 24;
const TYPED_ARRAY = 160;

/** An entry, its two replies and its place in the table, without key and records: no entry is smaller. */
export const ENTRY_OCTETS = 768;

/**
 * @param key the entry's
 * @param facts how many facts the answer rests on
 * @param text characters of what is said about it
 */
export function entryOctets(reply: Reply | undefined, key: string, facts: number, text: number): number {
  let octets = ENTRY_OCTETS + STRING + key.length + 2 * facts * SLOT + text;
  if (reply === undefined) return octets;
  for (const sets of [reply.answers, reply.authority, reply.additional]) {
    for (const set of sets) octets += 2 * (OBJECT + SLOT) + nameOctets(set.owner) + dataOctets(set);
  }
  return octets;
}

function nameOctets({ written, key, starts }: Name): number {
  const strings = STRING + key.length + (written === key ? 0 : STRING + written.length);
  return OBJECT + strings + ARRAY + starts.length * SLOT;
}

function dataOctets(set: RRset): number {
  switch (set.kind) {
    case 'address':
      return TYPED_ARRAY + set.octets.length;
    case 'name':
      return ARRAY + sum(set.targets, (target) => SLOT + nameOctets(target));
    case 'srv':
      return ARRAY + sum(set.services, ({ target }) => SLOT + OBJECT + nameOctets(target));
    case 'text':
      return ARRAY + sum(set.texts, (strings) => ARRAY + sum(strings, ({ length }) => SLOT + TYPED_ARRAY + length));
    case 'mx':
      return ARRAY + sum(set.exchanges, ({ exchange }) => SLOT + OBJECT + nameOctets(exchange));
    case 'soa':
      return OBJECT + nameOctets(set.soa.primary) + nameOctets(set.soa.mailbox);
    case 'opaque':
      return ARRAY + sum(set.data, ({ length }) => SLOT + TYPED_ARRAY + length);
  }
}

function sum<T>(items: readonly T[], octets: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += octets(item);
  return total;
}
