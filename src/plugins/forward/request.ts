/**
 * What is asked of upstreams for a client's query: a message of our own that keeps what changes the answer and nothing
 * that concerns only the client and us.
 *
 *     client's query ──► key        equal keys may share one exchange
 *                    └─► Request ──► message()   octets of its own each time, with EDNS or without
 *
 * - RD and CD are the client's; AD is always set, so that the upstream's AD says something (RFC 6840 §5.7).
 * - An OPT record is always there, with the DO bit of the client (RFC 3225) and a UDP size that passes unfragmented.
 * - EDNS options that are meant for the next hop alone stay here (RFC 5001, 7314, 7828, 7830, 7873); others are passed on.
 */
import { bounds } from '../../bounds.ts';
import { Flag } from '../../dns/constants.ts';
import { type EdnsOption, isHopByHop, optRecordSize } from '../../dns/edns.ts';
import { HEADER_OCTETS, opcodeOf } from '../../dns/message.ts';
import type { Question } from '../../dns/question.ts';
import { NO_RECORDS } from '../../dns/rrset.ts';
import { MessageWriter } from '../../dns/writer.ts';
import type { Query } from '../query.ts';
import { randomOctet } from './random.ts';

/** The UDP size that is offered: what an IPv6 path carries without fragments (RFC 9715 §3). */
const UDP_SIZE = 1232;

const NO_OPTIONS: readonly EdnsOption[] = [];

/** type and class */
const FIXED_QUESTION_OCTETS = 4;
/** Opcode, RD and CD. */
const KEPT_FLAGS = 0x7800 | Flag.RD | Flag.CD;

/** Over what a plain upstream is asked. */
export type PlainProtocol = 'udp' | 'tcp';

/** What two queries must have in common so that one exchange answers both. */
export function requestKey(query: Query, protocol: PlainProtocol): string {
  const { question, request, account } = query;
  const whole = needsWhole(query) ? 4 : 0;
  const bits = (protocol === 'tcp' ? 1 : 0) | (request.edns?.dnssecOk === true ? 2 : 0) | whole;
  const size = offeredSize(account.udpSize);
  const fixed = String.fromCharCode(question.type, question.class, request.flags & KEPT_FLAGS, bits, size);
  // A name ends in its root label, so that what follows cannot be taken for a part of it.
  return question.name.key + fixed + optionsKey(passedOn(request.edns?.options ?? NO_OPTIONS));
}

/** How much of EDNS a message has. A server that cannot read an option of the client's may well read the rest. */
export type EdnsForm = 'with-options' | 'without-options' | 'none';

/** What is left out next where a server could not read a message. */
export function lessEdns(form: EdnsForm): EdnsForm {
  return form === 'with-options' ? 'without-options' : 'none';
}

export class Request {
  readonly question: Question;
  readonly opcode: number;
  /** What `requestKey` says of the query; empty where there is none. */
  readonly key: string;
  /** A reply that is cut off serves nobody: whoever waits for it came over TCP. */
  readonly whole: boolean;
  /** Offset behind the question in each message that is made. */
  readonly questionEnd: number;
  readonly #flags: number;
  readonly #dnssecOk: boolean;
  readonly #udpSize: number;
  readonly #options: readonly EdnsOption[];
  readonly #mixCase: boolean;

  constructor(
    question: Question,
    parts: {
      /** The client's: opcode, RD and CD are kept. */
      readonly flags: number;
      readonly dnssecOk: boolean;
      readonly udpSize: number;
      readonly options: readonly EdnsOption[];
      /** Letters of the name in random case (draft-vixie-dnsext-dns0x20). */
      readonly mixCase: boolean;
      readonly key?: string;
      /** A reply that is cut off is of no use. */
      readonly whole?: boolean;
    },
  ) {
    this.question = question;
    this.opcode = opcodeOf(parts.flags);
    this.key = parts.key ?? '';
    this.whole = parts.whole ?? false;
    this.questionEnd = HEADER_OCTETS + question.name.octetLength + FIXED_QUESTION_OCTETS;
    this.#flags = (parts.flags & KEPT_FLAGS) | Flag.AD;
    this.#dnssecOk = parts.dnssecOk;
    this.#udpSize = offeredSize(parts.udpSize);
    this.#options = passedOn(parts.options);
    this.#mixCase = parts.mixCase;
  }

  static of(query: Query, key: string, mixCase: boolean): Request {
    const { request, account } = query;
    return new Request(query.question, {
      flags: request.flags,
      dnssecOk: request.edns?.dnssecOk === true,
      udpSize: account.udpSize,
      options: request.edns?.options ?? NO_OPTIONS,
      mixCase,
      key,
      whole: needsWhole(query),
    });
  }

  /** A reply must repeat the name octet by octet. */
  get exactCase(): boolean {
    return this.#mixCase;
  }

  /** All that there is to send. */
  get edns(): EdnsForm {
    return this.#options.length > 0 ? 'with-options' : 'without-options';
  }

  /** A new message. */
  message(edns: EdnsForm, id: number): Uint8Array {
    const options = edns === 'with-options' ? this.#options : NO_OPTIONS;
    const length = writer.write(scratch, scratch.length, {
      id,
      flags: this.#flags,
      rcode: 0,
      question: this.question,
      answers: NO_RECORDS,
      authority: NO_RECORDS,
      additional: NO_RECORDS,
      edns: edns === 'none' ? undefined : { udpSize: this.#udpSize, dnssecOk: this.#dnssecOk, options },
    });
    const message = scratch.slice(0, length);
    if (this.#mixCase) turnLetters(message, this.question);
    return message;
  }
}

const writer = new MessageWriter();
const scratch = new Uint8Array(65_535);

function needsWhole({ client }: Query): boolean {
  return client.protocol === 'tcp';
}

function offeredSize(limit: number): number {
  return Math.min(UDP_SIZE, limit);
}

/** Options wait as long as the query does, and are a part of keys: a client is not to fill the memory with them. */
function passedOn(options: readonly EdnsOption[]): readonly EdnsOption[] {
  if (options.length === 0) return options;
  const passed = options.filter((option) => !isHopByHop(option));
  return optRecordSize(passed) > bounds.upstreamOptions ? NO_OPTIONS : passed;
}

function optionsKey(options: readonly EdnsOption[]): string {
  let key = '';
  for (const { code, data } of options) {
    key += String.fromCharCode(code, data.length) + Buffer.from(data).toString('latin1');
  }
  return key;
}

/** Turns each letter of the name in the question over or not. */
function turnLetters(message: Uint8Array, { name }: Question): void {
  let bits = 0;
  let left = 0;
  name.starts.forEach((start, i) => {
    const end = HEADER_OCTETS + (name.starts[i + 1] ?? name.octetLength - 1);
    for (let at = HEADER_OCTETS + start + 1; at < end; at++) {
      const octet = message[at] ?? 0;
      const lower = octet | 0x20;
      if (lower < 0x61 || lower > 0x7a) continue;
      if (left === 0) {
        bits = randomOctet();
        left = 8;
      }
      message[at] = octet ^ ((bits & 1) << 5);
      bits >>= 1;
      left--;
    }
  });
}
