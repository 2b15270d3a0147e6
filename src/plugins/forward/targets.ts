/**
 * The TO words of a `forward` line: where names are asked. In: words. Out: addresses, host names and files of nameservers;
 * what is none of these is reported.
 *
 *     192.0.2.1   192.0.2.1:5353   [2001:db8::1]:53   dns://192.0.2.1      plain DNS, port 53
 *     tls://192.0.2.1%dns.example:853                                      DNS over TLS (RFC 7858), port 853
 *     https://192.0.2.1                                                    DNS over HTTPS (RFC 8484), port 443
 *     dns.example   tls://dns.example                                      looked up once, at the start
 *     /etc/resolv.conf                                                     its `nameserver` lines
 */
import { statSync } from 'node:fs';
import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import type { Token } from '../../corefile/corefile.ts';
import { nearestWord } from '../../corefile/nearest.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { Endpoint } from '../network.ts';
import { type Mistake, readNameservers } from './resolv-conf.ts';
import { beforeStuckBrace, isMistaken, warnOfPort } from './target-mistakes.ts';

/** As many as CoreDNS takes. */
export const MAX_TARGETS = 15;

export type Scheme = 'dns' | 'tls' | 'https';

/** Where nothing is said. */
export const PORTS: Readonly<Record<Scheme, number>> = { dns: 53, tls: 853, https: 443 };
/** What others offer and this server does not, with what to write in its place. */
const REFUSED: Readonly<Record<string, string>> = { quic: 'tls', grpc: 'tls', https3: 'https' };
const MAX_PORT = 65_535;

interface Asked {
  readonly token: Token;
  readonly scheme: Scheme;
  /** The name that its certificate must bear, where the word gives one. */
  readonly serverName: string | undefined;
}

export type Target =
  | (Asked & { readonly kind: 'address'; readonly to: Endpoint })
  | (Asked & { readonly kind: 'host'; readonly host: string; readonly port: number })
  /** `servers` as the file names them now; at least one. `mistakes` of the file have been reported. */
  | (Asked & {
      readonly kind: 'file';
      readonly path: string;
      readonly servers: readonly Endpoint[];
      readonly mistakes: readonly Mistake[];
    });

/** @param folder where relative paths start */
export function readTargets(words: readonly Token[], folder: string, problems: Problems): readonly Target[] {
  const targets = beforeStuckBrace(words, problems).flatMap((word) => readTarget(word, folder, problems) ?? []);
  const count = targets.reduce((sum, target) => sum + (target.kind === 'file' ? target.servers.length : 1), 0);
  const [first] = words;
  if (count > MAX_TARGETS && first !== undefined) {
    problems.error(first, `more than ${MAX_TARGETS} TOs configured: ${count}`, {
      expected: `at most ${MAX_TARGETS} upstreams, those of files included`,
    });
  }
  return targets;
}

function readTarget(token: Token, folder: string, problems: Problems): Target | undefined {
  const [, written, rest = ''] = /^(?:([^:/]*):\/\/)?([\s\S]*)$/.exec(token.text) ?? [];
  if (written === undefined && isFile(token.text, folder)) return readFile(token, folder, problems);
  const scheme = readScheme(token, written, rest, problems);
  if (scheme === undefined || isMistaken(token, written, rest, problems)) return undefined;
  warnOfPort(token, written, rest, problems);
  const wrong = (message: string): undefined => {
    problems.error(token, message, { expected: 'an IP address, a host name, or the path of a file like resolv.conf' });
  };
  const { host, port: digits } = splitPort(rest);
  const port = digits === undefined ? PORTS[scheme] : Number(digits);
  if (port < 1 || port > MAX_PORT) return wrong(`the port ${port} is not from 1 to ${MAX_PORT}`);
  const { address, serverName } = splitServerName(host, scheme);
  if (serverName !== undefined && !isHostName(serverName)) return wrong(`'${shorten(serverName)}' is no server name`);
  if (isIP(address) !== 0) return { kind: 'address', token, scheme, serverName, to: { address, port } };
  if (!isHostName(address)) return wrong(`not an IP address or file: '${shorten(token.text)}'`);
  return { kind: 'host', token, scheme, serverName, host: address, port };
}

function readScheme(token: Token, written: string | undefined, rest: string, problems: Problems): Scheme | undefined {
  const scheme = written?.toLowerCase() ?? 'dns';
  if (scheme === 'dns' || scheme === 'tls' || scheme === 'https') return scheme;
  const instead = Object.hasOwn(REFUSED, scheme) ? REFUSED[scheme] : undefined;
  if (instead !== undefined) {
    problems.error(token, `upstreams cannot be asked over ${scheme}://`, {
      expected: 'plain DNS, tls:// or https://',
      suggestion: `${instead}://${rest}`,
    });
    return undefined;
  }
  const nearest = nearestWord(scheme, Object.keys(PORTS));
  problems.error(token, `unknown scheme '${shorten(scheme)}'`, {
    expected: Object.keys(PORTS)
      .map((name) => `${name}://`)
      .join(', '),
    ...(nearest === undefined ? {} : { suggestion: `${nearest}://${rest}` }),
  });
  return undefined;
}

/** A path has a slash; a name without one is a file where there is such a file. */
function isFile(text: string, folder: string): boolean {
  if (isIP(text) !== 0) return false;
  if (text.includes('/')) return true;
  try {
    return statSync(resolve(folder, text)).isFile();
  } catch {
    return false;
  }
}

function readFile(token: Token, folder: string, problems: Problems): Target | undefined {
  const path = resolve(folder, token.text);
  const reading = readNameservers(path, MAX_TARGETS);
  const { mistakes } = reading;
  if (mistakes.length > 0) problems.addSource(path, reading.text);
  for (const { line, column, word, message, ...hint } of mistakes) {
    problems.warning({ text: word, quoted: false, at: { file: path, line, column } }, message, hint);
  }
  if (reading.kind === 'servers') {
    return { kind: 'file', token, scheme: 'dns', serverName: undefined, path, servers: reading.servers, mistakes };
  }
  problems.error(token, `the file ${shorten(path)} ${reading.trouble}`, {
    expected: "a file with lines such as 'nameserver 192.0.2.1'",
  });
  return undefined;
}

/** Brackets are taken off. An address of IPv6 without them has no port, unless it stands behind a server name. */
function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  const [, inner, bracketedPort] = /^\[([^\]]*)\](?::(\d{1,9}))?$/.exec(text) ?? [];
  if (inner !== undefined) return { host: inner, port: bracketedPort };
  const [, host = text, port] = /^(.*):(\d{1,9})$/.exec(text) ?? [];
  if (isIPv6(text) || (host.includes(':') && !host.includes('%'))) return { host: text, port: undefined };
  return { host, port };
}

/** Of plain DNS, what follows `%` is the scope of an address; with TLS it is the server's name, behind a scope if any. */
function splitServerName(
  host: string,
  scheme: Scheme,
): { readonly address: string; readonly serverName: string | undefined } {
  const at = scheme === 'dns' ? -1 : host.lastIndexOf('%');
  return at < 0
    ? { address: host, serverName: undefined }
    : { address: host.slice(0, at), serverName: host.slice(at + 1) };
}

function isHostName(text: string): boolean {
  if (text.length > 253 || /^[\d.]*$/.test(text)) return false;
  return /^(?:[a-z\d_](?:[\w-]{0,61}[a-z\d_])?\.)*[a-z\d_](?:[\w-]{0,61}[a-z\d_])?\.?$/i.test(text);
}
