/** How long a server that is told to stop goes on answering, and when it may let go. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import type { LameDuck } from '../../src/plugins/plugin.ts';
import type { ListenerPair } from '../../src/server/listeners.ts';
import { stopCleanly } from '../../src/server/stopping.ts';
import type { Listener } from '../../src/transport/transport.ts';
import { LogLines } from './running.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

type Counts = { -readonly [count in keyof Listener['counts']]: number };

function listenerOf(protocol: 'udp' | 'tcp', counts: Counts): Listener {
  return {
    protocol,
    counts,
    bound: [],
    setHandler: () => undefined,
    setLimits: () => undefined,
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const countsOf = (requests: number, connections: number): Counts => ({
  requests,
  connections,
  ignored: 0,
  overBound: 0,
  cutOff: 0,
  unsent: 0,
  failed: 0,
});

interface StopOptions {
  /** How long replies in flight take, in milliseconds. */
  readonly draining?: number;
  /** What plugins write. */
  readonly stopped?: () => Promise<void>;
}

/** A stop under way, whose traffic a test makes; `at` tells the milliseconds at which each step was taken. */
function begin(lameDuck: LameDuck | undefined, { draining = 0, stopped = () => Promise.resolve() }: StopOptions = {}) {
  const began = performance.now();
  const [udp, tcp] = [countsOf(1_000, 0), countsOf(100, 10)];
  const pair: ListenerPair = {
    at: { scheme: 'dns', address: '127.0.0.1', port: 53, portFrom: undefined },
    udp: listenerOf('udp', udp),
    tcp: listenerOf('tcp', tcp),
    refresh: () => Promise.resolve(),
  };
  const at = new Map<string, number>();
  const mark = (what: string): void => void at.set(what, Math.round(performance.now() - began));
  const log = new LogLines();
  const cut = new AbortController();
  const graces: number[] = [];
  /** Milliseconds that have passed without anything having been done. */
  const clock = { ahead: 0 };
  const end = stopCleanly({
    generation: {
      lameDuck,
      stopping: () => mark('told'),
      stopped: () => {
        mark('stopped');
        return stopped();
      },
    },
    listeners: {
      pairs: [pair],
      stop: async (grace) => {
        mark('closing');
        graces.push(grace);
        if (draining === 0) return;
        await new Promise((resolve) => {
          setTimeout(resolve, draining);
        });
      },
    },
    log: log.writer.logger(),
    now: () => performance.now() + clock.ahead,
    signal: cut.signal,
  }).then(() => mark('end'));
  const said = (): readonly string[] => {
    log.writer.flush();
    return log.lines;
  };
  return { udp, tcp, at, said, cut, end, graces, clock };
}

/** Adds one every 50 ms for so many milliseconds. */
async function keepComing(counts: Counts, which: 'requests' | 'connections', milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    counts[which]++;
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await vi.advanceTimersByTimeAsync(50);
  }
}

const FIVE: LameDuck = { time: 5_000, within: 25_000 };

describe('without a lame duck', () => {
  it('is at once, and has no line in the log', async () => {
    const { at, end, graces, said } = begin(undefined);
    await vi.advanceTimersByTimeAsync(0);
    await end;
    expect(Object.fromEntries(at)).toEqual({ told: 0, closing: 0, stopped: 0, end: 0 });
    expect(graces).toEqual([bounds.stopGrace]);
    expect(said()).toEqual([]);
  });
});

describe('with a lame duck', () => {
  it('answers for its time where nothing comes', async () => {
    const { at, end, said } = begin(FIVE);
    await vi.advanceTimersByTimeAsync(5_000);
    await end;
    expect(Object.fromEntries(at)).toEqual({ told: 0, closing: 5_000, stopped: 5_000, end: 5_000 });
    expect(said()).toEqual([
      '[INFO] 0 late queries served, 0 of them after the lame-duck time of 5s; none came for 2s',
    ]);
  });

  it('answers on until nothing has come for two seconds, and says how many came late', async () => {
    const { udp, at, end, said } = begin(FIVE);
    await keepComing(udp, 'requests', 8_000);
    expect(at.get('closing')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_900);
    expect(at.get('closing')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    await end;
    expect(at.get('closing')).toBe(10_000);
    expect(said()).toEqual([
      '[INFO] 160 late queries served, 60 of them after the lame-duck time of 5s; none came for 2s',
    ]);
  });

  it.each([
    ['a query over UDP', 'udp', 'requests'],
    ['a query over TCP', 'tcp', 'requests'],
    ['a TCP connection', 'tcp', 'connections'],
  ] as const)('answers on for %s', async (_, socket, which) => {
    const stop = begin(FIVE);
    await vi.advanceTimersByTimeAsync(4_950);
    stop[socket][which]++;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stop.at.get('closing')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    expect(stop.at.get('closing')).toBe(7_000);
    await stop.end;
  });

  it('does not take a loop that was held up for silence', async () => {
    const { udp, at, end, clock } = begin({ time: 1_000, within: 25_000 });
    await keepComing(udp, 'requests', 1_500);
    // Three seconds without a look: what came meanwhile waits in the sockets.
    clock.ahead = 3_000;
    await vi.advanceTimersByTimeAsync(1_900);
    expect(at.get('closing')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(100);
    expect(at.get('closing')).toBe(3_500);
    await end;
  });

  it('ends at its limit, with room for queries in flight and what plugins write, and warns', async () => {
    const { udp, at, end, said } = begin(FIVE, {
      draining: bounds.stopGrace,
      stopped: () => new Promise(() => undefined),
    });
    await keepComing(udp, 'requests', 18_000);
    expect(at.get('closing')).toBe(25_000 - bounds.stopGrace - bounds.stopFinish);
    await vi.advanceTimersByTimeAsync(7_000);
    await end;
    expect(at.get('end')).toBe(25_000);
    expect(said()).toEqual([
      "[WARNING] 360 late queries served, 260 of them after the lame-duck time of 5s; they still came when the time for them was over ('stop_within' of health)",
    ]);
  });

  it('keeps to a lame-duck time that leaves no room, and waits for nothing after it', async () => {
    const { udp, at, end } = begin({ time: 20_000, within: 25_000 }, { draining: bounds.stopGrace });
    await keepComing(udp, 'requests', 20_000);
    expect(at.get('closing')).toBe(20_000);
    await vi.advanceTimersByTimeAsync(bounds.stopGrace);
    await end;
    expect(at.get('end')).toBe(25_000);
  });
});

describe('what plugins write at the end', () => {
  it('has until the end of the stop, and no longer', async () => {
    const { at, end } = begin(FIVE, { stopped: () => new Promise(() => undefined) });
    await vi.advanceTimersByTimeAsync(24_999);
    expect(at.get('stopped')).toBe(5_000);
    expect(at.get('end')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await end;
    expect(at.get('end')).toBe(25_000);
  });

  it('stopFinish: has its time where queries in flight took all of theirs', async () => {
    const { at, end } = begin(undefined, { draining: bounds.stopGrace, stopped: () => new Promise(() => undefined) });
    await vi.advanceTimersByTimeAsync(bounds.stopGrace + bounds.stopFinish);
    await end;
    expect(at.get('stopped')).toBe(bounds.stopGrace);
    expect(at.get('end')).toBe(bounds.stopGrace + bounds.stopFinish);
  });
});

describe('a stop that is cut short', () => {
  it('ends at once while it answers on, without a line', async () => {
    const { at, cut, end, said } = begin(FIVE);
    await vi.advanceTimersByTimeAsync(1_000);
    cut.abort();
    await end;
    expect(Object.fromEntries(at)).toEqual({ told: 0, end: 1_000 });
    expect(vi.getTimerCount()).toBe(0);
    expect(said()).toEqual([]);
  });

  it('ends at once while plugins write', async () => {
    const { at, cut, end } = begin(FIVE, { stopped: () => new Promise(() => undefined) });
    await vi.advanceTimersByTimeAsync(6_000);
    cut.abort();
    await end;
    expect(at.get('end')).toBe(6_000);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
