/**
 * Asks HTTP servers for a path and looks at nothing but the status: how the server checks that its own health is told. The connection
 * to each is kept for the next time, since setting one up takes longer than all the rest.
 */
import type { Agent, IncomingMessage } from 'node:http';
import { http } from '../../node-modules.ts';
import { problemOf } from './problem.ts';
import type { Endpoint } from './upstream.ts';

/** Octets of a body that are read to keep its connection, before it is given up instead: a body may have no end. */
const READ_BODY = 4_096;

export class HttpStatus {
  #agent: Agent | undefined;

  /**
   * Resolves with the status. Rejects with what the system says, under its code, with `TimeoutError` when it does not come within
   * `timeout` milliseconds, and with `AbortError` when `closing` is aborted.
   */
  async ask(at: Endpoint, path: string, timeout: number, closing: AbortSignal): Promise<number> {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(timeout)]);
    this.#agent ??= new http.Agent({ keepAlive: true });
    return statusOf(at, path, signal, this.#agent);
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#agent?.destroy();
  }
}

/** @param agent false for a connection that nothing was asked over before */
function statusOf(at: Endpoint, path: string, signal: AbortSignal, agent: Agent | false): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { address: host, port } = at;
  const request = http.get({ host, port, path, agent, signal }, (response) => {
    resolve(response.statusCode ?? 0);
    readToItsEnd(response, () => request.destroy());
  });
  request.on('error', (error) => {
    // The other side may have closed it since the last time.
    if (request.reusedSocket && !signal.aborted) resolve(statusOf(at, path, signal, false));
    // An abort is told as an error of its own; its cause says which of the two it was.
    else reject(signal.aborted && signal.reason instanceof Error ? signal.reason : failed(error));
  });
  return promise;
}

function readToItsEnd(response: IncomingMessage, giveUp: () => void): void {
  let length = 0;
  response.on('error', () => {});
  response.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > READ_BODY) giveUp();
  });
}

/** In words for a person: a socket that never came to be has no address, and Node writes `undefined` for it. */
function failed(cause: Error): Error {
  const error = new Error(problemOf(cause, 'http').text, { cause });
  return 'code' in cause ? Object.assign(error, { code: cause.code }) : error;
}
