/**
 * The format of `log`'s lines. In: a text with placeholders, read once. Out: a function from an answered query to a line.
 *
 * Everything that a client can choose comes out without control characters: names are escaped (RFC 1035 §5.1), the rest
 * is numbers and fixed words. So no query forges a line.
 */
import { Class, Flag, className, rcodeName, typeName } from '../../dns/constants.ts';
import { MIN_UDP_PAYLOAD, optRecordSize } from '../../dns/edns.ts';
import { hasFlag, opcodeOf } from '../../dns/message.ts';
import { uncompressedSize } from '../../dns/size.ts';
import type { Answer } from '../answer.ts';
import type { Query } from '../query.ts';
import { classOfType, typeOfAnswer } from './classes.ts';

export const COMMON =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
export const COMBINED = `${COMMON} "{>opcode}"`;

/** An answered query. */
export interface LogEvent {
  readonly query: Query;
  readonly answer: Answer;
  /** Milliseconds, with fractions. */
  readonly duration: number;
}

type Part = (event: LogEvent) => string;

/** What a placeholder without a value prints. */
const EMPTY = '-';
/** The largest message over TCP. */
const MAX_MESSAGE = 65_535;

const placeholders: Readonly<Record<string, Part>> = {
  '{type}': ({ query }) => typeName(query.type),
  '{class}': ({ query }) => (query.question.class === Class.IN ? 'IN' : className(query.question.class)),
  '{name}': ({ query }) => query.name.toLowerCase(),
  '{proto}': ({ query }) => query.client.protocol,
  '{remote}': ({ query }) => bracketed(query.client.clientAddress),
  '{local}': ({ query }) => bracketed(query.client.localAddress),
  '{port}': ({ query }) => String(query.client.clientPort),
  '{size}': ({ query }) => String(requestSize(query)),
  '{duration}': ({ duration }) => decimalSeconds(duration),
  '{rcode}': ({ answer }) => (answer.kind === 'silence' ? EMPTY : rcodeName(answer.rcode)),
  '{rsize}': ({ query, answer }) => String(replySize(query, answer)),
  '{>rflags}': ({ query, answer }) => replyFlags(query, answer),
  '{>bufsize}': ({ query }) => String(bufferSize(query)),
  '{>do}': ({ query }) => String(query.request.edns?.dnssecOk ?? false),
  '{>id}': ({ query }) => String(query.request.id),
  '{>opcode}': ({ query }) => String(opcodeOf(query.request.flags)),
  '{/log/class}': ({ query, answer }) => classOfType(typeOfAnswer(query, answer)),
  '{/log/type}': ({ query, answer }) => typeOfAnswer(query, answer),
};

export interface Format {
  /** Whether `LogEvent.duration` is looked at. */
  readonly timed: boolean;
  print(event: LogEvent): string;
}

/** Braces around what is no placeholder stay as they are; control characters become spaces. */
export function compileFormat(text: string): Format {
  const whole = text.replaceAll('{common}', COMMON).replaceAll('{combined}', COMBINED);
  const parts: (string | Part)[] = [];
  let copied = 0;
  for (const match of whole.matchAll(/\{[^{}]*\}/g)) {
    const part = placeholder(match[0]);
    if (part === undefined) continue;
    parts.push(plain(whole.slice(copied, match.index)), part);
    copied = match.index + match[0].length;
  }
  parts.push(plain(whole.slice(copied)));
  return {
    timed: parts.includes(placeholders['{duration}'] ?? ''),
    print(event) {
      let line = '';
      for (const part of parts) line += typeof part === 'string' ? part : part(event);
      return line;
    },
  };
}

/** Metadata (`{/LABEL}`) that nothing sets is empty. */
function placeholder(text: string): string | Part | undefined {
  if (Object.hasOwn(placeholders, text)) return placeholders[text];
  return text.startsWith('{/') && text.length > 3 ? EMPTY : undefined;
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Octets of the request as it was decoded, names written out. */
function requestSize({ question, request }: Query): number {
  const { answerRecords, authorityRecords, additionalRecords, edns } = request;
  const records = uncompressedSize(question, answerRecords, authorityRecords, additionalRecords);
  return records + (edns === undefined ? 0 : optRecordSize(edns.options));
}

/** Octets of the reply before compression and without OPT; a failure is sent as the question alone. */
function replySize({ question }: Query, answer: Answer): number {
  switch (answer.kind) {
    case 'silence':
      return 0;
    case 'failure':
      return uncompressedSize(question);
    case 'reply':
      return uncompressedSize(question, answer.answers, answer.authority, answer.additional);
  }
}

/** The flags that the reply is given; truncation is decided later, when it is written. */
function replyFlags({ request }: Query, answer: Answer): string {
  if (answer.kind === 'silence') return EMPTY;
  const flags = ['qr'];
  if (answer.kind === 'reply' && answer.authoritative) flags.push('aa');
  if (hasFlag(request.flags, Flag.RD)) flags.push('rd');
  if (answer.kind === 'reply' && answer.recursionAvailable) flags.push('ra');
  if (hasFlag(request.flags, Flag.CD)) flags.push('cd');
  return flags.join(',');
}

function bufferSize({ client, request }: Query): number {
  if (client.protocol === 'tcp') return MAX_MESSAGE;
  return Math.max(request.edns?.udpSize ?? 0, MIN_UDP_PAYLOAD);
}

/** Seconds to the nanosecond, without an exponent and without zeros at the end: `0.000195673s`. */
function decimalSeconds(milliseconds: number): string {
  const nanoseconds = Math.max(0, Math.round(milliseconds * 1e6));
  const fraction = String(nanoseconds % 1e9).padStart(9, '0');
  return `${Math.floor(nanoseconds / 1e9)}.${fraction}`.replace(/\.?0+$/, '') + 's';
}
