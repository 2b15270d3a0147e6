import { describe, expect, it } from 'vitest';
import { Authority } from './certificates.ts';
import { ask } from './client.ts';
import { service } from './objects.ts';
import { running } from './running.ts';

const SERVICES = '/api/v1/services';

describe('parameters', () => {
  it.each([
    ['limit=many', 400, 'many'],
    ['timeoutSeconds=1s', 400, '1s'],
    ['resourceVersion=abc', 400, 'invalid resource version'],
    ['watch=1&resourceVersion=-1', 400, 'invalid resource version'],
    ['labelSelector=a%3D%3D%3Db', 400, 'unable to parse'],
    ['labelSelector=a%20in%20b', 400, 'unable to parse'],
    ['fieldSelector=metadata.name', 400, "can't understand"],
    ['fieldSelector=spec.externalName%3Da', 400, 'field label not supported: spec.externalName'],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['resourceVersionMatch=Exact', 422, 'forbidden unless resourceVersion is provided'],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422, 'is forbidden for resourceVersion "0"'],
    ['resourceVersionMatch=Newest&resourceVersion=1', 422, 'Unsupported value: "Newest"'],
    ['resourceVersionMatch=Exact&resourceVersion=1&continue=x', 422, 'forbidden when continue is provided'],
    ['watch=1&resourceVersionMatch=NotOlderThan', 422, 'forbidden for watch unless sendInitialEvents is provided'],
    ['watch=1&sendInitialEvents=1', 422, 'requires setting resourceVersionMatch to NotOlderThan'],
    ['watch=1&sendInitialEvents=0', 422, 'requires setting resourceVersionMatch to NotOlderThan'],
    ['watch=1&sendInitialEvents=1&resourceVersionMatch=Exact&resourceVersion=1', 422, 'Unsupported value: "Exact"'],
    ['watch=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan&continue=x', 422, 'when continue is provided'],
  ])('%s are answered with %i', async (query, code, message) => {
    const reply = await ask(await running(), `${SERVICES}?${query}`);
    expect(reply.status).toBe(code);
    expect(reply.json).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason: code === 400 ? 'BadRequest' : 'Invalid',
      message: expect.stringContaining(message),
    });
  });

  it.each(['wath=1', 'watch=false', 'watch=0', 'watch=False', 'pretty=true&limit=-1', 'limit='])(
    '%s are a list',
    async (query) => {
      const reply = await ask(await running(), `${SERVICES}?${query}`);
      expect(reply.json).toMatchObject({ kind: 'ServiceList' });
    },
  );
});

describe('places', () => {
  it.each([
    ['/api/v1/configmaps', 'NotFound'],
    ['/api/v1/endpointslices', 'NotFound'],
    ['/apis/discovery.k8s.io/v1/services', 'NotFound'],
    ['/api/v1/namespaces/a/services/b/status', 'NotFound'],
    ['/api/v1/services/b', 'NotFound'],
    ['/api/v1/namespaces/a/services/b', 'NotFound'],
    ['/api/v1/namespaces/a/namespaces', 'NotFound'],
    ['/api/v1/%ff/services', 'NotFound'],
  ])('%s is not there', async (path, reason) => {
    const reply = await ask(await running(), path);
    expect(reply.json).toMatchObject({ kind: 'Status', reason, code: 404 });
  });

  it.each(['/', '/api/v2', '/apis/apps/v1/deployments'])('%s is no path of the server', async (path) => {
    const reply = await ask(await running(), path);
    expect([reply.status, reply.text]).toEqual([404, '404 page not found\n']);
  });

  it.each([
    ['PATCH', `/api/v1/namespaces/a/services/b`],
    ['DELETE', SERVICES],
    ['PUT', SERVICES],
    ['POST', '/api/v1/namespaces/a/services/b'],
  ])('%s %s is not allowed', async (method, path) => {
    const server = await running();
    server.put(service('a/b'));
    const body = service('a/b');
    expect((await ask(server, path, { method, body })).json).toMatchObject({ reason: 'MethodNotAllowed', code: 405 });
  });
});

describe('representations', () => {
  it.each(['application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json;as=Table;v=v1;g=meta.k8s.io'])(
    '%s alone is not acceptable',
    async (accept) => {
      const reply = await ask(await running(), SERVICES, { accept });
      expect(reply.json).toMatchObject({ reason: 'NotAcceptable', code: 406 });
    },
  );

  it.each(['*/*', 'application/*', 'text/html, application/json;q=0.5', 'application/json;charset=utf-8'])(
    '%s is',
    async (accept) => {
      expect((await ask(await running(), SERVICES, { accept })).status).toBe(200);
    },
  );
});

describe('who asks', () => {
  it('needs a token that is accepted at the moment', async () => {
    const server = await running({ tokens: ['one'] });
    expect((await ask(server, SERVICES, { token: 'one' })).status).toBe(200);
    server.access.tokens = new Set(['two']);
    const refused = await ask(server, SERVICES, { token: 'one' });
    expect(refused.json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
    expect((await ask(server, SERVICES, { token: 'two' })).status).toBe(200);
    expect((await ask(server, '/api', { token: 'one' })).status).toBe(401);
  });

  it('is anonymous without credentials, and may ask for health alone', async () => {
    const server = await running({ tokens: ['one'] });
    const reply = await ask(server, SERVICES);
    expect(reply.status).toBe(403);
    expect(reply.text).toContain('User \\"system:anonymous\\" cannot list');
    expect((await ask(server, '/readyz')).text).toBe('ok');
  });

  it('can show a certificate instead', async () => {
    const server = await running({ tokens: ['one'] });
    expect((await ask(server, SERVICES, { client: server.clientCertificate('admin') })).status).toBe(200);
    const stranger = new Authority('Stranger').issue({ commonName: 'admin' });
    expect((await ask(server, SERVICES, { client: stranger })).status).toBe(401);
  });

  it('must show one where that is required', async () => {
    const server = await running({ clientCertificates: 'required' });
    await expect(ask(server, SERVICES)).rejects.toThrow();
    expect((await ask(server, SERVICES, { client: server.clientCertificate('admin') })).status).toBe(200);
  });

  it.each([
    [
      'list',
      SERVICES,
      'services is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "services" in API group "" at the cluster scope',
    ],
    [
      'watch',
      '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices?watch=1',
      'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" cannot watch resource "endpointslices" in API group "discovery.k8s.io" in the namespace "a"',
    ],
    [
      'get',
      '/api/v1/namespaces/x',
      'namespaces "x" is forbidden: User "system:serviceaccount:kube-system:coredns" cannot get resource "namespaces" in API group "" at the cluster scope',
    ],
  ] as const)('can be denied to %s', async (verb, path, message) => {
    const server = await running({ tokens: ['one'] });
    const resource = ({ list: 'services', watch: 'endpointslices', get: 'namespaces' } as const)[verb];
    server.access.deny(verb, resource);
    const reply = await ask(server, path, { token: 'one' });
    expect(reply.json).toMatchObject({ reason: 'Forbidden', code: 403, message, details: { kind: resource } });
    server.access.allow(verb, resource);
    if (verb === 'list') expect((await ask(server, path, { token: 'one' })).status).toBe(200);
  });
});

it('remembers what it was asked', async () => {
  const server = await running({ tokens: ['one'] });
  await ask(server, `${SERVICES}?limit=500`, { token: 'one' });
  await ask(server, '/api');
  expect(server.requests).toMatchObject([
    { method: 'GET', path: SERVICES, resource: 'services', verb: 'list', status: 200 },
    { path: '/api', resource: undefined, verb: undefined },
  ]);
  expect(server.requests[0]?.query.get('limit')).toBe('500');
  expect(server.requests[0]?.headers.authorization).toBe('Bearer one');
  server.forgetRequests();
  expect(server.requests).toEqual([]);
  await expect(server.until(() => server.requests.length > 0, 1)).rejects.toThrow(/not within 1 ms/);
});
