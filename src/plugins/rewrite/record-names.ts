/** Names in the data of records: where they stand in each form of data, and the same record with others. */
import { Type } from '../../dns/constants.ts';
import { WireCursor } from '../../dns/cursor.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { mapMembers } from './sections.ts';

/** Octets of NAPTR data in front of its strings: order and preference (RFC 3403 §4.1). */
const NAPTR_NUMBERS = 4;
/** Flags, services and regular expression. */
const NAPTR_STRINGS = 3;

/**
 * The set with the names in its data changed: of NS, CNAME, PTR, DNAME, SRV, MX and NAPTR, and the primary server of SOA. The
 * same set where all of them stay.
 *
 * @param map gives the same object for a name that stays
 */
export function mapValues(set: RRset, map: (name: Name) => Name): RRset {
  switch (set.kind) {
    case 'name': {
      const targets = mapMembers(set.targets, map);
      return targets === set.targets ? set : { ...set, targets };
    }
    case 'srv': {
      const services = mapMembers(set.services, (srv) => {
        const target = map(srv.target);
        return target === srv.target ? srv : { ...srv, target };
      });
      return services === set.services ? set : { ...set, services };
    }
    case 'mx': {
      const exchanges = mapMembers(set.exchanges, (mx) => {
        const exchange = map(mx.exchange);
        return exchange === mx.exchange ? mx : { ...mx, exchange };
      });
      return exchanges === set.exchanges ? set : { ...set, exchanges };
    }
    case 'soa': {
      const primary = map(set.soa.primary);
      return primary === set.soa.primary ? set : { ...set, soa: { ...set.soa, primary } };
    }
    case 'opaque': {
      if (set.type !== Type.NAPTR) return set;
      const data = mapMembers(set.data, (octets) => mapNaptr(octets, map));
      return data === set.data ? set : { ...set, data };
    }
    case 'address':
    case 'text':
      return set;
  }
}

/** The name is the last field, and is never compressed here. Data that is not as it should be stays. */
function mapNaptr(octets: Uint8Array, map: (name: Name) => Name): Uint8Array {
  let at = NAPTR_NUMBERS;
  for (let i = 0; i < NAPTR_STRINGS; i++) at += 1 + (octets[at] ?? 0);
  if (at >= octets.length) return octets;
  const name = new WireCursor(octets, at).name();
  const made = name && map(name);
  return made === undefined || made === name
    ? octets
    : new Uint8Array(Buffer.concat([octets.subarray(0, at), made.wire]));
}
