/** Where answers are kept: its bounds, what is counted, and what a reload leaves of it. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Class, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { RRset } from '../../../src/dns/rrset.ts';
import type { Reply } from '../../../src/plugins/answer.ts';
import { cache } from '../../../src/plugins/cache/cache.ts';
import type { Block } from '../../../src/plugins/plugin.ts';
import { type TestHost, ask as askPlugin, makeHost, makeQuery, serve } from '../support.ts';
import {
  type Bench,
  DEAD,
  NXDOMAIN,
  SOA,
  Upstream,
  answering,
  bench,
  metric,
  upstream as replying,
} from './support.ts';

/** Asks for a name that has this record, or none. */
function look({ ask, upstream }: Bench, name: string, data?: string): void {
  upstream.now(data === undefined ? NXDOMAIN : answering(`${name} 3000 IN ${data}`));
  ask(name);
}

/** Whether a name is answered without asking an upstream. */
function isKept({ ask, upstream }: Bench, name: string): boolean {
  const before = upstream.asked;
  upstream.now(replying({ rcode: 5 }));
  ask(name);
  return upstream.asked === before;
}

/** One TXT record of so many strings of 255 octets. */
function withTexts(name: string, strings: number): Reply {
  const octets = new Uint8Array(255);
  const texts = [Array.from({ length: strings }, () => octets)];
  const owner = Name.fromText(name);
  const set: RRset = { kind: 'text', owner, type: Type.TXT, class: Class.IN, ttl: 3000, texts };
  return { ...answering(), answers: [set] };
}

describe('the bounds of the cache', () => {
  it('are as many answers of each kind as the configuration says; the least recently used one leaves', async () => {
    const running = await bench('cache {\n  success 3\n  denial 2\n}', DEAD);
    for (const name of ['a.example.', 'b.example.', 'c.example.']) look(running, name, 'A 192.0.2.1');
    expect(isKept(running, 'a.example.')).toBe(true);
    look(running, 'd.example.', 'A 192.0.2.1');
    look(running, 'x.example.');
    look(running, 'y.example.');
    look(running, 'z.example.');
    expect(['a', 'b', 'c', 'd', 'x', 'y', 'z'].filter((label) => isKept(running, `${label}.example.`))).toEqual([
      'a',
      'c',
      'd',
      'y',
      'z',
    ]);
    const { host } = running;
    expect(metric(host, 'coredns_cache_evictions_total', 'type="success"')).toBe(1);
    expect(metric(host, 'coredns_cache_evictions_total', 'type="denial"')).toBe(1);
    expect(metric(host, 'coredns_cache_entries', 'type="success"')).toBe(3);
    expect(metric(host, 'coredns_cache_entries', 'type="denial"')).toBe(2);
  });

  it('are 9984 answers where it says nothing', async () => {
    const running = await bench('cache', DEAD);
    for (let i = 0; i < 9_990; i++) look(running, `n${i}.example.`, 'A 192.0.2.1');
    expect(metric(running.host, 'coredns_cache_entries', 'type="success"')).toBe(9_984);
    expect(metric(running.host, 'coredns_cache_evictions_total', 'type="success"')).toBe(6);
  });

  it('count what leaves for want of room alone, not what is replaced or has ended', async () => {
    const running = await bench('cache', DEAD);
    look(running, 'a.example.', 'A 192.0.2.1');
    running.wait(3000);
    look(running, 'a.example.', 'A 192.0.2.1');
    running.wait(3000);
    look(running, 'a.example.');
    expect(metric(running.host, 'coredns_cache_entries', 'type="success"')).toBe(0);
    expect(metric(running.host, 'coredns_cache_evictions_total', 'type="success"')).toBe(0);
  });

  it('take no memory for a capacity that there can be no room for', async () => {
    const running = await bench('cache {\n  success 4000000000000\n}', DEAD);
    look(running, 'a.example.', 'A 192.0.2.1');
    expect(isKept(running, 'a.example.')).toBe(true);
  });

  it('are octets besides (cacheOctets), however few the answers', async () => {
    const running = await bench('cache {\n  success 100000\n}', DEAD);
    const { host } = running;
    const octets = (): number => metric(host, 'nodens_cache_octets', 'type="success"') ?? 0;
    let most = 0;
    for (let i = 0; i < 700; i++) {
      running.upstream.now(withTexts(`n${i}.example.`, 200));
      running.ask(`n${i}.example.`, 'TXT');
      most = Math.max(most, octets());
    }
    expect(metric(host, 'coredns_cache_evictions_total', 'type="success"')).toBeGreaterThan(0);
    const entries = metric(host, 'coredns_cache_entries', 'type="success"') ?? 0;
    expect(entries).toBeLessThan(700);
    // Each holds 200 strings of 255 octets at the least.
    expect(octets()).toBeGreaterThan(entries * 200 * 255);
    expect(most).toBeLessThanOrEqual(bounds.cacheOctets);
    expect(most).toBeGreaterThan(bounds.cacheOctets * 0.9);
  });

  it('count every kind of record with its data', async () => {
    const host = makeHost();
    const running = await bench('cache', DEAD, { host });
    const kinds: readonly (readonly [type: string, small: string, large: string])[] = [
      ['A', 'A 192.0.2.1', ''],
      ['CNAME', 'CNAME a.', `CNAME ${'a.'.repeat(100)}`],
      ['SRV', 'SRV 0 0 1 a.', `SRV 0 0 1 ${'a.'.repeat(100)}`],
      ['MX', 'MX 1 a.', `MX 1 ${'a.'.repeat(100)}`],
      ['TXT', 'TXT "a"', `TXT "${'a'.repeat(200)}"`],
      ['TYPE999', 'TYPE999 \\# 1 00', `TYPE999 \\# 200 ${'00'.repeat(200)}`],
      ['SOA', 'SOA a. a. 1 1 1 1 1', `SOA ${'a.'.repeat(100)} a. 1 1 1 1 1`],
    ];
    let names = 0;
    const grows = (type: string, data: string): number => {
      const before = metric(host, 'nodens_cache_octets', 'type="success"') ?? 0;
      const name = `n${names++}.example.`;
      running.upstream.now(answering(`${name} 3000 IN ${data}`));
      running.ask(name, type);
      return (metric(host, 'nodens_cache_octets', 'type="success"') ?? 0) - before;
    };
    for (const [type, small, large] of kinds) {
      const least = grows(type, small);
      expect(least, type).toBeGreaterThan(500);
      if (large !== '') expect(grows(type, large), type).toBeGreaterThan(least + 190);
    }
  });

  it('keep nothing that is larger than all there is room for', async () => {
    const running = await bench('cache', DEAD);
    look(running, 'a.example.', 'A 192.0.2.1');
    running.upstream.now(withTexts('huge.example.', bounds.cacheOctets / 255));
    running.ask('huge.example.', 'TXT');
    running.ask('huge.example.', 'TXT');
    expect(running.upstream.asked).toBe(3);
    expect(isKept(running, 'a.example.')).toBe(true);
  });
});

function hostFor(fingerprint: string, of: TestHost): TestHost {
  const block: Block = { ...of.block, fingerprintFrom: (plugin) => `${plugin} ${fingerprint}` };
  return makeHost({
    shared: (kind, key, create) => of.shared(kind, key, create),
    metrics: of.metrics,
    facts: of.facts,
    block,
  });
}

describe('a reload', () => {
  it('keeps the answers where nothing that they rest on has changed', async () => {
    const first = makeHost();
    const before = await bench('cache', DEAD, { host: hostFor('1', first) });
    look(before, 'a.example.', 'A 192.0.2.1');
    const after = await bench('cache', DEAD, { host: hostFor('1', first) });
    before.close();
    expect(isKept(after, 'a.example.')).toBe(true);
    expect(metric(after.host, 'coredns_cache_entries', 'type="success"')).toBe(1);
  });

  it('begins anew where the block, the directive or what is below it has changed', async () => {
    const first = makeHost();
    const before = await bench('cache', DEAD, { host: hostFor('1', first) });
    look(before, 'a.example.', 'A 192.0.2.1');
    const after = await bench('cache', DEAD, { host: hostFor('2', first) });
    expect(isKept(after, 'a.example.')).toBe(false);
    expect(isKept(before, 'a.example.')).toBe(true);
  });

  it('takes the gauges of a generation with it', async () => {
    const running = await bench('cache', DEAD);
    expect(metric(running.host, 'coredns_cache_entries', 'type="success"')).toBe(0);
    running.close();
    expect(metric(running.host, 'coredns_cache_entries', 'type="success"')).toBeUndefined();
  });
});

describe('what the cache counts', () => {
  it('has the address that was asked, the zones of the directive and the kind', async () => {
    const host = makeHost();
    const service = await serve(cache, 'cache example.org EXAMPLE.', { host });
    const below = new Upstream(answering('www.example. 60 IN A 192.0.2.1'));
    const resolver = {
      server: 'dns://192.0.2.53:53',
      resolve: () => DEAD,
    };
    for (let i = 0; i < 3; i++) {
      askPlugin(service.plugin, makeQuery('www.example.', 'A', { facts: host.facts, resolver }), below);
    }
    const labels = 'server="dns://192.0.2.53:53",view="",zones="example.org.,example."';
    const text = host.metrics.render();
    expect(text).toContain(`coredns_cache_requests_total{${labels}} 3\n`);
    expect(text).toContain(`coredns_cache_misses_total{${labels}} 1\n`);
    expect(text).toContain(
      `coredns_cache_hits_total{server="dns://192.0.2.53:53",type="success",view="",zones="example.org.,example."} 2\n`,
    );
  });

  it('leaves out names outside of its zones, and counts what cannot be kept as missed', async () => {
    const { ask, host } = await bench('cache example', replying({ authority: [SOA] }));
    const labels = `server="dns://:53",view="",zones="example."`;
    ask('www.other.');
    expect(host.metrics.render()).toContain(`coredns_cache_requests_total{${labels}} 0\n`);
    ask('www.example.', 'AXFR');
    expect(host.metrics.render()).toContain(`coredns_cache_requests_total{${labels}} 1\n`);
    expect(host.metrics.render()).toContain(`coredns_cache_misses_total{${labels}} 1\n`);
  });
});
