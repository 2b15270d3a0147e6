/**
 * Whether what came in is the reply that is waited for: the one place where this is judged, for every protocol, for
 * queries and for health checks (RFC 5452 §9.1, RFC 7873 §1).
 *
 *     address, port ─► length ─► id ─► QR ─► opcode ─► one question ─► name, type, class ─► is whole ─► it is the reply
 *          └──────────────┴───────┴─────┴───────┴───────────┴──────────────┴───────► ignored: the wait goes on
 *
 * Nothing that fails a check ends the wait: whoever can put any octets on the wire could otherwise make a query fail
 * without guessing what makes a reply the right one.
 */
import { Flag, Rcode, Type } from '../../dns/constants.ts';
import { parseAddress } from '../../dns/address.ts';
import { HEADER_OCTETS, type Header, type Message, opcodeOf, readHeader, readMessage } from '../../dns/message.ts';
import { uint16At } from '../../dns/octets.ts';
import type { Question } from '../../dns/question.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { Endpoint } from '../network.ts';

/** What was asked, and of whom. */
export interface Expected {
  readonly to: Endpoint;
  /** The message as it was sent. */
  readonly sent: Uint8Array;
  /** Offset behind the question in it. */
  readonly questionEnd: number;
  readonly question: Question;
  /** The name must be repeated octet by octet, not only as the same name. */
  readonly exactCase: boolean;
  /** It came over a connection that the upstream accepted, and nobody else could send it. */
  readonly connected: boolean;
}

export const ignoredReasons = [
  'source',
  'short',
  'id',
  'not_a_response',
  'opcode',
  'no_question',
  'questions',
  'name',
  'case',
  'type',
  'class',
  'malformed',
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

export type Verdict =
  | { readonly kind: 'reply'; readonly message: Message }
  /** A failure that repeats no question: right in everything else. Without a connection it ends no wait. */
  | { readonly kind: 'bare'; readonly rcode: number; readonly connected: boolean }
  /** The reply, over a connection, and it cannot be read: no other will come. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason };

/** Failures that some servers send with the header alone. */
const BARE_RCODES: ReadonlySet<number> = new Set([Rcode.FORMERR, Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED]);

/** @param octets borrowed */
export function judge(octets: Uint8Array, from: Endpoint, expected: Expected): Verdict {
  if (!isSameEndpoint(from, expected.to)) return ignored('source');
  const header = readHeader(octets);
  if (header === undefined) return ignored('short');
  const mismatch = compareHeader(octets, header, expected);
  if (mismatch !== undefined) return ignored(mismatch);
  const rcode = header.flags & 0xf;
  if (header.questions === 0 && BARE_RCODES.has(rcode)) {
    return { kind: 'bare', rcode, connected: expected.connected };
  }
  if (header.questions !== 1) return ignored('questions');
  const other = compareQuestion(octets, expected);
  if (other !== undefined) return ignored(other);
  const read = readMessage(octets, header);
  if (read.kind === 'message' && isWhole(read.message)) return { kind: 'reply', message: read.message };
  // A datagram may have been cut anywhere: what it says for certain is that there is more.
  if ((header.flags & Flag.TC) !== 0) return { kind: 'reply', message: cutOff(header, expected.question) };
  return expected.connected ? { kind: 'invalid' } : ignored('malformed');
}

const verdicts = new Map<IgnoredReason, Verdict>(ignoredReasons.map((reason) => [reason, { kind: 'ignored', reason }]));

function ignored(reason: IgnoredReason): Verdict {
  return verdicts.get(reason) ?? { kind: 'ignored', reason };
}

function compareHeader(octets: Uint8Array, header: Header, { sent }: Expected): IgnoredReason | undefined {
  if (octets[0] !== sent[0] || octets[1] !== sent[1]) return 'id';
  if ((header.flags & Flag.QR) === 0) return 'not_a_response';
  const sentFlags = uint16At(sent, 2);
  return opcodeOf(header.flags) === opcodeOf(sentFlags) ? undefined : 'opcode';
}

/** The first question has no earlier name that it could point to, so that it stands there as it was sent. */
function compareQuestion(octets: Uint8Array, { sent, questionEnd, exactCase }: Expected): IgnoredReason | undefined {
  const nameEnd = questionEnd - 4;
  if (octets.length < questionEnd) return 'name';
  let sameCase = true;
  for (let at = HEADER_OCTETS; at < nameEnd; at++) {
    const a = octets[at] ?? 0;
    const b = sent[at] ?? 0;
    if (a === b) continue;
    if (!isSameLetter(a, b)) return 'name';
    sameCase = false;
  }
  if (exactCase && !sameCase) return 'case';
  if (octets[nameEnd] !== sent[nameEnd] || octets[nameEnd + 1] !== sent[nameEnd + 1]) return 'type';
  if (octets[nameEnd + 2] !== sent[nameEnd + 2] || octets[nameEnd + 3] !== sent[nameEnd + 3]) return 'class';
  return undefined;
}

/** Length octets are below the letters and differ from them in more than one bit, so that none passes for another. */
function isSameLetter(a: number, b: number): boolean {
  const lower = a | 0x20;
  return (a ^ b) === 0x20 && lower >= 0x61 && lower <= 0x7a;
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && (a.address === b.address || isSameAddress(a.address, b.address));
}

/** IPv6 addresses have many spellings; the scope behind `%` is the machine's own word for an interface. */
function isSameAddress(a: string, b: string): boolean {
  const left = parseAddress(withoutScope(a));
  const right = parseAddress(withoutScope(b));
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}

function withoutScope(address: string): string {
  const at = address.indexOf('%');
  return at < 0 ? address : address.slice(0, at);
}

/** Types whose data is empty in messages of RFC 2136 alone. */
const FILLED_TYPES: ReadonlySet<number> = new Set([
  Type.A,
  Type.AAAA,
  Type.NS,
  Type.CNAME,
  Type.SOA,
  Type.PTR,
  Type.MX,
  Type.TXT,
  Type.SRV,
  Type.DNAME,
]);

/** All records that the header announces are there, and say something. */
function isWhole(message: Message): boolean {
  const { answerRecords, authorityRecords, additionalRecords, edns } = message;
  return (
    answerRecords.length === message.answers &&
    authorityRecords.length === message.authorities &&
    additionalRecords.length + (edns === undefined ? 0 : 1) === message.additionals &&
    answerRecords.every(isFilled) &&
    authorityRecords.every(isFilled) &&
    additionalRecords.every(isFilled)
  );
}

function isFilled(set: RRset): boolean {
  return set.kind !== 'opaque' || set.data[0]?.length !== 0 || !FILLED_TYPES.has(set.type);
}

function cutOff(header: Header, question: Question): Message {
  return { ...header, question, answerRecords: [], authorityRecords: [], additionalRecords: [], edns: undefined };
}
