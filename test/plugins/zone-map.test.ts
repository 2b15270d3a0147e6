/** Finding the longest of many zones. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Name } from '../../src/dns/name.ts';
import { ZoneMap } from '../../src/plugins/zone-map.ts';

function mapOf(...zones: readonly string[]): ZoneMap<string> {
  return new ZoneMap(zones.map((zone) => [Name.fromText(zone), zone]));
}

describe('a map of zones', () => {
  it.each([
    ['a.test.', 'a.test.'],
    ['X.A.Test.', 'a.test.'],
    ['b.test.', 'test.'],
    ['ba.test.', 'test.'],
    ['a.test.other.', undefined],
    ['.', undefined],
  ])('%s is in %s', (name, zone) => {
    expect(mapOf('test.', 'a.test.').find(Name.fromText(name))).toBe(zone);
  });

  it('has every name where the root is a zone, and none where there is no zone', () => {
    expect(mapOf('.', 'test.').find(Name.fromText('x.other.'))).toBe('.');
    expect(mapOf('.').find(Name.root)).toBe('.');
    expect(mapOf().find(Name.fromText('x.test.'))).toBeUndefined();
  });

  it('finds what a look at each zone finds', () => {
    const names = fc
      .array(fc.constantFrom('a', 'B', 'b', 'ab', 'A'), { maxLength: 4 })
      .map((labels) => `${labels.join('.')}.`);
    fc.assert(
      fc.property(
        fc.uniqueArray(names, { maxLength: 8, selector: (name) => name.toLowerCase() }),
        names,
        (zones, text) => {
          const name = Name.fromText(text);
          const [longest] = zones
            .map((zone) => Name.fromText(zone))
            .filter((zone) => name.isAtOrBelow(zone))
            .toSorted((one, other) => other.labelCount - one.labelCount);
          expect(mapOf(...zones).find(name)).toBe(longest?.toString());
        },
      ),
    );
  });
});
