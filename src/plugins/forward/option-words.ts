/**
 * Options of a `forward` line that are more than one word of one kind. In: words. Out: what they say; what is wrong is
 * reported.
 */
import { isIP } from 'node:net';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { expectArguments, forbidBlock, readDuration } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { rcodeMnemonics, rcodeOf } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { Endpoint } from '../network.ts';

/** How upstreams are checked. */
export interface CheckOptions {
  /** Milliseconds between checks. */
  readonly interval: number;
  readonly recursion: boolean;
  readonly domain: Name;
}

/** More checks than this would be a load of their own. */
const MIN_CHECK_INTERVAL = 10;
const HOUR = 3_600_000;
const DNS_PORT = 53;

/** `health_check DURATION [no_rec] [domain NAME]`; what is not said is as in `check`. */
export function readCheck(option: Directive, check: CheckOptions, problems: Problems): CheckOptions {
  const usage = 'health_check DURATION [no_rec] [domain NAME]';
  forbidBlock(option, problems);
  if (!expectArguments(option, problems, { min: 1, usage })) return check;
  const [word, ...words] = option.args;
  const range = { min: MIN_CHECK_INTERVAL, max: HOUR };
  const interval = (word && readDuration(word, problems, range)) ?? check.interval;
  let { recursion, domain } = check;
  for (let i = 0; i < words.length; i++) {
    const token = words[i];
    if (token?.text === 'no_rec') recursion = false;
    else if (token?.text === 'domain') domain = readDomain(words[++i], token, problems) ?? domain;
    else if (token !== undefined) problems.unknownWord(token, "option of 'health_check'", ['no_rec', 'domain']);
  }
  return { interval, recursion, domain };
}

function readDomain(word: Token | undefined, before: Token, problems: Problems): Name | undefined {
  const name = word && Name.parse(word.text);
  if (name === undefined) {
    const message = word === undefined ? "no name follows 'domain'" : `'${shorten(word.text)}' is no domain name`;
    problems.error(word ?? before, message, { expected: 'domain NAME, such as example.org.' });
  }
  return name;
}

/**
 * Response codes by their names, beside those that were given before.
 *
 * @param except one that cannot be used here
 */
export function readRcodes(
  option: Directive,
  usage: string,
  before: ReadonlySet<number>,
  problems: Problems,
  except?: number,
): ReadonlySet<number> {
  forbidBlock(option, problems);
  expectArguments(option, problems, { min: 1, usage });
  const rcodes = new Set(before);
  const known = rcodeMnemonics.filter((name) => rcodeOf(name) !== except);
  for (const word of option.args) {
    const name = word.text.toUpperCase();
    const rcode = rcodeOf(name);
    if (rcode !== undefined && rcode === except) {
      problems.error(word, `'${name}' cannot be used with '${option.name.text}'`, { expected: 'a failure' });
    } else if (rcode === undefined) problems.unknownWord(word, 'response code', known);
    else rcodes.add(rcode);
  }
  return rcodes;
}

/** `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` of plain DNS. */
export function readEndpoint(word: Token, problems: Problems): Endpoint | undefined {
  if (isIP(word.text) !== 0) return { address: word.text, port: DNS_PORT };
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(word.text) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits ?? DNS_PORT);
  if (isIP(address) !== 0 && port >= 1 && port <= 65_535) return { address, port };
  wrongAddress(word, problems);
  return undefined;
}

export function wrongAddress(word: Token, problems: Problems): void {
  problems.error(word, `'${shorten(word.text)}' is no IP address`, { expected: 'an address such as 192.0.2.1' });
}
