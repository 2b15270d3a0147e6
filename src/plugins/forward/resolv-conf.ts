/**
 * The form of resolv.conf, as far as forwarding needs it. In: the path of a file. Out: the addresses of its `nameserver`
 * lines, or why there are none; and what in it is a mistake, since the C library passes over that without a word.
 */
import { isIP } from 'node:net';
import { bounds } from '../../bounds.ts';
import { nearestWord } from '../../corefile/nearest.ts';
import { shorten } from '../../corefile/problems.ts';
import type { Endpoint } from '../network.ts';
import { readSmallFile } from '../small-file.ts';

const DNS_PORT = 53;
const NAMESERVER = 'nameserver';
/** What lines begin with; the rest concerns those who ask and not those who answer. */
const WORDS = [NAMESERVER, 'domain', 'search', 'options', 'sortlist', 'lookup', 'family'];
/** Mistakes of one file that are told. */
const MOST_MISTAKES = 5;

/** One word of the file that is not as it was meant. */
export interface Mistake {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly word: string;
  readonly message: string;
  readonly expected?: string;
  /** What to write instead of the word. */
  readonly suggestion?: string;
}

interface Read {
  /** The first few, in the order of the lines. */
  readonly mistakes: readonly Mistake[];
  /** The whole file; empty where it could not be read. */
  readonly text: string;
}

export type NameserverReading =
  | (Read & { readonly kind: 'servers'; readonly servers: readonly Endpoint[] })
  | (Read & { readonly kind: 'none'; readonly trouble: string });

/** @param most servers that it may name */
export function readNameservers(path: string, most: number): NameserverReading {
  const file = readSmallFile(path, bounds.resolvConfText);
  if (file.kind === 'none') return { kind: 'none', trouble: file.trouble, mistakes: [], text: '' };
  const { text } = file;
  const servers = new Set<string>();
  const mistakes: Mistake[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const { address, mistake } = readLine(line, index + 1);
    if (address !== undefined) servers.add(address);
    if (mistake !== undefined && mistakes.length < MOST_MISTAKES) mistakes.push(mistake);
  }
  if (servers.size === 0) return { kind: 'none', trouble: 'names no nameserver', mistakes, text };
  if (servers.size > most) return { kind: 'none', trouble: `names more than ${most} nameservers`, mistakes, text };
  return { kind: 'servers', servers: [...servers].map((address) => ({ address, port: DNS_PORT })), mistakes, text };
}

/** As a line of a log has it, behind the path: `3: 'x' is no IP address; expected …`. */
export function mistakeText({ line, message, expected, suggestion }: Mistake): string {
  const hints = [
    ...(expected === undefined ? [] : [`; expected: ${expected}`]),
    ...(suggestion === undefined ? [] : [`; did you mean '${suggestion}'?`]),
  ];
  return `${line}: ${message}${hints.join('')}`;
}

interface Line {
  readonly address?: string;
  readonly mistake?: Mistake;
}

function readLine(text: string, line: number): Line {
  const words = [...text.replace(/[#;].*/s, '').matchAll(/\S+/g)].map(({ 0: word, index }) => ({ word, index }));
  const [first, second, third] = words;
  if (first === undefined) return {};
  const wrong = ({ word, index }: { word: string; index: number }, message: string): Mistake => ({
    line,
    column: index + 1,
    word,
    message,
  });
  if (first.word !== NAMESERVER) {
    if (WORDS.includes(first.word) || nearestWord(first.word, WORDS) !== NAMESERVER) return {};
    return { mistake: { ...wrong(first, `unknown word '${shorten(first.word)}'`), suggestion: NAMESERVER } };
  }
  if (second === undefined) {
    return { mistake: { ...wrong(first, `no address follows '${NAMESERVER}'`), expected: `${NAMESERVER} 192.0.2.1` } };
  }
  if (isIP(second.word) === 0) {
    const message = `'${shorten(second.word)}' is no IP address`;
    return { mistake: { ...wrong(second, message), expected: 'an address alone; the port is always 53' } };
  }
  if (third === undefined) return { address: second.word };
  const message = `'${shorten(third.word)}' is passed over: a line names one address`;
  return { address: second.word, mistake: { ...wrong(third, message), expected: `a '${NAMESERVER}' line for each` } };
}
