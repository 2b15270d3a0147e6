/** One request and the ways to answer it. Every answer bears the faults that the request has taken. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { Body } from './body.ts';
import type { TakenFaults, Verb } from './faults.ts';
import { type Place, placeOf } from './paths.ts';
import type { SeenRequest } from './request-log.ts';
import { type Status, statusText } from './status.ts';

/** Octets from which a list is compressed for those who take it, as in the real server. */
const COMPRESSED_FROM = 131_072;
const METHODS: Readonly<Record<string, Verb>> = { POST: 'create', PUT: 'update', DELETE: 'delete' };
const JSON_TYPE = 'application/json';

/** What is asked, before anybody has looked at it closely. */
export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined for what is no resource. */
  readonly place: Place | undefined;
  /** Undefined for what is no resource, and for methods that nothing has. */
  readonly verb: Verb | undefined;
}

export function askedBy(request: IncomingMessage): Asked {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://any');
  const place = placeOf(path);
  return { path, query, place, verb: place === undefined ? undefined : verbOf(request.method ?? '', place, query) };
}

function verbOf(method: string, place: Place, query: URLSearchParams): Verb | undefined {
  if (method !== 'GET') return METHODS[method];
  if (place.name !== '') return 'get';
  const watch = query.get('watch');
  return watch === null || watch.toLowerCase() === 'false' || watch === '0' ? 'list' : 'watch';
}

export function seenAs(request: IncomingMessage, { path, query, place, verb }: Asked): SeenRequest {
  const { method = '', headers } = request;
  const resource = place?.resource.name;
  return { at: performance.now(), method, path, query, headers, resource, verb, status: undefined };
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly asked: Asked;
  readonly faults: TakenFaults;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #answered: (status: number) => void;

  /** `socket` is what lies below TLS; `answered` is called with the status, before the header is sent. */
  constructor(
    ends: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly socket: Socket },
    asked: Asked,
    faults: TakenFaults,
    answered: (status: number) => void,
  ) {
    this.request = ends.request;
    this.asked = asked;
    this.faults = faults;
    this.#response = ends.response;
    this.#socket = ends.socket;
    this.#answered = answered;
  }

  sendStatus(status: Status): void {
    const retry = status.retryAfter === undefined ? {} : { 'retry-after': String(status.retryAfter) };
    this.sendText(status.code, `${statusText(status)}\n`, JSON_TYPE, retry);
  }

  sendText(code: number, text: string, type = JSON_TYPE, headers: Readonly<Record<string, string>> = {}): void {
    const length = { 'content-length': String(Buffer.byteLength(text)) };
    const body = this.#begin(code, { 'content-type': type, ...length, ...headers });
    body.write(text);
    body.end();
  }

  /** Sends the header of a stream of JSON at once; its body is the caller's. */
  open(headers: Readonly<Record<string, string>> = {}): Body {
    const body = this.#begin(200, { 'content-type': JSON_TYPE, ...headers });
    this.#response.flushHeaders();
    return body;
  }

  #begin(code: number, headers: Readonly<Record<string, string>>): Body {
    this.#answered(code);
    this.#response.writeHead(code, { 'cache-control': 'no-cache, private', ...headers });
    return new Body(this.#response, this.#socket, this.faults);
  }

  /** Sends a list, compressed if it is long and the client takes that. */
  async sendList(pieces: Iterable<string>): Promise<void> {
    const ready: string[] = [];
    const rest = pieces[Symbol.iterator]();
    let length = 0;
    while (length < COMPRESSED_FROM) {
      const next = rest.next();
      if (next.done === true) break;
      ready.push(next.value);
      length += next.value.length;
    }
    const all = chained(ready, rest);
    const isTaken = /\bgzip\b/.test(this.request.headers['accept-encoding']?.toString() ?? '');
    if (length < COMPRESSED_FROM || !isTaken) return sendAll(this.open(), all);
    const packed = Readable.from(all).pipe(createGzip({ level: constants.Z_BEST_SPEED }));
    return sendAll(this.open({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' }), packed);
  }

  /** Sends raw text, and leaves the body open if the stream is to go on. */
  sendRaw(text: Iterable<string>, after: 'end' | 'go-on'): Promise<void> {
    return sendAll(this.open(), text, after);
  }
}

async function sendAll(
  body: Body,
  pieces: Iterable<unknown> | AsyncIterable<unknown>,
  after: 'end' | 'go-on' = 'end',
): Promise<void> {
  for await (const piece of pieces) {
    const mayGoOn = typeof piece === 'string' || Buffer.isBuffer(piece) ? body.write(piece) : true;
    if (!mayGoOn) await body.drained();
    if (!body.isOpen) return;
  }
  if (after === 'end') body.end();
}

function* chained(first: readonly string[], rest: Iterator<string>): Generator<string> {
  yield* first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}
