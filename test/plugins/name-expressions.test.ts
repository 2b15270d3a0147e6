/** Expressions that match no name, and others that look like them. */
import { describe, expect, it } from 'vitest';
import { doubtOfNameExpression } from '../../src/plugins/name-expressions.ts';

describe('an expression is doubted', () => {
  it.each([
    String.raw`^(.*)\.example\.com$`,
    'com$',
    'a-$',
    '9$',
    // A capital that stands for itself.
    'Example',
    String.raw`\.Example\.`,
    '(?:A|b)',
    '(?P<Name>x)Y',
  ])('%s', (source) => {
    expect(doubtOfNameExpression(source)).toBeDefined();
  });
});

describe('an expression is not doubted', () => {
  it.each([
    String.raw`^(.*)\.example\.com\.$`,
    '.*',
    '.$',
    '[.]$',
    String.raw`\S$`,
    String.raw`\.$`,
    String.raw`\x2e$`,
    String.raw`\056$`,
    '(?i)Example',
    '(?si:Example)',
    '[^A-Z]',
    String.raw`[\]A]`,
    String.raw`\S\W\D\pL\p{Lu}`,
    '(?P<Name>x)',
    'com$|',
    '',
  ])('%s', (source) => {
    expect(doubtOfNameExpression(source)).toBeUndefined();
  });
});
