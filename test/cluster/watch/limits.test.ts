/** What an API server could make grow: each bound of the watch, reached. */
import { describe, expect, it } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { namespace, service } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import { servicesOf, watching } from './watching.ts';

describe('the bounds of a watch', () => {
  it('watchObjects: those beyond are not served, in a list and after it, with one line', async () => {
    const server = await running({ isSecure: false });
    for (let i = 0; i < 5; i++) server.put(service(`shop/s-${i}`));
    const watched = await watching(server, { resources: ['services'], limits: { watchObjects: 3 } });
    await watched.inStep;
    expect(servicesOf(watched.state)).toHaveLength(3);
    server.put(service('shop/another'));
    server.delete('services', 'shop', 's-0');
    await watched.until(() => servicesOf(watched.state).length === 2, 'one has gone');
    server.put(service('shop/last'));
    await watched.until(() => servicesOf(watched.state).length === 3, 'one has come');
    expect(servicesOf(watched.state)).toContain('shop/last');
    const line = 'warning services: there are more than 3; those beyond are not served';
    expect(watched.lines.filter((one) => one.startsWith('warning'))).toEqual([line]);
  });

  it('watchPage: a list in pages asks for so many objects at a time', async () => {
    const server = await running({ isSecure: false, settings: { streamingLists: 'gated' } });
    for (let i = 0; i < 12; i++) server.put(namespace(`n-${i}`));
    const watched = await watching(server, { resources: ['namespaces'], limits: { watchPage: 5 } });
    await watched.inStep;
    expect([...watched.state.namespaces()]).toHaveLength(12);
    const pages = server.requests.filter(({ query }) => query.has('limit'));
    expect(pages.map(({ query }) => query.get('limit'))).toEqual(['5', '5', '5']);
    expect(bounds.watchPage).toBe(500);
  });

  it('watchPages: a list without an end is given up', async () => {
    const server = await running({ isSecure: false, settings: { streamingLists: 'gated' } });
    for (let i = 0; i < 12; i++) server.put(namespace(`n-${i}`));
    const watched = await watching(server, { resources: ['namespaces'], limits: { watchPage: 1, watchPages: 5 } });
    await watched.until(() => watched.lines.some((line) => /more than 5 pages/.test(line)), 'it is given up');
    expect(watched.state.standing({ dependsOn: () => undefined }, ['namespaces'])).toBe('unknown');
  });

  it('watchObject: a list whose objects are longer is cut, and asked for again', async () => {
    const server = await running({ isSecure: false, settings: { streamingLists: 'gated' } });
    server.put(service('shop/long', { filler: 'x'.repeat(60) }, { externalName: 'y'.repeat(5_000) }));
    const watched = await watching(server, { resources: ['services'], limits: { watchObject: 2_000 } });
    await watched.until(() => watched.lines.some((line) => /more than 2000 octets/.test(line)), 'it is cut');
    server.put(service('shop/long'));
    await watched.inStep;
    expect(servicesOf(watched.state)).toEqual(['shop/long']);
  });

  it('watchSilence and watchListSilence: who says nothing is left and asked anew', async () => {
    const server = await running({ isSecure: false });
    server.faults.add({ kind: 'cut', at: { octets: 10 }, how: 'stall' }, { times: 1 });
    const limits = { watchListSilence: 50, watchSilence: 120 };
    const watched = await watching(server, { resources: ['services'], limits });
    await watched.inStep;
    const asked = server.requests.length;
    // Nothing is wrong with a watch that has nothing to tell; but it cannot be told from one that is dead.
    await watched.until(() => server.requests.length > asked + 1, 'further watches');
    expect(watched.lists.map(({ cause }) => cause)).toEqual(['start', 'start']);
  });
});
