/**
 * One request until its response begins. Whatever happens to it — an error of any layer, a silence, a signal — ends the
 * promise once and the connection with it.
 *
 *     request ─ look-up, TCP, TLS: `connect` ─► sent ─ `response` ─► status and header ─► body, not yet flowing
 */
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { http } from '../../../node-modules.ts';
import { ApiError } from './api.ts';
import type { ServerAddress } from './address.ts';

export interface Exchange {
  readonly address: ServerAddress;
  readonly agent: Agent;
  /** With parameters. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly limits: ExchangeLimits;
}

/** Milliseconds and octets. */
export interface ExchangeLimits {
  readonly apiConnect: number;
  readonly apiResponse: number;
  readonly apiHeader: number;
  readonly apiKeepAlive: number;
}

/** No response began. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';
  /** The connection had been used before: the server may have closed it before it saw the request. */
  readonly reused: boolean;

  constructor(cause: unknown, reused: boolean) {
    super('no response began', { cause });
    this.reused = reused;
  }
}

/**
 * Resolves with the response, whatever its status.
 * @throws NoResponse whose `cause` says why; the signal's reason where that ended it
 */
export function exchange({ address, agent, path, headers, signal, limits }: Exchange): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  if (signal.aborted) {
    reject(signal.reason);
    return promise;
  }
  const request = (address.secure ? httpsRequest : http.request)(optionsOf(address, agent, path, headers, limits));
  let timer = setTimeout(() => end(tooLate(address, 'accept a connection', limits.apiConnect)), limits.apiConnect);
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  };
  const fail = (cause: unknown): void => {
    settle();
    reject(new NoResponse(cause, request.reusedSocket));
  };
  const end = (cause: unknown): void => {
    fail(cause);
    request.destroy();
  };
  const abort = (): void => {
    settle();
    reject(signal.reason);
    request.destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  const connected = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end(tooLate(address, 'answer', limits.apiResponse)), limits.apiResponse);
  };
  request.on('socket', (socket: Socket) => {
    socket.setKeepAlive(true, limits.apiKeepAlive);
    // Behind a proxy, the tunnel and TLS stand already.
    if (socket.connecting) socket.once(address.secure ? 'secureConnect' : 'connect', connected);
    else connected();
  });
  request.on('error', fail);
  request.on('upgrade', (_message, socket) => {
    socket.destroy();
    fail(new ApiError(`the API server ${address.host} answers in another protocol than HTTP/1.1`));
  });
  request.on('response', (message) => {
    settle();
    resolve(bound(message, signal));
  });
  request.end();
  return promise;
}

function optionsOf(
  { hostname, port }: ServerAddress,
  agent: Agent,
  path: string,
  headers: Readonly<Record<string, string>>,
  { apiHeader }: ExchangeLimits,
): RequestOptions {
  return { method: 'GET', hostname, port, path, headers, agent, maxHeaderSize: apiHeader };
}

/** The body ends with the signal. An error that nobody listens for is not thrown: Node has it so for responses. */
function bound(message: IncomingMessage, signal: AbortSignal): IncomingMessage {
  const abort = (): void => {
    message.destroy(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  };
  signal.addEventListener('abort', abort, { once: true });
  message.on('close', () => signal.removeEventListener('abort', abort));
  return message;
}

function tooLate({ host }: ServerAddress, what: string, time: number): ApiError {
  return new ApiError(`the API server ${host} does not ${what} within ${time / 1000} s`);
}
