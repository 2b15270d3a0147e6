/**
 * How long a message would be without compression: what logs and metrics count, so that their figures do not depend on
 * how well a reply compresses.
 */
import { HEADER_OCTETS } from './message.ts';
import type { Question } from './question.ts';
import { type RRset, recordCount } from './rrset.ts';

/** type, class, TTL and data length */
const FIXED_RECORD_OCTETS = 10;

/** Octets of header, question and these records, all names written out. */
export function uncompressedSize(question: Question | undefined, ...sections: readonly (readonly RRset[])[]): number {
  let size = HEADER_OCTETS + (question === undefined ? 0 : question.name.octetLength + 4);
  for (const section of sections) for (const set of section) size += rrsetSize(set);
  return size;
}

function rrsetSize(set: RRset): number {
  return recordCount(set) * (set.owner.octetLength + FIXED_RECORD_OCTETS) + dataSize(set);
}

function dataSize(set: RRset): number {
  switch (set.kind) {
    case 'address':
      return set.octets.length;
    case 'name':
      return sum(set.targets, (target) => target.octetLength);
    case 'srv':
      return sum(set.services, (srv) => 6 + srv.target.octetLength);
    case 'text':
      return sum(set.texts, (strings) => sum(strings, (string) => 1 + string.length));
    case 'mx':
      return sum(set.exchanges, (mx) => 2 + mx.exchange.octetLength);
    case 'soa':
      return set.soa.primary.octetLength + set.soa.mailbox.octetLength + 20;
    case 'opaque':
      return sum(set.data, (data) => data.length);
  }
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
