/**
 * What the reply of `ipv6` leaves open: it says that a name has no IPv6 address, and nobody has been asked whether there is
 * such a name at all. For whoever asked for the name itself that is enough. Whoever tries one name after the other until one
 * exists (a search path) must ask for the A records of the name, which are kept and which the client mostly asks for as well.
 */
import type { Answer } from '../answer.ts';
import { reasons } from '../reasons.ts';

/** True where NOERROR does not mean that the name exists. */
export function leavesExistenceOpen(answer: Answer): boolean {
  return answer.kind === 'reply' && answer.explanation?.word === reasons.ipv6Filtered.word;
}
