import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldReader } from '../../src/cluster/reduce/reading.ts';
import { matches, parseSelector, readLabelSelector, requirementsOf } from '../../src/cluster/selector.ts';

function requirements(text: string) {
  const reading = parseSelector(text);
  if (reading.outcome === 'error') throw new Error(`${reading.position}: ${reading.reason}`);
  return reading.selector.requirements;
}

describe('selectors in kubectl’s syntax', () => {
  it.each([
    ['', {}, true],
    ['  ', { a: 'b' }, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'b' }, true],
    ['a=b', { a: 'c' }, false],
    ['a=b', {}, false],
    ['a=', { a: '' }, true],
    ['a=,b=c', { a: '', b: 'c' }, true],
    ['c!=d', { c: 'd' }, false],
    ['c!=d', { c: 'e' }, true],
    ['c!=d', {}, true],
    ['e in (x,y)', { e: 'y' }, true],
    ['e in (x, y)', { e: 'z' }, false],
    ['e in (x,)', { e: '' }, true],
    ['e in (x)', {}, false],
    ['f notin (z)', { f: 'z' }, false],
    ['f notin (z)', { f: 'a' }, true],
    ['f notin (z)', {}, true],
    ['g', { g: '' }, true],
    ['g', {}, false],
    ['!h', {}, true],
    ['!h', { h: 'x' }, false],
    ['a=b,c!=d,e in (x,y),f notin (z),g,!h', { a: 'b', e: 'x', g: '1' }, true],
    ['a=b,c!=d,e in (x,y),f notin (z),g,!h', { a: 'b', e: 'x', g: '1', h: '' }, false],
    ['app.kubernetes.io/name = web', { 'app.kubernetes.io/name': 'web' }, true],
    ['n>3,n<10', { n: '5' }, true],
    ['n>5', { n: '5' }, false],
    ['n>5', { n: 'many' }, false],
    ['n<5', {}, false],
    ['in in (in)', { in: 'in' }, true],
    ['constructor', {}, false],
  ] as const)('%j on %j: %s', (text, labels, expected) => {
    expect(matches(requirements(text), labels)).toBe(expected);
  });

  it.each([
    [',', 0],
    ['a=b,', 4],
    ['a=b c=d', 4],
    ['a in x', 5],
    ['a in (x', 7],
    ['a in (x=y)', 7],
    ['a ~ b', 2],
    ['a=b/c', 2],
    ['/a=b', 0],
    ['Up_per.io/a', 0],
    ['a>b', 2],
    ['!', 1],
    ['!!a', 1],
    [`a=${'x'.repeat(64)}`, 2],
    [`${'x'.repeat(64)}=a`, 0],
    ['a=(b)', 2],
  ])('%j is an error at %i', (text, position) => {
    expect(parseSelector(text)).toMatchObject({ outcome: 'error', position });
  });

  it('says what it expected', () => {
    expect(parseSelector('tier in front')).toEqual({
      outcome: 'error',
      position: 8,
      reason: 'expected "(", found "front"',
    });
  });

  it('never throws, and points into the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab,()!=<> in]{0,30}$/), (text) => {
        const reading = parseSelector(text);
        if (reading.outcome === 'error') {
          expect(reading.position).toBeGreaterThanOrEqual(0);
          expect(reading.position).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

describe('selectors of objects', () => {
  it('takes matchLabels and matchExpressions together', () => {
    const read = new FieldReader();
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front', 'back'] },
        { key: 'old', operator: 'DoesNotExist' },
        { key: 'track', operator: 'NotIn', values: ['canary'] },
        { key: 'team', operator: 'Exists' },
      ],
    };
    const found = readLabelSelector({ selector }, 'selector', ['spec'], read);
    expect(read.complaints).toEqual([]);
    expect(matches(found, { app: 'web', tier: 'back', team: 'a' })).toBe(true);
    expect(matches(found, { app: 'web', tier: 'back', team: 'a', track: 'canary' })).toBe(false);
    expect(matches(found, { app: 'web', tier: 'back', team: 'a', old: '' })).toBe(false);
    expect(matches(found, { app: 'web', tier: 'side', team: 'a' })).toBe(false);
  });

  it('leaves an expression out that it does not know', () => {
    const read = new FieldReader();
    const found = readLabelSelector({ s: { matchExpressions: [{ key: 'a', operator: 'Gt' }, 7] } }, 's', [], read);
    expect(found).toEqual([]);
    expect(read.complaints).toHaveLength(2);
  });

  it('takes a plain mapping', () => {
    expect(matches(requirementsOf({ a: '1', b: '2' }), { a: '1', b: '2', c: '3' })).toBe(true);
    expect(matches(requirementsOf({ a: '1', b: '2' }), { a: '1' })).toBe(false);
  });
});
