/** Asks an HTTP server for a path and looks at nothing but the status: how the server checks that its own health is told. */
import { http } from '../../node-modules.ts';
import { problemOf } from './problem.ts';
import type { Endpoint } from './upstream.ts';

/**
 * Resolves with the status. Rejects with what the system says, under its code, with `TimeoutError` when it does not come within `timeout`
 * milliseconds, and with `AbortError` when `closing` is aborted.
 */
export function httpStatus(at: Endpoint, path: string, timeout: number, closing: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { address: host, port } = at;
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeout)]);
  const request = http.get({ host, port, path, agent: false, signal }, (response) => {
    resolve(response.statusCode ?? 0);
    // The body is of no interest, and may have no end.
    response.on('error', () => {});
    request.destroy();
  });
  // An abort is told as an error of its own; its cause says which of the two it was.
  request.on('error', (error) =>
    reject(signal.aborted && signal.reason instanceof Error ? signal.reason : failed(error)),
  );
  return promise;
}

/** In words for a person: a socket that never came to be has no address, and Node writes `undefined` for it. */
function failed(cause: Error): Error {
  const error = new Error(problemOf(cause, 'http').text, { cause });
  return 'code' in cause ? Object.assign(error, { code: cause.code }) : error;
}
