/**
 * Regular expressions of a Corefile: the RE2 language that CoreDNS has, in linear time, so that no name that a client
 * asks for makes one run away. In: a word. Out: the compiled expression, or a problem at that word.
 */
import { bounds } from '../bounds.ts';
import { RE2JS } from 're2js';
import type { Token } from '../corefile/corefile.ts';
import { type Problems, shorten } from '../corefile/problems.ts';

/** Unanchored: it may match anywhere in a text. */
export function compileRegexp(token: Token, problems: Problems): RE2JS | undefined {
  if (token.text.length > bounds.regexpLength) {
    problems.error(token, `a regular expression of ${token.text.length} characters`, {
      expected: `at most ${bounds.regexpLength} characters`,
    });
    return undefined;
  }
  try {
    const regexp = RE2JS.compile(token.text);
    if (regexp.groupCount() <= bounds.regexpGroups) return regexp;
    problems.error(token, `a regular expression with ${regexp.groupCount()} groups`, {
      expected: `at most ${bounds.regexpGroups} groups; (?:…) groups without a number`,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    problems.error(token, `'${shorten(token.text)}' is no regular expression: ${reason}`, {
      expected: 'RE2 syntax, which has no look-around and no back-references',
    });
  }
  return undefined;
}
