import { describe, expect, it } from 'vitest';
import { ask, Stream } from './client.ts';
import { service } from './objects.ts';
import { running } from './running.ts';
import * as wrong from './wrong-events.ts';

const SERVICES = '/api/v1/services';
const WATCH = `${SERVICES}?watch=1`;

describe('raw text in a stream', () => {
  it.each([
    ['garbage', wrong.garbage],
    ['binary', wrong.binary],
    ['an empty line', wrong.emptyLine],
    ['no object', wrong.noObject],
    ['a null object', wrong.nullObject],
    ['a number', wrong.numberObject],
    ['an array', wrong.notAnEvent],
    ['no type', wrong.noType],
    ['an unknown type', wrong.unknownType('services')],
    ['a deletion of what never was', wrong.deletedUnknown('services', 5)],
    ['a bookmark without a version', wrong.unversionedBookmark('services')],
    ['an object without a version', wrong.unversioned('services', 'MODIFIED', { name: 'a', namespace: 'a' })],
    ['gone', wrong.gone],
    ['an error', wrong.internalError],
  ])('can be %s', async (_what, text) => {
    const server = await running();
    const stream = await Stream.open(server, WATCH);
    const pods = await Stream.open(server, '/api/v1/pods?watch=1');
    server.inject(text, 'services');
    server.put(service('a/a'));
    expect(`${await stream.line()}\n`).toBe(text);
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    expect(pods.rest).toBe('');
  });

  it.each([
    ['first', ['BAD', 'ADDED', 'LIVE']],
    ['after-initial', ['ADDED', 'BAD', 'LIVE']],
    ['instead', ['BAD']],
  ] as const)('can come %s', async (place, expected) => {
    const server = await running();
    server.put(service('a/a'));
    server.faults.add({ kind: 'text', text: ['{"type":"BAD"}\n'], place, after: 'go-on' });
    const stream = await Stream.open(server, WATCH);
    server.put({ ...service('a/b'), metadata: { name: 'LIVE', namespace: 'a' } });
    const seen: string[] = [];
    for (const _ of expected) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const line = await stream.line();
      seen.push(line.includes('LIVE') ? 'LIVE' : line.includes('BAD') ? 'BAD' : 'ADDED');
    }
    expect(seen).toEqual(expected);
    expect(stream.isOpen).toBe(true);
  });

  it.each(['first', 'after-initial', 'instead'] as const)('can come %s and be the end', async (place) => {
    const server = await running();
    server.faults.add({ kind: 'text', text: ['{"type":"ADDED","obj'], place, after: 'end' });
    const stream = await Stream.open(server, WATCH);
    expect(await stream.end()).toBe('end');
    expect(stream.rest).toBe('{"type":"ADDED","obj');
  });

  it('can be a list', async () => {
    const server = await running();
    server.faults.add({ kind: 'text', text: ['{"kind":"Serv'], place: 'instead', after: 'end' }, { verb: 'list' });
    expect((await ask(server, SERVICES)).text).toBe('{"kind":"Serv');
  });

  it('can be a line without an end', async () => {
    const server = await running();
    server.faults.add({ kind: 'text', text: wrong.endlessLine(), place: 'first', after: 'end' });
    const stream = await Stream.open(server, WATCH);
    await stream.octets(10_000_000);
    expect(stream.rest).not.toContain('\n');
    stream.close();
    await server.until(() => server.openWatches() === 0);
  });

  it('can be valid lines without an end', async () => {
    const server = await running();
    server.faults.add({ kind: 'text', text: wrong.flood('services'), place: 'after-initial', after: 'end' });
    const stream = await Stream.open(server, WATCH);
    expect(await stream.told(3)).toEqual(['ADDED flood/flood', 'MODIFIED flood/flood', 'MODIFIED flood/flood']);
    await stream.octets(10_000_000);
    stream.close();
    await server.until(() => server.openWatches() === 0);
  });

  it('is the same again for the next request', async () => {
    const server = await running();
    server.faults.add({ kind: 'text', text: wrong.flood('services', 1, 10), place: 'instead', after: 'end' });
    const [first, second] = [await ask(server, WATCH), await ask(server, WATCH)];
    expect(first.text.length).toBeGreaterThan(60_000);
    expect(second.text).toBe(first.text);
  });
});

describe('events told wrongly', () => {
  it('are told twice', async () => {
    const server = await running();
    server.faults.add({ kind: 'telling', how: 'twice' });
    const stream = await Stream.open(server, WATCH);
    server.put(service('a/a'));
    server.delete('services', 'a', 'a');
    expect(await stream.told(4)).toEqual(['ADDED a/a', 'ADDED a/a', 'DELETED a/a', 'DELETED a/a']);
  });

  it('are told in the wrong order', async () => {
    const server = await running();
    server.faults.add({ kind: 'telling', how: 'swapped' });
    const stream = await Stream.open(server, `${WATCH}&allowWatchBookmarks=1`);
    for (const name of ['a', 'b', 'c', 'd', 'e']) server.put(service(`a/${name}`));
    expect(await stream.told(4)).toEqual(['ADDED a/b', 'ADDED a/a', 'ADDED a/d', 'ADDED a/c']);
    server.bookmark();
    expect(await stream.told(2)).toEqual(['ADDED a/e', 'BOOKMARK']);
  });

  it('have bookmarks without a version', async () => {
    const server = await running();
    server.faults.add({ kind: 'telling', how: 'unversioned-bookmarks' });
    const path = `${WATCH}&sendInitialEvents=1&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1`;
    const stream = await Stream.open(server, path);
    server.bookmark();
    const lines = [await stream.line(), await stream.line()];
    expect(lines.join()).not.toContain('resourceVersion');
  });

  it('end in the middle by saying that they are gone', async () => {
    const server = await running();
    const stream = await Stream.open(server, WATCH);
    server.expireWatches('pods');
    server.expireWatches('services');
    expect(await stream.told(1)).toEqual(['ERROR Expired']);
    expect(await stream.end()).toBe('end');
  });
});
