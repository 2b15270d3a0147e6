/**
 * Reading the words of a directive, for the set-up of every directive alike. In: tokens and directives. Out: values, or
 * undefined where the word is wrong; what is wrong is reported with what was expected, and nothing is thrown.
 */
import { formatDuration, parseDuration } from './duration.ts';
import { readZoneToken, splitKey } from './keys.ts';
import { bounds } from '../bounds.ts';
import { nearestWord } from './nearest.ts';
import { shorten } from './problems.ts';
import type { Problems } from './problems.ts';
import type { Directive, Token } from './tokens.ts';

export type { Directive, Position, Token } from './tokens.ts';

/**
 * The zones that words name: presentation form, lower case, fully qualified; CIDRs as reverse zones. As in CoreDNS a
 * scheme or port is read over; here that is a warning.
 *
 * @param fallback what no words at all stand for, most often the zones of the block
 */
export function wordsAsZones(
  tokens: readonly Token[],
  fallback: readonly string[],
  problems: Problems,
): readonly string[] {
  if (tokens.length === 0) return fallback;
  const zones = new Set<string>();
  for (const token of tokens) {
    if (zones.size >= bounds.corefileZones) {
      problems.error(token, `there are more than ${bounds.corefileZones} zones`);
      break;
    }
    const parts = splitKey(token, problems);
    if (parts === undefined) continue;
    if (parts.zone !== token.text) {
      problems.warning(token, `of '${shorten(token.text)}' only the zone is used`, { suggestion: parts.zone });
    }
    for (const zone of readZoneToken(token, parts.zone, problems)) zones.add(zone);
  }
  return [...zones];
}

/** The zones of a server block, each once, in the order of its keys: what `wordsAsZones` falls back to. */
export function zonesOfKeys(keys: readonly { readonly zone: string }[]): readonly string[] {
  return [...new Set(keys.map(({ zone }) => zone))];
}

/**
 * A Go duration in milliseconds, possibly a fraction.
 *
 * @param range `bareNumber`: whether `30` is 30 seconds or an error (the default; `0` is always one). `min` and `max`
 *   in milliseconds, inclusive; `min` is 0 where absent.
 */
export function readDuration(
  token: Token,
  problems: Problems,
  range: { readonly bareNumber?: 'seconds' | 'error'; readonly min?: number; readonly max?: number } = {},
): number | undefined {
  const { bareNumber = 'error', min = 0, max = Number.POSITIVE_INFINITY } = range;
  const bare = bareNumber === 'seconds' && /^\d{1,15}$/.test(token.text);
  const duration = bare ? Number(token.text) * 1000 : parseDuration(token.text);
  if (duration === undefined) {
    const number = /^\d{1,15}$/.test(token.text);
    problems.error(token, `'${shorten(token.text)}' is not a duration`, {
      expected: `a duration such as 300ms, 5s or 1h30m${bareNumber === 'seconds' ? ', or a number of seconds' : ''}`,
      ...(number ? { suggestion: `${token.text}s` } : {}),
    });
    return undefined;
  }
  if (duration < min || duration > max) {
    problems.error(token, `the duration ${shorten(token.text)} is out of range`, {
      expected: rangeText(formatDuration(min), Number.isFinite(max) ? formatDuration(max) : undefined),
    });
    return undefined;
  }
  return duration;
}

/**
 * A whole number in decimal digits.
 *
 * @param range `min` and `max` inclusive; `what` names the number in messages: `ttl`
 */
export function readInteger(
  token: Token,
  problems: Problems,
  range: { readonly min?: number; readonly max?: number; readonly what?: string } = {},
): number | undefined {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, what = 'number' } = range;
  const bounded = range.min !== undefined || range.max !== undefined;
  const expected = bounded
    ? `a whole number ${rangeText(range.min === undefined ? undefined : String(min), range.max === undefined ? undefined : String(max))}`
    : 'a whole number';
  if (!/^[+-]?\d+$/.test(token.text)) {
    problems.error(token, `'${shorten(token.text)}' is not a whole number`, { expected });
    return undefined;
  }
  const value = Number(token.text);
  if (value < min || value > max) {
    const message =
      range.min !== undefined && range.max !== undefined
        ? `${what} must be in range [${min}, ${max}]`
        : `${what} is out of range`;
    problems.error(token, `${message}: ${shorten(token.text)}`, { expected });
    return undefined;
  }
  // `-0` is read as 0.
  return value + 0;
}

/** One of a few words, spelt exactly so. */
export function readChoice<T extends string>(token: Token, problems: Problems, choices: readonly T[]): T | undefined {
  const choice = choices.find((candidate) => candidate === token.text);
  if (choice !== undefined) return choice;
  const suggestion = nearestWord(token.text, choices);
  problems.error(token, `wrong value '${shorten(token.text)}'`, {
    expected: choices.length === 1 ? choices.join('') : `one of ${choices.join(', ')}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  return undefined;
}

/**
 * Whether a directive has the right number of arguments; if not, that is reported.
 *
 * @param count `min` is 0 and `max` unbounded where absent; `usage` is the whole line: `cache [TTL] [ZONES…]`
 */
export function expectArguments(
  directive: Directive,
  problems: Problems,
  count: { readonly min?: number; readonly max?: number; readonly usage: string },
): boolean {
  const { min = 0, max = Number.POSITIVE_INFINITY, usage } = count;
  const { name, args } = directive;
  if (args.length < min) {
    const missing = min === 1 && args.length === 0 ? 'an argument' : `${min} arguments, not ${args.length}`;
    problems.error(name, `'${shorten(name.text)}' needs ${max > min && min > 1 ? 'at least ' : ''}${missing}`, {
      expected: usage,
    });
    return false;
  }
  if (args.length > max) {
    const allowed = max === 0 ? 'no arguments' : `at most ${max} argument${max === 1 ? '' : 's'}, not ${args.length}`;
    problems.error(args[max] ?? name, `'${shorten(name.text)}' takes ${allowed}`, { expected: usage });
    return false;
  }
  return true;
}

/** Whether a directive has no braces; if it has, that is reported. */
export function forbidBlock(directive: Directive, problems: Problems): boolean {
  if (directive.block === undefined) return true;
  problems.error(directive.name, `'${shorten(directive.name.text)}' takes no block`, {
    expected: `no '{' on this line`,
  });
  return false;
}

/**
 * Calls the handler of each line between the braces, in their order; one without a handler is reported as unknown.
 *
 * @param gone options that CoreDNS had once, with what to do about each
 */
export function eachOption(
  directive: Directive,
  problems: Problems,
  handlers: Readonly<Record<string, (option: Directive) => void>>,
  gone: ReadonlyMap<string, string> = new Map(),
): void {
  for (const option of directive.block ?? []) {
    const name = option.name.text;
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    const instead = gone.get(name);
    if (instead !== undefined) {
      problems.error(option.name, `'${shorten(directive.name.text)}' has no option '${name}' any more`, {
        expected: instead,
      });
    } else if (handler === undefined) {
      problems.unknownWord(option.name, `option of '${shorten(directive.name.text)}'`, Object.keys(handlers));
    } else {
      handler(option);
    }
  }
}

function rangeText(min: string | undefined, max: string | undefined): string {
  if (min === undefined) return `of at most ${max ?? ''}`;
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
}

/**
 * As in CoreDNS a second line of an option replaces the first; that is hardly meant.
 *
 * @param what of which there should be one line: `success`, `disable denial`
 * @param seen the lines so far, of one directive
 */
export function warnOfSecond({ name }: Directive, what: string, seen: Map<string, Token>, problems: Problems): void {
  const first = seen.get(what);
  seen.set(what, name);
  if (first === undefined) return;
  const { file, line, column } = first.at;
  problems.warning(name, `this '${what}' replaces the one at ${file}:${line}:${column}`);
}
