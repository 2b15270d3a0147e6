/** `cancel`: the time within which a client query is answered. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import { cancel } from '../../src/plugins/cancel/cancel.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, ask, makeQuery, next, problemsOf, serve } from './support.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ANSWER = reply({});

describe('cancel', () => {
  it.each([
    ['cancel', 5_001],
    ['cancel 1ms', 1],
    ['cancel 1h', 3_600_000],
  ])('%s sets the deadline of the query', async (lines, timeout) => {
    const { plugin, host } = await serve(cancel, lines);
    host.clock.advance(100);
    const query = makeQuery('example.org.', 'A');
    expect(ask(plugin, query)).toBe(PASSED_ON);
    expect(query.account.deadline).toBe(100 + timeout);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers with SERVFAIL when the time is over, and says why', async () => {
    const { plugin } = await serve(cancel, 'cancel 2s');
    const pending = Promise.withResolvers<Answer>();
    const outcome = plugin.answer(makeQuery('example.org.', 'A'), next(pending.promise));
    vi.advanceTimersByTime(1_999);
    await expect(Promise.race([outcome, Promise.resolve('nothing yet')])).resolves.toBe('nothing yet');
    vi.advanceTimersByTime(1);
    await expect(outcome).resolves.toEqual(failure(Rcode.SERVFAIL, explain('cancelled'), 'no answer within 2s'));
    // What comes later, a failure too, disturbs nobody.
    pending.reject(new Error('too late'));
    await expect(pending.promise).rejects.toThrow('too late');
  });

  it('hands on what comes in time, and leaves no timer', async () => {
    const { plugin } = await serve(cancel, 'cancel 2s');
    const outcome = plugin.answer(makeQuery('example.org.', 'A'), next(Promise.resolve(ANSWER)));
    expect(vi.getTimerCount()).toBe(1);
    await expect(outcome).resolves.toBe(ANSWER);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands on what is thrown in time, and leaves no timer', async () => {
    const { plugin } = await serve(cancel, 'cancel 2s');
    const below = { answer: () => Promise.reject(new Error('broken')) };
    await expect(plugin.answer(makeQuery('example.org.', 'A'), below)).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets the first deadline of a query count for its look-ups, with one timer in all', async () => {
    const first = await serve(cancel, 'cancel 2s');
    const second = await serve(cancel, 'cancel 3s', { host: first.host });
    const query = makeQuery('example.org.', 'A');
    const pending = new Promise<Answer>(() => {});
    const outcome = first.plugin.answer(query, { answer: () => second.plugin.answer(query, next(pending)) });
    expect(query.account.deadline).toBe(2_000);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2_000);
    await expect(outcome).resolves.toMatchObject({ rcode: Rcode.SERVFAIL });
  });

  it('shortens the time where a look-up passes a block with a shorter one', async () => {
    const { plugin } = await serve(cancel, 'cancel 1s');
    const query = makeQuery('example.org.', 'A');
    query.account.deadline = 4_000;
    ask(plugin, query);
    expect(query.account.deadline).toBe(1_000);
  });

  it.each([
    ['cancel soon', "'soon' is not a duration"],
    ['cancel 5', "did you mean '5s'?"],
    ['cancel 0s', 'the duration 0s is out of range'],
    ['cancel 2h', 'the duration 2h is out of range'],
    ['cancel 5s 5s', "'cancel' takes at most 1 argument"],
    ['cancel {\n  5s\n}', "'cancel' takes no block"],
    ['cancel\ncancel', "'cancel' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(cancel, lines), message);
  });
});
