/** Rules that leave the question as it is and change something of its answer: times to live, and the response code. */
import type { RRset } from '../../dns/rrset.ts';
import type { Answer, Failure, Reply } from '../answer.ts';
import { type NameMatch, matches } from './match.ts';
import { mapMembers } from './sections.ts';
import type { Revision, Rule, Turn } from './turn.ts';

/** One revision for the answers to all names that match. */
export class AnswerRule implements Rule {
  readonly #match: NameMatch;
  readonly #revision: Revision;

  constructor(match: NameMatch, revision: Revision) {
    this.#match = match;
    this.#revision = revision;
  }

  apply(turn: Turn): boolean {
    if (!matches(this.#match, turn.subject)) return false;
    turn.revise(this.#revision);
    return true;
  }
}

/** Seconds, both inclusive. */
export interface TtlRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Brings all TTLs into a range. A TTL that counts down and has come to the lower end stays there; one that is cut at the
 * upper end would have to stay for a time and count down then, and such an answer is made anew for each query.
 */
export class TtlRevision implements Revision {
  readonly #range: TtlRange;

  constructor(range: TtlRange) {
    this.#range = range;
  }

  revise(answer: Reply | Failure, turn: Turn): Answer {
    if (answer.kind === 'failure') return answer;
    const answers = this.#section(answer.answers, turn);
    const drawn = answers === answer.answers ? answer.drawn : undefined;
    const authority = this.#section(answer.authority, turn);
    return { ...answer, answers, authority, additional: this.#section(answer.additional, turn), drawn };
  }

  #section(sets: readonly RRset[], turn: Turn): readonly RRset[] {
    return mapMembers(sets, (set) => (set.aging === true ? this.#aging(set, turn) : this.#still(set)));
  }

  #still(set: RRset): RRset {
    const { min, max } = this.#range;
    const ttl = Math.min(Math.max(set.ttl, min), max);
    return ttl === set.ttl ? set : { ...set, ttl };
  }

  #aging(set: RRset, turn: Turn): RRset {
    const { min, max } = this.#range;
    if (min === max || set.ttl <= min) {
      const { aging: _, ...still } = set;
      return { ...still, ttl: min };
    }
    if (min > 0 || set.ttl > max) turn.query.replaying.forbid();
    return this.#still(set);
  }
}

/** Gives one response code in place of another. */
export class RcodeRevision implements Revision {
  readonly #from: number;
  readonly #to: number;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  revise(answer: Reply | Failure): Answer {
    if (answer.rcode !== this.#from) return answer;
    const rcode = this.#to;
    return answer.kind === 'failure' ? { ...answer, rcode } : { ...answer, rcode, authenticData: false };
  }
}
