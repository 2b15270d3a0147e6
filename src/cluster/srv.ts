/**
 * SRV records of Services (Kubernetes DNS specification 1.1.0, 2.3.2 and 2.4.2; RFC 2782).
 */
import { Class, Type } from '../dns/constants.ts';
import type { Name } from '../dns/name.ts';
import type { RRset, Srv } from '../dns/rrset.ts';
import { distinctAddresses } from './endpoints.ts';
import { type Found, NO_DATA, addressFamily, addressSet } from './found.ts';

/** One address at one port: what a client can connect to. */
export interface Pair {
  readonly target: Name;
  readonly port: number;
  /** Empty where the target's address is not known here. */
  readonly octets: Uint8Array;
}

/**
 * SRV records, one for each target and port, with the addresses of the targets beside them (RFC 2782). No more are made
 * than overflow every message, so that the reply is truncated and what a question costs has a bound.
 *
 * @param count how many pairs there are
 */
export function services(owner: Name, ttl: number, count: number, pairs: Iterable<Pair>): Found {
  const weight = weightAmong(count);
  const made: Srv[] = [];
  const byTarget = new Map<
    string,
    { readonly target: Name; readonly octets: Uint8Array[]; readonly ports: number[] }
  >();
  let size = 0;
  for (const { target, port, octets } of pairs) {
    if (port === 0) continue;
    let known = byTarget.get(target.key);
    if (known === undefined) byTarget.set(target.key, (known = { target, octets: [], ports: [] }));
    if (octets.length > 0 && known.octets.at(-1) !== octets) known.octets.push(octets);
    if (known.ports.includes(port)) continue;
    known.ports.push(port);
    made.push({ priority: 0, weight, port, target });
    size += SRV_OCTETS + target.octetLength;
    if (size > LONGEST_MESSAGE) break;
  }
  if (made.length === 0) return NO_DATA;
  const srv: RRset = { owner, type: Type.SRV, class: Class.IN, ttl, kind: 'srv', services: made };
  const targets = size > LONGEST_MESSAGE ? [] : [...byTarget.values()];
  return {
    kind: 'records',
    answers: [srv],
    additional: targets.flatMap(({ target, octets }) => glueOf(target, ttl, octets)),
  };
}

/**
 * The same records for whoever takes all of them, however many messages they fill: some at a time, so that a large Service
 * holds nobody up, and without the addresses.
 */
export function* listServices(
  owner: Name,
  ttl: number,
  count: number,
  pairs: Iterable<Pair>,
): Generator<RRset, void, void> {
  const weight = weightAmong(count);
  const seen = new Map<string, number[]>();
  let some: Srv[] = [];
  const set = (): RRset => ({ owner, type: Type.SRV, class: Class.IN, ttl, kind: 'srv', services: some });
  for (const { target, port } of pairs) {
    const ports = seen.get(target.key);
    if (port === 0 || ports?.includes(port) === true) continue;
    if (ports === undefined) seen.set(target.key, [port]);
    else ports.push(port);
    some.push({ priority: 0, weight, port, target });
    if (some.length < LISTED_AT_ONCE) continue;
    yield set();
    some = [];
  }
  if (some.length > 0) yield set();
}

/** All records of a name share one weight, the larger the fewer they are; CoreDNS counts pairs, before equal records are joined. */
function weightAmong(count: number): number {
  return Math.max(1, Math.floor(100 / Math.max(1, count)));
}

/** Records of one name that a listing makes at a time. */
const LISTED_AT_ONCE = 128;

/** Octets of an SRV record beside its target: a pointer to the owner, type, class, TTL, length, and three numbers. */
const SRV_OCTETS = 18;
/** Octets of the longest DNS message: TCP gives its length as 16 bits (RFC 1035 §4.2.2). */
const LONGEST_MESSAGE = 65_535;

function glueOf(owner: Name, ttl: number, octets: readonly Uint8Array[]): readonly RRset[] {
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = octets.filter((address) => addressFamily(address) === family);
    return ofFamily.length === 0 ? [] : [addressSet(owner, ttl, family, distinctAddresses(ofFamily, family))];
  });
}
