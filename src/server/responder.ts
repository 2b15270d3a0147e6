/**
 * One query, from octets to octets. The checks come first and cheapest first; their order decides what a stranger learns
 * and what a packet costs, so it is kept as CoreDNS has it (RFC 1035, RFC 6891 §7, RFC 8906).
 *
 *     fewer than 12 octets, or a response       nothing is sent
 *     opcode other than QUERY and NOTIFY        NOTIMP, header alone
 *     not one question, too many records        FORMERR, header alone
 *     does not decode                           FORMERR, with the question if it had been read
 *     no question                               SERVFAIL, header alone
 *     class that nobody takes                   REFUSED
 *     EDNS version other than 0                 BADVERS
 *     ──► router ──► chain ──► answer ──► writer
 */
import { bounds } from '../bounds.ts';
import { type FactCounters } from '../cluster/facts.ts';
import { Flag, Opcode, OptionCode, Rcode, typeName } from '../dns/constants.ts';
import { type Edns, type EdnsOption, MIN_UDP_PAYLOAD, extendedErrorOption } from '../dns/edns.ts';
import { type Header, type Message, opcodeOf, readHeader, readMessage } from '../dns/message.ts';
import type { Question } from '../dns/question.ts';
import type { RRset } from '../dns/rrset.ts';
import { MessageWriter, type OutgoingEdns, type OutgoingMessage } from '../dns/writer.ts';
import { type Answer, type Outcome, failure } from '../plugins/answer.ts';
import { Account, Query, type Resolver } from '../plugins/query.ts';
import { DEFERRED, type Exchange, NO_REPLY, type Protocol, type ReplyHandle } from '../transport/transport.ts';

/** Longest message over TCP (RFC 1035 §4.2.2). */
const MAX_TCP_MESSAGE = 65_535;

/** Options of a request that the reply repeats, as CoreDNS does. */
const ECHOED_OPTIONS: ReadonlySet<number> = new Set([
  OptionCode.NSID,
  OptionCode.EXPIRE,
  OptionCode.COOKIE,
  OptionCode.TCP_KEEPALIVE,
  OptionCode.PADDING,
]);

/** What answers: the router of an address, and whether it takes a class. */
export interface QuestionResolver extends Resolver {
  takesClass(value: number): boolean;
}

/** Told of an exception that answering a query ended in; the client got SERVFAIL. */
export type PanicReport = (error: unknown, question: Question) => void;

export class Responder {
  readonly #resolver: QuestionResolver;
  readonly #facts: FactCounters;
  readonly #panic: PanicReport;
  readonly #writer = new MessageWriter();
  /** Where replies that come later are written. */
  readonly #scratch = new Uint8Array(MAX_TCP_MESSAGE);

  constructor(resolver: QuestionResolver, facts: FactCounters, panic: PanicReport) {
    this.#resolver = resolver;
    this.#facts = facts;
    this.#panic = panic;
  }

  /** A `RequestHandler`: never throws. */
  respond(exchange: Exchange): number {
    const { request, reply, protocol } = exchange;
    const header = readHeader(request);
    if (header === undefined || (header.flags & Flag.QR) !== 0) return NO_REPLY;
    const refusal = refuseByHeader(header);
    if (refusal !== undefined) return this.#write(reply, protocol, header, undefined, undefined, refusal);

    const read = readMessage(request, header);
    if (read.kind === 'malformed') {
      return this.#write(reply, protocol, header, read.question, undefined, failure(Rcode.FORMERR));
    }
    const { message } = read;
    const { question, edns } = message;
    if (question === undefined) {
      return this.#write(reply, protocol, header, undefined, undefined, failure(Rcode.SERVFAIL));
    }
    if (!this.#resolver.takesClass(question.class)) {
      return this.#write(reply, protocol, header, question, edns, failure(Rcode.REFUSED));
    }
    if (edns !== undefined && edns.version !== 0) return this.#badVersion(reply, protocol, header, question);

    const outcome = this.#answer(exchange, message, question);
    if (!(outcome instanceof Promise)) return this.#writeAnswer(reply, protocol, message, question, outcome);
    void this.#answerLater(exchange.defer(), message, question, outcome);
    return DEFERRED;
  }

  /** Never rejects: what is thrown here has nobody else to catch it, and would end the program. */
  async #answerLater(
    handle: ReplyHandle,
    message: Message,
    question: Question,
    outcome: Promise<Answer>,
  ): Promise<void> {
    let answer: Answer;
    try {
      answer = await outcome;
    } catch (error) {
      this.#panic(error, question);
      answer = failure(Rcode.SERVFAIL);
    }
    try {
      const length = this.#writeAnswer(this.#scratch, handle.protocol, message, question, answer);
      if (length === NO_REPLY) handle.drop();
      else handle.send(this.#scratch.subarray(0, length));
    } catch (error) {
      handle.drop();
      this.#panic(error, question);
    }
  }

  #answer(exchange: Exchange, message: Message, question: Question): Outcome {
    const account = new Account(this.#facts, bounds.lookupsPerQuery);
    const query = new Query(question, message, exchange.request.length, clientOf(exchange), account, this.#resolver);
    try {
      return this.#resolver.resolve(query);
    } catch (error) {
      this.#panic(error, question);
      return failure(Rcode.SERVFAIL);
    }
  }

  /** Writes what a plugin made; what cannot be written is an exception in it like any other. */
  #writeAnswer(target: Uint8Array, protocol: Protocol, message: Message, question: Question, answer: Answer): number {
    try {
      return this.#write(target, protocol, message, question, message.edns, answer);
    } catch (error) {
      this.#panic(error, question);
      return this.#write(target, protocol, message, question, message.edns, failure(Rcode.SERVFAIL));
    }
  }

  /** Writes the reply for an answer; gives its length, or `NO_REPLY` for silence. */
  #write(
    target: Uint8Array,
    protocol: Protocol,
    header: Header,
    question: Question | undefined,
    edns: Edns | undefined,
    answer: Answer,
  ): number {
    if (answer.kind === 'silence') return NO_REPLY;
    return this.#writer.write(target, sizeLimit(protocol, edns), outgoing(header, question, edns, answer));
  }

  /** RFC 6891 §6.1.3: the reply names the version that is understood, 0. */
  #badVersion(target: Uint8Array, protocol: Protocol, header: Header, question: Question): number {
    return this.#writer.write(target, sizeLimit(protocol, undefined), {
      ...outgoing(header, question, undefined, failure(Rcode.BADVERS)),
      edns: { udpSize: 0, dnssecOk: false, options: [] },
    });
  }
}

/** The reply that the header alone earns; undefined where the message is to be read on. */
function refuseByHeader(header: Header): Answer | undefined {
  const opcode = opcodeOf(header.flags);
  if (opcode !== Opcode.QUERY && opcode !== Opcode.NOTIFY) return failure(Rcode.NOTIMP);
  // One record each is let through for NOTIFY and IXFR, two in the additional section for OPT and TSIG.
  if (header.questions !== 1 || header.answers > 1 || header.authorities > 1 || header.additionals > 2) {
    return failure(Rcode.FORMERR);
  }
  return undefined;
}

/** How long the reply may be: the client's UDP size within what is sent at all, or a whole TCP message. */
function sizeLimit(protocol: Protocol, edns: Edns | undefined): number {
  if (protocol === 'tcp') return MAX_TCP_MESSAGE;
  return Math.min(Math.max(edns?.udpSize ?? 0, MIN_UDP_PAYLOAD), bounds.udpMessage);
}

const NONE: readonly RRset[] = [];

function outgoing(
  header: Header,
  question: Question | undefined,
  edns: Edns | undefined,
  answer: Exclude<Answer, { kind: 'silence' }>,
): OutgoingMessage {
  const made = answer.kind === 'reply' ? answer : undefined;
  const kept = header.flags & (Flag.RD | Flag.CD | OPCODE_BITS);
  return {
    id: header.id,
    flags: Flag.QR | kept | (made?.authoritative ? Flag.AA : 0) | (made?.recursionAvailable ? Flag.RA : 0),
    rcode: answer.rcode,
    question,
    answers: made?.answers ?? NONE,
    authority: made?.authority ?? NONE,
    additional: made?.additional ?? NONE,
    edns: edns && replyEdns(edns, made?.extendedError && extendedErrorOption(made.extendedError)),
  };
}

const OPCODE_BITS = 0x7800;

function replyEdns(edns: Edns, extendedError: EdnsOption | undefined): OutgoingEdns {
  const echoed =
    edns.options.length === 0 ? edns.options : edns.options.filter((option) => ECHOED_OPTIONS.has(option.code));
  return {
    udpSize: edns.udpSize,
    dnssecOk: edns.dnssecOk,
    options: extendedError === undefined ? echoed : [...echoed, extendedError],
  };
}

/** The exchange is borrowed; what a plugin may look at later is copied. */
function clientOf(exchange: Exchange): Query['client'] {
  const { protocol, clientAddress, clientPort, localAddress, localPort } = exchange;
  return { protocol, clientAddress, clientPort, localAddress, localPort };
}

/** One line about an exception in a query, as CoreDNS writes it. */
export function panicText(error: unknown, question: Question): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Recovered from panic for ${question.name.toString()} ${typeName(question.type)}: ${text.replaceAll('\n', '\\n')}`;
}
