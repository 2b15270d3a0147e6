/**
 * What a plugin chain gives for a query: a reply that a plugin made, a failure that the server turns into one, the content of
 * a zone in several messages, or silence.
 */
import { Rcode } from '../dns/constants.ts';
import { type AddressRRset, NO_RECORDS, type RRset, type SoaRRset } from '../dns/rrset.ts';
import type { Explanation } from './reasons.ts';

/** A reply that a plugin has made. The sections keep their order; flags that the query decides (RD, CD) are not here. */
export interface Reply {
  readonly kind: 'reply';
  readonly rcode: number;
  /** AA */
  readonly authoritative: boolean;
  /** RA; false for everything that this server knows itself. */
  readonly recursionAvailable: boolean;
  /** RD in place of the query's own; undefined for that. An answer with it is not given again. */
  readonly recursionDesired: boolean | undefined;
  /** AD; sent to clients that asked with AD or DO (RFC 6840 §5.8). */
  readonly authenticData: boolean;
  /** TC: the upstream had more than could be had. */
  readonly truncated: boolean;
  /** What an upstream said, now or earlier; only this is kept by `cache`. */
  readonly fromUpstream: boolean;
  readonly answers: readonly RRset[];
  readonly authority: readonly RRset[];
  readonly additional: readonly RRset[];
  /** Why the answer is as it is; sent to clients with EDNS. */
  readonly explanation: Explanation | undefined;
  /** The address records of `answers` whose order was left to chance, as `Replaying.drew` has them. */
  readonly drawn: readonly AddressRRset[] | undefined;
}

/** No plugin made a reply: the server sends this response code with the question alone. */
export interface Failure {
  readonly kind: 'failure';
  readonly rcode: number;
  /** What went wrong, for `errors`; undefined where nothing did (a policy said REFUSED). */
  readonly error: string | undefined;
  /** Every failure says why. */
  readonly explanation: Explanation;
  /** The upstreams' doing: `cache` remembers it for a moment (RFC 9520). */
  readonly fromUpstream: boolean;
}

/** The client gets no reply. */
export interface Silence {
  readonly kind: 'silence';
}

/**
 * A whole zone, in as many messages as it takes (RFC 5936 §2.2). Whoever does not know what to do with one passes it on. It is
 * an authoritative NOERROR that explains nothing and that no upstream made.
 */
export interface Transfer {
  readonly kind: 'transfer';
  readonly rcode: typeof Rcode.NOERROR;
  readonly fromUpstream: false;
  readonly explanation: undefined;
  /** What the zone begins and ends with. */
  readonly soa: SoaRRset;
  /** Called once, by whoever sends the messages; undefined where too many transfers are under way. */
  begin(): RunningTransfer | undefined;
}

/** A transfer that is being sent. */
export interface RunningTransfer {
  /** All RRsets of the zone in the order of the transfer, its SOA first and last; each is made when it is asked for. */
  readonly records: Iterator<RRset>;
  /** Called once: the last message has been handed over, or nothing more will be asked for. */
  ended(whole: boolean): void;
}

export type Answer = Reply | Failure | Silence | Transfer;

/** In the same tick where memory is enough, later only where something must be waited for. */
export type Outcome = Answer | Promise<Answer>;

/** A reply with all that is not given empty: NOERROR, authoritative, RA clear. */
export function reply(parts: Partial<Reply>): Reply {
  return {
    kind: 'reply',
    rcode: parts.rcode ?? Rcode.NOERROR,
    authoritative: parts.authoritative ?? true,
    recursionAvailable: parts.recursionAvailable ?? false,
    recursionDesired: parts.recursionDesired,
    authenticData: parts.authenticData ?? false,
    truncated: parts.truncated ?? false,
    fromUpstream: parts.fromUpstream ?? false,
    answers: parts.answers ?? NO_RECORDS,
    authority: parts.authority ?? NO_RECORDS,
    additional: parts.additional ?? NO_RECORDS,
    explanation: parts.explanation,
    drawn: parts.drawn,
  };
}

/** A CNAME and behind it what is said about its target; the CNAME alone where that is no reply. */
export function behindAlias(alias: RRset, answer: Answer): Reply {
  const explanation = answer.kind === 'silence' ? undefined : answer.explanation;
  if (answer.kind !== 'reply') return reply({ answers: [alias], explanation });
  return reply({ answers: [alias, ...answer.answers], truncated: answer.truncated, explanation });
}

/** A failure with this response code. @param error for the log; left out where nothing went wrong */
export function failure(rcode: number, explanation: Explanation, error?: string): Failure {
  return { kind: 'failure', rcode, error, explanation, fromUpstream: false };
}

/** Hands an outcome to `use`, in this tick if it is there. */
export function whenAnswered<T>(outcome: Outcome, use: (answer: Answer) => T): T | Promise<T> {
  return outcome instanceof Promise ? outcome.then(use) : use(outcome);
}

/** The response code that the client gets; a silence counts as NOERROR. */
export function rcodeOfAnswer(answer: Answer): number {
  return answer.kind === 'silence' ? Rcode.NOERROR : answer.rcode;
}
