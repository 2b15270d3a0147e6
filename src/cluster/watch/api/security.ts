/**
 * Certificates and keys, as PEM texts, to what connections are secured with. What cannot be used is refused here, before
 * anything is connected: OpenSSL takes a text without a certificate for an authority without a word.
 */
import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { Security } from './access.ts';
import { ApiError } from './api.ts';

export interface Certificates {
  /** Authorities; undefined for those of the system. */
  readonly ca: string | undefined;
  /** The client's own. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
  readonly serverName: string | undefined;
}

/** Where the texts are from, for errors. */
export interface Origins {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes the same of the same: as long as nothing changes, the object stays, and with it the connections. */
export class Securities {
  readonly #origins: Origins;
  #made: { readonly of: string; readonly security: Security } | undefined;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** @throws ApiError which says where a certificate or key is from that cannot be used */
  of(certificates: Certificates): Security {
    const { ca, certificate, key, verify, serverName } = certificates;
    const of = JSON.stringify([ca ?? null, certificate ?? null, key ?? null, verify, serverName ?? null]);
    if (this.#made?.of === of) return this.#made.security;
    const security = { context: this.#context(certificates), verify, serverName };
    this.#made = { of, security };
    return security;
  }

  #context({ ca, certificate, key }: Certificates) {
    const { ca: caFrom, certificate: certificateFrom, key: keyFrom } = this.#origins;
    if (ca !== undefined) checkCertificates(ca, caFrom);
    if (certificate !== undefined) checkCertificates(certificate, certificateFrom);
    if ((certificate === undefined) !== (key === undefined)) {
      const missing =
        key === undefined
          ? `no key for the certificate in ${certificateFrom}`
          : `no certificate for the key in ${keyFrom}`;
      throw new ApiError(`there is ${missing}`);
    }
    try {
      return createSecureContext({
        ca: ca ?? [...getCACertificates('default'), ...getCACertificates('system')],
        ...(certificate === undefined ? {} : { cert: certificate }),
        ...(key === undefined ? {} : { key }),
      });
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      throw code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? new ApiError(`the key in ${keyFrom} does not belong to the certificate in ${certificateFrom}`, { cause })
        : new ApiError(`${keyFrom} holds no key that can be used: PEM, without a passphrase, is needed`, { cause });
    }
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function checkCertificates(text: string, from: string): void {
  const blocks = text.match(PEM_CERTIFICATE);
  if (blocks === null) throw new ApiError(`${from} holds no certificate in PEM form`);
  for (const block of blocks) {
    try {
      void new X509Certificate(block);
    } catch (cause) {
      throw new ApiError(`${from} holds a certificate that cannot be read`, { cause });
    }
  }
}
