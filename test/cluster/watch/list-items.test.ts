/** A List of the API, cut into its items as the octets arrive. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Unreadable } from '../../../src/cluster/watch/failure.ts';
import { ItemCutter } from '../../../src/cluster/watch/list-items.ts';
import { pieces } from './pieces.ts';

function read(text: string, sizes: readonly number[] = [], limit = 10_000) {
  const cutter = new ItemCutter(limit);
  const items: unknown[] = [];
  for (const chunk of pieces(Buffer.from(text), sizes)) {
    for (const item of cutter.push(chunk)) items.push(JSON.parse(item.toString()));
  }
  return { items, ...cutter.finish() };
}

/** As they come out of JSON, which has no minus zero. */
const record = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

describe('the items of a list', () => {
  it('are the same however it is written and cut into chunks', () => {
    const list = fc.record({ items: fc.array(record, { maxLength: 8 }), extra: record, isLast: fc.boolean() });
    fc.assert(
      fc.property(
        list,
        fc.array(fc.nat(50)),
        fc.constantFrom(undefined, 2),
        ({ items, extra, isLast }, sizes, space) => {
          const metadata = { resourceVersion: '7', extra, ...(isLast ? {} : { continue: 'token' }) };
          const before = { kind: 'ServiceList', apiVersion: 'v1', metadata, items };
          const after = { items, kind: 'ServiceList', metadata };
          for (const whole of [before, after]) {
            const found = read(JSON.stringify(whole, undefined, space), sizes);
            expect(found).toEqual({ items, resourceVersion: '7', continue: isLast ? '' : 'token' });
          }
        },
      ),
    );
  });

  it('are none where it has none: an empty list, or null as Go writes it', () => {
    for (const items of ['[]', 'null', '[ ]']) {
      expect(read(`{"metadata":{"resourceVersion":"1"},"items":${items}}`).items).toEqual([]);
    }
  });

  it.each([
    ['breaks off in an item', '{"metadata":{"resourceVersion":"1"},"items":[{"a":'],
    ['breaks off behind the items', '{"metadata":{"resourceVersion":"1"},"items":[{}]'],
    ['has no resource version', '{"metadata":{},"items":[]}'],
    ['has one that is a number', '{"metadata":{"resourceVersion":7},"items":[]}'],
    ['is a page of HTML', '<html><body>hello</body></html>'],
    ['is nothing', ''],
    ['has items that are no objects', '{"metadata":{"resourceVersion":"1"},"items":["a"]}'],
    ['has a number among the items', '{"metadata":{"resourceVersion":"1"},"items":[{},7]}'],
  ])('fail where the list %s', (_case, text) => {
    for (const sizes of [[], [1], [3]]) expect(() => read(text, sizes)).toThrow(Unreadable);
  });

  it('are bounded each, and so is what stands around them', () => {
    const long = `{"metadata":{"resourceVersion":"1"},"items":[{"a":"${'x'.repeat(200)}"}]}`;
    expect(() => read(long, [], 100)).toThrow('more than 100 octets');
    expect(() => read(long, [7], 100)).toThrow('more than 100 octets');
    expect(() => read(`{"metadata":"${'x'.repeat(100_000)}`)).toThrow(Unreadable);
  });

  it('end where the list ends: brackets and quotes within texts mean nothing', () => {
    const tricky = { a: '}]"items":[{', b: '\\"]}', items: [{ c: '"' }] };
    const text = JSON.stringify({ metadata: { resourceVersion: '1', items: '"items":[' }, items: [tricky, tricky] });
    for (const sizes of [[], [1], [2, 5]]) expect(read(text, sizes).items).toEqual([tricky, tricky]);
  });
});
