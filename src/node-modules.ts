/**
 * Modules of Node without what nobody here needs of them. A static import reads all exports of such a module, and some of
 * them are only made then:
 *
 *     node:http    an HTTP client of a megabyte, for WebSockets      40 ms and 15 MiB at each start
 *     node:zlib    streams for compressed files                      15 ms
 *     node:http2   nothing; but only upstreams over HTTPS use it     10 ms and 2 MiB
 */
export const http = process.getBuiltinModule('node:http');

/** `node:http2`, loaded by the first who asks. */
export function http2(): typeof import('node:http2') {
  return process.getBuiltinModule('node:http2');
}

/** The CRC-32 of octets, beginning with that of what stands before them. */
export function crc32(octets: Uint8Array, before = 0): number {
  return process.getBuiltinModule('node:zlib').crc32(octets, before);
}
