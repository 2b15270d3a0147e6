/**
 * What a channel over UDP needs of the system: for each message a socket of its own, connected to the upstream. There are two
 * makers, which are interchangeable: `node:dgram` (dgram-sockets.ts), and the system's own calls (udp-batch/client-sockets.ts),
 * which cost a fraction of that. What the second cannot open goes to the first, which can say why.
 */
import type { Endpoint } from './upstream.ts';

/** Whoever waits on a socket. */
export interface UdpSocketUser {
  /** False from the moment on in which nothing more is wanted. */
  readonly isWaiting: boolean;
  /** A datagram, borrowed. One of the upstream's bears the very endpoint that the peer was made for. */
  datagram(octets: Uint8Array, from: Endpoint): void;
  /** What the system says, `code` and `errno` with it. It may be told while `open` is under way. */
  error(error: unknown): void;
}

export interface UdpSocket {
  /** At once: nothing is told any more, save an error of `node:dgram`. */
  close(): void;
}

/** An upstream to which sockets are opened. */
export interface UdpPeer<Opened extends UdpSocket | undefined = UdpSocket | undefined> {
  /** Opens a socket and sends the message, which is copied. */
  open(message: Uint8Array, user: UdpSocketUser): Opened;
}

export interface UdpSockets {
  /**
   * Undefined where it cannot be said what the address is in the system's terms.
   * @param source the local address to send from; undefined for the system's choice
   */
  peer(to: Endpoint, source: string | undefined): UdpPeer | undefined;
}
