import { describe, expect, it } from 'vitest';
import { ask, type Reply, Stream } from './client.ts';
import { isObject, type JsonObject, textAt } from './json.ts';
import { namespace, service, slice } from './objects.ts';
import { running } from './running.ts';
import type { ApiServer } from './server.ts';

const IN_A = '/api/v1/namespaces/a/services';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices';

async function withNamespace(): Promise<ApiServer> {
  const server = await running();
  expect((await post(server, '/api/v1/namespaces', namespace('a'))).status).toBe(201);
  return server;
}

function post(server: ApiServer, path: string, body: unknown): Promise<Reply> {
  return ask(server, path, { method: 'POST', body });
}

describe('POST', () => {
  it('creates an object with what a server fills in', async () => {
    const server = await withNamespace();
    const reply = await post(server, IN_A, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { generateName: 'web-' },
      spec: { ports: [{ port: 80 }] },
    });
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      kind: 'Service',
      metadata: { name: expect.stringMatching(/^web-[0-9a-f]{5}$/), namespace: 'a', resourceVersion: '1002' },
      spec: {
        type: 'ClusterIP',
        clusterIP: expect.stringMatching(/^10\.96\.128\./),
        clusterIPs: [expect.stringMatching(/^10\.96\.128\./)],
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        ipFamilies: ['IPv4'],
      },
      status: { loadBalancer: {} },
    });
    const path = `${IN_A}/${textAt(reply.json, 'metadata', 'name')}`;
    expect((await ask(server, path)).json).toEqual(reply.json);
  });

  it('labels a namespace with its name', async () => {
    const server = await withNamespace();
    expect((await ask(server, '/api/v1/namespaces/a')).json).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } },
      status: { phase: 'Active' },
    });
  });

  const external: JsonObject = { type: 'ExternalName', externalName: 'Not Valid' };
  const unnamed = [{ port: 1 }, { port: 2 }];
  const manyEndpoints = Array.from({ length: 1001 }, () => '10.0.0.1');
  it.each<[string, string, unknown, number, string]>([
    [
      'in a namespace that is not there',
      '/api/v1/namespaces/b/services',
      service('b/x'),
      404,
      'namespaces "b" not found',
    ],
    ['in two namespaces', IN_A, service('b/x'), 400, 'does not match the namespace'],
    ['of another kind', IN_A, namespace('x'), 400, 'is expected here'],
    ['that is no JSON', IN_A, '{"kind":', 400, 'not JSON'],
    ['without a name', IN_A, service('a/'), 422, 'name or generateName is required'],
    ['with a name that is no label', IN_A, service('a/x.y'), 422, 'metadata.name: Invalid value: "x.y"'],
    ['with a port out of range', IN_A, service('a/x', {}, { ports: [{ port: 0 }] }), 422, 'between 1 and 65535'],
    ['with ports without names', IN_A, service('a/x', {}, { ports: unnamed }), 422, 'spec.ports[1].name: Required'],
    ['without ports', IN_A, service('a/x', {}, { ports: [] }), 422, 'spec.ports: Required value'],
    ['with an address that is none', IN_A, service('a/x', {}, { clusterIP: '10.0.0' }), 422, 'must be an IP address'],
    ['with an external name that is none', IN_A, service('a/x', {}, external), 422, 'spec.externalName'],
    ['with a slice of the wrong family', SLICES, { ...slice('a/x', 'fd00::1') }, 422, 'must be IPv4'],
    [
      'with a slice without a family',
      SLICES,
      { ...slice('a/x'), addressType: undefined },
      422,
      'addressType: Required',
    ],
    ['with a slice of too many endpoints', SLICES, slice('a/x', ...manyEndpoints), 422, 'at most 1000'],
  ])('refuses an object %s', async (_what, path, body, code, message) => {
    const server = await withNamespace();
    const reply = await post(server, path, body);
    expect(reply.json).toMatchObject({ kind: 'Status', code, message: expect.stringContaining(message) });
    expect(server.revision).toBe(1001);
  });

  it('refuses what is there already, and what is not JSON by its own account', async () => {
    const server = await withNamespace();
    await post(server, IN_A, service('a/x'));
    expect((await post(server, IN_A, service('a/x'))).json).toMatchObject({ reason: 'AlreadyExists', code: 409 });
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    expect((await ask(server, IN_A, { method: 'POST', body: service('a/y'), headers })).status).toBe(415);
    const versioned = { ...service('a/y'), metadata: { name: 'y', resourceVersion: '5' } };
    expect((await post(server, IN_A, versioned)).status).toBe(400);
  });
});

describe('PUT', () => {
  it('replaces an object that nobody else has changed', async () => {
    const server = await withNamespace();
    const before = (await post(server, IN_A, service('a/x'))).json;
    const changed = { ...(isObject(before) ? before : {}), spec: { ports: [{ port: 81 }] } };
    const put = { method: 'PUT', body: changed };
    const first = await ask(server, `${IN_A}/x`, put);
    expect(first.json).toMatchObject({ spec: { clusterIP: '10.96.0.10', ports: [{ port: 81 }] } });
    expect(textAt(first.json, 'metadata', 'uid')).toBe(textAt(before, 'metadata', 'uid'));
    const second = await ask(server, `${IN_A}/x`, put);
    expect(second.json).toMatchObject({ reason: 'Conflict', code: 409 });
  });

  it('creates nothing, and renames nothing', async () => {
    const server = await withNamespace();
    expect((await ask(server, `${IN_A}/x`, { method: 'PUT', body: service('a/x') })).status).toBe(404);
    server.put(service('a/x'));
    expect((await ask(server, `${IN_A}/x`, { method: 'PUT', body: service('a/y') })).status).toBe(400);
  });
});

describe('DELETE', () => {
  it('returns the object, or says that it is gone', async () => {
    const server = await withNamespace();
    server.put(service('a/x'));
    server.put(slice('a/x', '10.0.0.1'));
    expect((await ask(server, `${IN_A}/x`, { method: 'DELETE' })).json).toMatchObject({ kind: 'Service' });
    expect((await ask(server, `${SLICES}/x-abc`, { method: 'DELETE' })).json).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'x-abc', group: 'discovery.k8s.io', kind: 'endpointslices' },
    });
    expect((await ask(server, `${IN_A}/x`, { method: 'DELETE' })).status).toBe(404);
  });

  it('of a namespace takes what is in it along', async () => {
    const server = await withNamespace();
    server.put(service('a/x'));
    server.put(service('b/x'));
    const from = `watch=1&resourceVersion=${server.revision}`;
    const namespaces = await Stream.open(server, `/api/v1/namespaces?${from}`);
    const services = await Stream.open(server, `/api/v1/services?${from}`);
    const reply = await ask(server, '/api/v1/namespaces/a', { method: 'DELETE' });
    expect(reply.json).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    expect(await namespaces.told(2)).toEqual(['MODIFIED a', 'DELETED a']);
    expect(await services.told(1)).toEqual(['DELETED a/x']);
  });
});
