/** Which block answers. The conformance suite asks the same of the whole server; here are the edges. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Name } from '../../src/dns/name.ts';
import { failure, rcodeOfAnswer } from '../../src/plugins/answer.ts';
import { Router } from '../../src/server/router.ts';
import { makeQuery } from '../plugins/support.ts';
import { explain } from '../../src/plugins/reasons.ts';

/** A router whose blocks answer with their own number as a response code. */
function routerOf(
  zones: readonly string[],
  options: { readonly empty?: readonly string[]; readonly anyClass?: string } = {},
) {
  const routes = zones.map((zone, index) => ({
    zone: Name.fromText(zone),
    chain:
      options.empty?.includes(zone) === true
        ? undefined
        : { answer: () => failure(100 + index, explain('internalError')) },
    anyClass: options.anyClass === zone,
  }));
  const router = new Router(routes, 'dns://:53');
  const ask = (name: string, type = 'A'): string => {
    const outcome = router.resolve(makeQuery(name, type));
    if (outcome instanceof Promise) throw new Error('blocks answer in the same tick');
    const rcode = rcodeOfAnswer(outcome);
    return rcode === 5 ? 'REFUSED' : (zones[rcode - 100] ?? `rcode ${rcode}`);
  };
  return { router, ask };
}

describe('the longest zone answers', () => {
  const { ask } = routerOf(['example.org.', 'sub.example.org.', 'deep.sub.example.org.', 'cluster.local.']);

  it.each([
    ['example.org.', 'example.org.'],
    ['EXAMPLE.org.', 'example.org.'],
    ['www.example.org.', 'example.org.'],
    ['sub.example.org.', 'sub.example.org.'],
    ['a.b.c.sub.example.org.', 'sub.example.org.'],
    ['deep.sub.example.org.', 'deep.sub.example.org.'],
    ['xsub.example.org.', 'example.org.'],
    ['xexample.org.', 'REFUSED'],
    ['evilcluster.local.', 'REFUSED'],
    ['example.org.evil.', 'REFUSED'],
    ['cluster.local.cluster.local.', 'cluster.local.'],
    [String.raw`evil\.cluster.local.`, 'REFUSED'],
    [String.raw`x\007cluster.local.`, 'REFUSED'],
    [String.raw`x\007cluster\005local.`, 'REFUSED'],
    ['org.', 'REFUSED'],
    ['.', 'REFUSED'],
  ])('%s is for %s', (name, zone) => {
    expect(ask(name)).toBe(zone);
  });

  it('CVE-2026-33489: whatever a label holds, octets that look like a zone are not one', () => {
    const label = fc.oneof(
      fc.constantFrom('example', 'org', 'sub', '\x07example', 'x\x03org', '\x07example\x03org', 'EXAMPLE', 'a'),
      fc.string({
        unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
        minLength: 1,
        maxLength: 20,
      }),
    );
    const zones = ['example.org.', 'sub.example.org.'];
    const { router } = routerOf(zones);
    fc.assert(
      fc.property(fc.array(label, { maxLength: 5 }), (labels) => {
        const name = Name.fromLabels(labels, Name.root) ?? Name.root;
        const lower = labels.map((one) => one.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
        const ends = (zone: string): boolean => {
          const wanted = zone.split('.').slice(0, -1);
          return (
            lower.length >= wanted.length && wanted.every((one, i) => lower[lower.length - wanted.length + i] === one)
          );
        };
        const query = makeQuery('.', 'A');
        Object.defineProperty(query, 'question', { value: { ...query.question, name } });
        const expected = ends('sub.example.org.') ? 101 : ends('example.org.') ? 100 : 5;
        expect(router.resolve(query)).toMatchObject({ rcode: expected });
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });
});

describe('the root block', () => {
  const { ask } = routerOf(['.', 'example.org.']);

  it('takes what no other takes', () => {
    expect(ask('www.example.net.')).toBe('.');
    expect(ask('.')).toBe('.');
    expect(ask('www.example.org.')).toBe('example.org.');
  });
});

describe('DS', () => {
  it('of a zone goes to the block of a parent, however far above', () => {
    const { ask } = routerOf(['example.org.', 'a.b.example.org.', '.']);
    expect(ask('a.b.example.org.', 'DS')).toBe('example.org.');
    expect(ask('x.a.b.example.org.', 'DS')).toBe('a.b.example.org.');
  });

  it('never goes to the root for the want of another', () => {
    const { ask } = routerOf(['example.org.', '.']);
    expect(ask('example.org.', 'DS')).toBe('example.org.');
    expect(ask('other.org.', 'DS')).toBe('.');
    expect(ask('.', 'DS')).toBe('.');
  });

  it('goes to a parent without plugins too: its block is the one that answers', () => {
    const { ask } = routerOf(['example.org.', 'sub.example.org.'], { empty: ['example.org.'] });
    expect(ask('sub.example.org.', 'DS')).toBe('REFUSED');
  });
});

describe('REFUSED', () => {
  it('is what a block without plugins says, also where its parent would answer', () => {
    const { ask } = routerOf(['.', 'example.org.', 'bare.example.org.'], { empty: ['bare.example.org.'] });
    expect(ask('www.bare.example.org.')).toBe('REFUSED');
    expect(ask('bare.example.org.', 'DS')).toBe('example.org.');
  });

  it('is what everything says where there are no blocks', () => {
    expect(routerOf([]).ask('example.org.')).toBe('REFUSED');
  });
});

describe('classes', () => {
  it('other than IN are taken where one block knows them', () => {
    expect(routerOf(['.']).router.takesClass(1)).toBe(true);
    expect(routerOf(['.']).router.takesClass(3)).toBe(false);
    expect(routerOf(['.', 'a.'], { anyClass: 'a.' }).router.takesClass(3)).toBe(true);
    expect(routerOf([]).router.takesClass(1)).toBe(true);
  });
});
