/**
 * A request of HTTP/1.1 (RFC 9112) and one of HTTP/2 (RFC 9113), which look the same from here on; and what either does with
 * its connection. Whatever a client does to a request meanwhile, nothing here throws.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { http2 } from '../node-modules.ts';
import type { HttpHeader } from './https-head.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  /** No request of this connection is to follow. */
  readonly isLast: boolean;
}

export interface HttpRequest {
  readonly header: HttpHeader;
  /** What has not been read of it is to be read to its end, or thrown away. */
  readonly body: Readable;
  /** False where nobody waits for a response. */
  readonly isOpen: boolean;
  /** Called once, when request and response are over in whatever way. */
  onClose(closed: () => void): void;
  /** Once; the body is kept until it has left. */
  respond(response: HttpResponse): void;
  /** Ends it at once. */
  destroy(): void;
}

/** The connection below requests. */
export interface HttpChannel {
  /** Whether a request can be refused without a word, so that the client asks again elsewhere (RFC 9113 §8.7). */
  refuse(request: HttpRequest): boolean;
  /** Says that no further request is wanted; those that are open are answered. */
  drain(): void;
  /** Closes our side: no request is open. */
  end(): void;
  destroy(): void;
}

export class Http1Request implements HttpRequest {
  readonly header: HttpHeader;
  readonly body: Readable;
  readonly #response: ServerResponse;
  /** The response lets go of it when it has left. */
  readonly #socket: Socket;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '', headers } = request;
    this.header = {
      method,
      target: url,
      contentType: headers['content-type'],
      contentLength: headers['content-length'],
      octets: 0,
    };
    this.body = request;
    this.#response = response;
    this.#socket = request.socket;
    for (const stream of [request, response]) stream.on('error', () => {});
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.headersSent;
  }

  onClose(closed: () => void): void {
    const { body } = this;
    this.#response.once('close', () => {
      // The rest of a body that is thrown away belongs to the request too.
      if (body.readableEnded || body.destroyed) closed();
      else body.once('end', closed);
    });
  }

  respond({ status, headers, body, isLast }: HttpResponse): void {
    this.#response.writeHead(status, isLast ? { ...headers, Connection: 'close' } : { ...headers });
    this.#response.end(body);
  }

  destroy(): void {
    this.#response.destroy();
    this.#socket.destroy();
  }
}

export class Http1Channel implements HttpChannel {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  refuse(): boolean {
    return false;
  }

  /** Each response says so from then on. */
  drain(): void {}

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

export class Http2Request implements HttpRequest {
  readonly header: HttpHeader;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.header = {
      method: headers[':method'] ?? '',
      target: headers[':path'] ?? '',
      contentType: headers['content-type'],
      contentLength: headers['content-length'],
      octets: octetsOf(headers),
    };
    this.#stream = stream;
    stream.on('error', () => {});
  }

  get body(): Readable {
    return this.#stream;
  }

  get isOpen(): boolean {
    const { destroyed, closed, aborted, headersSent } = this.#stream;
    return !destroyed && !closed && !aborted && !headersSent;
  }

  onClose(closed: () => void): void {
    if (this.#stream.destroyed) closed();
    else this.#stream.once('close', closed);
  }

  respond({ status, headers, body }: HttpResponse): void {
    this.#stream.respond({ ':status': status, ...headers });
    this.#stream.end(body);
  }

  refuse(): void {
    this.#stream.close(http2().constants.NGHTTP2_REFUSED_STREAM);
  }

  destroy(): void {
    this.#stream.close(http2().constants.NGHTTP2_CANCEL);
  }
}

/** What is announced in the settings holds only from the moment on in which the client has confirmed them. */
function octetsOf(headers: IncomingHttpHeaders): number {
  let octets = 0;
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) octets += name.length + (one?.length ?? 0);
  }
  return octets;
}

export class Http2Channel implements HttpChannel {
  readonly #session: ServerHttp2Session;

  constructor(session: ServerHttp2Session) {
    this.#session = session;
  }

  refuse(request: HttpRequest): boolean {
    if (!(request instanceof Http2Request)) return false;
    request.refuse();
    return true;
  }

  drain(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
  }

  end(): void {
    this.drain();
  }

  destroy(): void {
    this.#session.destroy();
  }
}
