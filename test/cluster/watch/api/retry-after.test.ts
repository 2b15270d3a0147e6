/** `Retry-After` (RFC 9110 §10.2.3) in all its forms. */
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { retryAfterOf } from '../../../../src/cluster/watch/api/retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 37);
const MOST = 300_000;

function milliseconds(field: string | undefined, date?: string): number | undefined {
  return retryAfterOf(field, date, NOW, MOST);
}

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['1', 1000],
    [' 30 ', 30_000],
    ['300', 300_000],
    ['301', 300_000],
    ['99999999999999999999999', 300_000],
    ['Sun, 06 Nov 1994 08:50:07 GMT', 30_000],
    ['Sunday, 06-Nov-94 08:50:07 GMT', 30_000],
    ['Sun Nov  6 08:50:07 1994', 30_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['Sun, 06 Nov 1995 08:49:37 GMT', 300_000],
  ])('%s', (field, expected) => {
    expect(milliseconds(field)).toBe(expected);
  });

  it.each([undefined, '', '-1', '1.5', '1s', 'soon', '0x10', '1e3', 'Sun, 99 Nov 1994 08:50:07 GMT', '5 apples'])(
    '%s is none',
    (field) => {
      expect(milliseconds(field)).toBeUndefined();
    },
  );

  it("measures a date from the server's clock, not from ours", () => {
    expect(milliseconds('Sun, 06 Nov 1994 12:00:10 GMT', 'Sun, 06 Nov 1994 12:00:00 GMT')).toBe(10_000);
    expect(milliseconds('Sun, 06 Nov 1994 08:49:47 GMT', 'yesterday')).toBe(10_000);
  });

  it('is none or within its bounds, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (field, date) => {
        const time = milliseconds(field, date);
        expect(time === undefined || (time >= 0 && time <= MOST)).toBe(true);
      }),
    );
  });
});
