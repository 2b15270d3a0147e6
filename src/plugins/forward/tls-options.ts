/**
 * `tls` and `tls_servername` of a `forward` line. In: words that name files. Out: the PEM texts in them, checked so far
 * that a handshake will not fail for what stands in the files.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { bounds } from '../../bounds.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { readSmallFile } from '../small-file.ts';
import { PORTS, type Scheme, type Target } from './targets.ts';

/** PEM texts. */
export interface TlsFiles {
  /** Undefined for the system's authorities. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

export const NO_TLS: TlsFiles = { ca: undefined, certificate: undefined, key: undefined };

/** `tls`, `tls CA`, `tls CERT KEY`, `tls CERT KEY CA` */
export function readTls(option: Directive, folder: string, problems: Problems): TlsFiles {
  forbidBlock(option, problems);
  if (!expectArguments(option, problems, { max: 3, usage: 'tls [CERT KEY [CA]] or tls CA' })) return NO_TLS;
  const [first, second, third] = option.args;
  const certificate = (word: Token | undefined): string | undefined =>
    word && readPem(word, folder, problems, 'certificate', (text) => new X509Certificate(text));
  if (second === undefined) return { ...NO_TLS, ca: certificate(first) };
  return {
    certificate: certificate(first),
    key: readPem(second, folder, problems, 'key', createPrivateKey),
    ca: certificate(third),
  };
}

export function readTlsServerName(word: Token, problems: Problems): string | undefined {
  if (isIP(word.text) !== 0 || /^[\w-]+(\.[\w-]+)*\.?$/.test(word.text)) return word.text.replace(/\.$/, '');
  problems.error(word, `'${shorten(word.text)}' is no server name`, { expected: 'a host name such as dns.example' });
  return undefined;
}

/** Options that only upstreams of these schemes heed. */
const HEEDED_BY: Readonly<Record<string, readonly Scheme[]>> = {
  tls: ['tls', 'https'],
  tls_servername: ['tls', 'https'],
  doh_method: ['https'],
};

/** Where no upstream heeds an option: its writer takes plain DNS for what it is not. */
export function warnOfTls(use: Directive, targets: readonly Target[], problems: Problems): void {
  if (targets.length === 0) return;
  for (const { name } of use.block ?? []) {
    const schemes = Object.hasOwn(HEEDED_BY, name.text) ? HEEDED_BY[name.text] : undefined;
    const [wanted] = schemes ?? [];
    if (schemes === undefined || wanted === undefined) continue;
    if (targets.some(({ scheme }) => schemes.includes(scheme))) continue;
    const written = schemes.map((scheme) => `${scheme}://`).join(' or ');
    const suggestion = targets.map((target) => addressText(target)).find((text) => text !== undefined);
    problems.warning(name, `'${name.text}' has no effect: no TO begins with ${written}`, {
      expected: `a TO with ${written}`,
      ...(suggestion === undefined ? {} : { suggestion: `${wanted}://${suggestion}` }),
    });
  }
}

/** What can stand behind another scheme: the port of plain DNS is none of its ports. */
function addressText(target: Target): string | undefined {
  if (target.kind === 'file') return undefined;
  const { port } = target.kind === 'host' ? target : target.to;
  const host = target.kind === 'host' ? target.host : target.to.address;
  if (Object.values(PORTS).includes(port)) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function readPem(
  word: Token,
  folder: string,
  problems: Problems,
  what: string,
  check: (text: string) => unknown,
): string | undefined {
  const path = resolve(folder, word.text);
  const file = readSmallFile(path, bounds.certificateText);
  if (file.kind === 'none') {
    problems.error(word, `the file ${shorten(path)} ${file.trouble}`, { expected: `a file with a ${what}` });
    return undefined;
  }
  try {
    check(file.text);
    return file.text;
  } catch {
    problems.error(word, `the file ${shorten(path)} holds no ${what}`, { expected: `a ${what} in PEM form` });
    return undefined;
  }
}
