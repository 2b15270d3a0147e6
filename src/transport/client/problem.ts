/**
 * What went wrong with an upstream, from the errors of sockets, TLS and HTTP/2. Texts are for log lines and clients: they
 * are one line and short, whatever the upstream's certificate or reply put into them.
 */
import { getSystemErrorMessage } from 'node:util';
import { certificateText } from './certificate.ts';
import { NO_DESCRIPTOR_LEFT } from './descriptors.ts';
import type { UpstreamProblem } from './upstream.ts';

export type ProblemKind = UpstreamProblem['kind'];

/** By the system's error code. What is left out is of the protocol above the socket. */
const KINDS: ReadonlyMap<string, ProblemKind> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['EADDRNOTAVAIL', 'unreachable'],
  ['EAFNOSUPPORT', 'unreachable'],
  ['EACCES', 'unreachable'],
  ['EPERM', 'unreachable'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ETIMEDOUT', 'timeout'],
  // What the system itself has too few of: descriptors, ports, memory.
  ['EMFILE', 'socket-limit'],
  ['ENFILE', 'socket-limit'],
  ['EADDRINUSE', 'socket-limit'],
  ['ENOBUFS', 'socket-limit'],
  ['ENOMEM', 'socket-limit'],
  ['EMSGSIZE', 'invalid'],
  ['EINVAL', 'invalid'],
]);

/** Where the system's own words would not say what it is that there is too little of. */
const SHORTAGES: ReadonlyMap<string, string> = new Map([
  ['EMFILE', NO_DESCRIPTOR_LEFT],
  ['ENFILE', 'the machine has no file descriptor left (raise fs.file-max)'],
  ['EADDRINUSE', 'no local port is left (widen net.ipv4.ip_local_port_range)'],
]);

/** Characters of a text; a certificate may name thousands of hosts. */
const LONGEST_TEXT = 200;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export function problem(kind: ProblemKind, text: string): UpstreamProblem {
  const line = text.replace(CONTROLS, ' ');
  return { kind, text: line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line };
}

/** The problem that an error stands for; `otherwise` is its kind where it is none of the system's. */
export function problemOf(error: unknown, otherwise: ProblemKind): UpstreamProblem {
  if (!(error instanceof Error)) return problem(otherwise, String(error));
  const kind = KINDS.get(codeOf(error));
  if (kind === undefined) return problem(otherwise, certificateText(error) ?? reasonOf(error) ?? error.message);
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const text = SHORTAGES.get(codeOf(error)) ?? (errno < 0 ? getSystemErrorMessage(errno) : error.message);
  return kind === 'socket-limit' ? { ...problem(kind, text), shortage: true } : problem(kind, text);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** OpenSSL's reason alone (`wrong version number`), without the place in its source where it was found. */
function reasonOf(error: Error): string | undefined {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined;
}

export const CHANNEL_CLOSED: UpstreamProblem = problem('closed', 'this server no longer uses the upstream');
export const AT_SOCKET_LIMIT: UpstreamProblem = problem('socket-limit', 'too many sockets to upstreams');
export const GAVE_WAY: UpstreamProblem = problem('timeout', 'given up for newer queries');
export const AT_OCTET_LIMIT: UpstreamProblem = problem('octet-limit', 'too many octets wait for upstreams');
