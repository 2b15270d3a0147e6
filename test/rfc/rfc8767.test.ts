/** RFC 8767, stale answers: what is past its time to live may be served while nobody has anything newer. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import type { Answer } from '../../src/plugins/answer.ts';
import { DEAD, NXDOMAIN, answering, bench, ttlsOf, upstream } from '../plugins/cache/support.ts';

const OLD = answering('www.example. 300 IN A 192.0.2.1');
const NEW = answering('www.example. 300 IN A 192.0.2.2');
const STALE = 3;
const STALE_NXDOMAIN = 19;

/** Upstreams are asked first, and what is old is given where they fail. */
const VERIFY = 'cache {\nserve_stale 1h verify\n}';

async function expired(lines = VERIFY, first: Answer = OLD) {
  const service = await bench(lines, first);
  service.ask();
  service.wait(301);
  return service;
}

const explanationOf = (answer: Answer): number | undefined =>
  answer.kind === 'silence' ? undefined : answer.explanation?.code;

describe('RFC 8767', () => {
  it('§4 without a wish for it nothing is served past its time', async () => {
    const { ask, upstream: below } = await expired('cache');
    below.now(DEAD);
    expect(ask().kind).toBe('failure');
  });

  it('§4 a record that is past its time has a TTL above zero, of 30 seconds', async () => {
    const { ask, upstream: below } = await expired();
    below.now(DEAD);
    expect(ttlsOf(ask())).toEqual([30]);
  });

  it('§4 data that is new takes the place of what is stale: it is served where it can be had', async () => {
    const { ask, upstream: below } = await expired();
    below.now(NEW);
    expect(ask()).toMatchObject({ answers: NEW.answers });
  });

  it('§4 a name error is an answer, and ends what was stale', async () => {
    const { ask, upstream: below, wait } = await expired();
    below.now(NXDOMAIN);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN });
    below.now(DEAD);
    wait(60);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });

  it.each([
    ['no answer', DEAD],
    ['SERVFAIL', upstream({ rcode: Rcode.SERVFAIL })],
    ['REFUSED', upstream({ rcode: Rcode.REFUSED })],
  ])('§5 a failure to refresh is a reason to serve it: %s', async (_, failure) => {
    const { ask, upstream: below } = await expired();
    below.now(failure);
    expect(ask()).toMatchObject({
      kind: 'reply',
      rcode: Rcode.NOERROR,
      answers: [{ owner: { key: expect.anything() } }],
    });
  });

  it('§5 after such a failure nobody is asked again for a while', async () => {
    const { ask, upstream: below } = await expired();
    below.now(DEAD);
    ask();
    const { asked } = below;
    ask();
    ask();
    expect(below.asked).toBe(asked);
  });

  it('§5 it is served for so long and no longer', async () => {
    const { ask, wait, upstream: below } = await expired();
    below.now(DEAD);
    wait(3590);
    expect(ask().kind).toBe('reply');
    wait(20);
    expect(ask().kind).toBe('failure');
  });

  it('§5 one who is asked late gives the old answer by then, and the new one is kept when it comes', async () => {
    const { askLater, ask, upstream: below } = await expired('cache {\nserve_stale 1h verify 20ms\n}');
    const late = Promise.withResolvers<Answer>();
    below.now(late.promise);
    expect(ttlsOf(await askLater())).toEqual([30]);
    late.resolve(NEW);
    await late.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ask()).toMatchObject({ answers: NEW.answers });
  });

  it('RFC 8914 §4.4, §4.20 clients are told that it is stale', async () => {
    const { ask, upstream: below } = await expired();
    below.now(DEAD);
    expect(explanationOf(ask())).toBe(STALE);
    const denial = await expired(VERIFY, NXDOMAIN);
    denial.upstream.now(DEAD);
    expect(explanationOf(denial.ask())).toBe(STALE_NXDOMAIN);
  });
});
