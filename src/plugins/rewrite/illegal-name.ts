/** What is answered where a rule makes of a name what is none: a label too long or empty, or all of it (RFC 1035 §2.3.4). */
import { Rcode } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { type Failure, failure } from '../answer.ts';
import { explain } from '../reasons.ts';

/** @param where in the message the name stands: `the question` */
export function illegalName(where: string, name: Name): Failure {
  const error = `a rule of rewrite makes of ${name.toString()}, ${where}, what is no domain name`;
  return failure(Rcode.SERVFAIL, explain('illegalName', where), error);
}
