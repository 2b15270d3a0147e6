/**
 * The format of `log`'s lines. In: a text with placeholders, read once. Out: a function from an answered query to a line.
 *
 * Everything that a client can choose comes out without control characters: names are escaped (RFC 1035 §5.1), the rest
 * is numbers and fixed words. So no query forges a line.
 */
import { Class, className, rcodeName, typeName } from '../../dns/constants.ts';
import { opcodeOf } from '../../dns/message.ts';
import { replySize } from '../reply-size.ts';
import { bufferSize, requestSize } from '../request-size.ts';
import { classOfType, typeOfAnswer } from './classes.ts';
import { type LogEvent, reasonOf, replyFlags } from './event.ts';

export const COMMON =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
export const COMBINED = `${COMMON} "{>opcode}"`;

type Part = (event: LogEvent) => string;

/** What a placeholder without a value prints. */
const EMPTY = '-';

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
  '{rsize}': ({ query, answer }) => String(replySize(query.question, answer)),
  '{>rflags}': ({ query, answer }) => (answer.kind === 'silence' ? EMPTY : replyFlags(query, answer)),
  '{>bufsize}': ({ query }) => String(bufferSize(query)),
  '{>do}': ({ query }) => String(query.request.edns?.dnssecOk ?? false),
  '{>id}': ({ query }) => String(query.request.id),
  '{>opcode}': ({ query }) => String(opcodeOf(query.request.flags)),
  '{/log/class}': ({ query, answer }) => classOfType(typeOfAnswer(query, answer)),
  '{/log/type}': ({ query, answer }) => typeOfAnswer(query, answer),
  '{/nodens/reason}': ({ answer }) => reasonOf(answer) ?? EMPTY,
};

export interface Format {
  /** Whether `LogEvent.duration` is looked at. */
  readonly timed: boolean;
  /** Whether the line is whole as it is; otherwise its level is put before it. */
  readonly whole: boolean;
  /** The labels of metadata that are printed. */
  readonly labels: readonly string[];
  print(event: LogEvent): string;
}

/** Braces around what is no placeholder stay as they are; control characters become spaces. */
export function compileFormat(text: string): Format {
  const whole = text.replaceAll('{common}', COMMON).replaceAll('{combined}', COMBINED);
  const parts: (string | Part)[] = [];
  let copied = 0;
  const labels: string[] = [];
  for (const match of whole.matchAll(/\{[^{}]*\}/g)) {
    const part = placeholder(match[0]);
    if (isLabel(match[0])) labels.push(labelOf(match[0]));
    if (part === undefined) continue;
    parts.push(plain(whole.slice(copied, match.index)), part);
    copied = match.index + match[0].length;
  }
  parts.push(plain(whole.slice(copied)));
  return {
    whole: false,
    labels,
    timed: parts.includes(placeholders['{duration}'] ?? ''),
    print(event) {
      let line = '';
      for (const part of parts) line += typeof part === 'string' ? part : part(event);
      return line;
    },
  };
}

function placeholder(text: string): Part | undefined {
  if (Object.hasOwn(placeholders, text)) return placeholders[text];
  return isLabel(text) ? metadataOf(labelOf(text)) : undefined;
}

/** `{/LABEL}` of metadata that other plugins give. */
function isLabel(text: string): boolean {
  return text.startsWith('{/') && text.length > 3 && !Object.hasOwn(placeholders, text);
}

function labelOf(text: string): string {
  return text.slice(2, -1);
}

/** What plugins give comes out without control characters whatever it is made from. */
function metadataOf(label: string): Part {
  return ({ query, metadata }) => plain(metadata.get(label)?.(query) ?? '') || EMPTY;
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Seconds to the nanosecond, without an exponent and without zeros at the end: `0.000195673s`. */
function decimalSeconds(milliseconds: number): string {
  const nanoseconds = Math.max(0, Math.round(milliseconds * 1e6));
  const fraction = String(nanoseconds % 1e9).padStart(9, '0');
  return `${Math.floor(nanoseconds / 1e9)}.${fraction}`.replace(/\.?0+$/, '') + 's';
}
