/**
 * Where this server can be asked by itself. In: an address as metrics call it, `dns://:53` or `dns://[2001:db8::1]:53`.
 * Out: endpoints to try in turn; none where the port is not known, as with port 0.
 */
import type { Endpoint } from '../network.ts';

/** What to ask in place of all addresses of a family, or of both. */
const LOOPBACK: Readonly<Record<string, readonly string[]>> = {
  '': ['127.0.0.1', '::1'],
  '0.0.0.0': ['127.0.0.1'],
  '::': ['::1'],
};

export function ownEndpoints(server: string): readonly Endpoint[] {
  const [, bracketed, bare = '', digits = ''] = /^dns:\/\/(?:\[([^\]]*)\]|([^[\]]*)):(\d+)$/.exec(server) ?? [];
  const port = Number(digits);
  const address = bracketed ?? bare;
  if (port === 0) return [];
  return (LOOPBACK[address] ?? [address]).map((one) => ({ address: one, port }));
}
