/**
 * A channel over UDP: each message leaves from a socket of its own, which lives until the attempt is over.
 *
 * What an attacker who cannot see the traffic must guess (RFC 5452 §4.5, §10): the port is the kernel's choice for a
 * socket that is bound to port 0, which it draws at random from the ephemeral range for each socket (RFC 6056 §3.3.1; on
 * Linux `net.ipv4.ip_local_port_range`); the id is in the message. The socket is connected, so the kernel itself drops
 * what comes from elsewhere, and ICMP errors about it are told. Between binding and connecting there is an instant in
 * which anybody's datagram is let in; those are shown with their true source, which the listener refuses.
 *
 * A datagram that is not the reply never ends the wait for the right one, and neither does one beyond `udpMessage`. What
 * has waited for long gives its socket up where there are too many.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { AT_SOCKET_LIMIT, CHANNEL_CLOSED, GAVE_WAY, problemOf } from './problem.ts';
import type { SocketHolder } from './socket-queue.ts';
import type { Attempt, AttemptListener, Channel, Endpoint, UpstreamProblem, UpstreamTarget } from './upstream.ts';
import type { Usage } from './usage.ts';

export class UdpChannel implements Channel {
  readonly counts = { reused: 0, opened: 0, unasked: 0 };
  readonly usage: Usage;
  readonly to: Endpoint;
  readonly socketOptions: SocketOptions;
  /** Where sockets are bound, if not where the system likes. */
  readonly source: { readonly address: string; readonly port: 0; readonly exclusive: true } | undefined;
  /** The upstream's address as the system spells it, once that has been asked for. */
  canonical: string | undefined;
  /** Those that are about to be told that they failed. */
  readonly failing = new Set<UdpAttempt>();
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
    for (const attempt of this.failing) attempt.cancel();
    let holder = this.usage.yielding.oldest;
    while (holder !== undefined) {
      const { newer } = holder;
      if (holder instanceof UdpAttempt && holder.channel === this) holder.cancel();
      holder = newer;
    }
    this.#closed();
  }
}

class UdpAttempt implements Attempt, SocketHolder {
  readonly channel: UdpChannel;
  readonly since = performance.now();
  older: SocketHolder | undefined;
  newer: SocketHolder | undefined;
  readonly #listener: AttemptListener;
  #socket: Socket | undefined;
  /** Whether a place among the sockets is taken. */
  #holds = false;
  #over = false;
  /** A problem is about to be told. */
  #troubled = false;

  constructor(channel: UdpChannel, listener: AttemptListener) {
    this.channel = channel;
    this.#listener = listener;
  }

  begin(message: Uint8Array): void {
    const { isClosed, usage } = this.channel;
    if (isClosed) {
      this.#fail(CHANNEL_CLOSED);
    } else if (usage.takeSocket()) {
      this.#holds = true;
      usage.yielding.enter(this);
      try {
        this.#send(message);
      } catch (error) {
        // Where connecting failed, its own error is under way, and says more than what is thrown because of it.
        process.nextTick(() => this.#fail(problemOf(error, 'invalid')));
      }
    } else {
      this.#fail(AT_SOCKET_LIMIT);
    }
  }

  #send(message: Uint8Array): void {
    const channel = this.channel;
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
    if (error !== null) this.#fail(problemOf(error, 'closed'));
  };

  #received(datagram: Uint8Array, from: RemoteInfo): void {
    const channel = this.channel;
    // A socket in trouble may be bound and not connected: whatever comes to it is nobody's.
    if (this.#over || this.#troubled || datagram.length > channel.usage.limits.udpMessage) return;
    const upstream = from.port === channel.to.port && this.#isUpstream(from.address);
    if (channel.usage.show(this.#listener, datagram, upstream ? channel.to : from)) this.cancel();
  }

  /** The system may spell the address in another way than the configuration does. */
  #isUpstream(address: string): boolean {
    const channel = this.channel;
    if (address === channel.to.address) return true;
    channel.canonical ??= this.#socket?.remoteAddress().address;
    return address === channel.canonical;
  }

  /** The socket goes at once; the listener is told when nobody is in the middle of `send`. */
  #fail(problem: UpstreamProblem): void {
    if (this.#over || this.#troubled) return;
    this.#troubled = true;
    this.#letGo();
    const { failing, usage } = this.channel;
    failing.add(this);
    setImmediate(() => {
      if (this.#over) return;
      this.cancel();
      usage.tell(this.#listener, problem);
    });
  }

  yieldSocket(): void {
    this.#fail(GAVE_WAY);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#letGo();
    if (this.#troubled) this.channel.failing.delete(this);
  }

  #letGo(): void {
    if (!this.#holds) return;
    this.#holds = false;
    const { usage } = this.channel;
    // Its 'error' listener stays: what the system says of it from now on concerns nobody.
    this.#socket?.close();
    usage.yielding.leave(this);
    usage.giveSocket();
  }
}
