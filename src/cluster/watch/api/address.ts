/**
 * Where an API server is: a URL as people write it, to what a connection needs. Read as the Kubernetes client for Go reads it:
 * without a scheme, `HOST:PORT` is HTTP, or HTTPS where there is something to prove or to check with; a path in front of the
 * API (a proxy's) needs a scheme.
 */
import { isIP } from 'node:net';
import { ApiError } from './api.ts';

export interface ServerAddress {
  /** HTTPS rather than HTTP. */
  readonly secure: boolean;
  /** A name or an address, an IPv6 address without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** In front of each path: empty, or with a slash before it and none behind it. */
  readonly prefix: string;
  /** For log lines and metrics: `10.96.0.1:443`, `[fd00::1]:443`. */
  readonly host: string;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * @param secureByDefault what a text without a scheme stands for
 * @throws ApiError where it is no URL of a server
 */
export function parseAddress(text: string, secureByDefault: boolean): ServerAddress {
  const hasScheme = SCHEME.test(text);
  const url = URL.parse(hasScheme ? text : `${secureByDefault ? 'https' : 'http'}://${text}`);
  if (url === null || url.hostname === '') throw notAnAddress(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw notAnAddress(text);
  if (url.username !== '' || url.password !== '') {
    throw new ApiError(`the address of an API server holds no user and no password: write https://${url.host}`);
  }
  const prefix = url.pathname.replace(/\/+$/, '');
  if (prefix !== '' && !hasScheme) throw notAnAddress(text);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return { secure, hostname, port, prefix, host: joinHostPort(hostname, port) };
}

/** IPv6 addresses in brackets. */
export function joinHostPort(hostname: string, port: number | string): string {
  return isIP(hostname) === 6 ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function notAnAddress(text: string): ApiError {
  return new ApiError(`'${text}' is not the address of an API server: write a URL such as https://10.0.0.1:6443`);
}
