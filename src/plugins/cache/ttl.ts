/**
 * The times to live of a reply that is kept. In: the records as an upstream sent them and the limits of the
 * configuration. Out: the same records, each with the TTL that clients see, and how long the whole may be kept: as long as
 * the shortest of them.
 *
 * RFC 2181 §5.2: records of one RRset have one TTL, the smallest where they differ. RFC 2308 §5: an SOA that proves that
 * something is not there lives no longer than its own minimum.
 */
import { Type } from '../../dns/constants.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Reply } from '../answer.ts';

/** Seconds. Where the two contradict each other, the upper one counts. */
export interface TtlLimits {
  readonly ttl: number;
  readonly minTtl: number;
}

export interface LimitedReply {
  readonly reply: Reply;
  /** Seconds; infinite where there is no record. */
  readonly lifetime: number;
}

/** @param negative the reply says that something is not there */
export function limitTtls(reply: Reply, limits: TtlLimits, negative: boolean): LimitedReply {
  let lifetime = Infinity;
  const limited = (sets: readonly RRset[]): readonly RRset[] => {
    if (sets.length === 0) return sets;
    const shortest = sets.length > 1 ? shortestOfEachSet(sets) : undefined;
    return sets.map((set) => {
      let ttl = shortest?.get(setKey(set)) ?? set.ttl;
      if (negative && set.kind === 'soa') ttl = Math.min(ttl, set.soa.minimum);
      ttl = Math.min(Math.max(ttl, limits.minTtl), limits.ttl);
      lifetime = Math.min(lifetime, ttl);
      return withTtl(set, ttl);
    });
  };
  const answers = limited(reply.answers);
  const authority = limited(reply.authority);
  const additional = limited(reply.additional);
  return { reply: { ...reply, answers, authority, additional }, lifetime };
}

/** The reply with each record's TTL as `ttlOf` gives it for the one it has. */
export function mapTtls(reply: Reply, ttlOf: (ttl: number) => number): Reply {
  return mapSets(reply, (set) => withTtl(set, ttlOf(set.ttl)));
}

/** The reply to be kept, with all records marked as counting down. */
export function agingTtls(reply: Reply): Reply {
  return mapSets(reply, (set) => ({ ...set, aging: true }));
}

/** The reply without such marks. */
export function fixedTtls(reply: Reply): Reply {
  return mapSets(reply, (set) => {
    if (set.aging === undefined) return set;
    const { aging: _aging, ...fixed } = set;
    return fixed;
  });
}

function mapSets(reply: Reply, map: (set: RRset) => RRset): Reply {
  const mapped = (sets: readonly RRset[]): readonly RRset[] => (sets.length === 0 ? sets : sets.map(map));
  const { answers, authority, additional } = reply;
  return { ...reply, answers: mapped(answers), authority: mapped(authority), additional: mapped(additional) };
}

function withTtl(set: RRset, ttl: number): RRset {
  return set.ttl === ttl ? set : { ...set, ttl };
}

function shortestOfEachSet(sets: readonly RRset[]): ReadonlyMap<string, number> {
  const shortest = new Map<string, number>();
  for (const set of sets) {
    const key = setKey(set);
    shortest.set(key, Math.min(shortest.get(key) ?? Infinity, set.ttl));
  }
  return shortest;
}

/** Signatures of different types at one name are different sets (RFC 4035 §2.2): the type covered comes first in them. */
function setKey(set: RRset): string {
  const covered = set.kind === 'opaque' && set.type === Type.RRSIG ? (set.data[0]?.subarray(0, 2).join('.') ?? '') : '';
  return `${set.owner.key}${set.type} ${set.class} ${covered}`;
}
