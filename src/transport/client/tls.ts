/**
 * TLS to one upstream (RFC 7858, RFC 8310 §5 strict profile): who the peer must be, and sessions that make the next
 * handshake short. At least TLS 1.2; the certificate is always checked.
 *
 * Sessions: those of TLS 1.3 are meant to be used once, so that connections cannot be linked by them (RFC 8446 §C.4). So
 * they are while there are several; the last one is kept, as some servers give no other with a resumed handshake, and our
 * address links our connections anyhow. After a handshake that failed none is kept.
 */
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { UpstreamTarget } from './upstream.ts';

/** Sessions that are kept: a server gives two with each full handshake, and seldom more. */
const SESSIONS = 4;

interface Session {
  readonly data: Buffer;
  readonly once: boolean;
}

export class TlsConnector {
  readonly #target: UpstreamTarget;
  readonly #protocols: readonly string[];
  #options: ConnectionOptions | undefined;
  readonly #sessions: Session[] = [];

  /** `protocols`: what is offered by ALPN, the preferred one first. */
  constructor(target: UpstreamTarget, protocols: readonly string[]) {
    this.#target = target;
    this.#protocols = protocols;
  }

  /**
   * Begins to connect; 'secureConnect' tells that the peer is who it must be, 'error' that it is not.
   * @throws Error where the CA, the certificate or the key cannot be used
   */
  connect(): TLSSocket {
    const options = (this.#options ??= this.#prepare());
    const session = this.#takeSession();
    const socket = connect(session === undefined ? options : { ...options, session });
    let established = false;
    socket.setNoDelay(true);
    // Told only of a peer that was verified, whenever in the handshake the session came.
    socket.on('session', (data) => this.#keep({ data, once: socket.getProtocol() === 'TLSv1.3' }));
    socket.on('secureConnect', () => {
      established = true;
    });
    socket.on('error', () => {
      if (!established) this.#sessions.length = 0;
    });
    return socket;
  }

  #prepare(): ConnectionOptions {
    const { to, source, tls } = this.#target;
    const name = tls?.serverName;
    return {
      host: to.address,
      port: to.port,
      ...(source === undefined ? {} : { localAddress: source }),
      secureContext: contextFor(this.#target),
      ALPNProtocols: [...this.#protocols],
      ...identity(name ?? withoutScope(to.address)),
    };
  }

  #takeSession(): Buffer | undefined {
    const newest = this.#sessions.at(-1);
    if (newest?.once === true && this.#sessions.length > 1) this.#sessions.pop();
    return newest?.data;
  }

  #keep(session: Session): void {
    if (this.#sessions.length === SESSIONS) this.#sessions.shift();
    this.#sessions.push(session);
  }
}

/** An address is no name for SNI (RFC 6066 §3), but a certificate may bear it. */
function identity(name: string): ConnectionOptions {
  if (isIP(name) === 0) return { servername: name };
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) };
}

function withoutScope(address: string): string {
  return address.split('%', 1)[0] ?? address;
}

function contextFor({ tls }: UpstreamTarget): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ca: tls?.ca ?? systemAuthorities(),
    ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
  });
}

/** The system's store; where it has none, as in an image without one, those that Node brings. */
function systemAuthorities(): string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('default');
}
