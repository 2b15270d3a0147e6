import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, parseSelector } from '../../src/cluster/selector.ts';
import { fieldMatcher, labelMatcher } from './selectors.ts';

const labels = { app: 'web', tier: 'front', 'example.com/size': '7', empty: '' };

describe('a label selector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier', true],
    ['app!=web', false],
    ['none!=web', true],
    ['none=', false],
    ['empty=', true],
    ['app in (api,web)', true],
    ['app notin (api, web),tier', false],
    ['none notin (a)', true],
    ['none in (a)', false],
    ['!none', true],
    ['!app', false],
    ['example.com/size>6', true],
    ['example.com/size < 7', false],
    ['none>1', false],
  ])('%s', (text, expected) => {
    expect(labelMatcher(text)(labels)).toBe(expected);
  });

  it.each(['a=b=c', 'a in', 'a in (b', '=b', 'a/b/c', '-a', 'a=-b', 'A.b/', 'x'.repeat(64), 'a b'])(
    'cannot be %s',
    (text) => {
      expect(() => labelMatcher(text)).toThrow(/unable to parse/);
    },
  );

  it('means the same to the product', () => {
    const key = fc.constantFrom('app', 'tier', 'none', 'example.com/size');
    const value = fc.constantFrom('web', 'front', '7', '');
    const term = fc.oneof(
      fc.tuple(key, fc.constantFrom('=', '==', '!=', ' = '), value).map((parts) => parts.join('')),
      fc
        .tuple(key, fc.constantFrom('in', 'notin'), fc.array(value, { minLength: 1 }))
        .map(([name, operator, values]) => `${name} ${operator} (${values.join(',')})`),
      key,
      key.map((name) => `!${name}`),
    );
    fc.assert(
      fc.property(
        fc.array(term).map((terms) => terms.join(',')),
        (text) => {
          const reading = parseSelector(text);
          const theirs = reading.outcome === 'selector' && matches(reading.selector.requirements, labels);
          expect(theirs).toBe(labelMatcher(text)(labels));
        },
      ),
    );
  });
});

describe('a field selector', () => {
  const fields = { 'metadata.name': 'web', 'status.phase': 'Running' };

  it.each([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web,status.phase=Running', true],
    ['status.phase!=Running', false],
    ['status.phase!=Failed,status.phase!=Succeeded', true],
    ['metadata.name=a\\,b', false],
  ])('%s', (text, expected) => {
    expect(fieldMatcher(text, Object.keys(fields))(fields)).toBe(expected);
  });
});
