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
import { DgramPeer } from './dgram-sockets.ts';
import { AT_SOCKET_LIMIT, CHANNEL_CLOSED, GAVE_WAY, problemOf } from './problem.ts';
import type { SocketHolder } from './socket-queue.ts';
import type { UdpPeer, UdpSocket, UdpSocketUser, UdpSockets } from './udp-sockets.ts';
import type { Attempt, AttemptListener, Channel, Endpoint, UpstreamProblem, UpstreamTarget } from './upstream.ts';
import type { Usage } from './usage.ts';

export class UdpChannel implements Channel {
  readonly counts = { reused: 0, opened: 0, unasked: 0 };
  readonly usage: Usage;
  /** Those that are about to be told that they failed. */
  readonly failing = new Set<UdpAttempt>();
  isClosed = false;
  readonly #dgram: DgramPeer;
  readonly #target: UpstreamTarget;
  readonly #sockets: () => UdpSockets | undefined;
  /** Of `#sockets`; null where they cannot serve this upstream. */
  #peer: UdpPeer | null | undefined;
  readonly #closed: () => void;

  /** @param sockets what is used in place of `node:dgram`; undefined for as long as there is no such thing */
  constructor(target: UpstreamTarget, usage: Usage, closed: () => void, sockets: () => UdpSockets | undefined) {
    this.usage = usage;
    this.#target = target;
    this.#sockets = sockets;
    this.#closed = closed;
    this.#dgram = new DgramPeer(target.to, target.source);
  }

  send(message: Uint8Array, listener: AttemptListener): Attempt {
    const attempt = new UdpAttempt(this, listener);
    attempt.begin(message);
    return attempt;
  }

  open(message: Uint8Array, user: UdpSocketUser): UdpSocket {
    return this.#fastPeer()?.open(message, user) ?? this.#dgram.open(message, user);
  }

  #fastPeer(): UdpPeer | null | undefined {
    if (this.#peer === undefined) {
      const { to, source } = this.#target;
      const sockets = this.#sockets();
      if (sockets !== undefined) this.#peer = sockets.peer(to, source) ?? null;
    }
    return this.#peer;
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

class UdpAttempt implements Attempt, SocketHolder, UdpSocketUser {
  readonly channel: UdpChannel;
  readonly since = performance.now();
  older: SocketHolder | undefined;
  newer: SocketHolder | undefined;
  readonly #listener: AttemptListener;
  #socket: UdpSocket | undefined;
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
    const { channel } = this;
    const { isClosed, usage } = channel;
    if (isClosed) {
      this.#fail(CHANNEL_CLOSED);
    } else if (usage.takeSocket()) {
      this.#holds = true;
      usage.yielding.enter(this);
      this.#socket = channel.open(message, this);
      if (this.isWaiting) channel.counts.opened++;
      else this.#socket.close();
    } else {
      this.#fail(AT_SOCKET_LIMIT);
    }
  }

  get isWaiting(): boolean {
    // A socket in trouble may be bound and not connected: whatever comes to it is nobody's.
    return !this.#over && !this.#troubled;
  }

  datagram(octets: Uint8Array, from: Endpoint): void {
    const { usage } = this.channel;
    if (!this.isWaiting || octets.length > usage.limits.udpMessage) return;
    if (usage.show(this.#listener, octets, from)) this.cancel();
  }

  error(error: unknown): void {
    // What is no error of the system is one of the arguments: a port that is none.
    this.#fail(problemOf(error, error instanceof RangeError ? 'invalid' : 'closed'));
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
    this.#socket?.close();
    usage.yielding.leave(this);
    usage.giveSocket();
  }
}
