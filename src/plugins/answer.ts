/**
 * What a plugin chain gives for a query: a reply that a plugin made, a failure that the server turns into one, or silence.
 */
import { Rcode } from '../dns/constants.ts';
import type { ExtendedError } from '../dns/edns.ts';
import type { RRset } from '../dns/rrset.ts';

/** A reply that a plugin has made. The sections keep their order; flags that the query decides (RD, CD) are not here. */
export interface Reply {
  readonly kind: 'reply';
  readonly rcode: number;
  /** AA */
  readonly authoritative: boolean;
  /** RA; false for everything that this server knows itself. */
  readonly recursionAvailable: boolean;
  readonly answers: readonly RRset[];
  readonly authority: readonly RRset[];
  readonly additional: readonly RRset[];
  /** Why the answer is as it is; sent to clients with EDNS. */
  readonly extendedError: ExtendedError | undefined;
}

/** No plugin made a reply: the server sends this response code with the question alone. */
export interface Failure {
  readonly kind: 'failure';
  readonly rcode: number;
  /** What went wrong, for `errors`; undefined where nothing did (a policy said REFUSED). */
  readonly error: string | undefined;
}

/** The client gets no reply. */
export interface Silence {
  readonly kind: 'silence';
}

export type Answer = Reply | Failure | Silence;

/** In the same tick where memory is enough, later only where something must be waited for. */
export type Outcome = Answer | Promise<Answer>;

const NONE: readonly RRset[] = [];

/** A reply with all that is not given empty: NOERROR, authoritative, RA clear. */
export function reply(parts: Partial<Reply>): Reply {
  return {
    kind: 'reply',
    rcode: parts.rcode ?? Rcode.NOERROR,
    authoritative: parts.authoritative ?? true,
    recursionAvailable: parts.recursionAvailable ?? false,
    answers: parts.answers ?? NONE,
    authority: parts.authority ?? NONE,
    additional: parts.additional ?? NONE,
    extendedError: parts.extendedError,
  };
}

/** A failure with this response code. */
export function failure(rcode: number, error?: string): Failure {
  return { kind: 'failure', rcode, error };
}

/** Hands an outcome to `use`, in this tick if it is there. */
export function whenAnswered<T>(outcome: Outcome, use: (answer: Answer) => T): T | Promise<T> {
  return outcome instanceof Promise ? outcome.then(use) : use(outcome);
}

/** The response code that the client gets; a silence counts as NOERROR. */
export function rcodeOfAnswer(answer: Answer): number {
  return answer.kind === 'silence' ? Rcode.NOERROR : answer.rcode;
}
