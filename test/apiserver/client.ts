/** A plain HTTP client for tests of the server itself: one connection for each request, and everything that came back. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { KeyPair } from './certificates.ts';
import { textAt } from './json.ts';

export interface Peer {
  readonly url: string;
  readonly ca: string;
}

export interface Options {
  readonly method?: string;
  readonly token?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly client?: KeyPair;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined if the text is no JSON. */
  readonly json: unknown;
}

const DEADLINE_MILLISECONDS = 10_000;

/** The beginning of a reply. Rejects with what befell the connection. */
async function begin(peer: Peer, path: string, options: Options): Promise<IncomingMessage> {
  const { token, client, body } = options;
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const settings: RequestOptions & { ca: string; cert?: string; key?: string } = {
    method: options.method ?? 'GET',
    agent: false,
    ca: peer.ca,
    ...client,
    headers: {
      accept: options.accept ?? 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      ...options.headers,
    },
  };
  const send = peer.url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(`${peer.url}${path}`, settings);
  request.end(text);
  const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  const [response]: unknown[] = await once(request, 'response', { signal });
  request.on('error', () => {});
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the event has nothing else
  return response as IncomingMessage;
}

/** The whole reply. Rejects with what befell the connection. */
export async function ask(peer: Peer, path: string, options: Options = {}): Promise<Reply> {
  const response = await begin(peer, path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How a stream ended: `end`, or the code of an error. */
export type End = string;

/** A reply whose body is read line by line as it comes. */
export class Stream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The sizes of the chunks, as they came. */
  readonly chunks: number[] = [];
  readonly #response: IncomingMessage;
  #text = '';
  #ended: End | undefined;
  #wake: () => void = () => {};

  static async open(peer: Peer, path: string, options: Options = {}): Promise<Stream> {
    return new Stream(await begin(peer, path, options));
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk.length);
      this.#text += chunk.toString('latin1');
      this.#wake();
    });
    response.on('end', () => this.#end('end'));
    response.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
  }

  #end(how: End): void {
    this.#ended ??= how;
    this.#wake();
  }

  /** The octets that are not read yet, one letter each. */
  get rest(): string {
    return this.#text;
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** The next line, without its end. Rejects if there is none in time. */
  async line(): Promise<string> {
    await this.#until(() => this.#text.includes('\n'), 'a line');
    const end = this.#text.indexOf('\n');
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return Buffer.from(line, 'latin1').toString();
  }

  /** The next event. */
  async event(): Promise<unknown> {
    return JSON.parse(await this.line());
  }

  /** The next events as `ADDED shop/web`, or with what else tells them apart. */
  async told(count: number): Promise<readonly string[]> {
    const events: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- they come one after the other
    for (let i = 0; i < count; i++) events.push(summary(await this.event()));
    return events;
  }

  /** Waits until so many octets have come that are not read. */
  async octets(count: number): Promise<void> {
    await this.#until(() => this.#text.length >= count, `${count} octets`);
  }

  /** Waits for the end. */
  async end(): Promise<End> {
    await this.#until(() => this.#ended !== undefined, 'the end');
    return this.#ended ?? '';
  }

  close(): void {
    this.#response.destroy();
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + DEADLINE_MILLISECONDS;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0 || (this.#ended !== undefined && what !== 'the end')) {
        throw new Error(`not ${what}: ${this.#ended ?? 'time is up'}, unread: ${this.#text.slice(0, 200)}`);
      }
      // oxlint-disable-next-line no-await-in-loop -- until the condition holds
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

export function summary(event: unknown): string {
  const metadata = ['object', 'metadata'] as const;
  const type = textAt(event, 'type');
  if (type === 'ERROR') return `ERROR ${textAt(event, 'object', 'reason')}`;
  if (type === 'BOOKMARK') return textAt(event, ...metadata, 'annotations', 'k8s.io/initial-events-end') ? 'END' : type;
  const namespace = textAt(event, ...metadata, 'namespace');
  return `${type} ${namespace === '' ? '' : `${namespace}/`}${textAt(event, ...metadata, 'name')}`;
}
