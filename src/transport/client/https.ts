/**
 * DNS over HTTPS (RFC 8484), over HTTP/2 alone: one session carries many queries, each on a stream of its own, so a reply
 * belongs to its query by the stream. The path is `/dns-query`.
 *
 *     attempt ──► request ──► response head: 200, application/dns-message ──► body, bounded ──► listener
 *                               └ anything else ──► failed('http')
 *
 * The session goes away by GOAWAY, by idleness or by age; the next query then opens another.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { http2 } from '../../node-modules.ts';
import { FRAME_MESSAGE } from '../frames.ts';
import { countDown } from '../reply-lifetime.ts';
import type { PooledAttempt } from './attempt.ts';
import { CLOSED } from './attempt.ts';
import { Connection } from './connection.ts';
import type { ConnectionKind, ConnectionPool } from './pool.ts';
import { AT_OCTET_LIMIT, problem, problemOf } from './problem.ts';
import type { TlsConnector } from './tls.ts';
import type { UpstreamProblem, UpstreamTarget } from './upstream.ts';
import type { Usage } from './usage.ts';

const MEDIA_TYPE = 'application/dns-message';
const PATH = '/dns-query';
const HTTPS_PORT = 443;

const NO_HTTP2 = problem('http', 'the upstream does not speak HTTP/2');
const TOO_LONG = problem('http', 'the reply is longer than a DNS message can be');
const NOT_THE_REPLY = problem('invalid', 'the reply does not answer the question');

export function httpsConnections(target: UpstreamTarget, connector: TlsConnector): ConnectionKind {
  const origin = `https://${authorityOf(target)}`;
  return {
    form: (message) => Buffer.from(message),
    open: (pool) => new HttpsConnection(pool, connector.connect(), origin),
  };
}

/** The URL's host, which the server knows itself by: the name of the certificate where there is one. */
function authorityOf({ to, tls }: UpstreamTarget): string {
  const host = tls?.serverName ?? to.address.split('%', 1)[0] ?? to.address;
  const bracketed = isIPv6(host) ? `[${host}]` : host;
  return to.port === HTTPS_PORT ? bracketed : `${bracketed}:${to.port}`;
}

class HttpsConnection extends Connection {
  readonly #socket: TLSSocket;
  #session: ClientHttp2Session | undefined;
  readonly #requests = new Map<PooledAttempt, Request>();

  constructor(pool: ConnectionPool, socket: TLSSocket, origin: string) {
    super(pool);
    this.#socket = socket;
    socket.on('error', (error) => this.lost(problemOf(error, 'tls')));
    socket.on('close', () => this.lost());
    socket.on('secureConnect', () => this.#begin(origin));
  }

  #begin(origin: string): void {
    if (this.isGone) return;
    if (this.#socket.alpnProtocol !== 'h2') {
      this.lost(NO_HTTP2);
      return;
    }
    const session = http2().connect(origin, { createConnection: () => this.#socket, settings: { enablePush: false } });
    this.#session = session;
    session.on('error', (error) => this.lost(problemOf(error, 'http')));
    session.on('goaway', () => this.leaving());
    session.on('close', () => this.lost());
    this.opened();
  }

  protected override get capacity(): number {
    const theirs = this.#session?.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    // A peer that allows none is asked all the same, rather than over ever more sessions.
    return Math.max(1, Math.min(super.capacity, theirs));
  }

  protected write(attempt: PooledAttempt): void {
    const session = this.#session;
    if (session === undefined) return;
    const stream = session.request(headersFor(attempt.octets, this.pool.target.method), {
      endStream: this.pool.target.method === 'GET',
    });
    const request = new Request(session, stream, this.pool.usage, {
      replied: (body) => {
        if (!this.receivedFor(attempt, body)) this.failed(attempt, NOT_THE_REPLY);
      },
      failed: (cause) => this.failed(attempt, cause),
      unserved: (cause) => this.refused(attempt, cause),
    });
    this.#requests.set(attempt, request);
    if (this.pool.target.method === 'POST') stream.end(attempt.octets);
  }

  protected forget(attempt: PooledAttempt): void {
    this.#requests.get(attempt)?.end();
    this.#requests.delete(attempt);
  }

  protected destroy(): void {
    for (const request of this.#requests.values()) request.end();
    this.#requests.clear();
    this.#session?.destroy();
    this.#socket.destroy();
  }
}

function headersFor(message: Buffer, method: 'GET' | 'POST'): OutgoingHttpHeaders {
  if (method === 'GET') {
    return { ':method': 'GET', ':path': `${PATH}?dns=${message.toString('base64url')}`, accept: MEDIA_TYPE };
  }
  return {
    ':method': 'POST',
    ':path': PATH,
    accept: MEDIA_TYPE,
    'content-type': MEDIA_TYPE,
    'content-length': message.length,
  };
}

/** What is no number of seconds counts as none. */
function ageOf({ age }: IncomingHttpHeaders): number {
  return age !== undefined && /^\d+$/.test(age) ? Number(age) : 0;
}

interface RequestEnd {
  /** The body of a response that is as it must be; borrowed. */
  replied(body: Uint8Array): void;
  failed(cause: UpstreamProblem): void;
  /** The server says that it has not looked at it, or the session ended first. */
  unserved(cause: UpstreamProblem): void;
}

/** One request and its response. It ends exactly once, and then holds nothing. */
class Request {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #usage: Usage;
  readonly #end: RequestEnd;
  /** The body so far: its first `#length` octets. It grows with what has arrived, whatever `content-length` says. */
  #body: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Seconds for which a cache on the way had the response (RFC 9111 §5.1). */
  #age = 0;
  #over = false;

  constructor(session: ClientHttp2Session, stream: ClientHttp2Stream, usage: Usage, end: RequestEnd) {
    this.#session = session;
    this.#stream = stream;
    this.#usage = usage;
    this.#end = end;
    stream.on('response', (headers) => this.#head(headers));
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    stream.on('end', () => this.#whole());
    stream.on('error', () => {
      // 'close' follows and knows the code.
    });
    stream.on('close', () => this.#closed());
  }

  #head(headers: IncomingHttpHeaders): void {
    const status = headers[':status'];
    const type = headers['content-type'];
    if (Number(status) !== http2().constants.HTTP_STATUS_OK)
      this.#failed(problem('http', `HTTP status ${Number(status)}`));
    else if (type?.split(';', 1)[0]?.trim().toLowerCase() !== MEDIA_TYPE)
      this.#failed(problem('http', `the reply is of type '${type ?? ''}', not '${MEDIA_TYPE}'`));
    else this.#age = ageOf(headers);
  }

  #data(chunk: Buffer): void {
    if (this.#over) return;
    const length = this.#length + chunk.length;
    if (length > FRAME_MESSAGE) {
      this.#failed(TOO_LONG);
      return;
    }
    if (length > this.#body.length && !this.#grow(length)) {
      this.#failed(AT_OCTET_LIMIT);
      return;
    }
    chunk.copy(this.#body, this.#length);
    this.#length = length;
  }

  #grow(length: number): boolean {
    const size = Math.min(FRAME_MESSAGE, Math.max(length, 2 * this.#body.length));
    if (!this.#usage.takeOctets(size - this.#body.length)) return false;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#body.copy(larger, 0, 0, this.#length);
    this.#body = larger;
    return true;
  }

  #whole(): void {
    // An aborted stream ends too.
    if (this.#over || this.#stream.aborted || this.#stream.rstCode !== http2().constants.NGHTTP2_NO_ERROR) return;
    const body = this.#body.subarray(0, this.#length);
    if (this.#age > 0) countDown(body, this.#age);
    this.#end.replied(body);
  }

  #closed(): void {
    if (this.#over) return;
    const code = this.#stream.rstCode;
    const { closed, destroyed } = this.#session;
    if (code === http2().constants.NGHTTP2_REFUSED_STREAM || closed || destroyed) this.#end.unserved(CLOSED);
    else this.#end.failed(problem('http', `the upstream reset the request (HTTP/2 error ${code})`));
  }

  #failed(cause: UpstreamProblem): void {
    if (!this.#over) this.#end.failed(cause);
  }

  /** Lets go of everything; the server need not go on. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#usage.giveOctets(this.#body.length);
    this.#body = Buffer.alloc(0);
    this.#length = 0;
    if (!this.#stream.closed) this.#stream.close(http2().constants.NGHTTP2_CANCEL);
  }
}
