import { describe, expect, it } from 'vitest';
import { Stream } from './client.ts';
import { at, textAt } from './json.ts';
import { namespace, service, slice } from './objects.ts';
import { running } from './running.ts';

const SERVICES = '/api/v1/services?watch=true';

describe('a watch', () => {
  it.each(['', '&resourceVersion=', '&resourceVersion=0'])(
    'with "%s" tells the state, then the changes',
    async (from) => {
      const server = await running();
      server.put(service('a/b'));
      server.put(service('a/a'));
      const stream = await Stream.open(server, SERVICES + from);
      expect(await stream.told(2)).toEqual(['ADDED a/a', 'ADDED a/b']);
      server.put(service('a/c'));
      server.put(namespace('unrelated'));
      server.put(service('a/a', { changed: 'yes' }));
      server.delete('services', 'a', 'b');
      expect(await stream.told(3)).toEqual(['ADDED a/c', 'MODIFIED a/a', 'DELETED a/b']);
    },
  );

  it('from a resource version tells what came after it', async () => {
    const server = await running();
    server.put(service('a/a'));
    const version = server.put(service('a/b'));
    server.delete('services', 'a', 'a');
    const stream = await Stream.open(server, `${SERVICES}&resourceVersion=${version}`);
    server.put(service('a/c'));
    expect(await stream.told(2)).toEqual(['DELETED a/a', 'ADDED a/c']);
  });

  it('has the whole object in each event, and the version of its deletion in the last', async () => {
    const server = await running();
    const version = server.put(slice('a/b', '10.0.0.1'));
    const stream = await Stream.open(server, '/apis/discovery.k8s.io/v1/endpointslices?watch=1');
    const added = await stream.event();
    expect(at(added, 'object')).toEqual(server.get('endpointslices', 'a', 'b-abc'));
    server.put(namespace('unrelated'));
    server.delete('endpointslices', 'a', 'b-abc');
    const deleted = await stream.event();
    expect(deleted).toMatchObject({
      type: 'DELETED',
      object: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', endpoints: [{ addresses: ['10.0.0.1'] }] },
    });
    expect(textAt(deleted, 'object', 'metadata', 'resourceVersion')).toBe(String(version + 2));
  });

  it('tells what begins and ceases to be selected as added and deleted', async () => {
    const server = await running();
    server.put(service('a/a', { app: 'x' }));
    server.put(service('a/b', { app: 'y' }));
    const stream = await Stream.open(server, `${SERVICES}&labelSelector=app%3Dx`);
    server.put(service('a/b', { app: 'x' }));
    server.put(service('a/b', { app: 'x', more: '1' }));
    server.put(service('a/a', { app: 'y' }));
    server.put(service('a/a', { app: 'z' }));
    server.delete('services', 'a', 'a');
    server.delete('services', 'a', 'b');
    expect(await stream.told(3)).toEqual(['ADDED a/a', 'ADDED a/b', 'MODIFIED a/b']);
    const gone = await stream.event();
    expect(gone).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a', labels: { app: 'x' } } } });
    expect(await stream.told(1)).toEqual(['DELETED a/b']);
  });

  it('can be of one namespace, and of one name', async () => {
    const server = await running();
    const inA = await Stream.open(server, '/api/v1/namespaces/a/services?watch=1');
    const named = await Stream.open(server, `${SERVICES}&fieldSelector=metadata.name%3Dx`);
    for (const path of ['b/x', 'a/y', 'a/x']) server.put(service(path));
    expect(await inA.told(2)).toEqual(['ADDED a/y', 'ADDED a/x']);
    expect(await named.told(2)).toEqual(['ADDED b/x', 'ADDED a/x']);
  });

  it.each(['event', 'status'] as const)('from a forgotten resource version is told so by a(n) %s', async (goneAs) => {
    const server = await running({ settings: { goneAs } });
    const version = server.put(service('a/a'));
    server.forgetHistory();
    const stream = await Stream.open(server, `${SERVICES}&resourceVersion=${version}`);
    expect(stream.status).toBe(goneAs === 'event' ? 200 : 410);
    const said: unknown = JSON.parse(await stream.line());
    const status = goneAs === 'event' ? at(said, 'object') : said;
    expect(status).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
    expect(await stream.end()).toBe('end');
  });

  it('that is open loses nothing when history is forgotten', async () => {
    const server = await running();
    server.put(service('a/a'));
    const stream = await Stream.open(server, SERVICES);
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    server.forgetHistory();
    server.put(service('a/b'));
    expect(await stream.told(1)).toEqual(['ADDED a/b']);
  });

  it('remembers no more than it is told to', async () => {
    const server = await running({ historyLength: 10 });
    const first = server.put(service('a/a'));
    for (let i = 0; i < 30; i++) server.put(service(`a/s${i}`));
    const old = await Stream.open(server, `${SERVICES}&resourceVersion=${first}`);
    expect(await old.told(1)).toEqual(['ERROR Expired']);
    const recent = await Stream.open(server, `${SERVICES}&resourceVersion=${server.revision - 10}`);
    expect(await recent.told(10)).toHaveLength(10);
  });

  it('from the future waits for it', async () => {
    const server = await running({ revision: 1000 });
    const stream = await Stream.open(server, `${SERVICES}&resourceVersion=1001`);
    server.put(service('a/a'));
    server.put(service('a/b'));
    expect(await stream.told(1)).toEqual(['ADDED a/b']);
  });

  it('ends well after the time that it asked for', async () => {
    const stream = await Stream.open(await running(), `${SERVICES}&timeoutSeconds=1`);
    expect(stream.headers['transfer-encoding']).toBe('chunked');
    expect(await stream.end()).toBe('end');
  });

  it('is counted while it is open', async () => {
    const server = await running();
    const stream = await Stream.open(server, SERVICES);
    expect(server.openWatches('services')).toBe(1);
    expect(server.openWatches('pods')).toBe(0);
    stream.close();
    await server.until(() => server.openWatches() === 0);
  });

  it('that reads nothing ends when what it has not read is forgotten', async () => {
    const server = await running({ historyLength: 100, hasManagedFields: false });
    const stream = await Stream.open(server, SERVICES);
    const padding = 'a'.repeat(60_000);
    // One tick: the client cannot read meanwhile, and its window is soon full.
    for (let i = 0; i < 1000; i++) server.put(service(`a/s${i % 3}`, {}, { i, padding }));
    expect(await stream.told(1)).toEqual(['ADDED a/s0']);
    let last = '';
    // oxlint-disable-next-line no-await-in-loop -- to the end
    while (last !== 'ERROR Expired') [last = ''] = await stream.told(1);
    expect(await stream.end()).toBe('end');
  });
});

describe('bookmarks', () => {
  it('are sent to those who take them', async () => {
    const server = await running();
    const taking = await Stream.open(server, `${SERVICES}&allowWatchBookmarks=true`);
    const other = await Stream.open(server, SERVICES);
    server.put(namespace('unrelated'));
    server.bookmark();
    const bookmark = await taking.event();
    expect(bookmark).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Service',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(server.revision), creationTimestamp: null },
        spec: {},
        status: { loadBalancer: {} },
      },
    });
    server.put(service('a/a'));
    expect(await other.told(1)).toEqual(['ADDED a/a']);
  });

  it('come by themselves if there is a time for them', async () => {
    const server = await running({ settings: { bookmarkMilliseconds: 5 } });
    const stream = await Stream.open(server, `${SERVICES}&allowWatchBookmarks=1`);
    expect(await stream.told(2)).toEqual(['BOOKMARK', 'BOOKMARK']);
  });
});

describe('the state', () => {
  it('can be replaced as a whole', async () => {
    const server = await running();
    for (const path of ['a/a', 'a/b', 'a/c']) server.put(service(path));
    const stream = await Stream.open(server, `${SERVICES}&resourceVersion=${server.revision}`);
    server.replaceAll([service('a/b'), service('a/c', { changed: 'yes' }), service('a/d'), namespace('n')]);
    expect(await stream.told(3)).toEqual(['DELETED a/a', 'MODIFIED a/c', 'ADDED a/d']);
    expect(server.state.collections.namespaces.size).toBe(1);
  });

  it('takes no objects that it has no resource for', async () => {
    const server = await running();
    expect(() => server.put({ kind: 'Deployment', metadata: { name: 'a' } })).toThrow(/Deployment/);
    expect(() => server.put({ kind: 'Service', metadata: {} })).toThrow(/without a name/);
  });

  it('takes what no real server would have, for the sake of those who must bear it', async () => {
    const server = await running();
    server.put({ kind: 'EndpointSlice', metadata: { name: '日本"\n', labels: null }, endpoints: null, ports: [null] });
    const stream = await Stream.open(server, '/apis/discovery.k8s.io/v1/endpointslices?watch=1');
    expect(await stream.event()).toMatchObject({ object: { metadata: { name: '日本"\n' }, endpoints: null } });
  });
});
