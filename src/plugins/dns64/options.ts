/** The words of a `dns64` directive. In: the directive. Out: its options; undefined where something is wrong. */
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import { MAX_BITS, MIN_BITS, Prefix, parsePrefixText } from './prefix.ts';

export interface Dns64Options {
  readonly prefix: Prefix;
  /** Names that have AAAA records are translated too, where they have A records. */
  readonly translateAll: boolean;
  /** Clients that come over IPv4 are answered as those that come over IPv6 are. */
  readonly allowIPv4: boolean;
}

const USAGE = 'dns64 [PREFIX]';
/** RFC 6052 §2.1 */
const WELL_KNOWN_PREFIX = new Prefix(Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 96);
/** Lengths that RFC 6052 §2.2 has. */
const STANDARD_BITS: readonly number[] = [32, 40, 48, 56, 64, 96];

export function readDns64Options(use: Directive, problems: Problems): Dns64Options {
  const [argument] = use.args;
  const isFit = expectArguments(use, problems, { max: 1, usage: USAGE });
  let prefix = isFit && argument !== undefined ? readPrefix(argument, problems) : undefined;
  let given = argument;
  let translateAll = false;
  let allowIPv4 = false;
  const flag = (option: Directive): true => {
    forbidBlock(option, problems);
    expectArguments(option, problems, { max: 0, usage: option.name.text });
    return true;
  };
  eachOption(use, problems, {
    prefix(option) {
      forbidBlock(option, problems);
      const [word] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'prefix PREFIX' }) || word === undefined) return;
      if (given !== undefined) {
        problems.error(word, `a prefix is given already: '${shorten(given.text)}'`, { expected: 'one prefix' });
        return;
      }
      given = word;
      prefix = readPrefix(word, problems);
    },
    translate_all: (option) => void (translateAll = flag(option)),
    allow_ipv4: (option) => void (allowIPv4 = flag(option)),
  });
  return { prefix: prefix ?? WELL_KNOWN_PREFIX, translateAll, allowIPv4 };
}

function readPrefix(word: Token, problems: Problems): Prefix | undefined {
  const text = parsePrefixText(word.text);
  if (text === undefined || text.octets.length !== 16) {
    problems.error(word, `'${shorten(word.text)}' is no IPv6 prefix`, { expected: 'a prefix such as 64:ff9b::/96' });
    return undefined;
  }
  const { octets, bits } = text;
  if (bits < MIN_BITS || bits > MAX_BITS || bits % 8 !== 0) {
    problems.error(word, `a prefix cannot have ${bits} bits`, { expected: STANDARD_BITS.join(', ') });
    return undefined;
  }
  const prefix = new Prefix(octets, bits);
  if (!STANDARD_BITS.includes(bits)) {
    problems.warning(word, `RFC 6052 has no prefix of ${bits} bits: translators may not know it`, {
      expected: STANDARD_BITS.join(', '),
    });
  }
  if (prefix.hasReservedBits) {
    problems.warning(word, 'bits 64 to 71 of the prefix are not zero, as RFC 6052 wants them', {
      expected: 'a prefix such as 64:ff9b::/96',
    });
  }
  return prefix;
}
