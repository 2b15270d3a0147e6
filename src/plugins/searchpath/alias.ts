/**
 * The CNAME from a name that is short of its end to the full one, in front of what the full one gives (RFC 1034 §3.6.2).
 */
import { Class, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Reply, reply } from '../answer.ts';
import type { Query } from '../query.ts';
import { type Lifetime, lifetimeOf, shorter } from './lifetime.ts';

/** Seconds: the TTL of the CNAME where the full name's answer has no record that would give one. */
const EMPTY_ANSWER_TTL = 5;
/** The query type that asks for all types (RFC 1035 §3.2.3). */
const ANY = 255;
const ENDLESS: Lifetime = { steady: Infinity, aging: Infinity };

/**
 * The reply to a query by way of `full`, which exists.
 *
 * @param rest what the CNAME rests on beside `full`
 */
export function replyThrough(query: Query, full: Name, answer: Reply, rest: Lifetime = ENDLESS): Reply {
  const alias = aliasFor(query, full, answer, rest);
  // The name in the question is this server's own, and no signature covers the alias.
  return reply({
    ...answer,
    authoritative: true,
    authenticData: false,
    answers: asksForAlias(query.type) ? [alias] : [alias, ...answer.answers],
  });
}

/** True where the CNAME itself is asked for, and nobody wants to be led on. */
export function asksForAlias(type: number): boolean {
  return type === Type.CNAME || type === ANY;
}

/** It lives as long as the first record of what it leads to, and no longer than the rest. */
function aliasFor({ name: owner, replaying }: Query, full: Name, { answers, authority }: Reply, rest: Lifetime): RRset {
  const first = answers[0] ?? authority[0] ?? { ttl: EMPTY_ANSWER_TTL };
  const { steady, aging } = shorter(rest, lifetimeOf(first));
  const alias = { owner, type: Type.CNAME, class: Class.IN, kind: 'name', targets: [full] } as const;
  if (aging <= steady) return { ...alias, ttl: aging, aging: true };
  // Some day what counts down is the shorter one.
  if (aging < Infinity) replaying.onlyForSeconds(aging - steady);
  return { ...alias, ttl: steady };
}
