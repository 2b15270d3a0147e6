/** Whether an upstream is worth asking: checks, what real traffic tells, and what is done when all are down. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Flag, Rcode } from '../../../src/dns/constants.ts';
import { Health } from '../../../src/plugins/forward/health.ts';
import { Latency } from '../../../src/plugins/forward/latency.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import {
  type Behaviour,
  FakeNetwork,
  type Forwarding,
  answering,
  forwarding,
  fresh,
  refusing,
  silent,
} from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';
const B = '192.0.2.2';
const right = { answers: ['x.example. 60 IN A 203.0.113.1'] };

describe('health checks', () => {
  it('do not happen while all is well', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering(right) } });
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(network.checks(A)).toHaveLength(0);
  });

  it('begin with an error, come at each interval, and end with the first reply, whatever it says', async () => {
    const { resolve, network, metric, host } = await forwarding(`forward . ${A} {\nhealth_check 200ms\n}`, {
      behaviours: { [A]: refusing },
    });
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(1_000);
    const checks = network.checks(A).length;
    expect(checks).toBeGreaterThanOrEqual(5);
    expect(checks).toBeLessThanOrEqual(7);
    expect(
      metric(`coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="${A}:53"}`),
    ).toBeGreaterThanOrEqual(5);
    network.behaviours.set(A, answering({ rcode: Rcode.REFUSED }));
    await vi.advanceTimersByTimeAsync(300);
    const last = network.checks(A).length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.checks(A)).toHaveLength(last);
    // Their time is no query's.
    expect(host.metrics.render()).not.toContain('coredns_proxy_request_duration_seconds_count{');
  });

  it('are NS of the root with RD, over UDP, and wait for one second', async () => {
    const { resolve, network } = await forwarding(`forward . ${A}`);
    await resolve(fresh());
    const [check] = network.checks(A);
    expect(check?.decoded.question).toMatchObject({ type: 2, class: 1 });
    expect(check?.decoded.question?.name.toString()).toBe('.');
    expect((check?.decoded.flags ?? 0) & Flag.RD).toBe(Flag.RD);
    expect(check?.target.protocol).toBe('udp');
    await vi.advanceTimersByTimeAsync(5_000);
    const times = network.checks(A).map(({ at }) => at);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_499);
  });

  it('are what health_check says, over TCP with force_tcp', async () => {
    const lines = `forward . ${A} {\nforce_tcp\nhealth_check 1s no_rec domain example.org\n}`;
    const { resolve, network } = await forwarding(lines, { behaviours: { [A]: refusing } });
    await resolve(fresh());
    const [check] = network.checks(A);
    expect(check?.decoded.question?.name.toString()).toBe('example.org.');
    expect((check?.decoded.flags ?? 0) & Flag.RD).toBe(0);
    expect(check?.target.protocol).toBe('tcp');
  });

  it('never happen with max_fails 0', async () => {
    const { resolve, network } = await forwarding(`forward . ${A} {\nmax_fails 0\n}`, {
      behaviours: { [A]: refusing },
    });
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.checks(A)).toHaveLength(0);
  });

  it('with max_fails 0, a late reply causes a message that tells death from slowness, and nothing else', async () => {
    const lines = `forward . ${A} ${B} {\nmax_fails 0\n}`;
    const { resolve, network, metric } = await forwarding(lines, { behaviours: { [A]: silent, [B]: silent } });
    expect((await resolve(fresh())).took).toBeLessThan(1_800);
    const slow: Behaviour = (sent) => sent.reply(right, sent.isCheck ? 1 : 1_900);
    network.behaviours.set(A, slow);
    network.behaviours.set(B, slow);
    expect((await resolve(fresh())).answer.kind).toBe('reply');
    await vi.advanceTimersByTimeAsync(3_000);
    const checks = network.checks(A).length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(network.checks(A)).toHaveLength(checks);
    expect(metric(`coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="${A}:53"}`)).toBe(0);
  });

  it('end when the plugin is closed', async () => {
    const { resolve, network, close } = await forwarding(`forward . ${A}`, { behaviours: { [A]: refusing } });
    await resolve(fresh());
    close();
    const before = network.checks(A).length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.checks(A)).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an upstream', () => {
  it('that does not answer is asked after the others, and first again once it answers a check', async () => {
    const network = new FakeNetwork();
    network.behaviours.set(A, silent);
    network.behaviours.set(B, answering(right));
    const { resolve } = await forwarding(`forward . ${A} ${B} {\npolicy sequential\n}`, { network });
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(400);
    await resolve(fresh());
    await vi.advanceTimersByTimeAsync(400);
    const before = network.queries(A).length;
    await resolve(fresh());
    expect(network.queries(A)).toHaveLength(before);
    network.behaviours.set(A, answering(right));
    await vi.advanceTimersByTimeAsync(2_000);
    await resolve(fresh());
    expect(network.queries(A)).toHaveLength(before + 1);
  });

  it('that loses one datagram and answers others stays where it is', async () => {
    const network = new FakeNetwork();
    let count = 0;
    network.behaviours.set(A, (sent) =>
      sent.isCheck || ++count % 3 > 0 ? sent.reply(sent.isCheck ? {} : right) : undefined,
    );
    network.behaviours.set(B, answering(right));
    const { resolveMany } = await forwarding(`forward . ${A} ${B} {\npolicy sequential\n}`, { network });
    await resolveMany(30);
    expect(network.queries(A)).toHaveLength(30);
  });
});

describe('a loss', () => {
  function healthOf(maxFails: number): { readonly health: Health; readonly checks: () => number } {
    const counter = new Metrics().counter('failures', 'Failures.').with();
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    let checks = 0;
    const health = new Health({ interval: 500, maxFails }, clock, counter, () => {
      checks++;
      return { cancel: () => undefined };
    });
    return { health, checks: () => checks };
  }

  it('counts only where nothing was heard since the message was sent', async () => {
    const { health, checks } = healthOf(2);
    const sentAt = performance.now();
    await vi.advanceTimersByTimeAsync(5);
    health.heard(performance.now());
    for (let i = 0; i < 5; i++) health.lost(sentAt);
    health.doubt(sentAt);
    expect(health.preferred).toBe(true);
    expect(checks()).toBe(0);
    await vi.advanceTimersByTimeAsync(5);
    health.lost(performance.now());
    expect(health.preferred).toBe(true);
    health.lost(performance.now());
    expect(health.preferred).toBe(false);
    expect(checks()).toBe(1);
    health.heard(performance.now());
    expect(health.preferred).toBe(true);
  });

  it('is forgiven after a second where there are no checks', async () => {
    const { health, checks } = healthOf(0);
    health.lost(performance.now());
    health.lost(performance.now());
    expect(health.preferred).toBe(false);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(health.preferred).toBe(true);
    expect(checks()).toBe(0);
  });
});

describe('all upstreams down', () => {
  async function bringDown(lines: string): Promise<Forwarding> {
    const service = await forwarding(lines, { behaviours: { [A]: refusing, [B]: refusing } });
    await service.resolve(fresh());
    await vi.advanceTimersByTimeAsync(3_000);
    return service;
  }

  it('one is asked all the same, and that is counted', async () => {
    const { resolve, network, metric } = await bringDown(`forward . ${A} ${B}`);
    network.behaviours.set(A, answering(right));
    network.behaviours.set(B, answering(right));
    expect((await resolve(fresh())).answer.kind).toBe('reply');
    expect(metric('coredns_forward_healthcheck_broken_total')).toBe(1);
  });

  it('failfast_all_unhealthy_upstreams fails in the same tick', async () => {
    const { ask } = await bringDown(`forward . ${A} ${B} {\nfailfast_all_unhealthy_upstreams\npolicy sequential\n}`);
    expect(ask(fresh())).toMatchObject({
      kind: 'failure',
      rcode: Rcode.SERVFAIL,
      error: 'no healthy proxies',
      explanation: { word: 'upstreams_unhealthy', text: `all upstreams are down: ${A}:53, ${B}:53` },
    });
  });

  it('takes more failed checks than max_fails', async () => {
    const lines = `forward . ${A} {\nmax_fails 5\nhealth_check 100ms\nfailfast_all_unhealthy_upstreams\n}`;
    const { resolve, ask, network } = await forwarding(lines, { behaviours: { [A]: refusing } });
    await resolve(fresh());
    // oxlint-disable-next-line no-await-in-loop -- the time passes step by step
    while (network.checks(A).length < 5) await vi.advanceTimersByTimeAsync(10);
    expect(ask(fresh())).toBeInstanceOf(Promise);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask(fresh())).toMatchObject({ kind: 'failure', error: 'no healthy proxies' });
  });
});

describe('the patience with an upstream', () => {
  it('is 100 ms where nothing is known, and then from 10 to 120 ms', () => {
    const latency = new Latency();
    expect(latency.patience).toBe(100);
    latency.observe(1);
    expect(latency.patience).toBe(10);
    for (let i = 0; i < 100; i++) latency.observe(30);
    expect(latency.patience).toBeGreaterThan(30);
    expect(latency.patience).toBeLessThan(40);
    for (let i = 0; i < 100; i++) latency.observe(900);
    expect(latency.patience).toBe(120);
  });

  it('is no less than what the next one would take too', () => {
    const [slow, quick, unknown] = [new Latency(), new Latency(), new Latency()];
    for (let i = 0; i < 100; i++) {
      slow.observe(400);
      quick.observe(20);
    }
    expect(slow.patienceBefore(quick)).toBe(120);
    expect(slow.patienceBefore(unknown)).toBe(120);
    expect(slow.patienceBefore(undefined)).toBe(120);
    expect(slow.patienceBefore(slow)).toBeCloseTo(400, 0);
    // It is at work already.
    expect(quick.patienceBefore(quick)).toBe(50);
    expect(quick.patienceBefore(slow)).toBeCloseTo(20, 0);
  });
});
