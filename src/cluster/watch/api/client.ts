/** Requests to one API server: a place in the rate limit, credentials, a connection, a response. */
import type { IncomingMessage } from 'node:http';
import type { Bounds } from '../../../bounds.ts';
import type { Access, Credentials } from './access.ts';
import { type Api, ApiError, type ApiEvents, type ApiRequest, type ApiResponse } from './api.ts';
import { Connections } from './connections.ts';
import { NoResponse, exchange } from './exchange.ts';
import type { RateLimit } from './rate-limit.ts';
import { retryAfterOf } from './retry-after.ts';
import { codeOf, isAboutCertificates, sentenceFor } from './words.ts';

export interface ClientOptions {
  readonly credentials: Credentials;
  readonly rateLimit: RateLimit;
  readonly events: ApiEvents;
  readonly userAgent: string;
  readonly limits: Bounds;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

const METHOD = 'GET';
const UNAUTHORIZED = 401;
/** What becomes of a request on a connection that the server has just closed. */
const CLOSED_BEFORE: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

export class Client implements Api {
  readonly host: string;
  readonly #options: ClientOptions;
  readonly #connections: Connections;
  readonly #closed = new AbortController();

  constructor(options: ClientOptions) {
    const { address, proxy } = options.credentials;
    this.host = address.host;
    this.#options = options;
    this.#connections = new Connections(proxy, options.limits.apiIdleConnections);
  }

  async get(request: ApiRequest): Promise<ApiResponse> {
    const signal = AbortSignal.any([request.signal, this.#closed.signal]);
    const { rateLimit, events, now, limits } = this.#options;
    const since = now();
    const leave = await rateLimit.enter(signal);
    try {
      events.waited({ method: METHOD, host: this.host }, (now() - since) / 1000);
      const message = await this.#request(request, signal);
      if (request.kind === 'list') message.once('close', leave);
      else leave();
      const { 'retry-after': field, date } = message.headers;
      return {
        status: message.statusCode ?? 0,
        retryAfter: retryAfterOf(field, date, Date.now(), limits.apiRetryAfter),
        body: message,
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  close(): void {
    this.#closed.abort(new ApiError(`the connections to the API server ${this.host} were closed`));
    this.#connections.retire();
  }

  async #request(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { credentials, events, now } = this.#options;
    const access = await unlessAborted(credentials.current(), signal);
    const since = now();
    let code = '<error>';
    try {
      const message = await this.#send(request, access, signal);
      code = String(message.statusCode);
      if (message.statusCode === UNAUTHORIZED) credentials.refused(access);
      return message;
    } catch (error) {
      if (!(error instanceof NoResponse)) throw error;
      const { cause } = error;
      if (isAboutCertificates(cause)) credentials.refused(access);
      // What has become of one connection has become of others that are idle.
      this.#connections.retire();
      if (cause instanceof ApiError) throw cause;
      throw new ApiError(this.#sentence(cause), { cause });
    } finally {
      events.requested({ method: METHOD, host: this.host, code }, (now() - since) / 1000);
    }
  }

  /** A server closes idle connections when it likes; a request that met that moment is sent again over a new one. */
  async #send(request: ApiRequest, access: Access, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request, access, signal);
    } catch (error) {
      if (!(error instanceof NoResponse) || !error.reused || !CLOSED_BEFORE.has(codeOf(error.cause))) throw error;
      this.#connections.retire();
      return this.#sendOnce(request, access, signal);
    }
  }

  #sendOnce({ path, parameters }: ApiRequest, access: Access, signal: AbortSignal): Promise<IncomingMessage> {
    const { credentials, limits, userAgent } = this.#options;
    const { address } = credentials;
    const query = new URLSearchParams(parameters).toString();
    return exchange({
      address,
      agent: this.#connections.agentFor(access.security),
      path: `${address.prefix}${path}${query === '' ? '' : `?${query}`}`,
      headers: { accept: 'application/json', 'user-agent': userAgent, ...access.headers },
      signal,
      limits,
    });
  }

  #sentence(cause: unknown): string {
    const { address, authority, proxy } = this.#options.credentials;
    return sentenceFor(cause, { host: this.host, hostname: address.hostname, authority, proxy });
  }
}

/** @throws the signal's reason as soon as it is aborted; what the promise comes to is lost then */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
