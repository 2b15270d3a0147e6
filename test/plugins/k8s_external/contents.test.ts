/** A zone of `k8s_external` as a whole: it has exactly the records that questions give. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RRset } from '../../../src/dns/rrset.ts';
import type { NeighbourZone } from '../../../src/plugins/neighbours.ts';
import { makeService, makeSlice } from '../../cluster/objects.ts';
import { recordsOf } from '../support.ts';
import { type External, external } from './support.ts';

const HTTP = { name: 'http', protocol: 'tcp', number: 80 };

async function zoneOf(lines: string): Promise<{ readonly one: External; readonly zone: NeighbourZone }> {
  const one = await external(lines, { ownAddresses: [Uint8Array.of(192, 0, 2, 53)] });
  const zone = one.host.neighbours.zones.find(({ name }) => name.toString() === 'example.org.');
  if (zone === undefined) throw new Error('the zone is not offered');
  return { one, zone };
}

function listed(zone: NeighbourZone): readonly string[] {
  const contents = zone.contents();
  if (contents === undefined) throw new Error('the content is not known');
  return recordsOf([contents.soa, ...contents.records]);
}

function fill({ state }: External): void {
  state.setNamespace({ name: 'default', labels: {} });
  state.setNamespace({ name: 'dns', labels: {} });
  state.setService(makeService({ namespace: 'gone', externalAddresses: ['203.0.113.7'] }));
  // What the name server's own subtree hides.
  state.setService(makeService({ namespace: 'dns', externalAddresses: ['203.0.113.8'] }));
  state.setService(makeService({ name: 'zoo', ports: [HTTP], externalAddresses: ['lb.example.net'] }));
  state.setService(makeService({ ports: [HTTP], externalAddresses: ['203.0.113.1', '2001:db8::1'] }));
  state.setService(makeService({ name: 'plain', clusterIPs: ['10.0.0.9'] }));
  state.setService(makeService({ name: 'head', kind: 'headless', ports: [HTTP] }));
  state.setEndpointSlice(
    makeSlice({
      name: 'head-1',
      service: 'head',
      ports: [HTTP],
      addresses: ['10.1.0.1', '10.1.0.2'],
      hostnames: ['one', ''],
    }),
  );
}

afterEach(() => void vi.useRealTimers());

it('tells of changes of its serial, until nobody wants to know', async () => {
  vi.useFakeTimers();
  let now = 1_000;
  const one = await external('k8s_external example.org', { now: () => now * 1_000 });
  const [zone] = one.host.neighbours.zones;
  const changed = vi.fn<() => void>();
  const stop = zone?.onChange?.(changed);
  const change = (externalAddresses: readonly string[]): void => {
    now++;
    one.state.setService(makeService({ externalAddresses }));
    vi.advanceTimersByTime(1_000);
  };
  change(['203.0.113.1']);
  expect(changed).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(5_000);
  expect(changed).toHaveBeenCalledTimes(1);
  change(['203.0.113.2']);
  expect(changed).toHaveBeenCalledTimes(2);
  stop?.();
  change(['203.0.113.3']);
  expect(changed).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

describe('the zone as a whole', () => {
  it('has the apex, the name server, and each Service in the order of names', async () => {
    const { one, zone } = await zoneOf('k8s_external example.org 113.0.203.in-addr.arpa');
    fill(one);
    expect(listed(zone)).toEqual([
      'example.org. 5 IN SOA ns1.dns.example.org. hostmaster.dns.example.org. 1700000000 7200 1800 86400 5',
      'example.org. 5 IN NS ns1.dns.example.org.',
      'ns1.dns.example.org. 5 IN A 192.0.2.53',
      'web.default.example.org. 5 IN A 203.0.113.1',
      'web.default.example.org. 5 IN AAAA 2001:db8::1',
      'web.default.example.org. 5 IN SRV 0 50 80 web.default.example.org.',
      '_http._tcp.web.default.example.org. 5 IN SRV 0 50 80 web.default.example.org.',
      'zoo.default.example.org. 5 IN CNAME lb.example.net.',
      '_http._tcp.zoo.default.example.org. 5 IN SRV 0 100 80 lb.example.net.',
    ]);
    const offered = one.host.neighbours.zones.map(({ name }) => name.toString());
    expect(offered).not.toContain('113.0.203.in-addr.arpa.');
  });

  it('has the endpoints of headless Services where they are shown, and what questions give', async () => {
    const { one, zone } = await zoneOf('k8s_external example.org {\nheadless\n}');
    fill(one);
    const records = listed(zone);
    expect(records.filter((record) => record.includes('head.default'))).toEqual([
      'head.default.example.org. 5 IN A 10.1.0.1',
      'head.default.example.org. 5 IN A 10.1.0.2',
      'head.default.example.org. 5 IN SRV 0 50 80 one.head.default.example.org.',
      'head.default.example.org. 5 IN SRV 0 50 80 10-1-0-2.head.default.example.org.',
      '_http._tcp.head.default.example.org. 5 IN SRV 0 50 80 one.head.default.example.org.',
      '_http._tcp.head.default.example.org. 5 IN SRV 0 50 80 10-1-0-2.head.default.example.org.',
      'one.head.default.example.org. 5 IN A 10.1.0.1',
      '10-1-0-2.head.default.example.org. 5 IN A 10.1.0.2',
    ]);
    const questions = new Set(
      records.map((record) => record.split(' ')).map(([owner = '', , , type = '']) => `${owner} ${type}`),
    );
    const asked = [...questions].flatMap((question) => {
      const [name = '', type = ''] = question.split(' ');
      const answer = one.ask(name, type);
      return answer.kind === 'reply' ? recordsOf(answer.answers).slice(0, type === 'CNAME' ? 1 : undefined) : [];
    });
    expect(asked.toSorted()).toEqual([...records].toSorted());
  });

  it('has each address of endpoints that share a name once', async () => {
    const { one, zone } = await zoneOf('k8s_external example.org {\nheadless\n}');
    one.state.setNamespace({ name: 'default', labels: {} });
    one.state.setService(makeService({ name: 'head', kind: 'headless' }));
    const slices = [['10.1.0.1', '10.1.0.2'], ['10.1.0.1', '10.1.0.3'], ['2001:db8::1']];
    for (const [i, addresses] of slices.entries()) {
      const hostnames = addresses.map(() => 'one');
      one.state.setEndpointSlice(makeSlice({ name: `head-${i}`, service: 'head', addresses, hostnames }));
    }
    expect(listed(zone).filter((record) => record.startsWith('one.head'))).toEqual([
      'one.head.default.example.org. 5 IN A 10.1.0.1',
      'one.head.default.example.org. 5 IN A 10.1.0.2',
      'one.head.default.example.org. 5 IN A 10.1.0.3',
      'one.head.default.example.org. 5 IN AAAA 2001:db8::1',
    ]);
  });

  it('is not known before the cluster is', async () => {
    const one = await external('k8s_external example.org', { isUnknown: true });
    const [zone] = one.host.neighbours.zones;
    expect(zone?.contents()).toBeUndefined();
    one.state.markSynced(['namespaces', 'services']);
    expect(zone?.contents()).toBeUndefined();
    one.state.mark(['endpointslices'], 'stale');
    expect(zone?.contents()).toBeUndefined();
    one.state.markSynced(['endpointslices']);
    expect(zone?.contents()).toBeDefined();
  });

  it('goes on with the Services of its beginning, whatever becomes of them', async () => {
    const { one, zone } = await zoneOf('k8s_external example.org');
    fill(one);
    const before = listed(zone).slice(1);
    const reading = zone.contents()?.records[Symbol.iterator]();
    const { serial } = zone.contents()?.soa.soa ?? { serial: 0 };
    one.state.removeService('default', 'web');
    one.state.setService(makeService({ name: 'zoo', externalAddresses: ['203.0.113.2'] }));
    const records: RRset[] = [];
    for (let next = reading?.next(); next?.done === false; next = reading?.next()) records.push(next.value);
    expect(recordsOf(records)).toEqual(before);
    // In the same second: a secondary must see that there is something new.
    expect(zone.contents()?.soa.soa.serial).toBeGreaterThan(serial);
    const { serial: later } = zone.contents()?.soa.soa ?? { serial: 0 };
    listed(zone);
    one.state.removeNamespace('default');
    expect(zone.contents()?.soa.soa.serial).toBeGreaterThan(later);
  });
});
