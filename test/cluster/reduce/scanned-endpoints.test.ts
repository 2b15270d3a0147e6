/** Endpoints that are read off their octets mean the same as those that JSON gives. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { reduceEndpointSlice } from '../../../src/cluster/reduce/reduce.ts';
import { isRecord } from '../../../src/cluster/reduce/reading.ts';
import { ScannedEndpoints } from '../../../src/cluster/reduce/scanned-endpoints.ts';
import { parsed } from '../../../src/cluster/watch/event.ts';

const HEAD = '{"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}}';

function endpointsOf(value: unknown): unknown {
  return isRecord(value) ? value['endpoints'] : undefined;
}

/** Whether the octets were understood without JSON, which must say the same. */
function isScanned(text: string): boolean {
  const value = parsed(Buffer.from(text));
  expect(reduceEndpointSlice(value)).toEqual(reduceEndpointSlice(JSON.parse(text)));
  return endpointsOf(value) instanceof ScannedEndpoints;
}

const slice = (endpoints: string, type = 'IPv4'): string =>
  `${HEAD},"addressType":"${type}","endpoints":${endpoints},"ports":[{"name":"http","port":80,"protocol":"TCP"}]}`;

describe('what an API server writes is understood', () => {
  it.each([
    ['an address alone', '[{"addresses":["10.0.0.1"]}]'],
    [
      'all fields',
      '[{"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"hostname":"web-0","targetRef":{"kind":"Pod","namespace":"shop","name":"web-0","uid":"6b8"},"nodeName":"node-1","zone":"Europe-West1-B","hints":{"forZones":[{"name":"b"}]}}]',
    ],
    ['one that is not ready', '[{"addresses":["10.0.0.1","10.0.0.2"],"conditions":{"ready":false}}]'],
    ['conditions that say nothing', '[{"addresses":["10.0.0.1"],"conditions":{}}]'],
    ['no address', '[{"addresses":[],"hostname":"a"}]'],
    [
      'several addresses, and names of some only',
      '[{"addresses":["1.2.3.4"]},{"addresses":["1.2.3.5","1.2.3.6"],"hostname":"b"}]',
    ],
    [
      'a target without a name',
      '[{"addresses":["1.2.3.4"],"targetRef":{"kind":"Pod"}},{"addresses":["1.2.3.5"],"targetRef":{}}]',
    ],
    ['a target whose name is no label', `[{"addresses":["1.2.3.4"],"targetRef":{"name":"${'a'.repeat(64)}"}}]`],
    ['a target whose name just is', `[{"addresses":["1.2.3.4"],"targetRef":{"name":"${'a'.repeat(63)}"}}]`],
    [
      'what nobody reads',
      '[{"nodeName":"ä","x":[],"y":{},"z":[true,false,null,[["a"]]],"addresses":["255.0.10.199"]}]',
    ],
    ['many', JSON.stringify(Array.from({ length: 1_000 }, (_, i) => ({ addresses: [`10.0.${i >> 8}.${i & 255}`] })))],
  ])('%s', (_, endpoints) => {
    expect(isScanned(slice(endpoints))).toBe(true);
  });

  it('as an event, and with the fields behind it or before', () => {
    const event = `{"type":"ADDED","object":${slice('[{"addresses":["10.0.0.1"]}]')}}`;
    const value = parsed(Buffer.from(event));
    const object = isRecord(value) ? value['object'] : undefined;
    expect(endpointsOf(object)).toBeInstanceOf(ScannedEndpoints);
    expect(isRecord(value) && value['type']).toBe('ADDED');
    expect(
      isScanned(
        '{"endpoints":[{"addresses":["10.0.0.1"]}],"addressType":"IPv4","metadata":{"name":"a","labels":{"kubernetes.io/service-name":"web"}}}',
      ),
    ).toBe(true);
  });

  it('for a slice of another family too, though it is read as JSON then', () => {
    expect(isScanned(slice('[{"addresses":["10.0.0.1"]}]', 'IPv6'))).toBe(true);
    expect(isScanned(slice('[{"addresses":["10.0.0.1"]}]', 'FQDN'))).toBe(true);
    expect(isScanned(slice('[{"addresses":["10.0.0.1"]}]', ''))).toBe(true);
  });
});

describe('what it does not understand is read as JSON', () => {
  it.each([
    ['white space', '[{"addresses": ["10.0.0.1"]}]'],
    ['an escape', '[{"addresses":["10.0.0.1"],"hostname":"\\u0061"}]'],
    ['a line feed in a text', '[{"addresses":["10.0.0.1"],"hostname":"a\\nb"}]'],
    ['a text beyond ASCII', '[{"addresses":["10.0.0.1"],"hostname":"ä"}]'],
    ['an address of IPv6', '[{"addresses":["2001:db8::1"]}]'],
    ['an address that is none', '[{"addresses":["10.0.0.256"]}]'],
    ['a leading zero', '[{"addresses":["10.0.0.01"]}]'],
    ['an address with a part too many', '[{"addresses":["10.0.0.1.2"]}]'],
    ['a field twice', '[{"addresses":["10.0.0.1"],"hostname":"a","hostname":"b"}]'],
    ['null', '[{"addresses":["10.0.0.1"],"hostname":null}]'],
    ['ready as a text', '[{"addresses":["10.0.0.1"],"conditions":{"ready":"false"}}]'],
    ['ready twice', '[{"addresses":["10.0.0.1"],"conditions":{"ready":true,"ready":false}}]'],
    ['the name of a target twice', '[{"addresses":["10.0.0.1"],"targetRef":{"name":"a","name":"b"}}]'],
    ['a number', '[{"addresses":["10.0.0.1"],"x":1}]'],
    ['an endpoint without fields', '[{"addresses":["10.0.0.1"]},{}]'],
    ['an endpoint that is none', '[{"addresses":["10.0.0.1"]},7]'],
    ['lists within lists within lists', `[{"addresses":["10.0.0.1"],"x":${'['.repeat(12)}${']'.repeat(12)}}]`],
    [
      'more than any API server allows',
      JSON.stringify(Array.from({ length: bounds.sliceEndpoints + 1 }, () => ({ addresses: ['10.0.0.1'] }))),
    ],
    [
      'more addresses than endpoints may have',
      JSON.stringify([{ addresses: Array.from({ length: bounds.sliceEndpoints + 1 }, () => '10.0.0.1') }]),
    ],
  ])('%s', (_, endpoints) => {
    expect(isScanned(slice(endpoints))).toBe(false);
  });

  it('endpoints that are another field of that name', () => {
    const other = '"other":{"endpoints":[{"addresses":["10.9.9.9"]}]}';
    const own = '"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}]';
    expect(isScanned(`${HEAD},${other},${own}}`)).toBe(false);
    expect(isScanned(`${HEAD},${own},${other}}`)).toBe(true);
    expect(isScanned(`${HEAD},${own},"endpoints":[{"addresses":["10.0.0.2"]}]}`)).toBe(false);
    expect(isScanned(`${HEAD},${own},"endpoints":null}`)).toBe(false);
  });
});

describe('octets of all kinds', () => {
  const text = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('a', 'web-0', '', 'A', 'n'.repeat(63), 'n'.repeat(64)) },
    { weight: 1, arbitrary: fc.constantFrom('x\\y', 'é', '"', '\n', '\u007f') },
    { weight: 1, arbitrary: fc.string({ maxLength: 70 }) },
  );
  const anything = fc.oneof(fc.constantFrom<unknown>(null, true, 1, [], {}, '', [[{}]]), text);
  const address = fc.oneof(
    { weight: 30, arbitrary: fc.ipV4() },
    { weight: 1, arbitrary: fc.oneof(fc.ipV6(), fc.constantFrom('', '1.2.3', '01.2.3.4', '1.2.3.4 ', '1.2.3.400')) },
  );
  const some = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: anything });
  const endpoint = fc
    .record(
      {
        addresses: some(fc.array(address, { maxLength: 3 })),
        conditions: some(fc.record({ ready: some(fc.boolean()), serving: fc.boolean() }, { requiredKeys: [] })),
        hostname: some(text),
        targetRef: some(fc.record({ kind: text, name: some(text) }, { requiredKeys: [] })),
        zone: some(text),
        nodeName: text,
        hints: anything,
      },
      { requiredKeys: [] },
    )
    .chain((made) => fc.shuffledSubarray(Object.entries(made), { minLength: Object.keys(made).length }))
    .map((entries) => Object.fromEntries(entries));
  const endpoints = fc.array(some(endpoint), { maxLength: 5 }).map((list) => JSON.stringify(list));

  it('mean what JSON says that they mean', () => {
    let scanned = 0;
    fc.assert(
      fc.property(endpoints, fc.constantFrom('IPv4', 'IPv6', ''), (list, type) => {
        if (isScanned(slice(list, type))) scanned++;
      }),
      { numRuns: 2_000 },
    );
    expect(scanned).toBeGreaterThan(400);
  });

  it('are no JSON where JSON says so, and mean the same where one of them is another', () => {
    const broken = fc
      .tuple(
        endpoints,
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '0', 'a', ' ', '\n', '\u0001', 'é'),
      )
      .map(([list, place, octet]) => {
        const whole = slice(list);
        const at = whole.indexOf('"endpoints"') + (place % (list.length + 12));
        return whole.slice(0, at) + octet + whole.slice(at + 1);
      });
    fc.assert(
      fc.property(broken, (source) => {
        let value: unknown;
        try {
          value = JSON.parse(source);
        } catch {
          expect(() => parsed(Buffer.from(source))).toThrow('no JSON');
          return;
        }
        expect(reduceEndpointSlice(parsed(Buffer.from(source)))).toEqual(reduceEndpointSlice(value));
      }),
      { numRuns: 2_000 },
    );
  });
});
