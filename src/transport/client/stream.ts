/**
 * A connection that carries messages behind their length, over TCP or TLS (RFC 1035 §4.2.2, RFC 7766 §8, RFC 7858 §3.3).
 * Replies come in any order.
 *
 * Octets that the peer has not taken and those of a frame that is not whole yet are counted against the bound of the
 * process; a peer that lets them grow beyond it loses its connection.
 */
import { connect, type Socket } from 'node:net';
import { FrameReader, framed } from '../frames.ts';
import { idOf, type PooledAttempt } from './attempt.ts';
import { Connection } from './connection.ts';
import type { ConnectionKind, ConnectionPool } from './pool.ts';
import { AT_OCTET_LIMIT, problem, problemOf } from './problem.ts';
import type { TlsConnector } from './tls.ts';
import type { UpstreamTarget } from './upstream.ts';

const EMPTY_FRAME = problem('invalid', 'the upstream sent a frame of no octets');

export function tcpConnections({ to, source }: UpstreamTarget): ConnectionKind {
  const options = {
    host: to.address,
    port: to.port,
    noDelay: true,
    ...(source === undefined ? {} : { localAddress: source }),
  };
  return {
    form: framed,
    open: (pool) => new StreamConnection(pool, connect(options), 'connect'),
  };
}

export function tlsConnections(connector: TlsConnector): ConnectionKind {
  return {
    form: framed,
    open: (pool) => new StreamConnection(pool, connector.connect(), 'secureConnect'),
  };
}

class StreamConnection extends Connection {
  readonly #socket: Socket;
  /** What waits, by the id that its reply bears: no two have the same. */
  readonly #byId = new Map<number, PooledAttempt>();
  readonly #frames = new FrameReader();
  /** What is counted as held now. */
  #held = 0;

  constructor(pool: ConnectionPool, socket: Socket, ready: 'connect' | 'secureConnect') {
    super(pool);
    this.#socket = socket;
    const otherwise = ready === 'connect' ? 'closed' : 'tls';
    socket.on(ready, () => this.opened());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.lost());
    socket.on('error', (error) => this.lost(problemOf(error, otherwise)));
    socket.on('close', () => this.lost());
  }

  override take(attempt: PooledAttempt): void {
    this.#byId.set(attempt.id, attempt);
    super.take(attempt);
  }

  override canTake(attempt: PooledAttempt, now: number): boolean {
    return super.canTake(attempt, now) && !this.#byId.has(attempt.id);
  }

  protected write(attempt: PooledAttempt): void {
    this.#socket.write(attempt.octets, this.#written);
    this.#count();
  }

  protected forget(attempt: PooledAttempt): void {
    this.#byId.delete(attempt.id);
  }

  protected destroy(): void {
    this.pool.usage.giveOctets(this.#held);
    this.#held = 0;
    this.#byId.clear();
    this.#socket.destroy();
  }

  readonly #written = (): void => this.#count();

  #read(chunk: Buffer): void {
    if (this.isGone) return;
    const frames = this.#frames;
    frames.push(chunk);
    for (let message = frames.next(); message !== undefined; message = frames.next()) {
      if (message.length === 0) {
        this.lost(EMPTY_FRAME);
        return;
      }
      if (!this.received(message, this.#byId.get(idOf(message)))) return;
    }
    this.#count();
  }

  /** Brings the count of octets up to date. */
  #count(): void {
    if (this.isGone) return;
    const held = this.#frames.buffered + this.#socket.writableLength;
    const more = held - this.#held;
    if (more > 0 && !this.pool.usage.takeOctets(more)) {
      setImmediate(() => this.lost(AT_OCTET_LIMIT));
      return;
    }
    if (more < 0) this.pool.usage.giveOctets(-more);
    this.#held = held;
  }
}
