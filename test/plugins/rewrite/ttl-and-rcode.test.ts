/** Times to live and response codes. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import { failure, reply } from '../../../src/plugins/answer.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import { answersFor, record, records, replied, through } from './support.ts';

describe('ttl', () => {
  it.each([
    ['ttl a.test 15', 15],
    ['ttl exact a.test 15', 15],
    ['ttl prefix a. 15', 15],
    ['ttl suffix .test 15', 15],
    ['ttl substring tes 15', 15],
    [String.raw`ttl regex (.*)\.test 15`, 15],
    ['ttl b.test 15', 60],
    ['ttl regex ^b 15', 60],
    ['ttl a.test 0', 0],
    ['ttl a.test 70-80', 70],
    ['ttl a.test 5-30', 30],
    ['ttl a.test 30-90', 60],
    ['ttl a.test -30', 30],
    ['ttl a.test -90', 60],
    ['ttl a.test 90-', 90],
    ['ttl a.test 30-', 60],
  ])('%s: 60 becomes %i', async (rule, ttl) => {
    expect(await answersFor(`rewrite ${rule}`, 'a.test.', 'a.test. 60 A 192.0.2.1')).toEqual([
      `a.test. ${ttl} IN A 192.0.2.1`,
    ]);
  });

  it('is of all sections, and between braces too', async () => {
    const lines = 'rewrite continue {\nttl regex (.*)\\.test 15\n}';
    const { answers, authority, additional } = await replied(lines, 'a.test.', {
      answers: records('a.test. 60 A 192.0.2.1'),
      authority: records('test. 60 NS b.test.'),
      additional: records('b.test. 60 A 192.0.2.1'),
    });
    expect([...answers, ...authority, ...additional].map((set) => set.ttl)).toEqual([15, 15, 15]);
  });

  it('looks at the name as the rules before it have left it', async () => {
    const lines = 'rewrite continue name a.test b.test\nrewrite ttl b.test 15';
    expect(await answersFor(lines, 'a.test.', 'b.test. 60 A 192.0.2.1')).toEqual(['a.test. 15 IN A 192.0.2.1']);
  });

  /** The TTL that counts down, what became of it, and whether the answer may be given again. */
  it.each([
    ['15', 60, { ttl: 15 }, true],
    ['70-80', 60, { ttl: 70 }, true],
    ['-90', 60, { ttl: 60, aging: true }, true],
    ['-30', 60, { ttl: 30, aging: true }, false],
    ['30-90', 60, { ttl: 60, aging: true }, false],
  ] as const)('%s: one of %i that counts down', async (range, ttl, expected, allowed) => {
    const aging = { ...record(`a.test. ${ttl} A 192.0.2.1`), aging: true as const };
    const { answer, query } = await through(`rewrite ttl a.test ${range}`, 'a.test.', 'A', {
      answer: reply({ answers: [aging] }),
    });
    const [made] = answer.kind === 'reply' ? answer.answers : [];
    expect({ ttl: made?.ttl, ...(made?.aging === undefined ? {} : { aging: made.aging }) }).toEqual(expected);
    expect(query.replaying.allowed).toBe(allowed);
  });
});

describe('rcode', () => {
  it.each([
    ['rcode a.test SERVFAIL NXDOMAIN', Rcode.SERVFAIL, Rcode.NXDOMAIN],
    ['rcode a.test servfail 3', Rcode.SERVFAIL, Rcode.NXDOMAIN],
    ['rcode exact a.test 2 NXDOMAIN', Rcode.SERVFAIL, Rcode.NXDOMAIN],
    ['rcode suffix .test SERVFAIL NOERROR', Rcode.SERVFAIL, Rcode.NOERROR],
    ['rcode regex . NXDOMAIN NOERROR', Rcode.SERVFAIL, Rcode.SERVFAIL],
    ['rcode b.test SERVFAIL NXDOMAIN', Rcode.SERVFAIL, Rcode.SERVFAIL],
  ])('%s', async (rule, from, to) => {
    const lines = `rewrite ${rule}`;
    expect((await replied(lines, 'a.test.', { rcode: from })).rcode).toBe(to);
    const failed = failure(from, explain('upstreamsSilent'), 'i/o timeout');
    const { answer } = await through(lines, 'a.test.', 'A', { answer: failed });
    // What went wrong is still there for the log.
    expect(answer).toEqual({ ...failed, rcode: to });
  });

  it('is rewritten from the last rule to the first', async () => {
    const lines = 'rewrite continue rcode regex . REFUSED NOERROR\nrewrite rcode regex . SERVFAIL REFUSED';
    expect((await replied(lines, 'a.test.', { rcode: Rcode.SERVFAIL })).rcode).toBe(Rcode.NOERROR);
  });
});
