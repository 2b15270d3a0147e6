/**
 * TLS in front of whatever is spoken on a connection (RFC 8446, RFC 5246; RFC 8310 for DNS): who we are, what a client must
 * show, and the handshake of each connection. At least TLS 1.2. What is here is never changed: another certificate is another
 * terminator, which new connections go through.
 */
import type { Socket } from 'node:net';
import { constants } from 'node:crypto';
import { type Server, type TLSSocket, createServer } from 'node:tls';
import type { Serving } from './serving.ts';

/** Whether a client is asked for a certificate, whether it needs one, and whether it is verified. */
export type ClientAuth = 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify';

export interface TlsIdentity {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: string;
  /** Of those whose clients are trusted; undefined for those that Node brings. */
  readonly ca: string | undefined;
  readonly clientAuth: ClientAuth;
  /** Protocols that may be chosen by ALPN (RFC 7301), the preferred one first. */
  readonly protocols: readonly string[];
  /** Told the secrets of each connection, in lines of the format that SSLKEYLOGFILE has; undefined where nobody is. */
  readonly keylog: ((line: Buffer) => void) | undefined;
}

type Secured = (socket: TLSSocket | undefined) => void;

export class TlsTerminator {
  readonly #identity: TlsIdentity;
  /** It listens nowhere: connections are handed to it. */
  readonly #server: Server;
  /** Who waits for a handshake, by `endsOf` its connection. */
  readonly #waiting = new Map<string, Secured>();

  /** @throws Error where the certificate, the key or the authorities cannot be used */
  constructor(identity: TlsIdentity) {
    const { certificate, key, ca, clientAuth, protocols, keylog } = identity;
    this.#identity = identity;
    this.#server = createServer({
      cert: certificate,
      key,
      ...(ca === undefined ? {} : { ca }),
      minVersion: 'TLSv1.2',
      // A client could otherwise have us work for it as often as it likes (RFC 5746 forbids nobody to refuse).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      requestCert: clientAuth !== 'nocert',
      // Looked at below: what Node refuses by itself is either all or nothing.
      rejectUnauthorized: false,
      allowHalfOpen: true,
      ALPNProtocols: [...protocols],
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    // The connection is closed by then, and whoever waits for it sees that.
    this.#server.on('tlsClientError', () => {});
    if (keylog !== undefined) this.#server.on('keylog', keylog);
  }

  /** Calls back once if the handshake succeeds: with a socket that may be used, or with none where the client may not. */
  begin(carrier: Socket, secured: Secured): void {
    const ends = endsOf(carrier);
    this.#waiting.set(ends, secured);
    carrier.once('close', () => {
      if (this.#waiting.get(ends) === secured) this.#waiting.delete(ends);
    });
    // Who closes its side before the handshake is over is gone; half open is a connection only once it is secured.
    carrier.allowHalfOpen = false;
    this.#server.emit('connection', carrier);
  }

  #secured(socket: TLSSocket): void {
    const ends = endsOf(socket);
    const secured = this.#waiting.get(ends);
    this.#waiting.delete(ends);
    socket.setNoDelay(true);
    socket.allowHalfOpen = true;
    // Whoever is not let in may reset the connection all the same.
    socket.on('error', () => {});
    if (secured === undefined) socket.destroy();
    else secured(this.#mayEnter(socket) ? socket : undefined);
  }

  #mayEnter(socket: TLSSocket): boolean {
    switch (this.#identity.clientAuth) {
      case 'nocert':
      case 'request':
        return true;
      case 'require':
        return hasCertificate(socket);
      case 'verify_if_given':
        return socket.authorized || !hasCertificate(socket);
      case 'require_and_verify':
        return socket.authorized && hasCertificate(socket);
    }
  }
}

function hasCertificate(socket: TLSSocket): boolean {
  return socket.getPeerX509Certificate() !== undefined;
}

/** What no two open connections have in common. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** A connection until it may be used. */
export class TlsHandshake {
  readonly #carrier: Socket;
  readonly #serving: Serving;
  readonly #deadline: number;
  #isOver = false;

  /** @param done is called when the client may enter */
  constructor(terminator: TlsTerminator, carrier: Socket, serving: Serving, done: (socket: TLSSocket) => void) {
    this.#carrier = carrier;
    this.#serving = serving;
    this.#deadline = performance.now() + serving.limits.tlsHandshake;
    // A reset at any moment is the peer's right; 'close' follows.
    carrier.on('error', () => {});
    carrier.once('close', () => this.#failed());
    terminator.begin(carrier, (socket) => {
      if (socket === undefined) {
        this.#failed();
        carrier.destroy();
        return;
      }
      this.#isOver = true;
      done(socket);
    });
  }

  drain(): void {
    this.destroy();
  }

  destroy(): void {
    this.#isOver = true;
    this.#carrier.destroy();
  }

  check(now: number): void {
    if (this.#isOver || now < this.#deadline) return;
    this.#serving.counts.cutOff++;
    this.#failed();
    this.#carrier.destroy();
  }

  #failed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#serving.counts.handshakes++;
  }
}
