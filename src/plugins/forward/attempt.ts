/**
 * One message to one upstream and the wait for its reply: sends, has everything that comes in judged, and tells its owner
 * once how it ended.
 *
 *     Line.send ──► received ──judge──► ignored   counted, the wait goes on
 *              │                   └──► reply     owner.replied
 *              └──► failed ─────────────────────► owner.failed
 */
import { Rcode } from '../../dns/constants.ts';
import type { Message } from '../../dns/message.ts';
import type { Attempt, AttemptListener, Endpoint, UpstreamProblem } from '../network.ts';
import { type Expected, type Verdict, judge } from './acceptance.ts';
import type { Line } from './line.ts';
import type { EdnsForm, Request } from './request.ts';

/** What an upstream said: a message, or a failure without even the question. */
export type UpstreamReply =
  { readonly kind: 'message'; readonly message: Message } | { readonly kind: 'bare'; readonly rcode: number };

/** Who sent it. Each attempt ends with one of these calls, or with `cancel`. */
export interface AttemptOwner {
  replied(attempt: UpstreamAttempt, reply: UpstreamReply): void;
  failed(attempt: UpstreamAttempt, problem: UpstreamProblem): void;
}

const INVALID: UpstreamProblem = { kind: 'invalid', text: 'a reply that cannot be read' };

export class UpstreamAttempt implements AttemptListener {
  readonly line: Line;
  readonly edns: EdnsForm;
  /** By the monotonic clock. */
  readonly sentAt: number;
  readonly #owner: AttemptOwner;
  readonly #expected: Expected;
  readonly #sent: Attempt;
  #over = false;
  /** The response code of a datagram that repeats no question: taken for an answer only if nothing better comes. */
  bare: number | undefined;

  constructor(line: Line, request: Request, edns: EdnsForm, owner: AttemptOwner) {
    this.line = line;
    this.edns = edns;
    this.#owner = owner;
    const sent = request.message(edns, line.newId());
    this.#expected = {
      to: line.target.to,
      sent,
      questionEnd: request.questionEnd,
      question: request.question,
      exactCase: request.exactCase,
      connected: line.connected,
    };
    this.sentAt = line.now;
    this.#sent = line.send(sent, this);
  }

  received(octets: Uint8Array, from: Endpoint): boolean {
    if (this.#over) return false;
    const verdict = judge(octets, from, this.#expected);
    switch (verdict.kind) {
      case 'ignored':
        this.line.counts.ignored(verdict.reason);
        return false;
      case 'bare':
        return this.#receivedBare(verdict);
      case 'invalid':
        this.#end();
        this.#owner.failed(this, INVALID);
        return true;
      case 'reply': {
        this.#heard();
        this.#owner.replied(this, { kind: 'message', message: verdict.message });
        return true;
      }
    }
  }

  failed(problem: UpstreamProblem): void {
    if (this.#over) return;
    this.#end();
    this.#owner.failed(this, problem);
  }

  /** Gives it up without a word. */
  cancel(): void {
    if (this.#over) return;
    this.#end();
    this.#sent.cancel();
  }

  /** Anybody could send such a datagram who guesses id and port; the wait for the whole reply goes on. */
  #receivedBare({ rcode, connected }: Extract<Verdict, { kind: 'bare' }>): boolean {
    if (!connected) {
      this.bare = rcode;
      this.line.counts.ignored('no_question');
      return false;
    }
    this.#heard();
    this.#owner.replied(this, { kind: 'bare', rcode });
    return true;
  }

  #heard(): void {
    this.#end();
    this.line.heard();
  }

  #end(): void {
    this.#over = true;
    this.line.ended();
  }
}

/** The response code of what an upstream said. */
export function rcodeOfReply(said: UpstreamReply): number {
  return said.kind === 'bare' ? said.rcode : rcodeOfMessage(said.message);
}

/** All twelve bits (RFC 6891 §6.1.3). */
export function rcodeOfMessage({ flags, edns }: Message): number {
  return ((edns?.extendedRcode ?? 0) << 4) | (flags & 0xf);
}

/** Response codes of servers that do not know EDNS (RFC 6891 §7). */
export function refusesEdns(rcode: number): boolean {
  return rcode === Rcode.FORMERR || rcode === Rcode.NOTIMP;
}
