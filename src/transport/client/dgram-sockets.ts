/** Sockets to an upstream through `node:dgram`: everywhere, and with the system's own words for what goes wrong. */
import { type RemoteInfo, type Socket, type SocketOptions, createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Endpoint } from './upstream.ts';
import type { UdpPeer, UdpSocket, UdpSocketUser } from './udp-sockets.ts';

export class DgramPeer implements UdpPeer<UdpSocket> {
  readonly #to: Endpoint;
  readonly #options: SocketOptions;
  readonly #source: { readonly address: string; readonly port: 0; readonly exclusive: true } | undefined;
  /** The upstream's address as the system spells it, once that has been asked for. */
  #canonical: string | undefined;

  constructor(to: Endpoint, source: string | undefined) {
    this.#to = to;
    this.#source = source === undefined ? undefined : { address: source, port: 0, exclusive: true };
    this.#options = {
      type: isIPv6(to.address) ? 'udp6' : 'udp4',
      // Every address here is a literal. Without this, dgram puts binding, connecting and sending off to later ticks.
      lookup: (literal, { family }, found) => found(null, literal, Number(family ?? 0)),
    };
  }

  open(message: Uint8Array, user: UdpSocketUser): UdpSocket {
    const socket = createSocket(this.#options);
    const sent = (error: Error | null): void => {
      if (error !== null) user.error(error);
    };
    socket.on('message', (datagram: Uint8Array, from: RemoteInfo) =>
      user.datagram(datagram, this.#isUpstream(socket, from) ? this.#to : from),
    );
    // It stays when the socket is closed: what the system says from then on concerns nobody.
    socket.on('error', sent);
    try {
      if (this.#source !== undefined) socket.bind(this.#source);
      // A source that the machine lacks is told at once; connecting would bind the socket to another.
      if (user.isWaiting) {
        socket.connect(this.#to.port, this.#to.address);
        // Where the system does not take it at once, the octets must stay as they are.
        socket.send(Buffer.from(message), sent);
      }
    } catch (error) {
      // Where connecting failed, its own error is under way, and says more than what is thrown because of it.
      process.nextTick(() => user.error(error));
    }
    return socket;
  }

  /** The system may spell the address in another way than the configuration does. */
  #isUpstream(socket: Socket, from: RemoteInfo): boolean {
    if (from.port !== this.#to.port) return false;
    if (from.address === this.#to.address) return true;
    this.#canonical ??= socket.remoteAddress().address;
    return from.address === this.#canonical;
  }
}
