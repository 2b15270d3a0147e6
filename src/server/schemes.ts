/**
 * What a key of the Corefile may say before its zone, and what becomes of it: served, or refused with the reason.
 *
 *     dns://     UDP and TCP                                   the default
 *     tls://     DNS over TLS (RFC 7858)                       `tls` says with which certificate
 *     https://   DNS over HTTPS (RFC 8484)                     the same; without `tls` it is plain HTTP
 */
import { type Refusal, refused } from '../plugins/refused.ts';

export type Scheme = 'dns' | 'tls' | 'https';

const served: readonly Scheme[] = ['dns', 'tls', 'https'];

export function servedScheme(scheme: string): Scheme | undefined {
  return served.find((one) => one === scheme);
}

/** The directive that is refused for the same reason. */
const likeDirective: Readonly<Record<string, string>> = { grpc: 'grpc_server', https3: 'https3', quic: 'quic' };

/** Why a scheme that is known is not served. */
export function schemeRefusal(scheme: string): Refusal {
  return refused[likeDirective[scheme] ?? ''] ?? { reason: 'it is not served', instead: 'a tls:// server block' };
}
