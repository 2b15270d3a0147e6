/**
 * Node's HTTP without what nobody here needs of it.
 *
 * A static import of `node:http` reads all its exports, and the one for WebSockets loads an HTTP client of a megabyte: 40 ms
 * and 15 MiB for each start. `node:http2` costs 10 ms and 2 MiB, and only upstreams that are asked over HTTPS use it.
 */
export const http = process.getBuiltinModule('node:http');

/** `node:http2`, loaded by the first who asks. */
export function http2(): typeof import('node:http2') {
  return process.getBuiltinModule('node:http2');
}
