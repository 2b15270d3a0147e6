/**
 * Manifests as people write them, made into the objects that a cluster would have: what the fixture store makes of them is
 * written back, with the labels that the manifests give.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { FactCounters } from '../../src/cluster/facts.ts';
import { openFixtureStore } from '../../src/cluster/fixture/fixture.ts';
import type { EndpointSlice, Pod, Service } from '../../src/cluster/objects.ts';
import { isRecord } from '../../src/cluster/reduce/reading.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { type JsonObject, type Labels, apiObjects } from './api-objects.ts';

/** What the fixture store makes of manifests. @param now milliseconds since the epoch */
export async function manifestState(manifests: string, now: () => number = Date.now): Promise<ClusterState> {
  const folder = await mkdtemp(join(tmpdir(), 'nodens-objects-'));
  try {
    const path = join(folder, 'cluster.yaml');
    await writeFile(path, manifests);
    const state = new ClusterState(new FactCounters(), now);
    const store = await openFixtureStore({ paths: [path], writer: state, report: () => undefined, follow: false });
    await store.close();
    return state;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function manifestObjects(manifests: string): Promise<readonly JsonObject[]> {
  const labels = labelsIn(manifests);
  const find = (kind: string, namespace: string, name: string): Labels =>
    labels.get(`${kind} ${namespace}/${name}`) ?? {};
  return apiObjects(await manifestState(manifests), (kind, object: EndpointSlice | Service | Pod) => {
    const { namespace, name } = object;
    // As the controllers of a cluster do it: a slice has the labels of what it was made from.
    if (!('service' in object) || !name.includes('/')) return find(kind, namespace, name);
    return { ...find('Service', namespace, object.service), ...find('Endpoints', namespace, object.service) };
  });
}

/** The labels of all documents, by `kind namespace/name`. */
function labelsIn(manifests: string): ReadonlyMap<string, Labels> {
  const found = new Map<string, Labels>();
  for (const document of loadAll(manifests)) {
    for (const object of itemsOf(document)) {
      const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
      const { namespace = 'default', name } = metadata;
      const texts = Object.entries(isRecord(metadata['labels']) ? metadata['labels'] : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      );
      found.set(`${String(object['kind'])} ${String(namespace)}/${String(name)}`, Object.fromEntries(texts));
    }
  }
  return found;
}

function itemsOf(document: unknown): readonly JsonObject[] {
  if (!isRecord(document)) return [];
  const { items } = document;
  return Array.isArray(items) ? items.flatMap(itemsOf) : [document];
}
