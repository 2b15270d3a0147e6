/**
 * `minimal`: leaves out of a positive reply what the client did not ask for: the authority and the additional section.
 *
 *     answers of the type that was asked for   the answer section alone
 *     referral, NODATA, NXDOMAIN, an error     as it is: the other sections are what it says
 *
 * A client that checks signatures needs more (RFC 4035 §3.1.3.3): with DO, proofs stay in the authority section.
 */
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import { uint16At } from '../../dns/octets.ts';
import { NO_RECORDS, type RRset } from '../../dns/rrset.ts';
import type { Answer, Outcome } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';

export const minimal: PluginDirective = {
  kind: 'plugin',
  name: 'minimal',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 0, usage: 'minimal' });
    forbidBlock(use, problems);
    return { create: () => ({ plugin: MINIMAL }) };
  },
};

const MINIMAL: Plugin = {
  name: 'minimal',
  replayable: true,
  answer(query: Query, next: Next): Outcome {
    const outcome = next.answer(query);
    return outcome instanceof Promise ? outcome.then((answer) => minimized(query, answer)) : minimized(query, outcome);
  },
};

function minimized(query: Query, answer: Answer): Answer {
  if (answer.kind !== 'reply' || answer.rcode !== Rcode.NOERROR || !isPositive(query, answer.answers)) return answer;
  const proofs = query.request.edns?.dnssecOk === true ? answer.authority.filter(isProof) : NO_RECORDS;
  if (answer.authority.length === proofs.length && answer.additional.length === 0) return answer;
  return { ...answer, authority: proofs, additional: NO_RECORDS };
}

/** Aliases alone lead to a name without such records: the SOA beside them says for how long (RFC 2308 §2.2). */
function isPositive({ type }: Query, answers: readonly RRset[]): boolean {
  if (isTransfer(type)) return false;
  for (const set of answers) if (set.type === type || type === Type.ANY) return true;
  return false;
}

/** NSEC and NSEC3, and their signatures: that no closer name was there than the wildcard that answered. */
function isProof(set: RRset): boolean {
  if (set.type === Type.NSEC || set.type === Type.NSEC3) return true;
  if (set.type !== Type.RRSIG || set.kind !== 'opaque') return false;
  return set.data.every((data) => {
    // The type that is signed stands first (RFC 4034 §3.1.1).
    const covered = uint16At(data, 0);
    return covered === Type.NSEC || covered === Type.NSEC3;
  });
}
