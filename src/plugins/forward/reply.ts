/**
 * From what an upstream said to the answer of the chain: its sections as they are, its flags, its response code, and why.
 * The OPT record stays here: it was between the upstream and us (RFC 6891 §6.1.1).
 */
import { Flag } from '../../dns/constants.ts';
import { hasFlag } from '../../dns/message.ts';
import { type Reply, reply } from '../answer.ts';
import { type UpstreamReply, rcodeOfMessage } from './attempt.ts';
import { explanationOf } from './explain.ts';

/** @param upstream for the explanation: `192.0.2.1:53` */
export function replyOf(upstream: string, said: UpstreamReply): Reply {
  if (said.kind === 'bare') return bareReply(upstream, said.rcode);
  const { message } = said;
  const { flags } = message;
  const rcode = rcodeOfMessage(message);
  return {
    kind: 'reply',
    rcode,
    authoritative: hasFlag(flags, Flag.AA),
    recursionAvailable: hasFlag(flags, Flag.RA),
    recursionDesired: undefined,
    authenticData: hasFlag(flags, Flag.AD),
    truncated: hasFlag(flags, Flag.TC),
    fromUpstream: true,
    answers: message.answerRecords,
    authority: message.authorityRecords,
    additional: message.additionalRecords,
    explanation: explanationOf(upstream, rcode, message.edns),
    drawn: undefined,
  };
}

/** A failure that an upstream sent without repeating the question. */
export function bareReply(upstream: string, rcode: number): Reply {
  const explanation = explanationOf(upstream, rcode, undefined);
  return reply({ rcode, authoritative: false, recursionAvailable: true, fromUpstream: true, explanation });
}
