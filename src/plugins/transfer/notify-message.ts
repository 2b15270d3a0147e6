/**
 * NOTIFY messages (RFC 1996): what says that a zone has a new serial, and whether what comes back answers it.
 */
import { randomInt } from 'node:crypto';
import { Class, Flag, Opcode, Rcode, Type } from '../../dns/constants.ts';
import { MIN_UDP_PAYLOAD } from '../../dns/edns.ts';
import { opcodeOf, readHeader, readMessage } from '../../dns/message.ts';
import type { SoaRRset } from '../../dns/rrset.ts';
import { MessageWriter } from '../../dns/writer.ts';

export interface NotifyMessage {
  readonly octets: Uint8Array;
  readonly id: number;
}

const writer = new MessageWriter();

/** With the new SOA, so that a secondary which has that serial already asks for nothing (RFC 1996 §3.7). */
export function notifyMessage(soa: SoaRRset): NotifyMessage {
  const target = new Uint8Array(MIN_UDP_PAYLOAD);
  const id = randomInt(0x1_0000);
  const length = writer.write(target, target.length, {
    id,
    flags: (Opcode.NOTIFY << 11) | Flag.AA,
    rcode: Rcode.NOERROR,
    question: { name: soa.owner, type: Type.SOA, class: Class.IN },
    answers: [soa],
    authority: [],
    additional: [],
    edns: undefined,
  });
  return { octets: target.subarray(0, length), id };
}

/** The response code of the reply; undefined where the octets are no reply to it. @param octets borrowed */
export function rcodeOfReply(octets: Uint8Array, { id }: NotifyMessage, { owner }: SoaRRset): number | undefined {
  const header = readHeader(octets);
  if (header === undefined || header.id !== id || (header.flags & Flag.QR) === 0) return undefined;
  if (opcodeOf(header.flags) !== Opcode.NOTIFY) return undefined;
  const rcode = header.flags & 0xf;
  // Some servers refuse with the header alone.
  if (header.questions === 0 && rcode !== Rcode.NOERROR) return rcode;
  const read = readMessage(octets, header);
  const question = read.kind === 'message' ? read.message.question : read.question;
  return question?.type === Type.SOA && question.name.equals(owner) ? rcode : undefined;
}
