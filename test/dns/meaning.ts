/** What RRsets mean, as text: one line per record, names without regard to case except where the wire keeps it. */
import type { Name } from '../../src/dns/name.ts';
import { Type } from '../../src/dns/constants.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { addressSize } from '../../src/dns/rrset.ts';

/** One line per record, in order. */
export function meaning(sets: readonly RRset[]): readonly string[] {
  return sets.flatMap((set) =>
    dataOf(set).map((data) => [hex(set.owner.key), set.type, set.class, set.ttl, ...data].join(' ')),
  );
}

type Fields = readonly (string | number)[];

function dataOf(set: RRset): readonly Fields[] {
  switch (set.kind) {
    case 'address': {
      const size = addressSize(set.type);
      const count = set.octets.length / size;
      return Array.from({ length: count }, (_, i) => [hex(set.octets.subarray(i * size, (i + 1) * size))]);
    }
    case 'name':
      return set.targets.map((target) => [set.type === Type.DNAME ? exact(target) : hex(target.key)]);
    case 'srv':
      return set.services.map((srv) => [srv.priority, srv.weight, srv.port, exact(srv.target)]);
    case 'text':
      return set.texts.map((strings) => strings.map((string) => `"${hex(string)}"`));
    case 'mx':
      return set.exchanges.map((mx) => [mx.preference, hex(mx.exchange.key)]);
    case 'soa': {
      const { primary, mailbox, serial, refresh, retry, expire, minimum } = set.soa;
      return [[hex(primary.key), hex(mailbox.key), serial, refresh, retry, expire, minimum]];
    }
    case 'opaque':
      return set.data.map((data) => [hex(data)]);
  }
}

function exact(name: Name): string {
  return hex(name.written);
}

function hex(octets: string | Uint8Array): string {
  return (typeof octets === 'string' ? Buffer.from(octets, 'latin1') : Buffer.from(octets)).toString('hex');
}
