/** What the answer to a candidate of a search path says of the walk: whether it goes on, and what the question gets at its end. */
import { Rcode } from '../../dns/constants.ts';
import type { Answer, Reply } from '../answer.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { asksForAlias } from './alias.ts';

/** True where there is no such name, and the walk goes on. */
export function isNameError(answer: Answer): answer is Reply {
  return answer.kind === 'reply' && answer.rcode === Rcode.NXDOMAIN;
}

/**
 * True where a walk of glibc's would end too. It takes a CNAME for an answer even where nothing stands behind it, but goes on
 * after a NODATA without one; musl ends at either, Go at neither.
 */
export function endsHere({ type }: Query, { answers, truncated }: Reply): boolean {
  return answers.length > 0 || truncated || asksForAlias(type);
}

/** With the SOA of the question's own zone: the candidate's is of another (RFC 2308 §3). @param missing the question's own NXDOMAIN */
export function noData(missing: Reply, { explanation }: Reply): Reply {
  return { ...missing, rcode: Rcode.NOERROR, explanation: explanation ?? explain('noSuchType') };
}
