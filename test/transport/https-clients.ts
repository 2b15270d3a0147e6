/** Clients of DNS over HTTPS for tests: HTTP/2 through Node's own client, HTTP/1.1 as text. They share no code with `src/`. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders, connect } from 'node:http2';
import { type Socket, connect as connectTcp } from 'node:net';
import packet from 'dns-packet';
import { onTestFinished } from 'vitest';
import { deadline, openTls } from './clients.ts';

export const DNS_MESSAGE = 'application/dns-message';

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A query for the A records of a name. */
export function query(name = 'x.test'): Buffer {
  return packet.encode({ type: 'query', id: 0, flags: 0x0100, questions: [{ type: 'A', name }] });
}

export const target = (message: Buffer): string => `/dns-query?dns=${message.toString('base64url')}`;

export class Http2Client {
  readonly session: ClientHttp2Session;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly goneAway: Promise<number>;

  constructor(port: number, settings: Parameters<typeof connect>[1] = {}) {
    const { socket } = openTls(port, { ALPNProtocols: ['h2'], allowHalfOpen: false });
    this.session = connect(`https://127.0.0.1:${port}`, { ...settings, createConnection: () => socket });
    this.session.on('error', () => {});
    this.closed = new Promise((resolve) => this.session.once('close', resolve));
    this.goneAway = new Promise((resolve) => this.session.once('goaway', resolve));
    onTestFinished(() => this.session.destroy());
  }

  async settled(): Promise<this> {
    await once(this.session, 'remoteSettings', deadline());
    return this;
  }

  begin(headers: OutgoingHttpHeaders, isOver = true): ClientHttp2Stream {
    const stream = this.session.request(headers, { endStream: isOver });
    stream.on('error', () => {});
    return stream;
  }

  get(path: string): Promise<HttpReply> {
    return replyOf(this.begin({ ':path': path }));
  }

  post(body: Buffer, headers: OutgoingHttpHeaders = {}): Promise<HttpReply> {
    const stream = this.begin(
      { ':path': '/dns-query', ':method': 'POST', 'content-type': DNS_MESSAGE, ...headers },
      false,
    );
    stream.end(body);
    return replyOf(stream);
  }
}

/** Rejects where the stream ends without a response. */
export async function replyOf(stream: ClientHttp2Stream): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const chunks: Buffer[] = [];
  let head: Readonly<Record<string, unknown>> | undefined;
  stream.on('response', (headers) => (head = headers));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    if (head === undefined) return;
    const headers = Object.fromEntries(Object.entries(head).map(([name, value]) => [name, String(value)]));
    resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks) });
  });
  stream.on('close', () => reject(new Error(`the stream ended with ${stream.rstCode}`)));
  deadline().signal.addEventListener('abort', () => reject(new Error('no response before the deadline')));
  return promise;
}

/** One connection of HTTP/1.1; responses are told apart by their lengths. */
export class Http1Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  readonly #waiting: (() => void)[] = [];

  static async overTls(port: number): Promise<Http1Client> {
    const { socket } = openTls(port, { ALPNProtocols: ['http/1.1'] });
    const client = new Http1Client(socket);
    await once(socket, 'secureConnect', deadline());
    return client;
  }

  static async plain(port: number): Promise<Http1Client> {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    const client = new Http1Client(socket);
    await once(socket, 'connect', deadline());
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      for (const event of ['end', 'close']) socket.once(event, () => resolve());
    });
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      for (const look of this.#waiting.splice(0)) look();
    });
    onTestFinished(() => void socket.destroy());
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string | number>> = {},
    body: Buffer | string = '',
  ): void {
    const lines = Object.entries({ Host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.send(Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]));
  }

  async receive(): Promise<HttpReply> {
    const { signal } = deadline();
    for (;;) {
      const reply = this.#take();
      if (reply !== undefined) return reply;
      // oxlint-disable-next-line no-await-in-loop -- one piece after another
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () =>
          reject(new Error(`no response in ${this.#received.toString('latin1')}`)),
        );
      });
    }
  }

  #take(): HttpReply | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const [first = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
    );
    const from = end + 4;
    const length = Number(headers['content-length'] ?? 0);
    if (this.#received.length < from + length) return undefined;
    const body = Buffer.from(this.#received.subarray(from, from + length));
    this.#received = this.#received.subarray(from + length);
    return { status: Number(first.split(' ')[1]), headers, body };
  }
}
