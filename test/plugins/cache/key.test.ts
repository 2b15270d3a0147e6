/** The key of an answer: everything that changes what an upstream says is in it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Class, Flag, OptionCode, className, typeName } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { cacheKey } from '../../../src/plugins/cache/key.ts';
import { makeQuery } from '../support.ts';
import { answering, bench } from './support.ts';

interface Asked {
  readonly labels: readonly string[];
  readonly type: number;
  readonly class: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  readonly recursion: boolean;
}

const label = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((octets) => String.fromCharCode(...octets));
/** Few values each, so that pairs that differ in one part alone come up often, and any values besides. */
const number = fc
  .oneof(fc.nat(12), fc.constantFrom(28, 256, 257), fc.nat(0xffff))
  .filter((type) => type !== 251 && type !== 252);
const PARTS = ['labels', 'type', 'class', 'dnssecOk', 'checkingDisabled', 'recursion'] as const;
const asked: fc.Arbitrary<Asked> = fc.record({
  labels: fc.array(fc.oneof(fc.constantFrom('www', 'WWW', 'a', '\0', '\x01'), label), { maxLength: 4 }),
  type: number,
  class: fc.oneof(fc.constantFrom(Class.IN, Class.CH), number),
  dnssecOk: fc.boolean(),
  checkingDisabled: fc.boolean(),
  recursion: fc.boolean(),
});

function keyOf(parts: Asked): string | undefined {
  const name = Name.fromLabels(parts.labels, Name.root) ?? Name.root;
  const flags = (parts.checkingDisabled ? Flag.CD : 0) | (parts.recursion ? Flag.RD : 0);
  return cacheKey(
    makeQuery(name.toString(), typeName(parts.type), {
      class: className(parts.class),
      flags,
      edns: { dnssecOk: parts.dnssecOk },
    }),
  );
}

/** The parts written out, so that two are equal exactly if the queries are. */
function identity(parts: Asked): string {
  const name = Name.fromLabels(parts.labels, Name.root) ?? Name.root;
  return JSON.stringify([name.key, parts.type, parts.class, parts.dnssecOk, parts.checkingDisabled, parts.recursion]);
}

describe('the key of the cache', () => {
  it('CVE-2024-0874: differs for any two queries that differ in a part of it, and only for those', () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        expect(keyOf(one) === keyOf(other)).toBe(identity(one) === identity(other));
      }),
      { numRuns: 2000 },
    );
  });

  it('CVE-2024-0874: differs where one part alone differs, or a few', () => {
    fc.assert(
      fc.property(asked, asked, fc.subarray([...PARTS], { minLength: 1 }), (one, other, parts) => {
        const changed = { ...one, ...Object.fromEntries(parts.map((part) => [part, other[part]])) };
        expect(keyOf(one) === keyOf(changed)).toBe(identity(one) === identity(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('CVE-2024-0874: differs for all types, classes and flags of one name', () => {
    const keys = new Set<string | undefined>();
    let queries = 0;
    for (let type = 0; type < 270; type++) {
      if (type === 251 || type === 252) continue;
      for (const klass of [Class.IN, Class.CH, 256]) {
        for (let how = 0; how < 8; how++) {
          const flags = { dnssecOk: how > 3, checkingDisabled: (how & 2) !== 0, recursion: (how & 1) !== 0 };
          keys.add(keyOf({ labels: ['www'], type, class: klass, ...flags }));
          queries++;
        }
      }
    }
    expect(keys.size).toBe(queries);
  });

  it('QCLASS missing in cache key (1.14.7, #8272)', async () => {
    const { ask, upstream } = await bench('cache', answering('www.example. 60 IN A 192.0.2.1'));
    ask();
    upstream.now(answering('www.example. 60 CH A 192.0.2.2'));
    expect(ask('www.example.', 'A', { class: 'CH' })).toMatchObject({ answers: [{ class: Class.CH }] });
    expect(ask()).toMatchObject({ answers: [{ class: Class.IN }] });
    expect(ask('www.example.', 'A', { class: 'CH' })).toMatchObject({ answers: [{ class: Class.CH }] });
    expect(upstream.asked).toBe(2);
  });

  it('does not know upper from lower case (RFC 4343), nor EDNS without DO from none', async () => {
    const { ask, upstream } = await bench('cache', answering('www.example. 60 IN A 192.0.2.1'));
    ask();
    ask('WwW.eXample.', 'A', { edns: { udpSize: 4096 } });
    expect(upstream.asked).toBe(1);
  });

  it.each([OptionCode.NSID, OptionCode.COOKIE, OptionCode.TCP_KEEPALIVE, OptionCode.PADDING, OptionCode.EXPIRE])(
    'is the same with EDNS option %i, which ends here',
    (code) => {
      const options = [{ code, data: new Uint8Array(8) }];
      expect(cacheKey(makeQuery('a.', 'A', { edns: { options } }))).toBe(cacheKey(makeQuery('a.', 'A')));
    },
  );

  it.each([OptionCode.CLIENT_SUBNET, OptionCode.EDE, 65_001])(
    'is none with EDNS option %i: the answer is for one client',
    async (code) => {
      const { ask, upstream } = await bench('cache', answering('www.example. 60 IN A 192.0.2.1'));
      const edns = {
        options: [
          { code: OptionCode.PADDING, data: new Uint8Array(8) },
          { code, data: new Uint8Array(8) },
        ],
      };
      ask('www.example.', 'A', { edns });
      ask('www.example.', 'A', { edns });
      expect(upstream.asked).toBe(2);
      // What was said to that client is kept for nobody else.
      ask();
      expect(upstream.asked).toBe(3);
      ask();
      ask('www.example.', 'A', { edns });
      expect(upstream.asked).toBe(4);
    },
  );
});
