/** The words of `cache`: every error and warning that its page lists. */
import { describe, expect, it } from 'vitest';
import { cache } from '../../../src/plugins/cache/cache.ts';
import { expectProblem } from '../problems.ts';
import { problemsOf } from '../support.ts';

const block = (line: string): string => `cache {\n  ${line}\n}`;

describe('cache in a Corefile', () => {
  it.each([
    ['cache'],
    ['cache 30'],
    ['cache 30 cluster.local in-addr.arpa'],
    ['cache 10.0.0.0/8'],
    ['cache 30 {\n  disable success cluster.local\n  disable denial cluster.local\n}'],
    ['cache {\n  success 9984 30\n  denial 9984 5\n}'],
    ['cache 900 {\n  success 9984 3600 30\n  denial 9984 30 0\n  prefetch 10 1h 90%\n  keepttl\n  servfail 0\n}'],
    [block('serve_stale')],
    [block('serve_stale 24h')],
    [block('serve_stale 3600s immediate')],
    [block('serve_stale 1h IMMEDIATE 0s 5m')],
    [block('serve_stale 1h verify')],
    [block('serve_stale 1h verify 500ms 30s 10s')],
    ['cache {\n  serve_stale_policy prefer_positive\n  serve_stale\n}'],
    [block('servfail 5m')],
    [block('success 0')],
    [block('prefetch 0')],
  ])('%s', (lines) => {
    expect(problemsOf(cache, lines)).toEqual([]);
  });

  it.each([
    ['cache\ncache', "'cache' can be used once per server block, and stands at Corefile:2:1 already"],
    ['cache 0', 'TTL must be in range [1, 2147483647]: 0'],
    ['cache -1', 'TTL must be in range [1, 2147483647]: -1'],
    ['cache 2147483648', 'TTL must be in range [1, 2147483647]: 2147483648'],
    ['cache a..b', 'a..b'],
    [block('sucess 100'), "did you mean 'success'?"],
    [block('success'), "'success' needs an argument"],
    [block('success many'), "'many' is not a whole number"],
    [block('success -1'), 'CAPACITY is out of range: -1'],
    [block('success 100 0'), 'TTL must be in range [1, 2147483647]: 0'],
    [block('success 100 30 -1'), 'MINTTL must be in range [0, 2147483647]: -1'],
    [block('success 100 30 5 1'), "'success' takes at most 3 arguments"],
    [block('denial'), "'denial' needs an argument"],
    [block('denial 100 0'), 'TTL must be in range [1, 2147483647]: 0'],
    [block('prefetch'), "'prefetch' needs an argument"],
    [block('prefetch -1'), 'AMOUNT is out of range: -1'],
    [block('prefetch 10 60'), "did you mean '60s'?"],
    [block('prefetch 10 1m 20'), "did you mean '20%'?"],
    [block('prefetch 10 1m 9%'), "'9%' is not a percentage from 10% to 90%"],
    [block('prefetch 10 1m 91%'), "'91%' is not a percentage from 10% to 90%"],
    [block('prefetch 10 1m 20% x'), "'prefetch' takes at most 3 arguments"],
    [block('serve_stale 3600'), "did you mean '3600s'?"],
    [block('serve_stale -1h'), 'the duration -1h is out of range'],
    [block('serve_stale 1h verified'), "did you mean 'verify'?"],
    [block('serve_stale 1h immediate 1500ms'), "did you mean '2s'?"],
    [block('serve_stale 1h immediate 0s 6m'), 'the duration 6m is out of range'],
    [block('serve_stale 1h immediate 0s 5m 1s'), "'serve_stale immediate' takes no more words"],
    [block('serve_stale 1h verify 6m'), 'the duration 6m is out of range'],
    [block('serve_stale 1h verify 1s 0s 5m 1s'), "'serve_stale' takes at most 5 arguments"],
    ['cache {\n  serve_stale\n  serve_stale_policy\n}', "'serve_stale_policy' needs an argument"],
    ['cache {\n  serve_stale\n  serve_stale_policy prefer_negative\n}', "did you mean 'prefer_positive'?"],
    [block('serve_stale_policy prefer_positive'), "'serve_stale_policy' means nothing without 'serve_stale'"],
    [block('servfail'), "'servfail' needs an argument"],
    [block('servfail 5'), "did you mean '5s'?"],
    [block('servfail 301s'), 'the duration 301s is out of range'],
    [block('servfail -1s'), 'the duration -1s is out of range'],
    [block('disable'), "'disable' needs an argument"],
    [block('disable sucess'), "did you mean 'success'?"],
    [block('disable success a..b'), 'a..b'],
    [block('keepttl yes'), "'keepttl' takes no arguments"],
    [block('keepttl {\n  x\n}'), "'keepttl' takes no block"],
  ])('%s', (lines, message) => {
    const problems = problemsOf(cache, lines);
    expectProblem(problems, message);
    expect(problems[0]).not.toContain('warning');
  });

  it.each([
    ['cache 30s', "warning: '30s' is taken for a zone: a TTL has no unit"],
    ['cache {\n  success 1\n  success 2\n}', "warning: this 'success' replaces the one at Corefile:3:3"],
    ['cache {\n  disable denial a.\n  disable denial b.\n}', "warning: this 'disable denial' replaces the one at"],
  ])('%s', (lines, message) => {
    expectProblem(problemsOf(cache, lines), message);
  });

  it('zones that are outside of those of the block', () => {
    const of = (line: string): readonly string[] => problemsOf(cache, line, { zones: ['example.org'] });
    expectProblem(
      of('cache 30 other.org'),
      "2:10: warning: no query comes so far: 'other.org' is outside of 'example.org'",
    );
    expectProblem(of('cache other.org'), 'Corefile:2:7: warning: no query comes so far');
    expect(of('cache 30 other.org a.example.org')).toEqual([]);
    expect(of('cache 30')).toEqual([]);
    expect(of('cache 30 other.org\nrewrite name a.example.org a.other.org')).toEqual([]);
  });
});
