import { describe, expect, it } from 'vitest';
import { ask, Stream } from './client.ts';
import { at } from './json.ts';
import { service, slice } from './objects.ts';
import { running } from './running.ts';

const LIST = '/api/v1/services?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
const STREAMING = `${LIST}&allowWatchBookmarks=true`;

describe('a streaming list', () => {
  it.each(['', '&resourceVersion=', '&resourceVersion=0', '&resourceVersion=1001'])(
    'with "%s" ends with a bookmark and goes on as a watch',
    async (from) => {
      const server = await running({ revision: 1000 });
      server.put(service('a/b'));
      server.put(service('a/a'));
      const stream = await Stream.open(server, STREAMING + from);
      expect(await stream.told(2)).toEqual(['ADDED a/a', 'ADDED a/b']);
      const bookmark = await stream.event();
      expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Service', apiVersion: 'v1' } });
      expect(at(bookmark, 'object', 'metadata')).toEqual({
        resourceVersion: '1002',
        creationTimestamp: null,
        annotations: { 'k8s.io/initial-events-end': 'true' },
      });
      server.delete('services', 'a', 'a');
      expect(await stream.told(1)).toEqual(['DELETED a/a']);
    },
  );

  it('of nothing is the bookmark alone', async () => {
    const stream = await Stream.open(await running(), STREAMING);
    expect(await stream.told(1)).toEqual(['END']);
  });

  it('does not end where bookmarks are not allowed', async () => {
    const server = await running();
    server.put(service('a/a'));
    const stream = await Stream.open(server, LIST);
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    server.bookmark();
    server.put(service('a/b'));
    expect(await stream.told(1)).toEqual(['ADDED a/b']);
  });

  it('tells what happens while it is under way after its bookmark', async () => {
    const server = await running();
    const many = Array.from({ length: 60 }, (_, i) => `10.0.0.${i}`);
    for (let i = 0; i < 1000; i++) server.put(slice(`a/s${i}`, ...many));
    const path = STREAMING.replace('/api/v1/services', '/apis/discovery.k8s.io/v1/endpointslices');
    const stream = await Stream.open(server, path);
    server.delete('endpointslices', 'a', 's0-abc');
    server.put(slice('a/new', '10.0.0.1'));
    const initial = await stream.told(1001);
    expect(initial.filter((event) => event.startsWith('ADDED'))).toHaveLength(1000);
    expect(initial.at(-1)).toBe('END');
    expect(await stream.told(2)).toEqual(['DELETED a/s0-abc', 'ADDED a/new-abc']);
  });

  it('without initial events is a watch from now', async () => {
    const server = await running();
    server.put(service('a/a'));
    const stream = await Stream.open(server, STREAMING.replace('Events=true', 'Events=false'));
    server.put(service('a/b'));
    expect(await stream.told(1)).toEqual(['ADDED a/b']);
  });

  it('waits for no future', async () => {
    const server = await running({ revision: 5 });
    expect((await ask(server, `${STREAMING}&resourceVersion=6`)).json).toMatchObject({ reason: 'Timeout', code: 504 });
  });
});

describe('a server without streaming lists', () => {
  it('says that its gate is closed', async () => {
    const reply = await ask(await running({ settings: { streamingLists: 'gated' } }), STREAMING);
    expect(reply.json).toMatchObject({
      kind: 'Status',
      reason: 'Invalid',
      code: 422,
      message:
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: ' +
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      details: { group: 'meta.k8s.io', kind: 'ListOptions', causes: [{ field: 'sendInitialEvents' }] },
    });
  });

  it('that does not know the parameter refuses the other one', async () => {
    const reply = await ask(await running({ settings: { streamingLists: 'unknown' } }), STREAMING);
    expect(reply.status).toBe(422);
    expect(reply.text).toContain('resourceVersionMatch is forbidden for watch');
  });

  it('that knows neither simply watches', async () => {
    const server = await running({ settings: { streamingLists: 'ignored' } });
    server.put(service('a/a'));
    const stream = await Stream.open(server, STREAMING);
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    server.put(service('a/b'));
    expect(await stream.told(1)).toEqual(['ADDED a/b']);
  });
});
