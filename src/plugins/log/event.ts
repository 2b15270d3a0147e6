/**
 * What a line of `log` is made from, whatever its format: a query, its answer, and what both say about flags and reasons.
 */
import { Flag } from '../../dns/constants.ts';
import { hasFlag } from '../../dns/message.ts';
import type { Answer } from '../answer.ts';
import type { MetadataProvider } from '../neighbours.ts';
import type { Query } from '../query.ts';

/** An answered query. */
export interface LogEvent {
  readonly query: Query;
  readonly answer: Answer;
  /** When it was answered, in milliseconds since the epoch. */
  readonly time: number;
  /** Milliseconds, with fractions; 0 where the format does not look at it. */
  readonly duration: number;
  /** The zone of the server block that the name is in, presentation form. */
  readonly zone: string;
  /** As `Neighbours.metadata` has it. */
  readonly metadata: ReadonlyMap<string, MetadataProvider>;
}

/** The flags that the reply is given: `qr,aa,rd`. Whether it must be cut is decided later, when it is written. */
export function replyFlags({ request }: Query, answer: Exclude<Answer, { kind: 'silence' }>): string {
  const made = answer.kind === 'reply' ? answer : undefined;
  const asksForAd = hasFlag(request.flags, Flag.AD) || request.edns?.dnssecOk === true;
  const flags: readonly (readonly [string, boolean | undefined])[] = [
    ['qr', true],
    ['aa', answer.kind === 'transfer' || made?.authoritative],
    ['tc', made?.truncated],
    ['rd', made?.recursionDesired ?? hasFlag(request.flags, Flag.RD)],
    ['ra', made?.recursionAvailable],
    ['ad', made?.authenticData === true && asksForAd],
    ['cd', hasFlag(request.flags, Flag.CD)],
  ];
  return flags
    .filter(([, set]) => set)
    .map(([flag]) => flag)
    .join(',');
}

/** The word of the reason that the answer gives for itself. */
export function reasonOf(answer: Answer): string | undefined {
  return answer.kind === 'silence' ? undefined : answer.explanation?.word;
}
