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
 *     ──► router ──► chain ──► answer ──► writer ──► answer cache, which stands before all this and gives the same octets again
 */
import { bounds } from '../bounds.ts';
import { type FactCounters } from '../cluster/facts.ts';
import { Flag, Opcode, Rcode, typeName } from '../dns/constants.ts';
import { type Edns, type EdnsOption, MIN_UDP_PAYLOAD, optRecordSize } from '../dns/edns.ts';
import { type Header, opcodeOf, readHeader, readMessage } from '../dns/message.ts';
import type { Question } from '../dns/question.ts';
import { NO_RECORDS } from '../dns/rrset.ts';
import { MessageWriter, type OutgoingMessage } from '../dns/writer.ts';
import {
  type Answer,
  type Failure,
  type Outcome,
  type Reply,
  type Transfer,
  failure,
  reply as makeReply,
} from '../plugins/answer.ts';
import { Account, MAX_TCP_MESSAGE, Query, type Resolver, udpRoom } from '../plugins/query.ts';
import { explain } from '../plugins/reasons.ts';
import type { ListenerAnswers } from './answer-cache/answer-cache.ts';
import type { AnswerCounts } from './answer-counts.ts';
import { pad } from './padding.ts';
import { ReplyEdns } from './reply-edns.ts';
import { TransferMessages } from './transfer-messages.ts';
import { traceOf } from '../transport/system-error.ts';
import {
  DEFERRED,
  type Exchange,
  NO_REPLY,
  type Protocol,
  type ReplyHandle,
  requestOf,
} from '../transport/transport.ts';

/** Where replies that come later are written, by all responders: whatever sends them copies them in the same tick. */
const scratch = new Uint8Array(MAX_TCP_MESSAGE);

/** What answers: the router of an address, and whether it takes a class. */
export interface QuestionResolver extends Resolver {
  takesClass(value: number): boolean;
}

/** Told of an exception that answering a query ended in; the client got SERVFAIL. */
export type PanicReport = (error: unknown, question: Question) => void;

export interface ResponderParts {
  readonly resolver: QuestionResolver;
  readonly facts: FactCounters;
  readonly counts: AnswerCounts;
  readonly panic: PanicReport;
  /** Milliseconds after which an idle TCP connection of a client is closed. */
  readonly idle: number;
  /** Gives answers again; left out, each is made anew. */
  readonly answers?: ListenerAnswers | undefined;
  /** Set where nobody but the client can read the replies: they are padded for clients that pad (RFC 8467). */
  readonly isEncrypted?: boolean;
}

export class Responder {
  readonly #resolver: QuestionResolver;
  readonly #facts: FactCounters;
  readonly #panic: PanicReport;
  readonly #counts: AnswerCounts;
  readonly #writer = new MessageWriter();
  readonly #edns: ReplyEdns;
  readonly #isEncrypted: boolean;
  readonly #answers: ListenerAnswers | undefined;

  constructor({ resolver, facts, counts, panic, idle, answers, isEncrypted = false }: ResponderParts) {
    this.#resolver = resolver;
    this.#facts = facts;
    this.#counts = counts;
    this.#panic = panic;
    this.#edns = new ReplyEdns(idle, isEncrypted);
    this.#isEncrypted = isEncrypted;
    this.#answers = answers;
  }

  /** A `RequestHandler`: never throws. */
  respond(exchange: Exchange): number {
    const given = this.#answers?.give(exchange) ?? NO_REPLY;
    return given === NO_REPLY ? this.#make(exchange) : given;
  }

  #make(exchange: Exchange): number {
    const { reply, protocol } = exchange;
    const request = requestOf(exchange);
    const header = readHeader(request);
    if (header === undefined || (header.flags & Flag.QR) !== 0) return NO_REPLY;
    const refusal = refuseByHeader(header);
    if (refusal !== undefined) return this.#write(reply, protocol, header, undefined, undefined, refusal);

    const read = readMessage(request, header);
    if (read.kind === 'malformed') {
      return this.#write(reply, protocol, header, read.question, undefined, NOT_UNDERSTOOD);
    }
    const { message } = read;
    const { question, edns } = message;
    if (question === undefined) {
      return this.#write(reply, protocol, header, undefined, undefined, NO_QUESTION);
    }
    if (!this.#resolver.takesClass(question.class)) {
      this.#counts.dropped(exchange, question, edns?.dnssecOk ?? false, request.length, CLASS_NOT_SERVED.rcode);
      return this.#write(reply, protocol, header, question, edns, CLASS_NOT_SERVED);
    }
    if (edns !== undefined && edns.version !== 0) return this.#badVersion(reply, protocol, header, question, edns);

    const account = new Account(this.#facts, bounds.lookupsPerQuery);
    const query = new Query(question, message, request.length, clientOf(exchange), account, this.#resolver);
    const outcome = this.#answer(query);
    if (!(outcome instanceof Promise) && outcome.kind !== 'transfer') {
      const length = this.#writeAnswer(reply, query, outcome);
      if (outcome.kind === 'reply') this.#answers?.keep(query, outcome, reply, length, this.#writer.marks);
      return length;
    }
    void this.#answerLater(exchange.defer(), query, Promise.resolve(outcome));
    return DEFERRED;
  }

  /** Never rejects: what is thrown here has nobody else to catch it, and would end the program. */
  async #answerLater(handle: ReplyHandle, query: Query, outcome: Promise<Answer>): Promise<void> {
    let answer: Answer;
    try {
      answer = await outcome;
    } catch (error) {
      this.#panic(error, query.question);
      answer = PANICKED;
    }
    try {
      if (answer.kind === 'transfer') {
        this.#transfer(handle, query, answer);
        return;
      }
      const length = this.#writeAnswer(scratch, query, answer);
      if (length === NO_REPLY) handle.drop();
      else handle.send(scratch.subarray(0, length));
    } catch (error) {
      handle.drop();
      this.#panic(error, query.question);
    }
  }

  /** Hands over the messages of a whole zone; what carries one message alone has no place for it (RFC 5936 §4.2). */
  #transfer(handle: ReplyHandle, query: Query, transfer: Transfer): void {
    const run = handle.stream && transfer.begin();
    if (handle.stream === undefined || run === undefined) {
      const refusal = handle.stream === undefined ? NO_STREAM : TOO_MANY_TRANSFERS;
      const length = this.#writeAnswer(scratch, query, refusal);
      handle.send(scratch.subarray(0, length));
      return;
    }
    const { request, question, account, client } = query;
    const edns = request.edns && withoutLargeOptions(request.edns);
    const head = this.#outgoing(request, question, edns, WHOLE_ZONE, client.protocol, account.replyOptions);
    const panic = (error: unknown): void => this.#panic(error, question);
    handle.stream(new TransferMessages(run, { head, writer: this.#writer, panic }));
  }

  #answer(query: Query): Outcome {
    try {
      return this.#resolver.resolve(query);
    } catch (error) {
      this.#panic(error, query.question);
      return PANICKED;
    }
  }

  /** Writes what a plugin made; what cannot be written is an exception in it like any other. */
  #writeAnswer(target: Uint8Array, query: Query, answer: Exclude<Answer, Transfer>): number {
    try {
      return this.#writeFor(target, query, answer);
    } catch (error) {
      this.#panic(error, query.question);
      query.replaying.forbid();
      return this.#writeFor(target, query, PANICKED);
    }
  }

  #writeFor(target: Uint8Array, query: Query, answer: Exclude<Answer, Transfer>): number {
    if (answer.kind === 'silence') return NO_REPLY;
    const { request, question, account } = query;
    if (query.lastEntered === '' || answer === PANICKED) {
      this.#counts.dropped(query.client, question, request.edns?.dnssecOk ?? false, query.requestSize, answer.rcode);
    }
    if (answer.explanation !== undefined) query.replaying.each(this.#counts.explained(answer.explanation));
    const edns = request.edns && lowered(request.edns, account.udpSize);
    const { protocol } = query.client;
    const message = this.#outgoing(request, question, edns, answer, protocol, account.replyOptions);
    return this.#writePadded(target, query.room, message);
  }

  /** Writes a reply for which no plugin was asked. */
  #write(
    target: Uint8Array,
    protocol: Protocol,
    header: Header,
    question: Question | undefined,
    edns: Edns | undefined,
    answer: Reply | Failure,
  ): number {
    if (answer.explanation !== undefined) this.#counts.explained(answer.explanation);
    const message = this.#outgoing(header, question, edns, answer, protocol);
    return this.#writePadded(target, roomOf(protocol, edns), message);
  }

  #writePadded(target: Uint8Array, room: number, message: OutgoingMessage): number {
    const length = this.#writer.write(target, room, message);
    return this.#isEncrypted ? pad(target, length, room, this.#writer.marks.opt) : length;
  }

  #outgoing(
    header: Header,
    question: Question | undefined,
    edns: Edns | undefined,
    answer: Reply | Failure,
    protocol: Protocol,
    options?: readonly EdnsOption[],
  ): OutgoingMessage {
    const made = answer.kind === 'reply' ? answer : undefined;
    const kept = header.flags & (Flag.CD | OPCODE_BITS);
    const recursionDesired = made?.recursionDesired ?? (header.flags & Flag.RD) !== 0;
    return {
      id: header.id,
      flags: Flag.QR | kept | (recursionDesired ? Flag.RD : 0) | (made === undefined ? 0 : flagsOf(made, header, edns)),
      rcode: answer.rcode,
      question,
      answers: made?.answers ?? NO_RECORDS,
      authority: made?.authority ?? NO_RECORDS,
      additional: made?.additional ?? NO_RECORDS,
      edns: edns && this.#edns.of(edns, protocol, answer.explanation, options),
    };
  }

  /** RFC 6891 §6.1.3: the reply names the version that is understood, 0. DO is copied as ever (RFC 3225 §3). */
  #badVersion(target: Uint8Array, protocol: Protocol, header: Header, question: Question, { dnssecOk }: Edns): number {
    this.#counts.explained(EDNS_VERSION);
    return this.#writer.write(target, roomOf(protocol, undefined), {
      ...this.#outgoing(header, question, undefined, BAD_VERSION, protocol),
      edns: { udpSize: 0, dnssecOk, options: [] },
    });
  }
}

/** The reply that the header alone earns; undefined where the message is to be read on. */
function refuseByHeader(header: Header): Failure | undefined {
  const opcode = opcodeOf(header.flags);
  if (opcode !== Opcode.QUERY && opcode !== Opcode.NOTIFY) return NOT_SERVED;
  // One record each is let through for NOTIFY and IXFR, two in the additional section for OPT and TSIG.
  if (header.questions !== 1 || header.answers > 1 || header.authorities > 1 || header.additionals > 2) {
    return NOT_UNDERSTOOD;
  }
  return undefined;
}

/** How long the reply may be: the client's UDP size within what is sent at all, or a whole TCP message. */
function roomOf(protocol: Protocol, edns: Edns | undefined): number {
  return protocol === 'tcp' ? MAX_TCP_MESSAGE : udpRoom(edns?.udpSize, bounds.udpMessage);
}

/** The client's EDNS with a UDP size that is no larger than `bufsize` says, where it says anything. */
function lowered(edns: Edns, udpSize: number): Edns {
  return udpSize >= bounds.udpMessage || edns.udpSize <= udpSize ? edns : { ...edns, udpSize };
}

/** Each message of a transfer begins with what is repeated: a client that sends much would leave no room for records. */
function withoutLargeOptions(edns: Edns): Edns {
  return optRecordSize(edns.options) <= MIN_UDP_PAYLOAD ? edns : { ...edns, options: [] };
}

const NOT_SERVED = failure(Rcode.NOTIMP, explain('opcodeNotServed'));
const NOT_UNDERSTOOD = failure(Rcode.FORMERR, explain('notUnderstood'));
const NO_QUESTION = failure(Rcode.SERVFAIL, explain('noQuestion'));
const EDNS_VERSION = explain('ednsVersion');
const BAD_VERSION = failure(Rcode.BADVERS, EDNS_VERSION);
const CLASS_NOT_SERVED = failure(Rcode.REFUSED, explain('classNotServed'));

/** What the messages of a transfer have in their headers. */
const WHOLE_ZONE = makeReply({});
const NO_STREAM = failure(Rcode.REFUSED, explain('transferNotServed'));
const TOO_MANY_TRANSFERS = failure(Rcode.SERVFAIL, explain('tooManyTransfers'));

/** What a client gets for a query that ended in an exception. */
const PANICKED = failure(Rcode.SERVFAIL, explain('internalError'));

const OPCODE_BITS = 0x7800;

/** AA, RA, TC, and AD where the client has shown that it knows it (RFC 6840 §5.8). */
function flagsOf(made: Reply, header: Header, edns: Edns | undefined): number {
  const understandsAd = made.authenticData && ((header.flags & Flag.AD) !== 0 || edns?.dnssecOk === true);
  return (
    (made.authoritative ? Flag.AA : 0) |
    (made.recursionAvailable ? Flag.RA : 0) |
    (made.truncated ? Flag.TC : 0) |
    (understandsAd ? Flag.AD : 0)
  );
}

/** The exchange is borrowed; what a plugin may look at later is copied. */
function clientOf(exchange: Exchange): Query['client'] {
  const { protocol, clientFamily, clientAddress, clientPort, localAddress, localPort } = exchange;
  return { protocol, clientFamily, clientAddress, clientPort, localAddress, localPort };
}

/** One line about an exception in a query, as CoreDNS writes it. */
export function panicText(error: unknown, question: Question): string {
  const trace = traceOf(error).replaceAll('\n', '\\n');
  return `Recovered from panic for ${question.name.toString()} ${typeName(question.type)}: ${trace}`;
}
