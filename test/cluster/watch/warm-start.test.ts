/** What a store knew at the end of the last run, served until the API server has been heard. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FactCounters } from '../../../src/cluster/facts.ts';
import { ClusterStores } from '../../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../../src/cluster/watch/events.ts';
import type { SnapshotOptions } from '../../../src/cluster/watch/watch.ts';
import { NOBODY } from '../../../src/cluster/facts.ts';
import { namespace, service, slice } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import type { ApiServer } from '../../apiserver/server.ts';
import { IMPATIENT, RESOURCES, servicesOf, type Watching, watching, type WatchingOptions } from './watching.ts';

const DAY = 86_400_000;
/** Milliseconds. */
const DEADLINE = 10_000;

function snapshotFile(): { readonly path: string; readonly maxAge: number } {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-warm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { path: join(folder, 'snapshot'), maxAge: DAY };
}

async function shop(): Promise<ApiServer> {
  const server = await running({ isSecure: false });
  for (const name of ['kube-system', 'shop']) server.put(namespace(name));
  for (const name of ['web', 'api', 'old']) {
    server.put(service(`shop/${name}`));
    server.put(slice(`shop/${name}`, '10.1.0.1', '10.1.0.2'));
  }
  return server;
}

/** A run that ends in step, with its state written. */
async function run(server: ApiServer, options: WatchingOptions): Promise<void> {
  const watched = await watching(server, options);
  await watched.inStep;
  await watched.store.flush();
  await watched.store.close();
}

const standing = ({ state }: Watching, resources = RESOURCES) => state.standing(NOBODY, resources);

/** An API server that nobody reaches. */
const DEAD = { url: 'http://127.0.0.1:1' };

describe('a start with a snapshot', () => {
  it('has the state of the last run at once, stale, while the API server is dead', async () => {
    const snapshot = snapshotFile();
    await run(await shop(), { snapshot });
    const watched = await watching(DEAD, { snapshot });
    await watched.until(() => standing(watched) === 'stale', 'stale');
    expect(servicesOf(watched.state)).toEqual(['shop/api', 'shop/old', 'shop/web']);
    expect([...watched.state.endpointSlices()]).toHaveLength(3);
    expect(watched.store.status.snapshotTakenAt).toBeDefined();
    expect(watched.lines.join('\n')).toMatch(
      /info serving the snapshot .*, 0 min old, until the API server has answered/,
    );
  });

  it('comes in step without any moment in which what never stopped existing is missing', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    await run(server, { snapshot });
    server.delete('services', 'shop', 'old');
    server.delete('endpointslices', 'shop', 'old-abc');
    server.put(service('shop/new'));
    // The endpoints of web move into another slice.
    server.put({
      ...slice('shop/web', '10.1.0.1', '10.1.0.2'),
      metadata: { name: 'web-xyz', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    });
    server.delete('endpointslices', 'shop', 'web-abc');
    server.faults.add({ kind: 'pieces', longest: 40, seed: 3 });
    const watched = await watching(server, { snapshot });
    const missing: string[] = [];
    const look = setInterval(() => {
      if (standing(watched) === 'unknown') return;
      const web = watched.state.heldService('shop', 'web');
      if (web === undefined || watched.state.heldService('shop', 'api') === undefined) missing.push('a Service');
      else if (watched.state.endpointsOf(web).isEmpty) missing.push('endpoints');
    }, 0);
    await watched.inStep;
    clearInterval(look);
    expect(missing).toEqual([]);
    expect(servicesOf(watched.state)).toEqual(['shop/api', 'shop/new', 'shop/web']);
    expect([...watched.state.endpointSlices()].map(({ name }) => name).toSorted()).toEqual(['api-abc', 'web-xyz']);
  });

  it('forgets it as soon as the API server turns out to be that of another cluster', async () => {
    const snapshot = snapshotFile();
    await run(await shop(), { snapshot });
    const other = await running({ isSecure: false });
    other.put(namespace('kube-system'));
    other.put(service('shop/theirs'));
    // Services are silent: what is known of them can only be from the file.
    other.faults.add({ kind: 'no-answer' }, { resource: 'services' });
    const watched = await watching(other, { snapshot, limits: IMPATIENT });
    await watched.until(() => watched.lines.some((line) => /another cluster/.test(line)), 'it is noticed');
    await watched.until(() => servicesOf(watched.state).length === 0, 'it is forgotten');
    expect(standing(watched, ['services'])).toBe('unknown');
    other.faults.clear();
    await watched.inStep;
    expect(servicesOf(watched.state)).toEqual(['shop/theirs']);
    expect([...watched.state.endpointSlices()]).toEqual([]);
  });

  it('lists everything of the other cluster, also what has the same names and came before that was known', async () => {
    const snapshot = snapshotFile();
    const names = ['alpha', 'default', 'kube-system', 'zoo'];
    const first = await running({ isSecure: false });
    for (const name of names) first.put(namespace(name));
    await run(first, { snapshot });
    // Built anew from the same manifests: only the uid tells. A small list is one chunk.
    const second = await running({ isSecure: false });
    for (const name of names) second.put(namespace(name));
    const watched = await watching(second, { snapshot });
    await watched.until(() => watched.lines.some((line) => /another cluster/.test(line)), 'it is noticed');
    await watched.until(() => standing(watched) === 'in-step', 'in step');
    expect([...watched.state.namespaces()].map(({ name }) => name).toSorted()).toEqual(names);
  });

  it.each([
    ['of other labels', { labels: 'tier=web' }, /another selection/],
    ['too old', { now: () => Date.now() + 2 * DAY }, /old/],
  ] as const)('does not use one that is %s', async (_what, options, says) => {
    const snapshot = snapshotFile();
    await run(await shop(), { snapshot });
    const watched = await watching(DEAD, { snapshot, ...options });
    await watched.until(() => watched.lines.some((line) => /is not used/.test(line)), 'it says so');
    expect(standing(watched)).toBe('unknown');
    expect(watched.lines.filter((line) => /is not used/.test(line))).toHaveLength(1);
    expect(watched.lines.join('\n')).toMatch(says);
  });

  it('knows no more than what was watched in the last run', async () => {
    const snapshot = snapshotFile();
    await run(await shop(), { snapshot, resources: ['namespaces', 'services'] });
    const watched = await watching(DEAD, { snapshot });
    await watched.until(() => standing(watched, ['services']) === 'stale', 'stale');
    expect([standing(watched, ['namespaces']), standing(watched, ['endpointslices'])]).toEqual(['stale', 'unknown']);
  });
});

describe('the file', () => {
  it('is not written while anything is stale or unknown', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const silent = server.faults.add({ kind: 'no-answer' }, { resource: 'endpointslices' });
    const watched = await watching(server, { snapshot, limits: IMPATIENT });
    await watched.until(() => standing(watched, ['services']) === 'in-step', 'Services in step');
    await watched.store.flush();
    expect(existsSync(snapshot.path)).toBe(false);
    silent();
    await watched.inStep;
    await watched.until(() => existsSync(snapshot.path), 'the file');
  });

  it('is written at the end where something has changed since, and left alone where not', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const watched = await watching(server, { snapshot });
    await watched.inStep;
    await watched.store.flush();
    const before = readFileSync(snapshot.path);
    await watched.store.flush();
    expect(readFileSync(snapshot.path).equals(before)).toBe(true);
    server.put(service('shop/last'));
    await watched.until(() => servicesOf(watched.state).includes('shop/last'), 'the last Service');
    await watched.store.flush();
    expect(readFileSync(snapshot.path).equals(before)).toBe(false);
  });

  it('another age of the same file, as after a reload: the write under way makes room for the next one', async () => {
    const snapshot = snapshotFile();
    const watched = await watching(await shop(), { snapshot });
    await watched.inStep;
    for (let age = 1; age <= 50; age++) {
      watched.store.keep({ ...snapshot, maxAge: DAY + age });
      // oxlint-disable-next-line no-await-in-loop -- each at another moment of the write before it
      await new Promise((resolve) => setTimeout(resolve, age / 10));
    }
    await watched.store.close();
    expect(watched.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });
});

/** Sources of one API server, by numbers. */
function sourcesOf(server: ApiServer) {
  const lines: string[] = [];
  const stores = new ClusterStores({
    facts: new FactCounters(),
    now: Date.now,
    report: () => undefined,
    events: { ...NO_EVENTS, log: (_severity, line) => lines.push(line) },
  });
  const api = { kind: 'endpoint', url: server.url, tls: undefined } as const;
  const acquire = async (number: number, snapshot?: SnapshotOptions) => {
    const limits = { qps: 100 * number, burst: 100, maxInflight: undefined };
    const lease = await stores.acquire(
      { kind: 'watch', api, limits, labels: undefined },
      { resources: RESOURCES, snapshot },
    );
    await lease.known;
    onTestFinished(() => lease.release());
    return lease;
  };
  return { lines, acquire };
}

const isThere = (path: string) => vi.waitFor(() => expect(existsSync(path)).toBe(true), DEADLINE);

describe('a file that no share of its source names any more, as after a reload that took it out of the Corefile', () => {
  it('stays as it is', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const { acquire } = sourcesOf(server);
    const before = await acquire(1, snapshot);
    await isThere(snapshot.path);
    const after = await acquire(1);
    before.release();
    rmSync(snapshot.path);
    server.put(service('shop/next'));
    await vi.waitFor(() => expect(after.state.heldService('shop', 'next')).toBeDefined(), DEADLINE);
    await after.flush();
    expect(existsSync(snapshot.path)).toBe(false);
  });

  it('is written on while one of two shares names it', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const { acquire } = sourcesOf(server);
    const [one, two] = [await acquire(1, snapshot), await acquire(1, snapshot)];
    await isThere(snapshot.path);
    one.release();
    rmSync(snapshot.path);
    server.put(service('shop/next'));
    await vi.waitFor(() => expect(two.state.heldService('shop', 'next')).toBeDefined(), DEADLINE);
    await two.flush();
    expect(existsSync(snapshot.path)).toBe(true);
  });
});

describe('a file that two sources want', () => {
  it('is for the other one as soon as the first has another file', async () => {
    const [first, second] = [snapshotFile(), snapshotFile()];
    const { acquire } = sourcesOf(await shop());
    await acquire(1, first);
    await acquire(2, first);
    await isThere(first.path);
    rmSync(first.path);
    await acquire(1, second);
    await Promise.all([isThere(first.path), isThere(second.path)]);
  });

  it('is nobody’s when the other one has another file by then', async () => {
    const [first, second] = [snapshotFile(), snapshotFile()];
    const { acquire } = sourcesOf(await shop());
    const before = await acquire(1, first);
    const after = await acquire(2, first);
    await acquire(2, second);
    await Promise.all([isThere(first.path), isThere(second.path)]);
    before.release();
    rmSync(first.path);
    await after.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(first.path)).toBe(false);
  });

  it('is for the other one as soon as the first has none, as after a reload that took it out of the Corefile', async () => {
    const snapshot = snapshotFile();
    const { acquire } = sourcesOf(await shop());
    const before = await acquire(1, snapshot);
    await acquire(2, snapshot);
    const after = await acquire(1);
    await before.flush();
    rmSync(snapshot.path);
    before.release();
    await isThere(snapshot.path);
    expect(after.state.standing(NOBODY, RESOURCES)).toBe('in-step');
  });

  it('is for the one that stays, as after a reload that changed the source', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const { lines, acquire } = sourcesOf(server);
    const before = await acquire(1, snapshot);
    const after = await acquire(2, snapshot);
    expect(lines.join('\n')).toContain('is that of another source');
    await before.flush();
    rmSync(snapshot.path);
    server.put(service('shop/next'));
    await vi.waitFor(() => expect(before.state.heldService('shop', 'next')).toBeDefined(), DEADLINE);
    // The first one writes when it is given up.
    void before.flush();
    before.release();
    await isThere(snapshot.path);
    server.put(service('shop/last'));
    await vi.waitFor(() => expect(after.state.heldService('shop', 'last')).toBeDefined(), DEADLINE);
    const written = readFileSync(snapshot.path);
    await after.flush();
    expect(readFileSync(snapshot.path).equals(written)).toBe(false);
    expect(lines.filter((line) => line.includes('cannot be written'))).toEqual([]);
  });
});

describe('what is watched', () => {
  it('is what is needed: a resource that nobody needs any more is forgotten, and begins anew', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'] });
    await watched.inStep;
    const more = watched.store.need({ resources: ['services', 'endpointslices'], snapshot: undefined });
    await more.known;
    expect([...watched.state.endpointSlices()]).toHaveLength(3);
    more.release();
    await watched.until(() => [...watched.state.endpointSlices()].length === 0, 'slices are forgotten');
    expect([standing(watched, ['endpointslices']), standing(watched, ['services'])]).toEqual(['unknown', 'in-step']);
    await server.until(() => server.openWatches('endpointslices') === 0);
    const again = watched.store.need({ resources: ['endpointslices'], snapshot: undefined });
    await again.known;
    expect([...watched.state.endpointSlices()]).toHaveLength(3);
  });
});

describe('the latency of changes', () => {
  it('is that of news, by the kind of the Service, and not of lists', async () => {
    const server = await shop();
    server.put(service('shop/headless', {}, { clusterIP: 'None' }));
    const at = (path: string, time: string) => ({
      ...slice(path, '10.1.0.9'),
      metadata: {
        name: `${path.split('/')[1]}-abc`,
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': path.split('/')[1] ?? '' },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': time },
      },
    });
    server.put(at('shop/api', '2020-01-01T00:00:00Z'));
    const now = Date.parse('2026-01-01T00:00:10Z');
    const watched = await watching(server, { now: () => now });
    await watched.inStep;
    server.put(at('shop/web', '2026-01-01T00:00:07Z'));
    server.put(at('shop/headless', '2026-01-01T00:00:09.5Z'));
    server.put(at('shop/api', 'yesterday'));
    server.put(at('shop/nobody', '2026-01-01T00:00:09Z'));
    server.put(service('shop/end'));
    await watched.until(() => watched.programmed.length === 2, 'both changes');
    expect(watched.programmed).toEqual([
      { kind: 'cluster_ip', seconds: 3 },
      { kind: 'headless_with_selector', seconds: 0.5 },
    ]);
  });
});
