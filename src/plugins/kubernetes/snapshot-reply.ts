/**
 * Answers from a snapshot: what an earlier run of the program knew, given while the API server has not answered yet. In: the
 * answer as it would be given in step. Out: the same with times to live that let nobody keep it for long, and with the
 * reason for that.
 *
 * RFC 8767 §4: records that may be out of date have a TTL of 30 seconds. RFC 2308 §5: the SOA says how long it is
 * remembered that a name is not there. RFC 8914 §4.4, §4.20: Stale Answer, Stale NXDOMAIN Answer.
 */
import type { RRset } from '../../dns/rrset.ts';
import type { Answer } from '../answer.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';

/** Seconds. */
const MAX_TTL = 30;
/** Seconds. What a snapshot does not have may have been created since, and somebody waits for it. */
const MAX_NEGATIVE_TTL = 5;

const STALE = explain('staleCluster');

export function fromSnapshot(query: Query, answer: Answer): Answer {
  if (answer.kind !== 'reply') return answer;
  const { answers, authority, additional, explanation } = answer;
  const shortLived = (sets: readonly RRset[], most: number): readonly RRset[] => {
    // What is lowered stays where it is, whereas an aging record is taken to count down (an ExternalName's target has such).
    if (sets.some(({ ttl, aging }) => aging === true && ttl > most)) query.replaying.forbid();
    return lowered(sets, most);
  };
  if (answers.length === 0) {
    return {
      ...answer,
      authority: shortLived(authority, MAX_NEGATIVE_TTL),
      explanation: explain('staleClusterNegative', explanation?.text),
    };
  }
  return {
    ...answer,
    answers: shortLived(answers, MAX_TTL),
    additional: shortLived(additional, MAX_TTL),
    // What the target of an alias has to say about itself is worth more.
    explanation: explanation ?? STALE,
  };
}

function lowered(sets: readonly RRset[], most: number): readonly RRset[] {
  return sets.map((set) => {
    const ttl = Math.min(set.ttl, most);
    if (set.kind !== 'soa') return { ...set, ttl };
    return { ...set, ttl, soa: { ...set.soa, minimum: Math.min(set.soa.minimum, most) } };
  });
}
