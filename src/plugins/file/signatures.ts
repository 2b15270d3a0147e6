/** RRSIG records as they are held: octets, of which the first two say what is signed (RFC 4034 §3.1.1). */
import { uint16At } from '../../dns/octets.ts';
import type { RRset } from '../../dns/rrset.ts';

/** The type that an RRSIG covers; 0 where the data has no such field. */
export function coveredType(set: RRset): number {
  if (set.kind !== 'opaque') return 0;
  const [data] = set.data;
  return data === undefined ? 0 : uint16At(data, 0);
}
