/**
 * Replies and HTTP caches (RFC 8484 §5.1): how long one may be kept, and what is left of its TTLs when one had it. Only numbers are
 * read here: names are stepped over.
 */
import { HEADER_OCTETS, readHeader } from '../dns/message.ts';
import { Type } from '../dns/constants.ts';

/** Octets of a question behind its name, and of a record between its name and its data. */
const QUESTION = 4;
const RECORD = 10;
/** Octets of those in front of the TTL: type and class. */
const TTL = 4;
/** The first two bits of a pointer (RFC 1035 §4.1.4). */
const POINTER = 0xc0;
/** Octets of the five numbers that an SOA record ends with. */
const SOA_NUMBERS = 20;

/**
 * The least TTL of the answers; of a negative reply that of the SOA record in its authority section, within its minimum (RFC 2308 §5).
 * In seconds; 0 where the reply does not say.
 */
export function lifetimeOf(reply: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY;
  const isWhole = eachRecord(reply, ({ view, section, at, end }) => {
    const ttl = view.getUint32(at + TTL);
    if (section === 'answer') {
      least = Math.min(least, ttl);
    } else if (section === 'authority' && view.getUint16(at) === Type.SOA && end - SOA_NUMBERS >= at + RECORD) {
      least = Math.min(least, ttl, view.getUint32(end - 4));
    }
  });
  return isWhole && Number.isFinite(least) ? least : 0;
}

/** Takes seconds for which a cache had the reply off its TTLs, in place. */
export function countDown(reply: Uint8Array, seconds: number): void {
  eachRecord(reply, ({ view, at }) => {
    // What stands in the place of an OPT record's TTL is none (RFC 6891 §6.1.3).
    if (view.getUint16(at) === Type.OPT) return;
    view.setUint32(at + TTL, Math.max(view.getUint32(at + TTL) - seconds, 0));
  });
}

interface Place {
  readonly view: DataView;
  readonly section: 'answer' | 'authority' | 'additional';
  /** Behind the record's name. */
  readonly at: number;
  /** Behind its data. */
  readonly end: number;
}

/** Shows the records one after the other. False where the message ends before they do. */
function eachRecord(reply: Uint8Array, show: (place: Place) => void): boolean {
  const header = readHeader(reply);
  if (header === undefined) return false;
  const { questions, answers, authorities, additionals } = header;
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
  let next = HEADER_OCTETS;
  for (let i = 0; i < questions; i++) next = nameEnd(reply, next) + QUESTION;
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const at = nameEnd(reply, next);
    if (at + RECORD > reply.length) return false;
    next = at + RECORD + view.getUint16(at + RECORD - 2);
    if (next > reply.length) return false;
    const section = i < answers ? 'answer' : i < answers + authorities ? 'authority' : 'additional';
    show({ view, section, at, end: next });
  }
  return true;
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
