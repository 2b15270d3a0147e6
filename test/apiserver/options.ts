/** What a server is opened with. */
import type { Authority } from './certificates.ts';
import type { Settings } from './handler.ts';

export interface ApiServerOptions {
  /** 0, the default, for any. */
  readonly port?: number;
  /** Loopback only; 127.0.0.1 by default. */
  readonly host?: '127.0.0.1' | '::1';
  /** False for plain HTTP. */
  readonly isSecure?: boolean;
  /** Accepted bearer tokens; without them, anybody may do anything that is not denied. */
  readonly tokens?: Iterable<string>;
  /** A certificate that the authority has signed always counts as credentials; here it can be demanded. */
  readonly clientCertificates?: 'optional' | 'required';
  /** Who signs the certificates; one that the process has in common by default. */
  readonly authority?: Authority;
  /** Changes of each resource that are remembered at least. */
  readonly historyLength?: number;
  /** Whether objects carry `metadata.managedFields`; they do by default. */
  readonly hasManagedFields?: boolean;
  /** The resource version that the count begins with. */
  readonly revision?: number;
  readonly settings?: Partial<Settings>;
}
