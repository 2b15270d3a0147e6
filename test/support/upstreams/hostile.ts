/**
 * Real servers on loopback whose behaviour a test chooses, and changes while they run: the upstreams that one hopes not to
 * have. Over UDP and TCP on one port, or over TLS.
 *
 *     const upstream = await openUpstream({ behaviour: truncatedOverUdp });
 *     upstream.behaviour = silent;
 *     await upstream.until(() => upstream.asked.tcp > 0);
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Asked, Behaviour } from './behaviours.ts';
import { authority, type KeyPair, keyPairs } from './certificates.ts';
import { frame } from './octets.ts';

const DEADLINE = 10_000;

/** What is done with a connection: served; reset as it comes; kept without a word, so that TLS stalls in its handshake. */
export type Accepting = 'serve' | 'reset' | 'stall';

export interface UpstreamOptions {
  readonly behaviour: Behaviour;
  readonly accepting?: Accepting;
  readonly address?: string;
  /** 0, or left out, for any free port; another to take the place of one that was closed. */
  readonly port?: number;
}

export interface TlsUpstreamOptions extends UpstreamOptions {
  readonly certificate?: KeyPair;
  /** Whether clients must show a certificate of the authority. */
  readonly asksCertificate?: boolean;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Protocols that it knows by ALPN. */
  readonly protocols?: readonly string[];
}

export class HostileUpstream {
  readonly address: string;
  behaviour: Behaviour;
  accepting: Accepting;
  /** Queries by transport, connections that were accepted, and TLS handshakes that resumed a session. */
  readonly asked = { udp: 0, tcp: 0, tls: 0, connections: 0, resumed: 0 };
  /** All queries, oldest first. */
  readonly queries: Buffer[] = [];
  /** Ports that datagrams came from. */
  readonly clientPorts: number[] = [];
  /** What the TLS clients asked for and showed, by connection. */
  readonly clients: { readonly serverName: string; readonly protocol: string; readonly certificate: string }[] = [];
  readonly #open = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #watching = new Set<() => void>();
  #udp: DatagramSocket | undefined;
  #elsewhere: DatagramSocket | undefined;
  #tcp: Server | undefined;
  #tls: TlsServer | undefined;

  constructor({ behaviour, accepting = 'serve', address = '127.0.0.1' }: UpstreamOptions) {
    this.behaviour = behaviour;
    this.accepting = accepting;
    this.address = address;
  }

  get port(): number {
    const bound = this.#tcp?.address();
    if (bound === null || typeof bound !== 'object') throw new Error('the upstream is not open');
    return bound.port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size;
  }

  /** Resolves when the condition holds, which is asked after everything that happens here; rejects at the deadline. */
  async until(condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('it did not come to that before the deadline')), DEADLINE);
    const watch = (): void => {
      if (condition()) resolve();
    };
    this.#watching.add(watch);
    watch();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watching.delete(watch);
    }
  }

  /** UDP and TCP on one port. */
  async openDns(port: number, tries = 16): Promise<void> {
    const server = createServer((socket) => this.#accept(socket, () => this.#serve(socket, 'tcp')));
    server.listen({ host: this.address, port });
    await once(server, 'listening');
    this.#tcp = server;
    const type = this.address.includes(':') ? 'udp6' : 'udp4';
    const udp = createSocket({ type, recvBufferSize: 1_048_576 });
    udp.bind({ address: this.address, port: this.port });
    try {
      await once(udp, 'listening');
    } catch (error) {
      server.close();
      if (port !== 0 || tries === 0) throw error;
      await this.openDns(port, tries - 1);
      return;
    }
    this.#udp = udp;
    this.#elsewhere = createSocket(type);
    this.#elsewhere.bind({ address: this.address, port: 0 });
    await once(this.#elsewhere, 'listening');
    udp.on('error', () => {});
    udp.on('message', (octets, client) => {
      this.asked.udp++;
      this.clientPorts.push(client.port);
      this.#ask({
        protocol: 'udp',
        octets,
        connection: 0,
        nth: 1,
        send: (message) => udp.send(message, client.port, client.address),
        sendFromElsewhere: (message) => this.#elsewhere?.send(message, client.port, client.address),
        write: (message) => udp.send(message, client.port, client.address),
        end: () => {},
        reset: () => {},
        later: (milliseconds, run) => this.#later(milliseconds, run),
      });
    });
  }

  async openTls(port: number, options: Omit<TlsUpstreamOptions, keyof UpstreamOptions>): Promise<void> {
    const { certificate = keyPairs.server, asksCertificate = false, maxVersion = 'TLSv1.3', protocols } = options;
    const tls = createTlsServer({
      ...certificate,
      ca: authority,
      requestCert: asksCertificate,
      rejectUnauthorized: asksCertificate,
      maxVersion,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    });
    tls.on('tlsClientError', () => this.#happened());
    tls.on('secureConnection', (socket) => this.#secured(socket));
    this.#tls = tls;
    this.#tcp = createServer((socket) => this.#accept(socket, () => tls.emit('connection', socket)));
    this.#tcp.listen({ host: this.address, port });
    await once(this.#tcp, 'listening');
  }

  #secured(socket: TLSSocket): void {
    if (socket.isSessionReused()) this.asked.resumed++;
    // Where none was shown, what is given is an empty object.
    const shown = socket.getPeerCertificate();
    const name = 'subject' in shown ? String(shown.subject.CN) : '';
    const { servername, alpnProtocol } = socket;
    this.clients.push({
      serverName: typeof servername === 'string' ? servername : '',
      protocol: typeof alpnProtocol === 'string' ? alpnProtocol : '',
      certificate: name,
    });
    this.#serve(socket, 'tls');
    this.#happened();
  }

  #accept(socket: Socket, serve: () => void): void {
    this.asked.connections++;
    this.#open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open.delete(socket);
      this.#happened();
    });
    if (this.accepting === 'reset') socket.resetAndDestroy();
    else if (this.accepting === 'serve') serve();
    else socket.resume();
    this.#happened();
  }

  #serve(socket: Socket, protocol: 'tcp' | 'tls'): void {
    const connection = this.asked.connections;
    let nth = 0;
    let held = Buffer.alloc(0);
    const write = (octets: Buffer): void => void (socket.writable && socket.write(octets));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        const octets = held.subarray(2, end);
        held = held.subarray(end);
        this.asked[protocol]++;
        this.#ask({
          protocol,
          octets,
          connection,
          nth: ++nth,
          send: (message) => write(frame(message)),
          sendFromElsewhere: () => {},
          write,
          end: () => socket.end(),
          reset: () => socket.resetAndDestroy(),
          later: (milliseconds, run) => this.#later(milliseconds, run),
        });
      }
    });
  }

  #ask(asked: Asked): void {
    this.queries.push(Buffer.from(asked.octets));
    this.behaviour(asked);
    this.#happened();
  }

  #later(milliseconds: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #happened(): void {
    for (const watch of this.#watching) watch();
  }

  /** Resets all connections and goes on listening. */
  resetConnections(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  /** Closes all connections in an orderly way and goes on listening. */
  endConnections(): void {
    for (const socket of this.#open) socket.end();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#udp?.close();
    this.#udp = undefined;
    this.#elsewhere?.close();
    this.#elsewhere = undefined;
    this.#tls?.close();
    const server = this.#tcp;
    this.#tcp = undefined;
    for (const socket of this.#open) socket.destroy();
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}

/** Opens UDP and TCP on one port. */
export async function openUpstream(options: UpstreamOptions): Promise<HostileUpstream> {
  const upstream = new HostileUpstream(options);
  await upstream.openDns(options.port ?? 0);
  return upstream;
}

/** Opens TLS. */
export async function openTlsUpstream(options: TlsUpstreamOptions): Promise<HostileUpstream> {
  const upstream = new HostileUpstream(options);
  await upstream.openTls(options.port ?? 0, options);
  return upstream;
}
