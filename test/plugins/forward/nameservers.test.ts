/** Files of nameservers: what is read of them, and what happens while they change under a running server. */
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forward } from '../../../src/plugins/forward/forward.ts';
import { readNameservers } from '../../../src/plugins/forward/resolv-conf.ts';
import { configure } from '../support.ts';
import { FakeNetwork, type Forwarding, answering, forwarding, fresh, makeForwardHost } from './support.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';
const answers = answering({ answers: ['x.example. 60 IN A 203.0.113.1'] });
const WITHIN = { timeout: 10_000, interval: 20 };

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forward-nameservers-'));
  path = join(folder, 'resolv.conf');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file of nameservers', () => {
  it('gives the addresses of its nameserver lines, each once, at port 53', () => {
    const text =
      '# nameserver 192.0.2.8\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # two\noptions ndots:5\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver here\nnameservers 192.0.2.9\n';
    writeFileSync(path, text);
    expect(readNameservers(path, 15)).toMatchObject({
      kind: 'servers',
      servers: [A, '2001:db8::1', 'fe80::1%eth0'].map((address) => ({ address, port: 53 })),
    });
  });
});

describe('a file of nameservers in service', () => {
  /** Which upstream the next query goes to. */
  async function asked({ ask, network }: Forwarding): Promise<string | undefined> {
    const before = network.queries().length;
    await ask(fresh());
    return network.queries()[before]?.target.to.address;
  }

  async function open(): Promise<Forwarding> {
    writeFileSync(path, `nameserver ${A}\n`);
    return forwarding('forward . resolv.conf', { folder, behaviours: { [A]: answers, [B]: answers } });
  }

  const FAILURES = 'nodens_forward_resolv_conf_failures_total';

  it('is read again when it changes, and when it is replaced', async () => {
    const service = await open();
    expect(await asked(service)).toBe(A);
    writeFileSync(path, `nameserver ${B}\n`);
    await vi.waitFor(async () => expect(await asked(service)).toBe(B), WITHIN);
    expect(service.host.takeLines()).toEqual([`[INFO] plugin/forward: ${path} has changed: ${B}`]);
    writeFileSync(`${path}.new`, `nameserver ${A}\n`);
    renameSync(`${path}.new`, path);
    await vi.waitFor(async () => expect(await asked(service)).toBe(A), WITHIN);
    expect(service.metric(FAILURES)).toBe(0);
    service.close();
  });

  it('is read again when the link to it is swapped, as in a ConfigMap', async () => {
    const first = join(folder, 'first');
    const second = join(folder, 'second');
    writeFileSync(first, `nameserver ${A}\n`);
    writeFileSync(second, `nameserver ${B}\n`);
    symlinkSync(first, path);
    const service = await forwarding('forward . resolv.conf', { folder, behaviours: { [A]: answers, [B]: answers } });
    expect(await asked(service)).toBe(A);
    symlinkSync(second, `${path}.new`);
    renameSync(`${path}.new`, path);
    await vi.waitFor(async () => expect(await asked(service)).toBe(B), WITHIN);
    service.close();
  });

  it('tells of its mistakes when it changes, and not of those that were told at the start', async () => {
    writeFileSync(path, `namserver ${B}\nnameserver ${A}\n`);
    const { setup } = configure(forward, 'forward . resolv.conf', { folder });
    const host = makeForwardHost(new FakeNetwork());
    const running = await setup?.create(host);
    const lines: string[] = [];
    const untilLines = (count: number): Promise<void> =>
      vi.waitFor(() => expect(lines.push(...host.takeLines())).toBe(count), WITHIN);
    writeFileSync(path, `namserver ${B}\nnameserver ${B} # changed\n`);
    await untilLines(1);
    writeFileSync(path, `nameserver ${A}\nnameserver 10.0.0.300\n`);
    await untilLines(3);
    expect(lines).toEqual([
      `[INFO] plugin/forward: ${path} has changed: ${B}`,
      `[WARNING] plugin/forward: ${path}:2: '10.0.0.300' is no IP address; expected: an address alone; the port is always 53`,
      `[INFO] plugin/forward: ${path} has changed: ${A}`,
    ]);
    running?.close?.();
  });

  it('that breaks or vanishes leaves the last good one in use: one line, one count', async () => {
    const service = await open();
    writeFileSync(path, 'nameserver nobody\n');
    await vi.waitFor(() => expect(service.metric(FAILURES)).toBe(1), WITHIN);
    expect(await asked(service)).toBe(A);
    rmSync(path);
    await vi.waitFor(() => expect(service.metric(FAILURES)).toBe(2), WITHIN);
    expect(await asked(service)).toBe(A);
    const kept = 'the nameservers that it named before stay in use';
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/forward: ${path}:1: 'nobody' is no IP address; expected: an address alone; the port is always 53`,
      `[WARNING] plugin/forward: ${path} names no nameserver: ${kept}`,
      `[WARNING] plugin/forward: ${path} does not exist: ${kept}`,
    ]);
    writeFileSync(path, `nameserver ${B}\n`);
    await vi.waitFor(async () => expect(await asked(service)).toBe(B), WITHIN);
    service.close();
  });

  it('keeps the upstreams that it still names, with their connections', async () => {
    const service = await open();
    await asked(service);
    writeFileSync(path, `nameserver ${B}\nnameserver ${A}\n`);
    await vi.waitFor(async () => expect(await asked(service)).toBe(B), WITHIN);
    const toA = service.network.channels.filter(({ target }) => target.to.address === A);
    expect(toA).toMatchObject([{ closed: false }]);
    service.close();
    expect(service.network.channels.every(({ closed }) => closed)).toBe(true);
  });
});
