/**
 * Why an upstream's certificate was not accepted, for whoever wrote the Corefile: what is wrong and which option helps.
 * In: the error of a handshake. Out: a text, or nothing where the error is about something else.
 */
import type { PeerCertificate } from 'node:tls';

const UNKNOWN_AUTHORITY = "the certificate's authority is not known here; give it with 'tls CA.pem'";

/** By the error codes of Node, which are OpenSSL's. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', "self-signed certificate; name it as its own authority with 'tls CA.pem'"],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
  ['CERT_HAS_EXPIRED', 'the certificate has expired'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet'],
]);

/** Names of a certificate that are shown. */
const MOST_NAMES = 3;

export function certificateText(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherName(error);
  return typeof code === 'string' ? TEXTS.get(code) : undefined;
}

/** The certificate is trusted, and is another's. */
function otherName(error: Error): string | undefined {
  if (!('host' in error) || !('cert' in error) || !isCertificate(error.cert)) return undefined;
  const names = namesOf(error.cert);
  if (names.length === 0) return `the certificate bears no name, and so not ${String(error.host)}`;
  const shown = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
  const usable = names.find((name) => !name.startsWith('*'));
  const advice = usable === undefined ? 'tls_servername NAME' : `tls_servername ${usable}`;
  return `the certificate is for ${shown}, not for ${String(error.host)}: ${advice}`;
}

function isCertificate(value: unknown): value is Partial<PeerCertificate> {
  return typeof value === 'object' && value !== null;
}

/** DNS names before addresses; the common name only where there is neither (RFC 6125 §6.4.4). */
function namesOf({ subjectaltname, subject }: Partial<PeerCertificate>): readonly string[] {
  const of = (kind: string): readonly string[] =>
    [...(subjectaltname ?? '').matchAll(new RegExp(`(?:^|, )${kind}:([^",\\s]+)`, 'g'))].map(([, name = '']) => name);
  const names = [...of('DNS'), ...of('IP Address')];
  if (names.length > 0) return names;
  return [subject?.CN].flat().filter((name) => name !== undefined);
}
