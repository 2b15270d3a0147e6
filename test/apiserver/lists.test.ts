import { request } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, type Reply } from './client.ts';
import { at, listAt, textAt } from './json.ts';
import { namespace, pod, service, slice } from './objects.ts';
import { running } from './running.ts';
import type { ApiServer } from './server.ts';

function names(reply: Reply): readonly string[] {
  return listAt(reply.json, 'items').map((item) => textAt(item, 'metadata', 'name'));
}

function next(reply: Reply): string {
  return `&continue=${encodeURIComponent(textAt(reply.json, 'metadata', 'continue'))}`;
}

async function seven(): Promise<ApiServer> {
  const server = await running();
  // Not in their order, and with a namespace whose keys come before those of another that its name begins with.
  for (const path of ['b/x', 'a/y', 'a/x', 'a-b/z', 'a/w', 'b/w', 'c/v'])
    server.put(service(path, { app: path.slice(-1) }));
  return server;
}

describe('a list', () => {
  it('has kind, version and items in the order of their keys', async () => {
    const server = await seven();
    const reply = await ask(server, '/api/v1/services');
    expect(reply.json).toMatchObject({
      kind: 'ServiceList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(server.revision) },
    });
    expect(names(reply)).toEqual(['z', 'w', 'x', 'y', 'w', 'x', 'v']);
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it('has items with everything that a server adds, but without kind and version', async () => {
    const server = await running();
    const version = server.put(slice('shop/web', '10.0.0.1'));
    server.put(slice('shop/web', '10.0.0.2'));
    const [item] = listAt((await ask(server, '/apis/discovery.k8s.io/v1/endpointslices')).json, 'items');
    expect(item).not.toHaveProperty('kind');
    expect(item).not.toHaveProperty('apiVersion');
    expect(item).toMatchObject({ addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.2'] }] });
    expect(at(item, 'metadata')).toMatchObject({
      name: 'web-abc',
      namespace: 'shop',
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: String(version + 1),
      generation: 2,
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      managedFields: [{ operation: 'Update', fieldsV1: { 'f:endpoints': {} } }],
    });
  });

  it('can do without managed fields', async () => {
    const server = await running({ hasManagedFields: false });
    server.put(service('a/b'));
    expect((await ask(server, '/api/v1/services')).text).not.toContain('managedFields');
  });

  it('is empty and not null where there is nothing', async () => {
    expect((await ask(await running(), '/api/v1/namespaces/none/pods')).text).toContain('"items":[]');
  });

  it('can be of one namespace', async () => {
    expect(names(await ask(await seven(), '/api/v1/namespaces/a/services'))).toEqual(['w', 'x', 'y']);
  });

  it.each([
    ['labelSelector', 'app in (y,v)', ['y', 'v']],
    ['fieldSelector', 'metadata.name=x,metadata.namespace!=a', ['x']],
    ['fieldSelector', 'metadata.namespace=b', ['w', 'x']],
  ] as const)('can be selected by %s %s', async (parameter, text, expected) => {
    const reply = await ask(await seven(), `/api/v1/services?${parameter}=${encodeURIComponent(text)}`);
    expect(names(reply)).toEqual(expected);
  });

  it('can leave out the pods that have ended', async () => {
    const server = await running();
    for (const phase of ['Running', 'Succeeded', 'Failed', 'Pending'])
      server.put(pod(`a/${phase.toLowerCase()}`, phase));
    const selector = encodeURIComponent('status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown');
    expect(names(await ask(server, `/api/v1/pods?fieldSelector=${selector}`))).toEqual(['pending', 'running']);
  });

  it('is compressed if it is long and the client takes that', async () => {
    const server = await running();
    for (let i = 0; i < 400; i++) server.put(service(`a/s${i}`));
    const plain = await ask(server, '/api/v1/services');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(names(plain)).toHaveLength(400);
    const response = await fetchOctets(server, '/api/v1/services');
    expect(gunzipSync(response).toString()).toBe(plain.text);
  });
});

function fetchOctets(server: ApiServer, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': 'gzip' };
    const asked = request(`${server.url}${path}`, { ca: server.ca, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('pages', () => {
  it('are all from the moment of the first one', async () => {
    const server = await seven();
    const revision = String(server.revision);
    const first = await ask(server, '/api/v1/services?limit=3');
    expect(names(first)).toEqual(['z', 'w', 'x']);
    expect(at(first.json, 'metadata')).toMatchObject({ resourceVersion: revision, remainingItemCount: 4 });
    server.delete('services', 'a', 'y');
    server.put(service('b/a'));
    server.put(service('b/x', { changed: 'yes' }));
    const second = await ask(server, `/api/v1/services?limit=3${next(first)}`);
    expect(names(second)).toEqual(['y', 'w', 'x']);
    expect(second.text).not.toContain('changed');
    expect(at(second.json, 'metadata')).toMatchObject({ resourceVersion: revision, remainingItemCount: 1 });
    const third = await ask(server, `/api/v1/services?limit=3${next(second)}`);
    expect(names(third)).toEqual(['v']);
    expect(at(third.json, 'metadata')).toEqual({ resourceVersion: revision });
  });

  it('of a namespace end with it', async () => {
    const server = await seven();
    const first = await ask(server, '/api/v1/namespaces/a/services?limit=2');
    expect(at(first.json, 'metadata', 'remainingItemCount')).toBe(1);
    const second = await ask(server, `/api/v1/namespaces/a/services?limit=2${next(first)}`);
    expect(names(second)).toEqual(['y']);
    expect(at(second.json, 'metadata', 'continue')).toBeUndefined();
  });

  it('of a selection are not counted, and the last may be empty', async () => {
    const server = await running();
    for (const [i, app] of ['yes', 'no', 'yes', 'no'].entries()) server.put(service(`a/s${i}`, { app }));
    const first = await ask(server, '/api/v1/services?labelSelector=app%3Dyes&limit=2');
    expect(names(first)).toEqual(['s0', 's2']);
    expect(at(first.json, 'metadata', 'remainingItemCount')).toBeUndefined();
    const second = await ask(server, `/api/v1/services?labelSelector=app%3Dyes&limit=2${next(first)}`);
    expect(names(second)).toEqual([]);
  });

  it('expire, and tell where to go on without consistency', async () => {
    const server = await seven();
    const first = await ask(server, '/api/v1/services?limit=3');
    server.forgetHistory();
    const second = await ask(server, `/api/v1/services?limit=3${next(first)}`);
    expect(second.status).toBe(410);
    expect(second.json).toMatchObject({ kind: 'Status', reason: 'Expired', code: 410 });
    server.delete('services', 'a', 'y');
    const third = await ask(server, `/api/v1/services?limit=30${next(second)}`);
    expect(names(third)).toEqual(['w', 'x', 'v']);
  });

  it.each(['nonsense', Buffer.from('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}').toString('base64url')])(
    'need a token of the server, not %s',
    async (token) => {
      const reply = await ask(await seven(), `/api/v1/services?limit=3&continue=${token}`);
      expect(reply.json).toMatchObject({ reason: 'BadRequest', code: 400 });
    },
  );

  it('take no resource version but 0', async () => {
    const server = await seven();
    const first = await ask(server, '/api/v1/services?limit=3');
    const wrong = await ask(server, `/api/v1/services?limit=3&resourceVersion=1001${next(first)}`);
    expect(wrong.status).toBe(400);
    expect((await ask(server, `/api/v1/services?limit=3&resourceVersion=0${next(first)}`)).status).toBe(200);
  });
});

describe('a resource version', () => {
  it('of 0 takes whatever there is, without pages', async () => {
    expect(names(await ask(await seven(), '/api/v1/services?resourceVersion=0&limit=2'))).toHaveLength(7);
  });

  it('with Exact, or with a limit, means that state', async () => {
    const server = await seven();
    const { revision } = server;
    server.delete('services', 'a', 'x');
    server.put(namespace('later'));
    server.put(service('z/z'));
    for (const more of ['resourceVersionMatch=Exact', 'limit=100']) {
      // oxlint-disable-next-line no-await-in-loop -- two requests
      const reply = await ask(server, `/api/v1/services?resourceVersion=${revision}&${more}`);
      expect(names(reply)).toEqual(['z', 'w', 'x', 'y', 'w', 'x', 'v']);
      expect(textAt(reply.json, 'metadata', 'resourceVersion')).toBe(String(revision));
    }
    server.forgetHistory();
    const forgotten = await ask(server, `/api/v1/services?resourceVersion=${revision}&resourceVersionMatch=Exact`);
    expect(forgotten.json).toMatchObject({ reason: 'Expired', code: 410 });
  });

  it('with NotOlderThan, or alone, means that state or a newer one', async () => {
    const server = await seven();
    const { revision } = server;
    server.delete('services', 'a', 'x');
    for (const more of ['&resourceVersionMatch=NotOlderThan', '&resourceVersionMatch=NotOlderThan&limit=100', '']) {
      // oxlint-disable-next-line no-await-in-loop -- three requests
      const reply = await ask(server, `/api/v1/services?resourceVersion=${revision}${more}`);
      expect(textAt(reply.json, 'metadata', 'resourceVersion')).toBe(String(revision + 1));
    }
  });

  it('of the future is too large', async () => {
    const reply = await ask(await running({ revision: 5 }), '/api/v1/services?resourceVersion=6');
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.json).toMatchObject({
      reason: 'Timeout',
      code: 504,
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    });
  });

  it('rises over all resources, and not where nothing changes', async () => {
    const server = await running({ revision: 5 });
    expect(server.put(namespace('a'))).toBe(6);
    expect(server.put(service('a/b'))).toBe(7);
    expect(server.put(service('a/b'))).toBe(7);
    expect(server.delete('namespaces', '', 'a')).toBe(true);
    expect(server.revision).toBe(8);
    expect(server.delete('namespaces', '', 'a')).toBe(false);
    expect(server.revision).toBe(8);
  });
});

it('takes 20,000 objects quickly', async () => {
  const server = await running();
  const begin = performance.now();
  for (let i = 0; i < 10_000; i++) {
    server.put(service(`ns-${i % 100}/svc-${i}`));
    server.put(
      slice(`ns-${i % 100}/svc-${i}`, ...Array.from({ length: 15 }, (_, j) => `10.${i >> 8}.${i & 255}.${j}`)),
    );
  }
  expect(performance.now() - begin).toBeLessThan(10_000);
  expect(names(await ask(server, '/apis/discovery.k8s.io/v1/endpointslices'))).toHaveLength(10_000);
});
