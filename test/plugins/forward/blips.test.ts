/** An upstream that hears nothing for a while, and then answers again: who waits for its answer, and for how long. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import type { Answer } from '../../../src/plugins/answer.ts';
import { type Behaviour, forwarding, fresh, named, replyTo } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const RIGHT = { answers: ['x.example. 60 IN A 203.0.113.1'] };

it.each([
  ['one', '192.0.2.1', 500],
  ['one', '192.0.2.1', 1000],
  ['one', '192.0.2.1', 1500],
  ['two', '192.0.2.1 192.0.2.2', 1000],
  ['two', '192.0.2.1 192.0.2.2', 1300],
])(
  '%s of them, deaf: a name that is asked for all the time is answered as soon as it hears again',
  async (_, to, deaf) => {
    vi.clearAllTimers();
    const started = performance.now();
    const behaviour: Behaviour = (sent) => {
      if (performance.now() - started >= deaf || performance.now() === started)
        setTimeout(() => sent.show(replyTo(sent.message, sent.isCheck ? {} : RIGHT)), 2);
    };
    const service = await forwarding(`forward . ${to}`, {
      behaviours: { '192.0.2.1': behaviour, '192.0.2.2': behaviour },
    });
    void service.ask(fresh());
    await vi.advanceTimersByTimeAsync(10);
    const answered: { readonly at: number; readonly took: number; readonly answer: Answer }[] = [];
    const ask = async (name: string): Promise<void> => {
      const at = performance.now();
      const answer = await service.ask(named(name));
      answered.push({ at: at - started, took: performance.now() - at, answer });
    };
    for (let at = 0; at < 8_000; at += 200) setTimeout(() => void ask('popular.example.'), at);
    await vi.advanceTimersByTimeAsync(20_000);
    const failed = answered.filter(({ answer }) => answer.kind !== 'silence' && answer.rcode === Rcode.SERVFAIL);
    service.close();
    // Those who asked while nobody was heard may have failed.
    expect(failed.filter(({ at }) => at > deaf).map(({ at, took }) => [Math.round(at), Math.round(took)])).toEqual([]);
  },
);
