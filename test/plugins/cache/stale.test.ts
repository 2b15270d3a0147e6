/** `serve_stale`: answers whose time is over (RFC 8767). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import { type Answer, failure, reply } from '../../../src/plugins/answer.ts';
import {
  DEAD,
  NODATA,
  NXDOMAIN,
  type Upstream,
  answering,
  bench,
  metric,
  record,
  ttlsOf,
  upstream as replying,
} from './support.ts';
import { explain } from '../../../src/plugins/reasons.ts';

const OLD = 'www.example. 60 IN A 192.0.2.1';
const NEW = 'www.example. 60 IN A 192.0.2.2';
const old = { answers: [{ octets: Uint8Array.of(192, 0, 2, 1) }], explanation: { word: 'stale', code: 3 } };
const newer = { answers: [{ octets: Uint8Array.of(192, 0, 2, 2) }], explanation: undefined };

const stale = (words = '', more = ''): string => `cache {\n  serve_stale ${words}\n  ${more}\n}`;

/** What upstreams give from now on comes when the test says so. */
function hold(below: Upstream): { readonly answer: (answer: Answer) => Promise<void> } {
  const waiting: ((answer: Answer) => void)[] = [];
  below.gives = () => new Promise<Answer>((resolve) => waiting.push(resolve));
  return {
    answer: async (answer) => {
      for (const resolve of waiting.splice(0)) resolve(answer);
      await settle();
    },
  };
}

/** All that follows from what has been resolved has happened. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve(); // oxlint-disable-line no-await-in-loop
}

describe('cache without serve_stale', () => {
  it('gives nothing whose time is over, whatever upstreams do', async () => {
    const { ask, wait, upstream } = await bench('cache', answering(OLD));
    ask();
    wait(60);
    upstream.now(DEAD);
    expect(ask()).toBe(DEAD);
  });
});

describe.each(['immediate', 'verify'])('serve_stale %s', (mode) => {
  it('keeps the old answer where a newer one is cut off', async () => {
    const { ask, wait, upstream } = await bench(stale(`1h ${mode}`), answering(OLD));
    ask();
    wait(60);
    upstream.now(replying({ truncated: true }));
    ask();
    await settle();
    wait(6);
    upstream.now(DEAD);
    expect(ask()).toMatchObject(old);
  });
});

describe('serve_stale immediate', () => {
  it('gives the old answer at once, and asks for a newer one meanwhile', async () => {
    const { ask, wait, upstream, host } = await bench(stale(), answering(OLD));
    ask();
    wait(60);
    const below = hold(upstream);
    expect(ask()).toMatchObject(old);
    expect(ask()).toMatchObject(old);
    expect(upstream.asked).toBe(2);
    await below.answer(answering(NEW));
    expect(ask()).toMatchObject(newer);
    expect(upstream.asked).toBe(2);
    expect(metric(host, 'coredns_cache_served_stale_total')).toBe(2);
    expect(metric(host, 'coredns_cache_hits_total', 'type="success"')).toBe(3);
    expect(metric(host, 'coredns_cache_misses_total')).toBe(1);
  });

  it('refreshes on an account of its own, which no client waits for', async () => {
    const { ask, askLater, wait, upstream } = await bench(stale(), answering(OLD));
    ask();
    wait(60);
    expect(await askLater('www.example.', { deadline: 60_500 })).toMatchObject(old);
    expect(upstream.queries).toHaveLength(2);
    expect(upstream.queries[1]?.account.deadline).toBe(Infinity);
  });

  it('gives it for an hour, or as long as is said', async () => {
    const { ask, wait, upstream } = await bench(stale(), answering(OLD));
    ask();
    upstream.now(DEAD);
    wait(60 + 3599.9);
    expect(ask()).toMatchObject(old);
    wait(0.1);
    expect(ask()).toBe(DEAD);

    const short = await bench(stale('90s'), answering(OLD));
    short.ask();
    short.upstream.now(DEAD);
    short.wait(149.9);
    expect(short.ask()).toMatchObject(old);
    short.wait(0.1);
    expect(short.ask()).toBe(DEAD);
  });

  it('has TTLs of 30 seconds at most (RFC 8767 §4), or RESPONSE_TTL', async () => {
    const both = replying({ answers: [OLD], additional: ['x.example. 12 IN A 192.0.2.3'] });
    const { ask, wait, upstream } = await bench(stale(), both);
    ask();
    upstream.now(DEAD);
    wait(60);
    expect(ttlsOf(ask())).toEqual([30, 12]);
    wait(5);
    expect(ttlsOf(ask())).toEqual([30, 12]);
    const own = await bench(stale('1h immediate 7s'), both);
    own.ask();
    own.wait(60);
    expect(ttlsOf(own.ask())).toEqual([7, 7]);
    const none = await bench(stale('1h immediate 0s'), both);
    none.ask();
    none.wait(60);
    expect(ttlsOf(none.ask())).toEqual([0, 0]);
  });

  it('says of NXDOMAIN that it is an old one', async () => {
    const { ask, wait, upstream } = await bench(stale(), NXDOMAIN);
    ask();
    wait(120);
    upstream.now(DEAD);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN, explanation: { word: 'stale_nxdomain', code: 19 } });
    upstream.now(NODATA);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });

  it('asks upstreams that failed again only when the failure is forgotten, or after RECHECK', async () => {
    const asksAgainAfter = async (words: string): Promise<number> => {
      const { ask, wait, upstream } = await bench(stale(words), answering(OLD));
      ask();
      wait(60);
      upstream.now(DEAD);
      for (let second = 0; second < 400; second++) {
        expect(ask()).toMatchObject(old);
        if (upstream.asked > 2) return second;
        wait(1);
        // The refresh ends in a later tick.
        await settle(); // oxlint-disable-line no-await-in-loop
      }
      return Infinity;
    };
    expect(await asksAgainAfter('')).toBe(5);
    expect(await asksAgainAfter('1h immediate 30s 20s')).toBe(20);
  });

  it.each<readonly [string, Answer]>([
    ['SERVFAIL', replying({ rcode: Rcode.SERVFAIL })],
    ['REFUSED', replying({ rcode: Rcode.REFUSED })],
    ['an answer to another question', answering('elsewhere.example. 60 IN A 203.0.113.66')],
    ['a failure without a reply', DEAD],
    ['a SERVFAIL of this server', failure(Rcode.SERVFAIL, explain('internalError'), 'too many')],
  ])('keeps the old answer where upstreams give %s', async (_what, answer) => {
    const { ask, wait, upstream } = await bench(stale(), answering(OLD));
    ask();
    wait(60);
    upstream.now(answer);
    for (let i = 0; i < 10; i++) {
      expect(ask()).toMatchObject(old);
      await settle(); // oxlint-disable-line no-await-in-loop
      wait(6);
    }
    expect(upstream.asked).toBe(11);
  });

  it('forgets the old answer for one that says something else and is not kept', async () => {
    const { ask, wait, upstream } = await bench(stale(), answering(OLD));
    ask();
    wait(60);
    const mine = reply({ answers: [record(NEW)] });
    upstream.now(mine);
    expect(ask()).toMatchObject(old);
    await settle();
    expect(ask()).toBe(mine);
  });

  it('is for answers alone: a failure that is remembered ends when it ends', async () => {
    const { ask, wait, upstream } = await bench(stale(), DEAD);
    ask();
    wait(5);
    expect(ask()).toBe(DEAD);
    expect(upstream.asked).toBe(2);
  });

  it('survives an upstream plugin that throws, and logs it', async () => {
    const { ask, wait, upstream, host } = await bench(stale(), answering(OLD));
    ask();
    wait(60);
    upstream.gives = () => {
      throw new Error('broken');
    };
    expect(ask()).toMatchObject(old);
    await settle();
    expect(host.takeLines().join()).toContain('refreshing www.example. failed: Error: broken');
    wait(6);
    upstream.now(answering(NEW));
    ask();
    await settle();
    expect(ask()).toMatchObject(newer);
  });
});

describe('serve_stale verify', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives what upstreams say, in the same tick if they do', async () => {
    const { ask, wait, upstream } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    upstream.now(answering(NEW));
    expect(ask()).toMatchObject(newer);
    expect(ask()).toMatchObject(newer);
    expect(upstream.asked).toBe(2);
    wait(60);
    upstream.now(NXDOMAIN);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN, explanation: undefined });
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN, explanation: undefined });
    expect(upstream.asked).toBe(3);
  });

  it('gives the old answer where upstreams fail, and while that is remembered', async () => {
    const { ask, wait, upstream, host } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    upstream.now(DEAD);
    expect(ask()).toMatchObject(old);
    wait(4.9);
    expect(ask()).toMatchObject(old);
    expect(upstream.asked).toBe(2);
    wait(0.1);
    upstream.now(answering(NEW));
    expect(ask()).toMatchObject(newer);
    expect(metric(host, 'coredns_cache_served_stale_total')).toBe(2);
    expect(metric(host, 'coredns_cache_misses_total')).toBe(2);
  });

  it.each([Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP])(
    'takes response code %i for no answer',
    async (rcode) => {
      const { ask, wait, upstream } = await bench(stale('1h verify'), answering(OLD));
      ask();
      wait(60);
      upstream.now(replying({ rcode }));
      expect(ask()).toMatchObject(old);
    },
  );

  it.each([
    ['1h verify', 1800],
    ['1h verify 300ms', 300],
  ])('%s: gives it after %i milliseconds without a word, and keeps what comes later', async (words, timeout) => {
    const { ask, askLater, wait, upstream } = await bench(stale(words), answering(OLD));
    ask();
    wait(60);
    const below = hold(upstream);
    let given: Answer | undefined;
    const asking = askLater().then((answer) => (given = answer));
    await vi.advanceTimersByTimeAsync(timeout - 1);
    expect(given).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toMatchObject(old);
    expect(ask()).toMatchObject(old);
    await below.answer(answering(NEW));
    expect(ask()).toMatchObject(newer);
    expect(upstream.asked).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives what comes in time, and leaves no timer behind', async () => {
    const { ask, askLater, wait, upstream } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    const below = hold(upstream);
    const asking = askLater();
    await below.answer(answering(NEW));
    expect(await asking).toMatchObject(newer);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits without an end where the time is 0, and no client query has one', async () => {
    const { ask, askLater, wait, upstream } = await bench(stale('1h verify 0'), answering(OLD));
    ask();
    wait(60);
    const below = hold(upstream);
    const asking = askLater();
    expect(vi.getTimerCount()).toBe(0);
    await below.answer(DEAD);
    expect(await asking).toMatchObject(old);
  });

  it('gives it before the time for the query is over', async () => {
    const { ask, askLater, wait, upstream, host } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    hold(upstream);
    let given: Answer | undefined;
    void askLater('www.example.', { deadline: host.clock.monotonic() + 500 }).then((answer) => (given = answer));
    await vi.advanceTimersByTimeAsync(499);
    expect(given).toMatchObject(old);
  });

  it('forgets the old answer for one that says something else and is not kept', async () => {
    const { ask, wait, upstream } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    upstream.now(replying({}));
    expect(ask()).toMatchObject({ answers: [], explanation: undefined });
    upstream.now(DEAD);
    expect(ask()).toBe(DEAD);
  });

  it('takes RESPONSE_TTL and RECHECK behind the time', async () => {
    const { ask, wait, upstream } = await bench(stale('1h verify 1s 9s 20s'), answering(OLD));
    ask();
    wait(60);
    upstream.now(DEAD);
    expect(ttlsOf(ask())).toEqual([9]);
    wait(19.9);
    expect(ttlsOf(ask())).toEqual([9]);
    expect(upstream.asked).toBe(2);
    wait(0.1);
    ask();
    expect(upstream.asked).toBe(3);
  });
});

describe('serve_stale_policy prefer_positive', () => {
  const policy = 'serve_stale_policy prefer_positive';

  it.each([
    ['NXDOMAIN', NXDOMAIN],
    ['NODATA', NODATA],
  ])('gives the old positive answer rather than %s, and asks again when that has ended', async (_what, negative) => {
    const { ask, wait, upstream } = await bench(stale('1h verify', policy), answering(OLD));
    ask();
    wait(60);
    upstream.now(negative);
    expect(ask()).toMatchObject(old);
    wait(119);
    expect(ask()).toMatchObject(old);
    expect(upstream.asked).toBe(2);
    wait(1);
    upstream.now(answering(NEW));
    expect(ask()).toMatchObject(newer);
  });

  it('gives the negative one when the old positive one is gone', async () => {
    const { ask, wait, upstream } = await bench(stale('70s verify', policy), answering(OLD));
    ask();
    wait(60);
    upstream.now(NXDOMAIN);
    expect(ask()).toMatchObject(old);
    wait(70);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN, explanation: undefined });
    expect(upstream.asked).toBe(2);
  });

  it('does nothing for an old negative answer', async () => {
    const { ask, wait, upstream } = await bench(stale('1h verify', policy), NXDOMAIN);
    ask();
    wait(120);
    upstream.now(NODATA);
    expect(ask()).toMatchObject({ rcode: Rcode.NOERROR, explanation: undefined });
  });

  it('is not how it is without it', async () => {
    const { ask, wait, upstream } = await bench(stale('1h verify'), answering(OLD));
    ask();
    wait(60);
    upstream.now(NXDOMAIN);
    expect(ask()).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });
});
