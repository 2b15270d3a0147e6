/**
 * One connection of DNS over HTTPS (RFC 8484): requests in, responses out as they are ready, over HTTP/2 in any order.
 *
 *     request ──► head ──► query in the target ──────────────► handler ──► 200
 *                  │  └──► body, bounded in length and time ──►    ├─ defer() ──► 200, later
 *                  └─ 404, 405, 413, 414, 415; 400, 408            └─ silence ──► 500
 *
 * What a client resets is still in flight until its answer is there: who opens and resets streams as fast as it can has no more
 * work done for it than who waits. There is no timer here: the listener calls `check` from time to time.
 */
import type { Socket } from 'node:net';
import type { HttpChannel, HttpRequest } from './http-requests.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { TOO_MANY } from './https-head.ts';
import { HttpsQuery } from './https-query.ts';
import type { Serving } from './serving.ts';
import type { Accepted, StreamConnection, StreamEnds } from './stream-listener.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** What all connections of a listener share. */
export interface HttpsShared {
  readonly serving: Serving;
  /** Each connection uses it within its turn. */
  readonly exchange: HttpsExchange;
  /** Told the status of each response. */
  readonly responded: (status: number) => void;
}

export class HttpsConnection implements StreamConnection {
  readonly shared: HttpsShared;
  readonly ends: StreamEnds;
  /** Octets of bodies whose requests have not come to their ends. */
  bodies = 0;
  /** Queries that the handler has not answered. */
  inFlight = 0;
  readonly #carrier: Socket;
  #channel: HttpChannel | undefined;
  /** Requests whose response has not left. */
  readonly #open = new Set<HttpsQuery>();
  #requests = 0;
  #unsent = 0;
  #phase: 'open' | 'draining' | 'ended' | 'closed' = 'open';
  /** When the client must have sent a whole header, or, in phase `ended`, have closed its side. */
  #peerDeadline: number;
  /** When what has been written must have left. */
  #writeDeadline = NEVER;

  constructor({ carrier, ends }: Accepted, shared: HttpsShared) {
    this.#carrier = carrier;
    this.ends = ends;
    this.shared = shared;
    this.#peerDeadline = performance.now() + shared.serving.limits.tcpFirstQuery;
    carrier.on('close', () => {
      this.#phase = 'closed';
    });
  }

  /** What requests come from; called once, before any does. */
  use(channel: HttpChannel): void {
    this.#channel = channel;
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** Whether no further request is wanted. */
  get isLeaving(): boolean {
    return this.#phase !== 'open' || this.#requests >= this.shared.serving.limits.tcpQueries;
  }

  take(request: HttpRequest): void {
    if (this.isClosed || !request.isOpen) return;
    if (this.#phase === 'ended') {
      // Our side is closed: there is no answer any more, and what the client still sends keeps nothing open.
      this.#channel?.refuse(request);
      return;
    }
    this.#requests++;
    const query = new HttpsQuery(this, request);
    this.#open.add(query);
    this.#peerDeadline = NEVER;
    request.onClose(() => this.#closed(query));
    if (this.#isFull()) {
      this.shared.serving.counts.overBound++;
      if (this.#channel?.refuse(request) !== true) query.refuse(TOO_MANY);
    } else {
      query.begin();
    }
    if (this.isLeaving && this.#phase === 'open') this.drain();
  }

  drain(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'draining';
    if (this.#open.size === 0) this.#end();
    else this.#channel?.drain();
  }

  /** The client has closed its side: what it asked is still answered. */
  clientEnded(): void {
    if (this.#open.size === 0) this.destroy();
    else this.drain();
  }

  destroy(): void {
    this.#phase = 'closed';
    this.#channel?.destroy();
    this.#carrier.destroy();
  }

  check(now: number): void {
    if (this.#phase === 'closed') return;
    if (now >= this.#writeDeadline) {
      this.#cutOff();
      return;
    }
    for (const query of this.#open) query.check(now);
    if (now < this.#peerDeadline) return;
    if (this.#phase === 'ended') {
      this.destroy();
    } else {
      this.shared.serving.counts.cutOff++;
      this.#end();
    }
  }

  /** A response of so many octets is about to be written. */
  writing(octets: number): void {
    if (this.#writeDeadline === NEVER) this.#writeDeadline = this.#writeLimit();
    this.#unsent += octets;
    if (this.#unsent < this.shared.serving.limits.tcpUnsentCutOff) return;
    this.shared.serving.counts.overBound++;
    this.#cutOff();
  }

  #isFull(): boolean {
    const { limits } = this.shared.serving;
    return (
      this.#open.size > limits.dohStreams || this.inFlight >= limits.dohStreams || this.#unsent >= limits.tcpUnsent
    );
  }

  #closed(query: HttpsQuery): void {
    if (!this.#open.delete(query)) return;
    this.#unsent -= query.written;
    query.closed();
    // The next response, if any, has its own time.
    this.#writeDeadline = this.#unsent > 0 ? this.#writeLimit() : NEVER;
    if (this.#open.size > 0 || this.#phase === 'closed' || this.#phase === 'ended') return;
    if (this.#phase === 'draining') this.#end();
    else this.#peerDeadline = performance.now() + this.shared.serving.limits.tcpIdle;
  }

  #end(): void {
    this.#phase = 'ended';
    this.#channel?.end();
    this.#peerDeadline = performance.now() + this.shared.serving.limits.tcpLinger;
  }

  /** Closes at once and takes back what the system still holds for a client that does not read. */
  #cutOff(): void {
    this.shared.serving.counts.cutOff++;
    this.#phase = 'closed';
    this.#carrier.resetAndDestroy();
  }

  #writeLimit(): number {
    return performance.now() + this.shared.serving.limits.tcpWrite;
  }
}
