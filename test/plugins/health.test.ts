/** `health`: what it says over HTTP, how the server stops with it, and how it asks itself. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { health } from '../../src/plugins/health/health.ts';
import type { Network } from '../../src/plugins/network.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { expectProblem } from './problems.ts';
import { NO_NETWORK, type Service, type TestHost, makeHost, problemsOf, serve } from './support.ts';

const ADDRESS = '* 8080 /health';
const OK = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' };

/** Milliseconds after which the process asks itself again. */
const INTERVAL = 1_000;

const services: Service[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  for (const service of services.splice(0)) service.close();
  vi.useRealTimers();
});

async function serveHealth(lines: string, host: TestHost = makeHost()): Promise<Service> {
  const service = await serve(health, lines, { host });
  services.push(service);
  return service;
}

interface Asked {
  readonly url: string;
  readonly timeout: number;
}

/** A network whose HTTP answers a test gives; `asked` is what went out. */
function networkOf(answer: () => Promise<number>): Network & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    ...NO_NETWORK,
    asked,
    httpStatus({ address, port }, path, timeout) {
      asked.push({ url: `${address} ${port} ${path}`, timeout });
      return answer();
    },
  };
}

/** The value of a metric without labels. */
function valueOf({ metrics }: TestHost, name: string): number {
  const line = metrics
    .render()
    .split('\n')
    .find((one) => one.startsWith(`${name} `));
  return line === undefined ? NaN : Number(line.split(' ')[1]);
}

const FAILURES = 'coredns_health_request_failures_total';
const DURATIONS = 'coredns_health_request_duration_seconds';

describe('health over HTTP', () => {
  it.each([
    ['health', ADDRESS],
    ['health :8081', '* 8081 /health'],
    ['health localhost:8091', '127.0.0.1 8091 /health'],
    ['health [::1]:8080', '::1 8080 /health'],
  ])('%s says OK', async (lines, at) => {
    const { host, running } = await serveHealth(lines);
    expect([...host.http.keys()]).toEqual([at]);
    expect(host.http.get(at)?.()).toEqual(OK);
    expect(running.plugin).toBeUndefined();
  });
});

describe('health, lame duck', () => {
  it.each([
    ['health {\n  lameduck 5s\n}', 5_000, 25_000],
    ['health {\n  lameduck 1.5s\n  stop_within 1m\n}', 1_500, 60_000],
    ['health {\n  stop_within 12s\n  lameduck 5s\n}', 5_000, 12_000],
  ])('%s: %i ms, the whole stop within %i ms', async (lines, time, within) => {
    const { running } = await serveHealth(lines);
    expect(running.lameDuck).toEqual({ time, within });
  });

  it('is told in the log when the server is to stop, and goes on saying OK', async () => {
    const { host, running } = await serveHealth('health {\n  lameduck 5s\n}');
    expect(host.takeLines()).toEqual([]);
    running.stopping?.();
    expect(host.takeLines()).toEqual(['[INFO] plugin/health: Going into lameduck mode for 5s']);
    expect(host.http.get(ADDRESS)?.()).toEqual(OK);
  });

  it.each(['health', 'health {\n  lameduck 0s\n}'])('%s has none', async (lines) => {
    const { host, running } = await serveHealth(lines);
    expect(running.lameDuck).toBeUndefined();
    running.stopping?.();
    expect(host.takeLines()).toEqual([]);
  });

  it('goes on asking itself until the last answer has left', async () => {
    const network = networkOf(() => Promise.resolve(200));
    const { running } = await serveHealth('health {\n  lameduck 3s\n}', makeHost({ network }));
    running.inService?.();
    running.stopping?.();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(network.asked).toHaveLength(3);
    await running.stopped?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(network.asked).toHaveLength(3);
  });
});

describe('health asks itself', () => {
  it('once a second, from the moment on in which its sockets are open, within 3 s', async () => {
    const network = networkOf(() => Promise.resolve(200));
    const host = makeHost({ network });
    const { running } = await serveHealth('health', host);
    await vi.advanceTimersByTimeAsync(5 * INTERVAL);
    expect(network.asked).toEqual([]);
    running.inService?.();
    await vi.advanceTimersByTimeAsync(5 * INTERVAL);
    expect(network.asked).toEqual(Array.from({ length: 5 }, () => ({ url: '127.0.0.1 8080 /health', timeout: 3_000 })));
    expect(valueOf(host, `${DURATIONS}_count`)).toBe(5);
    expect(valueOf(host, FAILURES)).toBe(0);
    expect(host.takeLines()).toEqual([]);
  });

  it.each([
    ['health 0.0.0.0:8080', '127.0.0.1 8080 /health'],
    ['health [::]:8080', '::1 8080 /health'],
    ['health 192.0.2.1:8080', '192.0.2.1 8080 /health'],
  ])('%s at an address that reaches it', async (lines, url) => {
    const network = networkOf(() => Promise.resolve(200));
    const { running } = await serveHealth(lines, makeHost({ network }));
    running.inService?.();
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect(network.asked).toEqual([{ url, timeout: 3_000 }]);
  });

  it('not where the system chose the port', async () => {
    const network = networkOf(() => Promise.resolve(200));
    const { running } = await serveHealth('health :0', makeHost({ network }));
    running.inService?.();
    await vi.advanceTimersByTimeAsync(3 * INTERVAL);
    expect(network.asked).toEqual([]);
  });

  it('and has the buckets of CoreDNS, and both metrics with 0 before the first time', async () => {
    const { host } = await serveHealth('health');
    const limits = [...host.metrics.render().matchAll(new RegExp(`^${DURATIONS}_bucket\\{le="([^"]*)"\\} 0$`, 'gm'))];
    expect(limits.map(([, limit]) => limit)).toEqual(['0.00025', '0.0025', '0.025', '0.25', '2.5', '+Inf']);
    expect(valueOf(host, FAILURES)).toBe(0);
  });

  it('and warns of what is slow', async () => {
    let duration = 1_000;
    const host = makeHost({
      network: networkOf(() => {
        host.clock.advance(duration);
        return Promise.resolve(200);
      }),
    });
    const { running } = await serveHealth('health', host);
    running.inService?.();
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect(host.takeLines()).toEqual([]);
    duration = 1_250;
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect(host.takeLines()).toEqual([
      '[WARNING] plugin/health: Local health request to "http://:8080/health" took more than 1s: 1.25s',
    ]);
    expect(valueOf(host, `${DURATIONS}_sum`)).toBe(2.25);
    expect(valueOf(host, FAILURES)).toBe(0);
  });

  it('and warns of what fails, at most every 10 s, and counts all of it', async () => {
    const answers = [() => Promise.reject(new Error('connection refused')), () => Promise.resolve(404)];
    let turn = 0;
    const host = makeHost({
      network: networkOf(() => {
        host.clock.advance(INTERVAL);
        return answers[turn++ % 2]?.() ?? Promise.resolve(200);
      }),
    });
    const { running } = await serveHealth('health [::1]:8080', host);
    running.inService?.();
    await vi.advanceTimersByTimeAsync(12 * INTERVAL);
    const warning = (text: string): string =>
      `[WARNING] plugin/health: Local health request to "http://[::1]:8080/health" failed: ${text}`;
    // The first of all, and the first after ten seconds: the eleventh, like the first a refusal.
    expect(host.takeLines()).toEqual([warning('connection refused'), warning('connection refused')]);
    await vi.advanceTimersByTimeAsync(9 * INTERVAL);
    expect(host.takeLines()).toEqual([warning('connection refused')]);
    expect(valueOf(host, FAILURES)).toBe(21);
    expect(valueOf(host, `${DURATIONS}_count`)).toBe(21);
  });

  it('and says which status came', async () => {
    const host = makeHost({ network: networkOf(() => Promise.resolve(404)) });
    const { running } = await serveHealth('health', host);
    running.inService?.();
    await vi.advanceTimersByTimeAsync(INTERVAL);
    expect(host.takeLines()[0]).toMatch(/failed: status 404$/);
  });

  it('once at a time, and hears no more of it when it is closed', async () => {
    let fail = (_error: Error): void => undefined;
    const network = networkOf(() => new Promise((_resolve, reject) => void (fail = reject)));
    const shared = new SharedThings();
    const releases: (() => void)[] = [];
    const host = makeHost({
      network,
      shared: (kind, key, create) => {
        const { thing, release } = shared.hold(kind, key, create);
        releases.push(release);
        return thing;
      },
    });
    const { running } = await serveHealth('health', host);
    running.inService?.();
    await vi.advanceTimersByTimeAsync(5 * INTERVAL);
    expect(network.asked).toHaveLength(1);
    for (const release of releases) release();
    fail(new Error('closed'));
    await vi.advanceTimersByTimeAsync(5 * INTERVAL);
    expect(network.asked).toHaveLength(1);
    expect(host.takeLines()).toEqual([]);
    expect(valueOf(host, FAILURES)).toBe(0);
  });

  it('once for all blocks and generations with the same address', async () => {
    const network = networkOf(() => Promise.resolve(200));
    const host = makeHost({ network });
    for (const lines of ['health', 'health', 'health :8081']) {
      // oxlint-disable-next-line no-await-in-loop -- one block after another
      const { running } = await serveHealth(lines, host);
      running.inService?.();
    }
    await vi.advanceTimersByTimeAsync(3 * INTERVAL);
    expect(network.asked.filter(({ url }) => url.includes('8080'))).toHaveLength(3);
    expect(network.asked.filter(({ url }) => url.includes('8081'))).toHaveLength(3);
  });
});

describe('health, what is wrong', () => {
  it.each([
    ['health 8080', ["'8080' is no address with a port", "did you mean ':8080'?"]],
    ['health localhost', ["'localhost' is no address with a port"]],
    ['health node:8080', ["'node' is no IP address"]],
    ['health [x]:8080', ["'x' is no IPv6 address"]],
    ['health :99999', ['the port 99999 is above 65535']],
    ['health :8080 :8081', ["'health' takes at most 1 argument, not 2"]],
    ['health {\n  lameduck\n}', ["'lameduck' needs an argument"]],
    ['health {\n  lameduck 5s 6s\n}', ["'lameduck' takes at most 1 argument, not 2"]],
    ['health {\n  lameduck soon\n}', ["'soon' is not a duration"]],
    ['health {\n  lameduck 5\n}', ["'5' is not a duration", "did you mean '5s'?"]],
    ['health {\n  lameduck -5s\n}', ['the duration -5s is out of range']],
    ['health {\n  lameduck 600h\n}', ['the duration 600h is out of range']],
    ['health {\n  lameduck 5s {\n  }\n}', ["'lameduck' takes no block"]],
    ['health {\n  stop_within\n}', ["'stop_within' needs an argument"]],
    ['health {\n  lameduck 5s\n  stop_within 25\n}', ["'25' is not a duration", "did you mean '25s'?"]],
    [
      'health {\n  lameduck 5s\n  stop_within 11s\n}',
      ['the stop may take 12s: the lame-duck time, and 7s to end', "at least 12s, or a shorter 'lameduck'"],
    ],
    ['health {\n  stop_within 25s\n}', ["'stop_within' changes nothing without 'lameduck'"]],
    ['health {\n  lameducks 5s\n}', ["unknown option of 'health'", "did you mean 'lameduck'?"]],
    ['health\nhealth :8081', ["'health' can be used once per server block, and stands at Corefile:2:1 already"]],
  ])('%s', (lines, messages) => {
    expectProblem(problemsOf(health, lines), ...messages);
  });
});
