/**
 * What DNS64 makes of replies (RFC 6147 §5.1, §5.3). In: the reply to a question for AAAA, the reply to the same question for
 * A. Out: the reply that the client gets.
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { uint16At } from '../../dns/octets.ts';
import { type AddressRRset, type RRset, addressSize } from '../../dns/rrset.ts';
import type { Reply } from '../answer.ts';
import type { Replaying } from '../replay.ts';
import type { Prefix } from './prefix.ts';

/** Seconds: how long a record lives at most where no SOA says for how long there is no AAAA (RFC 6147 §5.1.7). */
export const TTL_WITHOUT_SOA = 600;

/** Octets of an IPv4 and of an IPv6 address. */
const IPV4 = 4;
const IPV6 = 16;

/**
 * The reply without AAAA records that nobody can reach over IPv6: those of ::ffff:0:0/96 (RFC 6147 §5.1.4). The same object
 * where there are none.
 */
export function withoutMapped(made: Reply): Reply {
  if (!made.answers.some(hasMapped)) return made;
  const answers = made.answers.flatMap((set) => {
    if (set.kind !== 'address' || set.type !== Type.AAAA) return coversType(set, Type.AAAA) ? [] : set;
    const octets = unmapped(set);
    return octets.length === 0 ? [] : { ...set, octets };
  });
  return { ...made, answers, authenticData: false, drawn: undefined };
}

function hasMapped(set: RRset): boolean {
  if (set.kind !== 'address' || set.type !== Type.AAAA) return false;
  for (let at = 0; at < set.octets.length; at += IPV6) if (isMapped(set.octets, at)) return true;
  return false;
}

function unmapped({ octets }: AddressRRset): Uint8Array {
  const kept: number[] = [];
  for (let at = 0; at < octets.length; at += IPV6) {
    if (!isMapped(octets, at)) kept.push(...octets.subarray(at, at + IPV6));
  }
  return Uint8Array.from(kept);
}

function isMapped(octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (octets[at + i] !== 0) return false;
  return octets[at + 10] === 0xff && octets[at + 11] === 0xff;
}

/** Whether the answers lead to a record of this type. */
export function hasType({ rcode, answers }: Reply, type: number): boolean {
  return rcode === Rcode.NOERROR && answers.some((set) => set.type === type);
}

/**
 * The reply to a question for A as one to the same question for AAAA: addresses in the prefix, aliases as they are (RFC 6147
 * §5.1.5), signatures of what was changed left out. Other sections are as they are (RFC 6147 §5.3.2).
 *
 * @param negative what there is for AAAA: its SOA says for how long
 */
export function synthesized(prefix: Prefix, negative: Reply | undefined, found: Reply, replaying: Replaying): Reply {
  const limit = limitOf(negative);
  const answers = found.answers.flatMap((set) => {
    if (set.kind === 'address' && set.type === Type.A) return translated(prefix, set, limit, replaying);
    return coversType(set, Type.A) ? [] : set;
  });
  return { ...found, answers, authenticData: false, fromUpstream: false, drawn: drawnOf(found, answers) };
}

/** How long a record lives, and whether that counts down while it is kept. */
export interface Lifetime {
  readonly ttl: number;
  readonly aging?: true;
}

/** The shorter of two. Where the longer one alone counts down, it would be the shorter one some day: then the reply is not given again. */
export function shorter(one: Lifetime, other: Lifetime, replaying: Replaying): Lifetime {
  const [short, long] = one.ttl <= other.ttl ? [one, other] : [other, one];
  if (short.aging === true) return { ttl: short.ttl, aging: true };
  if (long.aging === true) replaying.forbid();
  return { ttl: short.ttl };
}

function limitOf(negative: Reply | undefined): Lifetime {
  const soa = negative?.authority.find((set) => set.kind === 'soa');
  return soa ?? { ttl: TTL_WITHOUT_SOA };
}

function translated(prefix: Prefix, set: AddressRRset, limit: Lifetime, replaying: Replaying): AddressRRset {
  const count = set.octets.length / addressSize(set.type);
  const octets = new Uint8Array(count * IPV6);
  for (let i = 0; i < count; i++) prefix.embed(set.octets, i * IPV4, octets, i * IPV6);
  const { owner } = set;
  return { kind: 'address', owner, type: Type.AAAA, class: Class.IN, ...shorter(set, limit, replaying), octets };
}

/** The addresses whose order was left to chance, where the client's are all of them. */
function drawnOf({ answers: before, drawn }: Reply, answers: readonly RRset[]): readonly AddressRRset[] | undefined {
  if (drawn === undefined) return undefined;
  const translations = answers.filter((set) => set.kind === 'address');
  const addresses = before.filter((set) => set.kind === 'address');
  const isAll = addresses.length === drawn.length && addresses.every((set, i) => set === drawn[i]);
  return isAll ? translations : undefined;
}

/** A signature of records of a type (RFC 4034 §3.1.1). */
function coversType(set: RRset, type: number): boolean {
  if (set.type !== Type.RRSIG || set.kind !== 'opaque') return false;
  return set.data.some((data) => uint16At(data, 0) === type);
}
