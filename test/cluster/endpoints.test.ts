/** Endpoints: their labels, their addresses, and the order in which they come. */
import { describe, expect, it } from 'vitest';
import { ServiceEndpoints, SliceEndpoints, dashedAddress, distinctAddresses } from '../../src/cluster/endpoints.ts';
import { hashName } from '../../src/cluster/name-table.ts';
import { formatAddress } from '../../src/dns/address.ts';
import { Name } from '../../src/dns/name.ts';
import { makeSlice } from './objects.ts';

const labelsOf = (slice: ReturnType<typeof makeSlice>, podNames = false): readonly string[] => {
  const endpoints = new SliceEndpoints(slice);
  return [...endpoints.positions()].map((position) => endpoints.labelAt(position, podNames));
};

const texts = (octets: Uint8Array, width: number): readonly string[] =>
  Array.from({ length: octets.length / width }, (_, i) => formatAddress(octets.subarray(i * width, (i + 1) * width)));

/** Two labels that the index takes for one another: among some 80,000 there are two as likely as not. */
function labelsOfOneHash(): readonly [string, string] {
  const labels = new Map<number, string>();
  for (let i = 0; ; i++) {
    const label = `host-${i}`;
    const hash = hashName('', label);
    const before = labels.get(hash);
    if (before !== undefined) return [before, label];
    labels.set(hash, label);
  }
}

describe('an address as a label', () => {
  it.each([
    ['10.0.0.1', '10-0-0-1'],
    ['255.255.255.255', '255-255-255-255'],
    ['fd00::1', 'fd00--1'],
    ['fd00::', 'fd00--0'],
    ['::', '--0'],
    ['::1', '--1'],
    ['FD00::A', 'fd00--a'],
    ['1:2:3:4:5:6:7:8', '1-2-3-4-5-6-7-8'],
    ['::ffff:10.0.0.1', '--ffff-10-0-0-1'],
  ])('%s is %s', (text, label) => {
    expect(dashedAddress(text)).toBe(label);
  });
});

describe('the label of an endpoint', () => {
  it('is its hostname, in lower case, whatever else it has', () => {
    const slice = makeSlice({ addresses: ['10.0.0.1'], hostnames: ['Web-0'], targets: ['pod-1'] });
    expect(labelsOf(slice)).toEqual(['web-0']);
    expect(labelsOf(slice, true)).toEqual(['web-0']);
  });

  it('is its pod, in lower case, where pod names are used', () => {
    const slice = makeSlice({ addresses: ['10.0.0.1', '10.0.0.2'], targets: ['Pod-1', ''] });
    expect(labelsOf(slice, true)).toEqual(['pod-1', '10-0-0-2']);
    expect(labelsOf(slice)).toEqual(['10-0-0-1', '10-0-0-2']);
  });

  it('is its address as it was written', () => {
    expect(labelsOf(makeSlice({ addresses: ['fd00:0::2', 'fd00::3', 'FD00::'] }))).toEqual([
      'fd00-0--2',
      'fd00--3',
      'fd00--0',
    ]);
  });

  it('leads to all endpoints that have it, in their order', () => {
    const slice = makeSlice({
      addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      hostnames: ['h', '', 'H'],
      targets: ['p', 'p', ''],
    });
    const endpoints = new SliceEndpoints(slice);
    expect(endpoints.positionsOf('h', false)).toEqual([0, 2]);
    expect(endpoints.positionsOf('10-0-0-2', false)).toEqual([1]);
    expect(endpoints.positionsOf('10-0-0-2', true)).toEqual([]);
    expect(endpoints.positionsOf('p', true)).toEqual([1]);
    expect(endpoints.positionsOf('p', false)).toEqual([]);
    expect(endpoints.positionsOf('10-0-0-1', false)).toEqual([]);
    expect(endpoints.positionsOf('', false)).toEqual([]);
  });

  it('may be an address, of which one endpoint is called by and another one has the name', () => {
    const slice = makeSlice({ addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.2'], hostnames: ['10-0-0-2', '', 'h'] });
    expect(new SliceEndpoints(slice).positionsOf('10-0-0-2', false)).toEqual([0, 1]);
    const six = makeSlice({ addresses: ['::a00:2', 'fd00::1'], hostnames: ['10-0-0-2', ''] });
    expect(new SliceEndpoints(six).positionsOf('10-0-0-2', false)).toEqual([0]);
    expect(new SliceEndpoints(six).positionsOf('fd00--1', false)).toEqual([1]);
  });

  it('leads to no endpoint whose label has the same hash', () => {
    const [one, other] = labelsOfOneHash();
    const slice = makeSlice({ addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'], hostnames: [one, other, one] });
    const endpoints = new SliceEndpoints(slice);
    expect(endpoints.positionsOf(one, false)).toEqual([0, 2]);
    expect(endpoints.positionsOf(other, false)).toEqual([1]);
    const withoutOther = new SliceEndpoints(makeSlice({ addresses: ['10.0.0.1'], hostnames: [one] }));
    expect(withoutOther.positionsOf(other, false)).toEqual([]);
  });
});

describe('the name of an endpoint', () => {
  const web = Name.fromText('web.default.svc.cluster.local');

  it('is made once for each Service name and kind of label', () => {
    const endpoints = new SliceEndpoints(makeSlice({ addresses: ['10.0.0.1'], targets: ['p'] }));
    expect(endpoints.nameAt(0, web, false)?.toString()).toBe('10-0-0-1.web.default.svc.cluster.local.');
    expect(endpoints.nameAt(0, web, true)?.toString()).toBe('p.web.default.svc.cluster.local.');
    const other = Name.fromText('web.default.svc.other.test');
    expect(endpoints.nameAt(0, other, false)?.toString()).toBe('10-0-0-1.web.default.svc.other.test.');
    expect(endpoints.nameAt(0, web, false)).toBe(endpoints.nameAt(0, web, false));
  });

  it('is none where it is too long', () => {
    const long = Name.fromText(Array.from({ length: 4 }, () => 'x'.repeat(62)).join('.'));
    expect(new SliceEndpoints(makeSlice({ addresses: ['10.0.0.1'] })).nameAt(0, long, false)).toBeUndefined();
  });
});

describe('positions', () => {
  it('of a topology zone; none are in the zone without a name', () => {
    const slice = makeSlice({ addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'], zones: ['a', '', 'a'] });
    expect(new SliceEndpoints(slice).positionsIn('a')).toEqual([0, 2]);
    expect(new SliceEndpoints(slice).positionsIn('b')).toEqual([]);
    expect(new SliceEndpoints(slice).positionsIn('')).toEqual([]);
  });

  it('of an address: the first that has it, on the boundaries of addresses only', () => {
    const endpoints = new SliceEndpoints(makeSlice({ addresses: ['1.2.3.4', '5.6.7.8', '5.6.7.8'] }));
    expect(endpoints.positionOf(Uint8Array.of(5, 6, 7, 8))).toBe(1);
    expect(endpoints.positionOf(Uint8Array.of(3, 4, 5, 6))).toBe(-1);
    const six = new SliceEndpoints(makeSlice({ addresses: ['fd00::1', 'fd00::2'] }));
    expect(six.positionOf(six.octetsAt(1))).toBe(1);
  });
});

describe('the endpoints of a Service', () => {
  const slices = [
    makeSlice({ name: 'a', addresses: ['10.0.0.2', '10.0.0.1', '10.0.0.2'] }),
    makeSlice({ name: 'b', addresses: ['fd00::2', 'fd00::1', 'fd00::2'] }),
    makeSlice({ name: 'c', addresses: ['10.0.0.3', '10.0.0.1', '128.0.0.1', '255.255.255.255'] }),
    makeSlice({ name: 'd' }),
  ];

  it('have each address once, in the order in which it came first', () => {
    const endpoints = ServiceEndpoints.of(slices);
    expect(texts(endpoints.addresses(4), 4)).toEqual([
      '10.0.0.2',
      '10.0.0.1',
      '10.0.0.3',
      '128.0.0.1',
      '255.255.255.255',
    ]);
    expect(texts(endpoints.addresses(6), 16)).toEqual(['fd00::2', 'fd00::1']);
  });

  it('are counted with those that come twice', () => {
    const endpoints = ServiceEndpoints.of(slices);
    expect(endpoints.size).toBe(10);
    expect(endpoints.slices.map(({ slice }) => slice.name)).toEqual(['a', 'b', 'c']);
    expect(endpoints.isEmpty).toBe(false);
    expect(ServiceEndpoints.of(slices.slice(3)).isEmpty).toBe(true);
  });

  it('joined addresses own their memory, no more than they need', () => {
    const joined = distinctAddresses([Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 0, 0, 1)], 4);
    expect([joined.length, joined.buffer.byteLength]).toEqual([4, 4]);
  });
});
