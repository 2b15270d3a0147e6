/**
 * How long a reply may be kept, for HTTP caches (RFC 8484 §5.1): the least TTL of its answers; for a negative one that of the
 * SOA record in its authority section, within its minimum (RFC 2308 §5). Only numbers are read here: names are stepped over.
 */
import { HEADER_OCTETS, readHeader } from '../dns/message.ts';
import { Type } from '../dns/constants.ts';

/** Octets of a question behind its name, and of a record between its name and its data. */
const QUESTION = 4;
const RECORD = 10;
/** The first two bits of a pointer (RFC 1035 §4.1.4). */
const POINTER = 0xc0;
/** Octets of the five numbers that an SOA record ends with. */
const SOA_NUMBERS = 20;

/** Seconds; 0 where the reply does not say. */
export function lifetimeOf(reply: Uint8Array): number {
  const header = readHeader(reply);
  if (header === undefined) return 0;
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  let at = HEADER_OCTETS;
  for (let i = 0; i < header.questions; i++) at = nameEnd(reply, at) + QUESTION;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < header.answers + header.authorities; i++) {
    const start = nameEnd(reply, at);
    if (start + RECORD > reply.length) return 0;
    const ttl = view.getUint32(start + 4);
    const end = start + RECORD + view.getUint16(start + 8);
    if (end > reply.length) return 0;
    if (i < header.answers) {
      least = Math.min(least, ttl);
    } else if (view.getUint16(start) === Type.SOA && end - SOA_NUMBERS >= start + RECORD) {
      least = Math.min(least, ttl, view.getUint32(end - 4));
    }
    at = end;
  }
  return Number.isFinite(least) ? least : 0;
}

/** Where the name that begins at `at` is over; beyond the message where it never is. */
function nameEnd(message: Uint8Array, at: number): number {
  for (let i = at; i < message.length;) {
    const length = message[i] ?? 0;
    if (length === 0) return i + 1;
    if ((length & POINTER) === POINTER) return i + 2;
    i += 1 + length;
  }
  return message.length;
}
