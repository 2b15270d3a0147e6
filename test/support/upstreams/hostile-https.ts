/**
 * A real HTTPS server on loopback (RFC 8484) whose responses a test chooses: right ones and all kinds of wrong ones. Like
 * hostile.ts, but what is hostile here is HTTP.
 */
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { keyPairs } from './certificates.ts';
import { RIGHT } from './behaviours.ts';
import { a, reply } from './octets.ts';

/** Answers one request, whose message is `octets`. */
export type HttpBehaviour = (stream: ServerHttp2Stream, octets: Buffer) => void;

export const MEDIA_TYPE = 'application/dns-message';

/** A response with a body, the right one unless said otherwise. */
export function responds(
  change: { readonly status?: number; readonly type?: string; readonly body?: Buffer } = {},
): HttpBehaviour {
  return (stream, octets) => {
    stream.respond({ ':status': change.status ?? 200, 'content-type': change.type ?? MEDIA_TYPE });
    stream.end(change.body ?? reply(octets, { answers: [a(RIGHT)] }));
  };
}

export class HostileHttps {
  behaviour: HttpBehaviour;
  readonly requests: IncomingHttpHeaders[] = [];
  readonly sessions = new Set<ServerHttp2Session>();
  /** Sessions that were opened, and handshakes that resumed a TLS session. */
  readonly asked = { sessions: 0, resumed: 0 };
  readonly #server: Http2SecureServer;
  readonly #open = new Set<Socket>();

  static async open(behaviour: HttpBehaviour, settings = {}): Promise<HostileHttps> {
    const upstream = new HostileHttps(behaviour, settings);
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  private constructor(behaviour: HttpBehaviour, settings: { readonly maxConcurrentStreams?: number }) {
    this.behaviour = behaviour;
    this.#server = createSecureServer({ ...keyPairs.server, settings });
    this.#server.on('connection', (socket: Socket) => this.#hold(socket));
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#hold(socket);
      if (socket.isSessionReused()) this.asked.resumed++;
    });
    this.#server.on('session', (session) => {
      this.asked.sessions++;
      this.sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => this.sessions.delete(session));
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => this.#take(stream, headers));
  }

  get port(): number {
    const bound = this.#server.address();
    if (bound === null || typeof bound !== 'object') throw new Error('the upstream is not open');
    return bound.port;
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.requests.push(headers);
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const inPath = new URL(headers[':path'] ?? '/', 'https://any').searchParams.get('dns');
      this.behaviour(stream, inPath === null ? Buffer.concat(chunks) : Buffer.from(inPath, 'base64url'));
    });
  }

  #hold(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#open.delete(socket));
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    // A connection whose handshake was under way when its client left would else be waited for.
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
