/**
 * The key of an answer in the cache. In: a query. Out: one string that says everything about the query that changes what
 * an upstream answers, or undefined where the cache is not to be asked at all.
 *
 *     lower-case wire name │ type, 2 octets │ class, 2 octets │ DO, CD, RD
 *
 * A wire name says itself where it ends, so that no two names give the same string, whatever follows them. Nothing follows
 * for what is asked most often: type A, class IN, RD alone. Octets are latin1 characters, which keeps the string at one
 * octet each.
 */
import { Class, Flag, Opcode, Type } from '../../dns/constants.ts';
import { isHopByHop } from '../../dns/edns.ts';
import { isTransfer, opcodeOf } from '../../dns/message.ts';
import type { Query } from '../query.ts';

/** The last character of a key. */
const DNSSEC_OK = 4;
const CHECKING_DISABLED = 2;
const RECURSION_DESIRED = 1;

/**
 * Undefined for zone transfers, for opcodes other than QUERY, and for queries with EDNS options that upstreams are sent:
 * their answers are for one client alone (RFC 7871 §7.3 for the client's subnet).
 */
export function cacheKey(query: Query): string | undefined {
  const { question, request } = query;
  const { edns, flags } = request;
  const { type } = question;
  if (isTransfer(type) || opcodeOf(flags) !== Opcode.QUERY) return undefined;
  if (edns !== undefined && edns.options.length > 0 && !edns.options.every(isHopByHop)) return undefined;
  const how =
    (edns?.dnssecOk === true ? DNSSEC_OK : 0) |
    ((flags & Flag.CD) === 0 ? 0 : CHECKING_DISABLED) |
    ((flags & Flag.RD) === 0 ? 0 : RECURSION_DESIRED);
  return question.name.key + ending(type, question.class, how);
}

/** Endings that were made before, for the class and the types that nearly all queries have: `type * 8 + how`. */
const ENDINGS: (string | undefined)[] = Array.from({ length: 256 * 8 }, () => undefined);

function ending(type: number, klass: number, how: number): string {
  if (klass !== Class.IN || type > 0xff) return makeEnding(type, klass, how);
  return (ENDINGS[type * 8 + how] ??= makeEnding(type, klass, how));
}

function makeEnding(type: number, klass: number, how: number): string {
  // Joining two strings costs a third of a hit: the commonest question goes without.
  if (type === Type.A && klass === Class.IN && how === RECURSION_DESIRED) return '';
  return String.fromCharCode(type >> 8, type & 0xff, klass >> 8, klass & 0xff, how);
}
