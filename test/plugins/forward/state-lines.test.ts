/** What the log says of an upstream that goes out of use and comes back. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateLines } from '../../../src/plugins/forward/state-lines.ts';
import { makeForwardHost, FakeNetwork, answering, forwarding, fresh, silent } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';
const B = '192.0.2.2';
const QUIET = 10_000;
const right = answering({ answers: ['x.example. 60 IN A 203.0.113.1'] });

const LATE = `[WARNING] plugin/forward: upstream ${A}:53 does not answer: asked last`;
const DOWN = `[WARNING] plugin/forward: upstream ${A}:53 is down: health checks are not answered either`;
const BACK = `[INFO] plugin/forward: upstream ${A}:53 answers again`;

describe('an upstream', () => {
  it('that stops to answer is told of, when it is down as well, and when it is back', async () => {
    const { resolve, network, host } = await forwarding(`forward . ${A} ${B} {\npolicy sequential\n}`, {
      behaviours: { [A]: silent, [B]: right },
    });
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(1_500);
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(1_500);
    expect(host.takeLines()).toEqual([LATE]);
    await vi.advanceTimersByTimeAsync(QUIET);
    expect(host.takeLines()).toEqual([DOWN]);
    network.behaviours.set(A, right);
    await vi.advanceTimersByTimeAsync(QUIET + 2_000);
    expect(host.takeLines()).toEqual([BACK]);
    await vi.advanceTimersByTimeAsync(10 * QUIET);
    expect(host.takeLines()).toEqual([]);
  });

  it('that comes and goes has at most one line in ten seconds', async () => {
    const { resolve, network, host } = await forwarding(`forward . ${A} {\nhealth_check 50ms\n}`, {
      behaviours: { [A]: silent },
    });
    let lines = 0;
    for (let round = 0; round < 10; round++) {
      network.behaviours.set(A, round % 2 === 0 ? silent : right);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await resolve(fresh());
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await vi.advanceTimersByTimeAsync(2_000);
      lines += host.takeLines().length;
    }
    expect(lines).toBeGreaterThanOrEqual(1);
    expect(lines).toBeLessThanOrEqual(Math.ceil(performance.now() / QUIET) + 1);
  });

  it('that two lines name is told of once, after a reload as before', async () => {
    const lines = `forward example.org ${A}\nforward . ${A}`;
    const network = new FakeNetwork();
    const host = makeForwardHost(network);
    const before = await forwarding(lines, { network, host });
    const after = await forwarding(lines, { network, host });
    before.close();
    await after.resolve(fresh());
    await vi.advanceTimersByTimeAsync(3_000);
    expect(host.takeLines()).toEqual([LATE]);
    after.close();
    await vi.advanceTimersByTimeAsync(2 * QUIET);
    expect(host.takeLines()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a state', () => {
  function linesOf(): { readonly lines: StateLines; readonly take: () => readonly string[] } {
    const host = makeForwardHost(new FakeNetwork());
    return { lines: new StateLines(`${A}:53`, host.clock, host.logger('forward')), take: () => host.takeLines() };
  }

  it('that comes and goes between two lines is not told', async () => {
    const { lines, take } = linesOf();
    lines.set('late');
    await vi.advanceTimersByTimeAsync(1_000);
    lines.set('up');
    lines.set('late');
    await vi.advanceTimersByTimeAsync(3 * QUIET);
    expect(take()).toEqual([LATE]);
    lines.set('up');
    expect(take()).toEqual([BACK]);
  });

  it('that lasts is told when ten seconds are over', async () => {
    const { lines, take } = linesOf();
    lines.set('late');
    lines.set('up');
    await vi.advanceTimersByTimeAsync(QUIET - 1);
    expect(take()).toEqual([LATE]);
    await vi.advanceTimersByTimeAsync(1);
    expect(take()).toEqual([BACK]);
  });

  it('is not told after the end', async () => {
    const { lines, take } = linesOf();
    lines.set('late');
    lines.set('down');
    lines.close();
    lines.set('up');
    await vi.advanceTimersByTimeAsync(2 * QUIET);
    expect(take()).toEqual([LATE]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
