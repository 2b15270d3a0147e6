/** `prefetch`: answers that are asked for often are fetched anew before their end. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import type { Answer } from '../../../src/plugins/answer.ts';
import { type Bench, DEAD, NXDOMAIN, answering, bench, metric, ttlsOf } from './support.ts';

const A = 'www.example. 100 IN A 192.0.2.1';
const lines = (words: string): string => `cache {\n  prefetch ${words}\n}`;

/** Asks so many times, the clock standing. */
function askTimes({ ask }: Bench, times: number): void {
  for (let i = 0; i < times; i++) ask();
}

describe('prefetch', () => {
  it('fetches an answer anew in the last tenth of its time, once, and gives the old one meanwhile', async () => {
    const running = await bench(lines('3'), answering(A));
    const { ask, wait, upstream, host } = running;
    askTimes(running, 10);
    wait(89);
    askTimes(running, 3);
    expect(upstream.asked).toBe(1);
    let arrives: (answer: Answer) => void = () => undefined;
    const arrived = new Promise<Answer>((resolve) => (arrives = resolve));
    upstream.now(arrived);
    wait(1);
    askTimes(running, 3);
    expect(ttlsOf(ask())).toEqual([10]);
    expect(upstream.asked).toBe(2);
    arrives(answering(A));
    await arrived;
    await Promise.resolve();
    expect(ttlsOf(ask())).toEqual([100]);
    expect(upstream.asked).toBe(2);
    expect(metric(host, 'coredns_cache_prefetch_total')).toBe(1);
  });

  it('never does where it is not asked for, or turned off', async () => {
    for (const text of ['cache', lines('0')]) {
      const running = await bench(text, answering(A)); // oxlint-disable-line no-await-in-loop
      askTimes(running, 10);
      running.wait(95);
      askTimes(running, 10);
      expect(running.upstream.asked).toBe(1);
    }
  });

  it('takes as many hits as are said, with no longer pause than is said', async () => {
    const running = await bench(lines('3 20s'), answering(A));
    const { wait, upstream } = running;
    askTimes(running, 3);
    wait(73);
    // The pause was too long: counting begins anew, and two are too few.
    askTimes(running, 1);
    wait(20);
    askTimes(running, 1);
    expect(upstream.asked).toBe(1);
    askTimes(running, 1);
    expect(upstream.asked).toBe(2);
  });

  it('begins when the percentage is left that is said', async () => {
    const running = await bench(lines('1 1h 50%'), answering(A));
    running.ask();
    running.wait(49);
    running.ask();
    expect(running.upstream.asked).toBe(1);
    running.wait(1);
    running.ask();
    expect(running.upstream.asked).toBe(2);
  });

  it('begins at the last second of an answer that lives for a few', async () => {
    const running = await bench(lines('1 1h 10%'), answering('www.example. 5 IN A 192.0.2.1'));
    running.ask();
    running.wait(3.9);
    running.ask();
    expect(running.upstream.asked).toBe(1);
    running.wait(0.1);
    running.ask();
    expect(running.upstream.asked).toBe(2);
  });

  it('goes on for the newer answer, which was asked for as often', async () => {
    const running = await bench(lines('5'), answering(A));
    askTimes(running, 6);
    running.wait(50);
    running.ask();
    for (let round = 2; round < 5; round++) {
      running.wait(45);
      running.ask();
      expect(running.upstream.asked).toBe(round);
      running.wait(50);
      running.ask();
    }
  });

  it('leaves a good answer where it is when upstreams fail, and does not try again at once', async () => {
    const running = await bench(lines('1'), answering(A));
    const { ask, wait, upstream } = running;
    ask();
    wait(90);
    upstream.now(DEAD);
    askTimes(running, 5);
    expect(ask()).toMatchObject({ kind: 'reply', explanation: undefined });
    expect(upstream.asked).toBe(2);
    wait(5);
    await Promise.resolve();
    askTimes(running, 5);
    expect(upstream.asked).toBe(3);
    wait(5);
    expect(ask()).toBe(DEAD);
  });

  it('takes a negative answer for what it is', async () => {
    const running = await bench(lines('1'), answering(A));
    running.ask();
    running.wait(95);
    running.upstream.now(NXDOMAIN);
    running.ask();
    expect(running.ask()).toMatchObject({ rcode: 3 });
  });

  it('never fetches a failure anew', async () => {
    const running = await bench(lines('1 1h 90%'), DEAD);
    askTimes(running, 20);
    running.wait(4);
    askTimes(running, 20);
    expect(running.upstream.asked).toBe(1);
  });

  it('has a bound of refreshes under way (cacheRefreshes)', async () => {
    const { ask, wait, upstream, host } = await bench(lines('1'), answering(A));
    const names = Array.from({ length: bounds.cacheRefreshes + 3 }, (_, i) => `n${i}.example.`);
    for (const name of names) {
      upstream.now(answering(`${name} 100 IN A 192.0.2.1`));
      ask(name);
    }
    wait(95);
    let end: (answer: Answer) => void = () => undefined;
    const ended = new Promise<Answer>((resolve) => (end = resolve));
    upstream.now(ended);
    for (const name of names) ask(name);
    expect(upstream.asked).toBe(names.length + bounds.cacheRefreshes);
    expect(metric(host, 'nodens_cache_refreshes_left_out_total')).toBe(3);
    expect(metric(host, 'coredns_cache_prefetch_total')).toBe(bounds.cacheRefreshes);
    // When they have ended there is room again.
    end(DEAD);
    await ended;
    await Promise.resolve();
    ask(names.at(-1));
    expect(upstream.asked).toBe(names.length + bounds.cacheRefreshes + 1);
  });
});
