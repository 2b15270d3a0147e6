/**
 * Plain clients for the tests of transports: they know sockets and frames and share no code with `src/`. Every wait has a
 * deadline.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls';

const DEADLINE = 10_000;

export function deadline(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(DEADLINE) };
}

/** Both kinds of client: what is sent is one message, what is received is one message. */
export interface Client {
  send(message: Buffer): void;
  receive(): Promise<Buffer>;
  close(): void;
}

/** What has come and nobody has asked for, and who has asked for what has not come. */
class Inbox {
  readonly #messages: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];

  add(message: Buffer): void {
    this.#messages.push(message);
    this.#waiting.shift()?.();
  }

  async take(): Promise<Buffer> {
    if (this.#messages.length === 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error('no reply before the deadline')), DEADLINE);
      this.#waiting.push(resolve);
      await promise;
      clearTimeout(timer);
    }
    const message = this.#messages.shift();
    if (message === undefined) throw new Error('a reply was taken twice');
    return message;
  }
}

/** A connected UDP socket: the system hands it only what comes from the address and port that it asked. */
export class UdpClient implements Client {
  readonly #socket: DatagramSocket;
  #open = true;
  readonly #inbox = new Inbox();

  static async connect(port: number, address = '127.0.0.1'): Promise<UdpClient> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const client = new UdpClient(socket);
    socket.connect(port, address);
    await once(socket, 'connect', deadline());
    return client;
  }

  private constructor(socket: DatagramSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (message) => this.#inbox.add(message));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(message: Buffer): void {
    this.#socket.send(message);
  }

  receive(): Promise<Buffer> {
    return this.#inbox.take();
  }

  close(): void {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }
}

/** A TCP connection that stays half open when the server ends, and takes replies apart by their length. */
export class TcpClient implements Client {
  readonly socket: Socket;
  /** Resolves when the server has closed its side. */
  readonly ended: Promise<void>;
  /** Resolves when the connection is gone, in whatever way. */
  readonly closed: Promise<void>;
  readonly #inbox = new Inbox();
  /** The TCP connection below. */
  readonly #carrier: Socket;
  #received = Buffer.alloc(0);

  static async connect(port: number, options: Partial<TcpNetConnectOpts> = {}): Promise<TcpClient> {
    const socket = connect({ host: '127.0.0.1', noDelay: true, allowHalfOpen: true, ...options, port });
    const client = new TcpClient(socket);
    await once(socket, 'connect', deadline());
    return client;
  }

  /** The same over TLS, whoever the server is. */
  static async connectTls(port: number, options: ConnectionOptions = {}): Promise<TcpClient> {
    const { socket, carrier } = openTls(port, options);
    const client = new TcpClient(socket, carrier);
    await once(socket, 'secureConnect', deadline());
    return client;
  }

  private constructor(socket: Socket, carrier = socket) {
    this.socket = socket;
    this.#carrier = carrier;
    this.ended = new Promise((resolve) => socket.once('end', resolve));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#parse(chunk));
  }

  get port(): number {
    return this.socket.localPort ?? 0;
  }

  #parse(chunk: Buffer): void {
    let rest = Buffer.concat([this.#received, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      this.#inbox.add(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
    this.#received = rest;
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(stream(messages));
  }

  receive(): Promise<Buffer> {
    return this.#inbox.take();
  }

  receiveAll(count: number): Promise<Buffer[]> {
    return Promise.all(Array.from({ length: count }, () => this.receive()));
  }

  close(): void {
    this.socket.destroy();
  }

  /** Closes at once, so that the server gets a reset. */
  reset(): void {
    this.#carrier.resetAndDestroy();
  }
}

/** Begins a handshake. */
export function openTls(
  port: number,
  options: ConnectionOptions & { readonly allowHalfOpen?: boolean } = {},
): { readonly socket: TLSSocket; readonly carrier: Socket } {
  const { host = '127.0.0.1', allowHalfOpen = true } = options;
  const carrier = connect({ host, port, noDelay: true, allowHalfOpen });
  const socket = connectTls({ rejectUnauthorized: false, ...options, socket: carrier });
  for (const one of [socket, carrier]) one.on('error', () => {});
  return { socket, carrier };
}

/** Messages as they stand in a TCP stream. */
export function stream(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      return [length, message];
    }),
  );
}
