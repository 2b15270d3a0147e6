/**
 * What a request needs beside its path: where to, what it says about us, and how the connection is secured. Credentials give
 * it anew for each request, because tokens and certificates are renewed under a running program.
 */
import type { SecureContext } from 'node:tls';
import type { ServerAddress } from './address.ts';

/** How connections are secured; the same object as long as that is the same, so that they can be kept. */
export interface Security {
  readonly context: SecureContext;
  /** Whether the server's certificate is checked; only a kubeconfig can say that it is not. */
  readonly verify: boolean;
  /** The name that the server's certificate must bear where that is not its address. */
  readonly serverName: string | undefined;
}

export interface Access {
  /** `Authorization`, and who we act for. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for a server without TLS. */
  readonly security: Security | undefined;
}

export interface Credentials {
  /** Never another one while the program runs. */
  readonly address: ServerAddress;
  /** A proxy, `http://…` or `https://…`. */
  readonly proxy: string | undefined;
  /** Where the certificates of the authorities are from, in words: `the CA in /etc/ca.crt`. */
  readonly authority: string;
  /** @throws ApiError where there are none, and never were */
  current(): Promise<Access>;
  /** The server did not take these, or its certificate did not fit them: the next ones are read afresh. */
  refused(access: Access): void;
}
