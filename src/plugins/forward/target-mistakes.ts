/**
 * Words that people write where an upstream belongs and that are none, and what they meant. In: words. Out: problems that
 * say what to write instead.
 */
import { isIP, isIPv6 } from 'node:net';
import type { Token } from '../../corefile/corefile.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';

const MAX_PORT = 65_535;
/** Ports at which upstreams are most often. */
const USUAL_PORTS = new Set(['53', '443', '853']);

/** The words before a `{` that has text behind it on its line, which is reported. */
export function beforeStuckBrace(words: readonly Token[], problems: Problems): readonly Token[] {
  const at = words.findIndex(({ text, quoted }) => !quoted && text.startsWith('{'));
  const stuck = words[at];
  if (stuck === undefined) return words;
  problems.error(stuck, `'{' must end the line, and '${shorten(stuck.text.slice(1))}' stands behind it`, {
    expected: 'each option on a line of its own',
  });
  return words.slice(0, at);
}

/**
 * Whether a word is one of the known mistakes, which then is reported.
 *
 * @param scheme as it was written, without `://`; undefined where the word has none
 * @param rest what follows it
 */
export function isMistaken(token: Token, scheme: string | undefined, rest: string, problems: Problems): boolean {
  const before = scheme === undefined ? '' : `${scheme}://`;
  const wrong = (message: string, suggestion: string, expected?: string): true => {
    problems.error(token, message, { suggestion, ...(expected === undefined ? {} : { expected }) });
    return true;
  };
  if (!token.quoted && rest.endsWith('{')) {
    return wrong("a space must stand before '{'", `${token.text.slice(0, -1)} {`);
  }
  if (/[,;]/.test(token.text)) {
    const words = token.text.split(/[,;]+/).filter((word) => word !== '');
    return wrong(`upstreams are separated by spaces, not as in '${shorten(token.text)}'`, words.join(' '));
  }
  const slash = rest.indexOf('/');
  if (slash >= 0) {
    const path = shorten(rest.slice(slash));
    const host = `${before}${rest.slice(0, slash)}`;
    if (scheme?.toLowerCase() === 'https') return wrong('the path is always /dns-query; leave it out', host);
    return wrong(`no path such as '${path}' belongs to an upstream`, host);
  }
  const [, host = '', port] = /^(\[[^\]]*\]|[^:[\]]*):([^:]*)$/.exec(rest) ?? [];
  if (port !== undefined && !isPort(port)) {
    const message = port === '' ? "no port follows the ':'" : `the port ${shorten(port)} is not from 1 to ${MAX_PORT}`;
    return wrong(message, `${before}${host}`, 'a number, or no port and no colon');
  }
  const { address, tail } = splitLast(rest);
  if (isIPv6(rest) || !isIPv6(address) || !isPort(tail)) return false;
  return wrong(`'${shorten(rest)}' is no IP address`, `${before}[${address}]:${tail}`);
}

/** An address of IPv6 may look as if it ended with a port. */
export function warnOfPort(token: Token, scheme: string | undefined, rest: string, problems: Problems): void {
  const { address, tail } = splitLast(rest);
  const portLike = isPort(tail) && (tail.length >= 4 || USUAL_PORTS.has(tail));
  if (!portLike || !isIPv6(rest) || !isIPv6(address)) return;
  const before = scheme === undefined ? '' : `${scheme}://`;
  problems.warning(token, `'${rest}' is an address without a port`, {
    expected: 'brackets around an address that a port follows, or around the whole address',
    suggestion: `${before}[${address}]:${tail}`,
  });
}

/** Whether a word in the place of FROM is an upstream: a CIDR and a domain name are not. */
export function looksLikeTarget(text: string): boolean {
  if (/^[a-z\d]+:\/\//i.test(text) || /^\.{0,2}\//.test(text) || isIP(text) !== 0) return true;
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):\d+$/.exec(text) ?? [];
  return isIP(bracketed ?? plain) !== 0;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PORT;
}

function splitLast(text: string): { readonly address: string; readonly tail: string } {
  const at = text.lastIndexOf(':');
  return at < 0 ? { address: '', tail: '' } : { address: text.slice(0, at), tail: text.slice(at + 1) };
}
