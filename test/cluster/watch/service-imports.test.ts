/** ServiceImports of an API server: watched where they are asked for, in the version that is there, and not missed where none is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Resource } from '../../../src/cluster/cluster.ts';
import { NOBODY } from '../../../src/cluster/facts.ts';
import { importObject, importedSliceObject } from '../../support/api-objects.ts';
import { namespace, service, slice } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import type { ApiServer } from '../../apiserver/server.ts';
import { makeService, makeSlice } from '../objects.ts';
import { RESOURCES, type Watching, watching } from './watching.ts';

const IMPORTS: readonly Resource[] = ['serviceimports', 'importedslices'];
const WITH_IMPORTS: readonly Resource[] = [...RESOURCES, ...IMPORTS];

async function clusterset(serviceImports: 'none' | 'v1alpha1' | 'v1beta1'): Promise<ApiServer> {
  const server = await running({ isSecure: false, settings: { serviceImports } });
  for (const name of ['kube-system', 'shop']) server.put(namespace(name));
  server.put(service('shop/web'));
  server.put(slice('shop/web', '10.1.0.1'));
  server.put(importObject(makeService({ namespace: 'shop', name: 'db', clusterIPs: ['10.112.0.1'] })));
  const east = makeSlice({ namespace: 'shop', name: 'db-east', service: 'db', addresses: ['10.2.0.1'] });
  server.put(importedSliceObject({ ...east, cluster: 'east' }));
  return server;
}

const importsOf = ({ state }: Watching): readonly string[] =>
  Array.from(state.imports.services(), ({ namespace: ns, name }) => `${ns}/${name}`);
const slicesOf = ({ state }: Watching): readonly string[] =>
  Array.from(state.imports.slices(), ({ name, cluster }) => `${name} ${cluster}`);
const standing = ({ state }: Watching) => state.standing(NOBODY, IMPORTS);
const about = ({ lines }: Watching): readonly string[] => lines.filter((line) => line.includes('serviceimports:'));

describe('ServiceImports', () => {
  it.each(['v1beta1', 'v1alpha1'] as const)('come from the API server in the version %s', async (version) => {
    const server = await clusterset(version);
    const watched = await watching(server, { resources: WITH_IMPORTS });
    await watched.inStep;
    expect(importsOf(watched)).toEqual(['shop/db']);
    expect(slicesOf(watched)).toEqual(['db-east east']);
    // Neither is what belongs to the Services of this cluster.
    expect([...watched.state.endpointSlices()].map(({ name }) => name)).toEqual(['web-abc']);
    server.put(importObject(makeService({ namespace: 'shop', name: 'new', kind: 'headless' })));
    await watched.until(() => importsOf(watched).includes('shop/new'), 'the new one');
    server.delete('serviceimports', 'shop', 'db');
    server.delete('endpointslices', 'shop', 'db-east');
    await watched.until(() => importsOf(watched).length === 1 && slicesOf(watched).length === 0, 'they are gone');
    expect(about(watched)).toEqual([]);
    expect(watched.store.status.resources.map(({ resource }) => resource)).toEqual(WITH_IMPORTS);
  });

  it('are not asked for where nobody needs them', async () => {
    const server = await clusterset('v1beta1');
    const watched = await watching(server);
    await watched.inStep;
    expect(server.requests.filter(({ path }) => path.includes('serviceimports'))).toEqual([]);
    expect(server.requests.filter(({ query }) => query.has('labelSelector'))).toEqual([]);
    expect(importsOf(watched)).toEqual([]);
    expect([...watched.state.endpointSlices()].map(({ name }) => name)).toEqual(['web-abc']);
  });

  it('have the selector of the directive on their slices, beside their own, and none on themselves', async () => {
    const server = await clusterset('v1beta1');
    const watched = await watching(server, { resources: WITH_IMPORTS, labels: 'team=a' });
    await watched.inStep;
    const selectors = new Set(
      server.requests
        .filter(({ path }) => /serviceimports|endpointslices/.test(path))
        .map(({ path, query }) => `${path.split('/').at(-1)} ${query.get('labelSelector')}`),
    );
    expect([...selectors].toSorted()).toEqual([
      'endpointslices multicluster.kubernetes.io/service-name,team=a',
      'endpointslices team=a',
      'serviceimports null',
    ]);
  });
});

describe('without the CRD of ServiceImports', () => {
  it('a cluster has none of them, is in step, says so once, and has them as soon as it is installed', async () => {
    const server = await clusterset('none');
    const watched = await watching(server, { resources: WITH_IMPORTS });
    await watched.inStep;
    expect(standing(watched)).toBe('in-step');
    expect(importsOf(watched)).toEqual([]);
    const asked = (): number => server.requests.filter(({ path }) => path.includes('serviceimports')).length;
    const before = asked();
    await watched.until(() => asked() > before + 6, 'it is looked for now and then');
    expect(about(watched)).toEqual([
      'warning serviceimports: the API server has none, since their CRD is not installed; they are served as soon as it is',
    ]);
    server.settings.serviceImports = 'v1alpha1';
    await watched.until(() => importsOf(watched).length === 1, 'they are there');
    expect(about(watched).at(-1)).toBe('info serviceimports: the API server has them now');
    expect(about(watched)).toHaveLength(2);
  });

  it('what was known is forgotten only when the API server has said so twice', async () => {
    const server = await clusterset('v1beta1');
    const watched = await watching(server, { resources: WITH_IMPORTS, limits: { watchBackoffMost: 100 } });
    await watched.inStep;
    const asked = (version: string): number =>
      server.requests.filter(({ path, status }) => status === 404 && path.includes(version)).length;
    server.settings.serviceImports = 'none';
    server.expireWatches('serviceimports');
    // The last of its versions: the first round is over.
    await watched.until(() => asked('v1alpha1') === 1, 'the first time');
    expect(importsOf(watched)).toEqual(['shop/db']);
    await watched.until(() => importsOf(watched).length === 0, 'it is believed');
    expect(asked('v1alpha1')).toBe(2);
    expect(standing(watched)).toBe('in-step');
    server.settings.serviceImports = 'v1beta1';
    await watched.until(() => importsOf(watched).length === 1, 'they are there again');
  });

  it('another failure is one: nothing is known until the list is there', async () => {
    const server = await clusterset('v1beta1');
    server.faults.add({ kind: 'status', code: 403 }, { resource: 'serviceimports' });
    const watched = await watching(server, { resources: WITH_IMPORTS });
    await watched.until(() => about(watched).length > 0, 'it is told');
    expect(about(watched)[0]).toMatch(/forbids it \(403\).*ClusterRole/);
    expect(watched.state.standing(NOBODY, ['serviceimports'])).toBe('unknown');
    server.faults.clear();
    await watched.inStep;
    expect(importsOf(watched)).toEqual(['shop/db']);
  });

  it('a resource that no cluster is without is never taken for empty', async () => {
    const server = await clusterset('none');
    server.faults.add({ kind: 'status', code: 404 }, { resource: 'services' });
    const watched = await watching(server);
    await watched.until(() => watched.lines.some((line) => /services: .*404/.test(line)), 'it is told');
    expect(watched.state.standing(NOBODY, ['services'])).toBe('unknown');
    server.faults.clear();
    await watched.inStep;
  });
});

describe('a snapshot with ServiceImports', () => {
  it('has them at the next start, also where the API server is away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nodens-imports-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const snapshot = { path: join(folder, 'snapshot'), maxAge: 86_400_000 };
    const first = await watching(await clusterset('v1beta1'), { resources: WITH_IMPORTS, snapshot });
    await first.inStep;
    await first.store.flush();
    await first.store.close();
    const second = await watching({ url: 'http://127.0.0.1:1' }, { resources: WITH_IMPORTS, snapshot });
    await second.until(() => standing(second) === 'stale', 'stale');
    expect(importsOf(second)).toEqual(['shop/db']);
    expect(slicesOf(second)).toEqual(['db-east east']);
    await second.store.close();
    // One that does not ask for them takes the rest.
    const third = await watching({ url: 'http://127.0.0.1:1' }, { snapshot });
    await third.until(() => third.state.standing(NOBODY, RESOURCES) === 'stale', 'stale');
    expect(importsOf(third)).toEqual([]);
  });

  it('of a run without them leaves them unknown until they are listed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nodens-imports-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const snapshot = { path: join(folder, 'snapshot'), maxAge: 86_400_000 };
    const server = await clusterset('v1beta1');
    const first = await watching(server, { snapshot });
    await first.inStep;
    await first.store.flush();
    await first.store.close();
    server.faults.add({ kind: 'no-answer' }, { resource: 'serviceimports' });
    const second = await watching(server, { resources: WITH_IMPORTS, snapshot });
    await second.until(() => second.state.standing(NOBODY, RESOURCES) !== 'unknown', 'the rest');
    expect(second.state.standing(NOBODY, ['serviceimports'])).toBe('unknown');
    server.faults.clear();
    await second.inStep;
    expect(importsOf(second)).toEqual(['shop/db']);
  });
});
