/**
 * What "worse" means. What a client comes to with completion is held against what it would have come to by itself, without completion.
 * The states that it saw are those that answered one of its queries: each the content of the cluster as a replica knew it, and the
 * upstream as it was. The first of these that holds is the verdict:
 *
 *     as in one state    Its own walk comes to the same through one of these states, standing still. Of addresses, those of IPv4 and
 *                        those of IPv6 are each the same as in one of these walks, or missing as they are in one.
 *     as things moved    Its own walk comes to the same where each of its queries is answered by any of these states. A client without
 *                        completion is no better off: it finds no name that is looked for here before it came and there after it went.
 *     failure spared     In one of these states its own walk fails, and would come to this if the upstream did not.
 *     another's walk     In one of these states the name that it looks for is nowhere, and on its way the client asked what would be the
 *                        first question of a walk below a namespace. A question says no more than its name: it was answered as that walk,
 *                        or with its failure.
 *     one family         The addresses of one family are right and those of the other are missing, because the states do not treat its
 *                        first question alike: one knows the namespace, or a name on the way, or reaches the upstream, and one does not.
 *                        Without completion the two queries for one name of the search path are the only ones that must agree.
 *     worse              Anything else: an address of another name in the place of its own, a name denied or lost that its own walk would
 *                        have found, a failure that it would not have met.
 */
import type { Family, Outcome } from './stub.ts';

export const verdicts = [
  'as in one state',
  'as things moved',
  'failure spared',
  "another's walk",
  'one family',
  'worse',
] as const;
export type Verdict = (typeof verdicts)[number];

/** What there is to hold it against; each is worked out only where those before it do not do. */
export interface Evidence {
  /** Through each state by itself, where the reply for this family is the first of two to come. */
  readonly still: (first: Family) => readonly Outcome[];
  /** Through all of them, in any order. */
  readonly moving: () => readonly Outcome[];
  /** The same, as if the upstream never failed. */
  readonly unfailing: () => readonly Outcome[];
  /** The same two for walks whose first question was asked on the way, and a failure where the server failed to go one of them. */
  readonly others: () => readonly Outcome[];
  /** True where the states do not treat the client's first question alike. */
  readonly isDisputed: () => boolean;
}

export function judge(outcome: Outcome, { still, moving, unfailing, others, isDisputed }: Evidence): Verdict {
  const own = [...still(4)];
  if (isAmong(outcome, own)) return 'as in one state';
  own.push(...still(6));
  if (isAmong(outcome, own)) return 'as in one state';
  own.push(...moving());
  if (isAmong(outcome, own)) return 'as things moved';
  if (own.some(({ kind }) => kind === 'failed')) {
    own.push(...unfailing());
    if (isAmong(outcome, own)) return 'failure spared';
  }
  if (own.some(({ kind }) => kind === 'none') && isAmong(outcome, [...own, ...others()])) return "another's walk";
  return isOneFamily(outcome, own) && isDisputed() ? 'one family' : 'worse';
}

function isAmong(outcome: Outcome, walks: readonly Outcome[]): boolean {
  if (outcome.kind !== 'addresses') return walks.some(({ kind }) => kind === outcome.kind);
  return ([4, 6] as const).every((family) => isFamilyAmong(outcome, walks, family));
}

/** True where the addresses that are there are right. */
function isOneFamily(outcome: Outcome, walks: readonly Outcome[]): boolean {
  if (outcome.kind !== 'addresses') return false;
  return ([4, 6] as const).every((family) => ofFamily(outcome, family) === '' || isFamilyAmong(outcome, walks, family));
}

function isFamilyAmong(outcome: Outcome, walks: readonly Outcome[], family: Family): boolean {
  const given = ofFamily(outcome, family);
  return walks.some((walk) => ofFamily(walk, family) === given);
}

function ofFamily(outcome: Outcome, family: Family): string {
  if (outcome.kind !== 'addresses') return '';
  return outcome.addresses.filter((address) => address.includes(':') === (family === 6)).join(' ');
}
