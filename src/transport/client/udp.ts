/**
 * A channel over UDP: each message leaves from a socket of its own, which lives until the attempt is over.
 *
 * What an attacker who cannot see the traffic must guess (RFC 5452 §4.5, §10): the port is the kernel's choice for a
 * socket that is bound to port 0, which it draws at random from the ephemeral range for each socket (RFC 6056 §3.3.1; on
 * Linux `net.ipv4.ip_local_port_range`); the id is in the message. The socket is connected, so the kernel itself drops
 * what comes from elsewhere, and ICMP errors about it are told. Between binding and connecting there is an instant in
 * which anybody's datagram is let in; those are shown with their true source, which the listener refuses.
 *
 * A datagram that is not the reply never ends the wait for the right one, and neither does one beyond `udpMessage`.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { AT_SOCKET_LIMIT, CHANNEL_CLOSED, problemOf } from './problem.ts';
import type { Attempt, AttemptListener, Channel, Endpoint, UpstreamProblem, UpstreamTarget } from './upstream.ts';
import type { Usage } from './usage.ts';

export class UdpChannel implements Channel {
  readonly counts = { reused: 0, opened: 0 };
  readonly usage: Usage;
  readonly to: Endpoint;
  readonly socketOptions: SocketOptions;
  /** Where sockets are bound, if not where the system likes. */
  readonly source: { readonly address: string; readonly port: 0; readonly exclusive: true } | undefined;
  /** The upstream's address as the system spells it, once that has been asked for. */
  canonical: string | undefined;
  readonly attempts = new Set<UdpAttempt>();
  isClosed = false;
  readonly #closed: () => void;

  constructor(target: UpstreamTarget, usage: Usage, closed: () => void) {
    this.usage = usage;
    this.#closed = closed;
    this.to = target.to;
    this.source = target.source === undefined ? undefined : { address: target.source, port: 0, exclusive: true };
    this.socketOptions = {
      type: isIPv6(target.to.address) ? 'udp6' : 'udp4',
      // Every address here is a literal. Without this, dgram puts binding, connecting and sending off to later ticks.
      lookup: (literal, { family }, found) => found(null, literal, Number(family ?? 0)),
    };
  }

  send(message: Uint8Array, listener: AttemptListener): Attempt {
    const attempt = new UdpAttempt(this, listener);
    attempt.begin(message);
    return attempt;
  }

  close(): void {
    this.isClosed = true;
    for (const attempt of this.attempts) attempt.cancel();
    this.#closed();
  }
}

class UdpAttempt implements Attempt {
  readonly #channel: UdpChannel;
  readonly #listener: AttemptListener;
  #socket: Socket | undefined;
  /** Whether a place among the sockets is taken. */
  #holds = false;
  #over = false;
  /** Until `send` has returned, problems are told later. */
  #sending = true;
  /** A problem is about to be told. */
  #troubled = false;

  constructor(channel: UdpChannel, listener: AttemptListener) {
    this.#channel = channel;
    this.#listener = listener;
  }

  begin(message: Uint8Array): void {
    const channel = this.#channel;
    channel.attempts.add(this);
    if (channel.isClosed) {
      this.#failed(CHANNEL_CLOSED);
    } else if (channel.usage.takeSocket()) {
      this.#holds = true;
      try {
        this.#send(message);
      } catch (error) {
        // Where connecting failed, its error comes in this tick, ahead of what is thrown because of it.
        this.#failed(problemOf(error, 'invalid'));
      }
    } else {
      this.#failed(AT_SOCKET_LIMIT);
    }
    this.#sending = false;
  }

  #send(message: Uint8Array): void {
    const channel = this.#channel;
    const { to, source } = channel;
    const socket = createSocket(channel.socketOptions);
    this.#socket = socket;
    socket.on('message', (datagram: Uint8Array, from: RemoteInfo) => this.#received(datagram, from));
    socket.on('error', this.#sent);
    if (source !== undefined) socket.bind(source);
    // A source that the machine lacks is told at once; connecting would bind the socket to another.
    if (this.#troubled) return;
    socket.connect(to.port, to.address);
    channel.counts.opened++;
    // Where the system does not take it at once, the octets must stay as they are.
    socket.send(Buffer.from(message), this.#sent);
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#failed(problemOf(error, 'closed'));
  };

  #received(datagram: Uint8Array, from: RemoteInfo): void {
    const channel = this.#channel;
    // A socket in trouble may be bound and not connected: whatever comes to it is nobody's.
    if (this.#over || this.#troubled || datagram.length > channel.usage.limits.udpMessage) return;
    const upstream = from.port === channel.to.port && this.#isUpstream(from.address);
    if (channel.usage.show(this.#listener, datagram, upstream ? channel.to : from)) this.cancel();
  }

  /** The system may spell the address in another way than the configuration does. */
  #isUpstream(address: string): boolean {
    const channel = this.#channel;
    if (address === channel.to.address) return true;
    channel.canonical ??= this.#socket?.remoteAddress().address;
    return address === channel.canonical;
  }

  #failed(problem: UpstreamProblem): void {
    if (this.#over) return;
    if (this.#sending) {
      this.#troubled = true;
      setImmediate(() => this.#failed(problem));
      return;
    }
    this.cancel();
    this.#channel.usage.tell(this.#listener, problem);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#channel.attempts.delete(this);
    // Its 'error' listener stays: what the system says of it from now on concerns nobody.
    this.#socket?.close();
    if (this.#holds) this.#channel.usage.giveSocket();
  }
}
