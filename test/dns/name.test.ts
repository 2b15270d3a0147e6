import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NAME_OCTETS, Name } from '../../src/dns/name.ts';
import { anyName } from './arbitraries.ts';

const label63 = 'x'.repeat(63);
/** 63 + 63 + 63 + 61 characters with their length octets and the root label: 255 octets. */
const longest = [label63, label63, label63, 'y'.repeat(61)].join('.');

describe('presentation form', () => {
  it.each([
    ['nginx.default.svc.cluster.local', 'nginx.default.svc.cluster.local.'],
    ['nginx.default.', 'nginx.default.'],
    ['.', '.'],
    ['Web-0.Example', 'Web-0.Example.'],
    ['_http._tcp.a', '_http._tcp.a.'],
    [String.raw`a\.b.c`, String.raw`a\.b.c.`],
    [String.raw`\065\066.c`, 'AB.c.'],
    [String.raw`a\000b`, String.raw`a\000b.`],
    [String.raw`a\032b`, String.raw`a\032b.`],
    [String.raw`a\255`, String.raw`a\255.`],
    [String.raw`\\\"\$\(\)\;\@`, String.raw`\\\"\$\(\)\;\@.`],
    [String.raw`end\.`, String.raw`end\..`],
  ])('reads %j and writes %j', (text, written) => {
    expect(Name.parse(text)?.toString()).toBe(written);
  });

  it.each([
    '',
    '..',
    '.a',
    'a..',
    'a..b',
    `${label63}x.a`,
    'a\\',
    String.raw`a\1`,
    String.raw`a\12`,
    String.raw`a\1x2`,
    String.raw`a\256`,
    String.raw`a\999`,
    'ł',
    String.raw`\ł`,
    '😀',
  ])('takes %j for no name', (text) => {
    expect(Name.parse(text)).toBeUndefined();
    expect(() => Name.fromText(text)).toThrow(RangeError);
  });

  it('has room for 255 octets and not for one more', () => {
    expect(Name.parse(longest)?.octetLength).toBe(MAX_NAME_OCTETS);
    expect(Name.parse(`${longest}.`)?.octetLength).toBe(MAX_NAME_OCTETS);
    expect(Name.parse(`${longest}y`)).toBeUndefined();
    expect(Name.parse(`${longest}.z`)).toBeUndefined();
    expect(Name.parse('a.'.repeat(127))?.labelCount).toBe(127);
    expect(Name.parse('a.'.repeat(128))).toBeUndefined();
  });

  it('comes back as the same octets, whatever they are', () => {
    fc.assert(
      fc.property(anyName(), (name) => {
        const again = Name.fromText(name.toString());
        expect(again.written).toBe(name.written);
        expect(again.key).toBe(name.key);
        expect(again.starts).toEqual(name.starts);
      }),
    );
  });

  it('never throws, and gives a name within the limits or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const name = Name.parse(text);
        expect(name === undefined || name.octetLength <= MAX_NAME_OCTETS).toBe(true);
      }),
    );
  });

  it('is written in lower case on request', () => {
    expect(Name.fromText(String.raw`NGINX.\200.Local`).toLowerCase()).toBe(String.raw`nginx.\200.local.`);
  });
});

describe('case', () => {
  it('is kept in the written form and folded in the key, for A to Z alone', () => {
    const name = Name.fromText(String.raw`AZ@[\`a.\192\222`);
    expect(name.written).toBe('\x06AZ@[`a\x02\xc0\xde\0');
    expect(name.key).toBe('\x06az@[`a\x02\xc0\xde\0');
    expect(name.label(0)).toBe('az@[`a');
    expect(name.labelAsWritten(0)).toBe('AZ@[`a');
  });

  it('is lower in the folded name, which is the name itself where it is so already', () => {
    const name = Name.fromText('Web.Shop');
    const { folded } = name;
    expect([folded.written, folded.key, folded.starts]).toEqual([name.key, name.key, name.starts]);
    expect(folded.folded).toBe(folded);
  });

  it('makes no difference between names', () => {
    expect(Name.fromText('A.b').equals(Name.fromText('a.B'))).toBe(true);
    expect(Name.fromText('a.b').equals(Name.fromText('a.c'))).toBe(false);
  });

  it('folds no length octet: a label of 65 letters does not exist, one of 0x41 neither', () => {
    fc.assert(
      fc.property(anyName(), (name) => {
        for (const start of name.starts) expect(name.key.charCodeAt(start)).toBe(name.written.charCodeAt(start));
      }),
    );
  });
});

describe('labels', () => {
  it('are counted from the left, and there is none beyond the last', () => {
    const name = Name.fromText('a.bc.def');
    expect([0, 1, 2, 3, -1].map((i) => name.label(i))).toEqual(['a', 'bc', 'def', '', '']);
    expect([0, 1, 2, 3].map((i) => name.labelAsWritten(i))).toEqual(['a', 'bc', 'def', '']);
    expect(name.labelCount).toBe(3);
    expect(Name.root.labelCount).toBe(0);
    expect(Name.root.label(0)).toBe('');
  });

  it('are put in front of a suffix, unless they are too many or none', () => {
    const suffix = Name.fromText('Svc.local');
    const name = Name.fromLabels(['Web', 'ns'], suffix);
    expect(name?.toString()).toBe('Web.ns.Svc.local.');
    expect(name?.key).toBe('\x03web\x02ns\x03svc\x05local\0');
    expect(name?.starts).toEqual([0, 4, 7, 11]);
    expect(Name.fromLabels([], suffix)?.equals(suffix)).toBe(true);
    expect(Name.fromLabels([''], suffix)).toBeUndefined();
    expect(Name.fromLabels(['x'.repeat(64)], suffix)).toBeUndefined();
    expect(Name.fromLabels(['Ā'], suffix)).toBeUndefined();
    expect(Name.fromLabels([label63, label63, label63, 'x'.repeat(50)], suffix)?.octetLength).toBe(254);
    expect(Name.fromLabels([label63, label63, label63, 'x'.repeat(52)], suffix)).toBeUndefined();
  });

  it('are taken away from the left by ancestor', () => {
    const name = Name.fromText('A.b.C');
    expect([0, 1, 2, 3, 4].map((count) => name.ancestor(count).toString())).toEqual(['A.b.C.', 'b.C.', 'C.', '.', '.']);
    fc.assert(
      fc.property(anyName(), fc.nat(130), (any, count) => {
        const above = any.ancestor(count);
        expect(above.labelCount).toBe(Math.max(0, any.labelCount - count));
        expect(any.isAtOrBelow(above)).toBe(true);
        expect(Name.fromText(above.toString()).starts).toEqual(above.starts);
      }),
    );
  });
});

function labels(of: Name): readonly string[] {
  return Array.from({ length: of.labelCount }, (_, i) => of.label(i));
}

describe('isAtOrBelow', () => {
  it.each([
    ['a.example', 'example', true],
    ['example', 'example', true],
    ['EXAMPLE', 'example', true],
    ['example', '.', true],
    ['.', '.', true],
    ['.', 'example', false],
    ['example', 'a.example', false],
    ['notexample', 'example', false],
    ['a.notexample', 'example', false],
    ['example.org', 'example', false],
    // The octets of the zone stand at the end of the name, but within a label.
    [String.raw`x\007example`, 'example', false],
    [String.raw`a.x\007example`, 'example', false],
    [String.raw`\001b.c`, 'b.c', false],
  ])('%s, %s: %s', (name, zone, below) => {
    expect(Name.fromText(name).isAtOrBelow(Name.fromText(zone))).toBe(below);
  });

  it('says the same as a comparison label by label', () => {
    fc.assert(
      fc.property(anyName(), anyName(), (name, zone) => {
        const front = name.labelCount - zone.labelCount;
        const tail = front < 0 ? undefined : labels(name).slice(front);
        expect(name.isAtOrBelow(zone)).toBe(JSON.stringify(tail) === JSON.stringify(labels(zone)));
      }),
    );
  });
});

describe('sharedLabels', () => {
  it.each([
    ['a.b.c', 'x.b.c', 2],
    ['a.b.c', 'A.B.C', 3],
    ['a.b.c', 'c', 1],
    ['c', 'a.b.c', 1],
    ['a.b', 'a.c', 0],
    ['.', 'a', 0],
    ['xb.c', 'b.c', 1],
    [String.raw`x\001b.c`, 'b.c', 1],
  ])('%s and %s have %i', (a, b, count) => {
    expect(Name.fromText(a).sharedLabels(Name.fromText(b))).toBe(count);
  });
});

describe('bug: what two names share', () => {
  it('was looked for anew from each label on, so that one reply could take a second to write', () => {
    const front = 'a.'.repeat(120);
    const question = { name: Name.fromText(`${front}b.`), type: 1, class: 1 };
    const owners = Array.from({ length: 1_000 }, (_, i) => Name.fromText(`${front}c${i}.`));
    const begin = process.cpuUsage();
    for (const owner of owners) expect(question.name.sharedLabels(owner)).toBe(0);
    const { user, system } = process.cpuUsage(begin);
    // A hundredth of it is enough now.
    expect((user + system) / 1000).toBeLessThan(60);
  });
});
