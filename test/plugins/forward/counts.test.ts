/** What `forward` counts of upstreams, and that no upstream can make it count without a bound. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import { FakeNetwork, answering, forwarding, fresh } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';

it('gives all response codes without a mnemonic one series: an upstream may send 4096', async () => {
  const network = new FakeNetwork();
  let rcode = 0;
  network.behaviours.set(A, (sent) => sent.reply({ rcode: rcode++ }));
  const { resolveMany, host, metric } = await forwarding(`forward . ${A}`, { network });
  await resolveMany(300);
  const series = (label: string): string =>
    `coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="${label}",to="${A}:53"}`;
  const all = host.metrics.render().match(/^coredns_proxy_request_duration_seconds_count\{.*$/gm);
  expect(all).toHaveLength(new Set(Object.values(Rcode).filter((code) => code < 300)).size + 1);
  expect(metric(series('NXDOMAIN'))).toBe(1);
  expect(metric(series('other'))).toBeGreaterThan(250);
});

it('counts messages over connections that nothing waited for', async () => {
  const network = new FakeNetwork();
  network.behaviours.set(A, answering({ answers: ['x.example. 60 IN A 203.0.113.1'] }));
  const { resolve, metric, close } = await forwarding(`forward . ${A} {\nforce_tcp\n}`, { network });
  await resolve(fresh());
  const series = `nodens_forward_unasked_replies_total{proto="tcp",proxy_name="forward",to="${A}:53"}`;
  expect(metric(series)).toBe(0);
  for (const { counts } of network.channels) counts.unasked += 3;
  expect(metric(series)).toBe(3);
  close();
  await vi.advanceTimersByTimeAsync(1);
  expect(metric(series)).toBe(3);
});
