/**
 * The reply to a question for AAAA that is not asked of anybody: NODATA (RFC 2308 §2.2), in place of an upstream's.
 *
 * - Its SOA stands at the name itself. A cache downstream needs one to keep the answer (RFC 2308 §5) and takes its owner for
 *   the apex of a zone; an SOA at the root or at a parent would say something about names that nobody asked for.
 * - It has a name server that cannot exist (RFC 6761 §6.4) and a time that lets a cluster become one of two families.
 * - RA is set and AA is not, as in the upstream's own: a stub resolver that sees neither, and no records, takes the reply for a
 *   referral and turns to its next server.
 */
import { Class, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { SoaRRset } from '../../dns/rrset.ts';
import { type Reply, reply } from '../answer.ts';
import { explain } from '../reasons.ts';

/** Seconds. */
const TTL = 60;

/** Timers that nobody goes by: the zone that they belong to is not there. */
const SOA: SoaRRset['soa'] = {
  primary: Name.fromText('filtered.invalid.').keepSuffixKeys(),
  mailbox: Name.fromText('hostmaster.filtered.invalid.').keepSuffixKeys(),
  serial: 1,
  refresh: 7200,
  retry: 1800,
  expire: 86_400,
  minimum: TTL,
};

/** RFC 8914 §4.18. */
const FILTERED = explain('ipv6Filtered');

/** @param owner the name in the question */
export function filteredReply(owner: Name): Reply {
  const soa: SoaRRset = { owner, type: Type.SOA, class: Class.IN, ttl: TTL, kind: 'soa', soa: SOA };
  return reply({ authoritative: false, recursionAvailable: true, authority: [soa], explanation: FILTERED });
}
