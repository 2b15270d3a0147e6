/** What `hosts` tells of its file. */
import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hosts } from '../../src/plugins/hosts/hosts.ts';
import { type Service, type TestHost, makeHost, serve } from './support.ts';

let folder = '';
let path = '';
const services: Service[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-metrics-'));
  path = join(folder, 'hosts');
});

afterEach(() => {
  for (const service of services.splice(0)) service.close();
  rmSync(folder, { recursive: true });
});

async function serveHosts(lines: string, host: TestHost = makeHost()): Promise<Service> {
  const service = await serve(hosts, lines, { folder, host });
  services.push(service);
  return service;
}

/** The value of a series; NaN where there is none. */
function valueOf({ host }: Service, series: string): number {
  const line = host.metrics
    .render()
    .split('\n')
    .find((one) => one.startsWith(`${series} `));
  return line === undefined ? NaN : Number(line.slice(series.length));
}

const entriesOf = (service: Service): number => valueOf(service, `coredns_hosts_entries{hostsfile="${path}"}`);
const failuresOf = (service: Service): number =>
  valueOf(service, `nodens_hosts_reload_failures_total{hostsfile="${path}"}`);
const TIMESTAMP = 'coredns_hosts_reload_timestamp_seconds';

describe('hosts, metrics', () => {
  it('tell the entries, and when the file was changed, until the block is closed', async () => {
    writeFileSync(path, '10.0.0.1 a b\n10.0.0.2 a\n');
    utimesSync(path, 1_600_000_000, 1_600_000_000.5);
    const service = await serveHosts('hosts hosts {\n  10.0.0.3 c\n  reload 0s\n}');
    expect(entriesOf(service)).toBe(4);
    expect(valueOf(service, TIMESTAMP)).toBe(1_600_000_000.5);
    service.close();
    expect(entriesOf(service)).toBeNaN();
    expect(valueOf(service, TIMESTAMP)).toBeNaN();
  });

  it('tell the inline entries and no time where there is no file, which is no failure of a reload', async () => {
    const service = await serveHosts('hosts hosts {\n  10.0.0.3 c\n}');
    expect(entriesOf(service)).toBe(1);
    expect(valueOf(service, TIMESTAMP)).toBe(0);
    expect(failuresOf(service)).toBe(0);
  });

  it('count each time that the file breaks or goes away, while its last content is told', async () => {
    writeFileSync(path, '10.0.0.1 a\n');
    const service = await serveHosts('hosts hosts {\n  reload 20ms\n}');
    const changed = valueOf(service, TIMESTAMP);
    const until = (count: number): Promise<void> =>
      vi.waitFor(() => expect(failuresOf(service)).toBe(count), { timeout: 5000, interval: 10 });
    expect(failuresOf(service)).toBe(0);
    rmSync(path);
    await until(1);
    expect(entriesOf(service)).toBe(1);
    expect(valueOf(service, TIMESTAMP)).toBe(changed);
    writeFileSync(path, '');
    truncateSync(path, 16_777_217);
    await until(2);
    expect(entriesOf(service)).toBe(1);
    writeFileSync(path, '10.0.0.1 a b c\n');
    await vi.waitFor(() => expect(entriesOf(service)).toBe(3), { timeout: 5000, interval: 10 });
    expect(failuresOf(service)).toBe(2);
  });

  it('tell the content that a reload of the Corefile kept, and count that it did', async () => {
    writeFileSync(path, '10.0.0.1 a b\n');
    utimesSync(path, 1_600_000_000, 1_600_000_000.5);
    const first = await serveHosts('hosts hosts {\n  reload 0s\n}');
    rmSync(path);
    const second = await serveHosts('hosts hosts {\n  reload 0s\n}', first.host);
    first.close();
    expect(entriesOf(second)).toBe(2);
    expect(valueOf(second, TIMESTAMP)).toBe(1_600_000_000.5);
    expect(failuresOf(second)).toBe(1);
  });
});
