/**
 * DNS over HTTPS (RFC 8484): a listener whose connections speak HTTP/2 or HTTP/1.1, as ALPN has it; without TLS HTTP/1.1 alone,
 * for whoever has it encrypted by something else in front.
 *
 *     connection ──► TLS ──► ALPN 'h2' ──► HTTP/2 session ──┐
 *                      │       else ────► HTTP/1.1 parser ──┴──► HttpsConnection ──► handler
 *                      └─ left out: HTTP/1.1
 *
 * What HTTP lets a client grow is bounded: connections, streams, headers in octets and fields, bodies in octets and time, and
 * how often a stream may be reset.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type Bounds, bounds } from '../bounds.ts';
import { http, http2 } from '../node-modules.ts';
import { Http1Channel, Http1Request, Http2Channel, Http2Request } from './http-requests.ts';
import { HttpsConnection } from './https-connection.ts';
import { HttpsExchange } from './https-exchange.ts';
import { type StreamOptions, openStream } from './stream-listener.ts';
import type { Listener } from './transport.ts';

export interface HttpsOptions extends StreamOptions {
  /** Told the status of each response. */
  readonly responded?: ((status: number) => void) | undefined;
}

/** Opens a listener for DNS over HTTPS, or over HTTP where there is no `tls`. Rejects as `openTcp` does. */
export function openHttps(options: HttpsOptions): Promise<Listener> {
  const { responded = () => {} } = options;
  const exchange = new HttpsExchange();
  const limits = { ...bounds, ...options.limits };
  const http1 = new Http1(limits);
  return openStream(options, {
    connections: ({ dohConnections }) => dohConnections,
    serve: (accepted, serving) => {
      const connection = new HttpsConnection(accepted, { serving, exchange, responded });
      const { socket } = accepted;
      if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') beginHttp2(socket, connection, limits);
      else http1.begin(socket, connection);
      return connection;
    },
  });
}

/** One parser for all connections of a listener; it listens nowhere. */
class Http1 {
  readonly #server: Server;
  readonly #connections = new WeakMap<Socket, HttpsConnection>();

  constructor({ dohHeader, dohFields }: Bounds) {
    // Time is looked after by the connections.
    const never = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 };
    this.#server = http.createServer({ maxHeaderSize: dohHeader, ...never }, (request, response) =>
      this.#requested(request, response),
    );
    this.#server.maxHeadersCount = dohFields;
  }

  begin(socket: Socket, connection: HttpsConnection): void {
    this.#connections.set(socket, connection);
    connection.use(new Http1Channel(socket));
    this.#server.emit('connection', socket);
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) request.destroy();
    else connection.take(new Http1Request(request, response));
  }
}

/** Streams that a client may reset at once, and each second after that; who resets more loses the connection (CVE-2023-44487). */
const RESETS = { streamResetBurst: 1_000, streamResetRate: 33 };

function beginHttp2(socket: Socket, connection: HttpsConnection, { dohStreams, dohHeader, dohFields }: Bounds): void {
  const session: ServerHttp2Session = http2().performServerHandshake(socket, {
    settings: { maxConcurrentStreams: dohStreams, maxHeaderListSize: dohHeader, enablePush: false },
    maxHeaderListPairs: dohFields,
    ...RESETS,
  });
  connection.use(new Http2Channel(session));
  // A reset or nonsense at any moment is the client's right; 'close' follows.
  session.on('error', () => {});
  // The connection may be half open, which HTTP/2 has no use for.
  socket.once('end', () => connection.clientEnded());
  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
    connection.take(new Http2Request(stream, headers)),
  );
}
