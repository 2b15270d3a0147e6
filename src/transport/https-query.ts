/**
 * One request of a connection on its way to a query and from there to its response. It is answered exactly once; what comes
 * of its body after that is thrown away, for as long as its time lasts.
 */
import { FRAME_MESSAGE } from './frames.ts';
import type { HttpRequest, HttpResponse } from './http-requests.ts';
import type { HttpsConnection } from './https-connection.ts';
import type { HttpsClient } from './https-exchange.ts';
import {
  DNS_MESSAGE,
  type HttpRefusal,
  NOT_A_QUERY,
  SILENCE,
  TOO_LARGE,
  TOO_MANY,
  TOO_SLOW,
  isQuery,
  readHead,
} from './https-head.ts';
import { lifetimeOf } from './reply-lifetime.ts';
import type { StreamEnds } from './stream-listener.ts';

const NEVER = Number.POSITIVE_INFINITY;
const SMALLEST_BODY = 512;
const EMPTY = Buffer.alloc(0);

export class HttpsQuery implements HttpsClient {
  readonly #connection: HttpsConnection;
  readonly #request: HttpRequest;
  /** Octets of the response's body, once there is one. */
  written = 0;
  #isAnswered = false;
  #isAsking = false;
  #isDeferred = false;
  /** The body so far: its first `#length` octets. It grows with what has arrived, whatever the header says. */
  #body: Buffer = EMPTY;
  #length = 0;
  /** When the body must have arrived. */
  #deadline = NEVER;

  constructor(connection: HttpsConnection, request: HttpRequest) {
    this.#connection = connection;
    this.#request = request;
  }

  get ends(): StreamEnds {
    return this.#connection.ends;
  }

  begin(): void {
    const { serving } = this.#connection.shared;
    const head = readHead(this.#request.header, serving.limits);
    switch (head.kind) {
      case 'refused':
        this.refuse(head);
        break;
      case 'query':
        this.#discardBody();
        this.#ask(head.octets);
        break;
      case 'body':
        this.#deadline = performance.now() + serving.limits.dohRequest;
        this.#request.body.on('data', (chunk: Buffer) => this.#received(chunk));
        this.#request.body.on('end', () => this.#ended());
        break;
    }
  }

  /** Answers without a query. @param isLast whether what else comes of the connection is not to be read */
  refuse({ status, text, allow }: HttpRefusal, isLast = false): void {
    this.#discardBody();
    const body = Buffer.from(`${text}\n`);
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length };
    this.#respond({ status, headers: allow === undefined ? headers : { ...headers, allow }, body, isLast });
  }

  /** Ends what has had its time. */
  check(now: number): void {
    if (now < this.#deadline) return;
    const { serving } = this.#connection.shared;
    if (this.#isAnswered) {
      this.#request.destroy();
      return;
    }
    serving.counts.cutOff++;
    this.#deadline = now + serving.limits.tcpLinger;
    this.refuse(TOO_SLOW, true);
  }

  /** The request is over. */
  closed(): void {
    this.#isAnswered = true;
    this.#deadline = NEVER;
    this.#forgetBody();
  }

  beginReply(): void {
    this.#isDeferred = true;
    this.#connection.inFlight++;
  }

  endReply(message: Uint8Array | undefined): void {
    this.#connection.inFlight--;
    this.#isDeferred = false;
    if (message !== undefined) this.#answer(message);
    else if (!this.#isAsking) this.refuse(SILENCE);
  }

  #received(chunk: Buffer): void {
    if (this.#isAnswered) return;
    const { limits, counts } = this.#connection.shared.serving;
    const length = this.#length + chunk.length;
    if (length > FRAME_MESSAGE) {
      this.refuse(TOO_LARGE);
    } else if (this.#connection.bodies + chunk.length > limits.dohBodies) {
      counts.overBound++;
      this.refuse(TOO_MANY);
    } else {
      this.#keep(chunk, length);
    }
  }

  #keep(chunk: Buffer, length: number): void {
    if (length > this.#body.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(Math.max(length, 2 * this.#body.length, SMALLEST_BODY), FRAME_MESSAGE),
      );
      this.#body.copy(larger, 0, 0, this.#length);
      this.#body = larger;
    }
    chunk.copy(this.#body, this.#length);
    this.#length = length;
    this.#connection.bodies += chunk.length;
  }

  #ended(): void {
    this.#deadline = NEVER;
    if (this.#isAnswered) return;
    const octets = this.#body.subarray(0, this.#length);
    this.#forgetBody();
    this.#ask(octets);
  }

  #ask(octets: Uint8Array): void {
    if (!isQuery(octets)) {
      this.refuse(NOT_A_QUERY);
      return;
    }
    const { exchange, serving } = this.#connection.shared;
    exchange.octets = octets;
    exchange.start = 0;
    exchange.end = octets.length;
    exchange.client = this;
    this.#isAsking = true;
    const length = serving.ask(exchange);
    this.#isAsking = false;
    if (length > 0) this.#answer(exchange.reply.subarray(0, length));
    else if (!this.#isDeferred) this.refuse(SILENCE);
  }

  #answer(message: Uint8Array): void {
    // Written later than in this turn, and the octets are borrowed.
    const body = Buffer.from(message);
    const headers = {
      'content-type': DNS_MESSAGE,
      'content-length': body.length,
      'cache-control': `max-age=${lifetimeOf(body)}`,
    };
    this.#respond({ status: 200, headers, body, isLast: false });
  }

  #respond(response: HttpResponse): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#forgetBody();
    const connection = this.#connection;
    if (connection.isClosed || !this.#request.isOpen) return;
    this.written = response.body.length;
    connection.shared.responded(response.status);
    this.#request.respond({ ...response, isLast: response.isLast || connection.isLeaving });
    connection.writing(response.body.length);
  }

  #discardBody(): void {
    const { body } = this.#request;
    if (body.readableEnded) return;
    if (this.#deadline === NEVER) {
      this.#deadline = performance.now() + this.#connection.shared.serving.limits.dohRequest;
      body.once('end', () => {
        this.#deadline = NEVER;
      });
    }
    body.resume();
  }

  #forgetBody(): void {
    this.#connection.bodies -= this.#length;
    this.#length = 0;
    this.#body = EMPTY;
  }
}
