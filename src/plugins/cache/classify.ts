/**
 * What an upstream's reply is, as far as keeping it goes (RFC 2308 §2, RFC 9520 §2). In: the question and the reply. Out:
 * its class.
 *
 * | class        | reply                                                                                |
 * |--------------|--------------------------------------------------------------------------------------|
 * | success      | NOERROR; the answers lead from the question's name over CNAMEs to a record of its type |
 * | delegation   | NOERROR without answers and SOA, with NS                                              |
 * | no-data      | NOERROR; no answers, or CNAMEs that lead to no record of the type; SOA                |
 * | name-error   | NXDOMAIN; no answers, or CNAMEs; SOA                                                  |
 * | server-error | SERVFAIL, NOTIMP                                                                      |
 * | mismatch     | the answers speak of names that the question does not lead to, or of another class   |
 * | unkept       | everything else: TC, a negative answer without SOA (RFC 2308 §5), other response codes, an expired signature |
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { Question } from '../../dns/question.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Reply } from '../answer.ts';

export type ReplyClass = 'success' | 'delegation' | 'no-data' | 'name-error' | 'server-error' | 'mismatch' | 'unkept';

/**
 * @param signed the client asked with DO, so that signatures matter
 * @param now milliseconds since the epoch, for the expiry of signatures
 */
export function classify(question: Question, reply: Reply, signed: boolean, now: number): ReplyClass {
  const { rcode, answers, authority } = reply;
  if (reply.truncated) return 'unkept';
  if (rcode === Rcode.SERVFAIL || rcode === Rcode.NOTIMP) return 'server-error';
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return 'unkept';
  const path = followAnswers(question, answers);
  if (path.strays) return 'mismatch';
  if (hasSignatureOfTheMessage(reply) || (signed && hasExpiredSignature(reply, now))) return 'unkept';
  if (path.answered) return rcode === Rcode.NOERROR ? 'success' : 'unkept';
  // The SOA must be of a zone that the name which is not there can be in.
  if (authority.some((set) => set.kind === 'soa' && path.last.isAtOrBelow(set.owner))) {
    return rcode === Rcode.NOERROR ? 'no-data' : 'name-error';
  }
  const referral = rcode === Rcode.NOERROR && answers.length === 0 && !authority.some(({ type }) => type === Type.SOA);
  return referral && authority.some(({ type }) => type === Type.NS) ? 'delegation' : 'unkept';
}

export interface AnswerPath {
  /** A record of the type stands at the end. */
  readonly answered: boolean;
  /** The name at the end of the CNAMEs: the question's own where there are none. */
  readonly last: Name;
  /** There are answers for names that are not on the way, or of another class. */
  readonly strays: boolean;
}

/** CNAMEs that are followed; nobody writes so many, and a longer row counts as answers to another question. */
const MAX_LINKS = 32;

/** Goes from the question's name over the CNAMEs of an answer section, in whatever order they stand. */
export function followAnswers(question: Question, answers: readonly RRset[]): AnswerPath {
  if (answers.length > 0 && answers.every((set) => isDirect(question, set))) {
    return { answered: true, last: question.name, strays: false };
  }
  const aliases = new Map<string, Name>();
  const ends = new Set<string>();
  for (const set of answers) {
    if (set.type === question.type || question.type === Type.ANY) ends.add(set.owner.key);
    else if (set.kind === 'name' && set.type === Type.CNAME && set.targets[0])
      aliases.set(set.owner.key, set.targets[0]);
  }
  const names = new Map<string, Name>();
  let last = question.name;
  for (let links = 0; links <= MAX_LINKS; links++) {
    names.set(last.key, last);
    const target = ends.has(last.key) ? undefined : aliases.get(last.key);
    if (target === undefined || names.has(target.key)) break;
    last = target;
  }
  const redirections = redirectionsOn(names, answers);
  const strays = answers.some(
    (set) =>
      (set.class !== question.class && question.class !== Class.ANY) ||
      (!names.has(set.owner.key) && !redirections.has(set.owner.key)),
  );
  return { answered: ends.has(last.key), last, strays };
}

/** Whether it is a record of just what was asked for, as in most answers all are. */
function isDirect(question: Question, { owner, type, class: klass }: RRset): boolean {
  return type === question.type && klass === question.class && owner.equals(question.name);
}

/** Owners of DNAMEs that a name on the way is below: their CNAMEs were made from them (RFC 6672 §3.1). */
function redirectionsOn(names: ReadonlyMap<string, Name>, answers: readonly RRset[]): ReadonlySet<string> {
  const owners = new Set<string>();
  for (const { type, owner } of answers) {
    if (type !== Type.DNAME || owners.has(owner.key)) continue;
    for (const name of names.values()) if (name.isAtOrBelow(owner)) owners.add(owner.key);
  }
  return owners;
}

/** TSIG and SIG(0) hold for one message (RFC 8945 §5.2, RFC 2931 §3). */
const SIG = 24;

function hasSignatureOfTheMessage({ additional }: Reply): boolean {
  return additional.some(({ type }) => type === Type.TSIG || type === SIG);
}

/** Where an RRSIG has its expiration, in seconds modulo 2³² (RFC 4034 §3.1.5). */
const EXPIRATION_OFFSET = 8;

function hasExpiredSignature({ answers, authority, additional }: Reply, now: number): boolean {
  const seconds = Math.floor(now / 1000);
  const expired = (set: RRset): boolean => {
    if (set.type !== Type.RRSIG || set.kind !== 'opaque') return false;
    return set.data.some((data) => {
      if (data.length < EXPIRATION_OFFSET + 4) return true;
      const at = new DataView(data.buffer, data.byteOffset).getUint32(EXPIRATION_OFFSET);
      // Serial number arithmetic (RFC 1982 §3.2).
      return ((at - seconds) | 0) < 0;
    });
  };
  return answers.some(expired) || authority.some(expired) || additional.some(expired);
}
