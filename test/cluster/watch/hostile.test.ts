/** Objects that a broken or hostile controller could write: nothing throws, the rest is served, each is named in one line. */
import { describe, expect, it } from 'vitest';
import { NOBODY } from '../../../src/cluster/facts.ts';
import type { JsonObject } from '../../apiserver/json.ts';
import { namespace, service, slice } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import { type Watching, servicesOf, watching } from './watching.ts';

const LONG = 'a'.repeat(64);

/** A Service and what its line must name; null where it is in order and nothing is said. */
const services: readonly (readonly [what: string, object: JsonObject, says: RegExp | null])[] = [
  ['a name with escapes', service('shop/x\n[ERROR] "y\u001B[2J'), /metadata\.name/],
  ['a name of 64 octets', service(`shop/${LONG}`), /metadata\.name/],
  ['a name with dots', service('shop/a.b.c'), /metadata\.name/],
  ['a name with capitals', service('shop/Web'), /metadata\.name/],
  ['the name svc', service('shop/svc'), null],
  [
    'addresses that are none',
    service('shop/address', {}, { clusterIPs: ['10.0.0.300', 'None!', '1.2.3'] }),
    /shop\/address/,
  ],
  ['port 0', service('shop/port-zero', {}, { ports: [{ name: 'x', port: 0 }] }), /shop\/port-zero/],
  [
    'ports that are none',
    service('shop/ports', {}, { ports: [{ port: -1 }, { port: 1e9 }, null, 'x'] }),
    /shop\/ports/,
  ],
  ['lists that are null', service('shop/nulls', {}, { ports: null, clusterIPs: null, externalIPs: null }), null],
  ['a spec that is a list', { ...service('shop/list'), spec: [] }, /shop\/list: spec/],
  ['no spec', { ...service('shop/none'), spec: null }, null],
  ['an ExternalName that is an address', external('shop/ip', '10.0.0.1'), null],
  ['an ExternalName that is itself', external('shop/self', 'self.shop.svc.cluster.local'), null],
  ['an ExternalName that is empty', external('shop/empty', ''), /shop\/empty/],
  ['an ExternalName with labels too long', external('shop/label', `${LONG}.example`), null],
  ['an ExternalName that is a number', external('shop/number', 7), /shop\/number/],
];

function external(path: string, externalName: string | number): JsonObject {
  return service(path, {}, { type: 'ExternalName', externalName, clusterIP: '' });
}

function withEndpoints(path: string, endpoints: unknown, rest: JsonObject = {}): JsonObject {
  return { ...slice(path), endpoints, ...rest };
}

const slices: typeof services = [
  [
    'addresses that are none',
    withEndpoints('shop/s-1', [{ addresses: ['10.0.0.256'] }, { addresses: ['::1'] }]),
    /s-1/,
  ],
  ['endpoints that are null', withEndpoints('shop/s-2', null), null],
  ['endpoints that are no objects', withEndpoints('shop/s-3', [null, 7, 'x', []]), /s-3/],
  ['an address type that nobody knows', withEndpoints('shop/s-4', [], { addressType: 'IPX' }), /s-4/],
  ['addresses that are names', withEndpoints('shop/s-5', [], { addressType: 'FQDN' }), null],
  ['ten thousand endpoints', withEndpoints('shop/s-6', many(10_000)), null],
  ['more endpoints than any server allows', withEndpoints('shop/s-7', many(20_000)), /s-7.*there are more than 16384/],
  ['hostnames with line feeds', withEndpoints('shop/s-8', [{ addresses: ['10.0.0.1'], hostname: 'a\nb' }]), null],
  ['ports that are null', withEndpoints('shop/s-9', [], { ports: null }), null],
];

function many(count: number): readonly JsonObject[] {
  return Array.from({ length: count }, (_, i) => ({ addresses: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`] }));
}

function expectLines({ lines }: Watching, says: RegExp | null): void {
  const warnings = lines.filter((line) => line.startsWith('warning'));
  if (says === null) expect(warnings).toEqual([]);
  else {
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(says);
    // No line of the log can be made up from outside, and none is endless.
    expect(warnings[0]).not.toMatch(/\p{Cc}/u);
    expect(warnings[0]?.length).toBeLessThan(600);
  }
}

describe.each([
  ['a Service with', services],
  ['an EndpointSlice with', slices],
] as const)('%s', (_kind, rows) => {
  it.each(rows)('%s', async (_what, object, says) => {
    const server = await running({ isSecure: false });
    server.put(namespace('shop'));
    server.put(service('shop/good'));
    server.put(object);
    const watched = await watching(server);
    await watched.inStep;
    expect(servicesOf(watched.state)).toContain('shop/good');
    expectLines(watched, says);
    // The same again as an event, and then something good.
    server.put(object);
    server.put(service('shop/after'));
    await watched.until(() => servicesOf(watched.state).includes('shop/after'), 'what comes after it');
    expectLines(watched, says);
  });
});

describe('names that look like parts of names', () => {
  it('are names: a namespace `com`, a Service `svc`', async () => {
    const server = await running({ isSecure: false });
    for (const name of ['com', 'svc', 'pod', 'kube-system']) server.put(namespace(name));
    server.put(service('com/svc'));
    const watched = await watching(server);
    await watched.inStep;
    expect(watched.state.service(NOBODY, 'com', 'svc')).toBeDefined();
    expect(watched.lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });
});

describe('an object that stops being usable', () => {
  it('is no longer served, and is again when it is in order', async () => {
    const server = await running({ isSecure: false });
    server.put(slice('shop/web', '10.1.0.1'));
    const watched = await watching(server, { resources: ['endpointslices'] });
    await watched.inStep;
    const held = (): unknown => watched.state.heldEndpointSlice('shop', 'web-abc');
    expect(held()).toBeDefined();
    server.put({ ...slice('shop/web', '10.1.0.1'), addressType: 'IPX' });
    await watched.until(() => held() === undefined, 'it is gone');
    server.put(slice('shop/web', '10.1.0.2'));
    await watched.until(() => held() !== undefined, 'it is there again');
  });
});
