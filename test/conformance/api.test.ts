/**
 * The suite over a store that is fed by an API server: the same objects, the same questions, and replies that are those of the
 * store of manifests octet by octet.
 *
 *     manifests ─► store of manifests ─► pipeline ───────────────────────────────► reply ─┐
 *                        └─► written back as objects ─► API server ─► watch ─► pipeline ─► reply ─┴─ equal?
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EndpointSlice } from '../../src/cluster/objects.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import { FactCounters } from '../../src/cluster/facts.ts';
import type { Reduction } from '../../src/cluster/reduce/reading.ts';
import {
  reduceEndpointSlice,
  reduceImportedSlice,
  reduceNamespace,
  reducePod,
  reduceService,
  reduceServiceImport,
} from '../../src/cluster/reduce/reduce.ts';
import { kubeconfig } from '../apiserver/kubeconfig.ts';
import { ApiServer, type ApiServerOptions } from '../apiserver/server.ts';
import { type JsonObject, RENAMED, apiObjects, serviceObject, sliceName } from '../support/api-objects.ts';
import { manifestObjects, manifestState } from '../support/manifest-objects.ts';
import { startTestServer } from '../support/server.ts';
import { CLIENT_ADDRESS } from './case.ts';
import { groups } from './groups/index.ts';
import { type StartAnswerer, runGroups, sampleOf, setupOf } from './runner.ts';

const NOW_SECONDS = 1_700_000_000;
const now = (): number => NOW_SECONDS * 1000;
const TOKEN = 'a-token-of-a-service-account';

/** How the API server is found: what stands in the block of `kubernetes`, after its files have been written to a folder. */
type Way = (api: ApiServer, folder: string) => Promise<string>;

const byEndpoint: Way = async (api, folder) => {
  const path = (name: string): string => join(folder, name);
  const { cert, key } = api.clientCertificate('nodens');
  const files = { 'client.pem': cert, 'client.key': key, 'ca.pem': api.ca };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path(name), text)));
  return `endpoint ${api.url}\ntls ${path('client.pem')} ${path('client.key')} ${path('ca.pem')}`;
};

const byKubeconfig: Way = async (api, folder) => {
  await writeFile(join(folder, 'kubeconfig'), kubeconfig(api, { token: TOKEN }));
  return `kubeconfig ${join(folder, 'kubeconfig')}`;
};

/** The Corefile with these lines in each block of `kubernetes`. Lists of a few dozen requests come all at once. */
function pointedAt(corefile: string, lines: string): string {
  const more = `${lines}\napiserver_qps 1000\napiserver_burst 1000\n`;
  return corefile.replaceAll(/^([ \t]*kubernetes\b[^{\n]*)(\{)?$/gm, (_all, head: string, block?: string) =>
    block === undefined ? `${head} {\n${more}}` : `${head}{\n${more}`,
  );
}

function over(options: ApiServerOptions, way: Way, prepare: (api: ApiServer) => void = () => undefined): StartAnswerer {
  return async (setup) => {
    const folder = await mkdtemp(join(tmpdir(), 'nodens-api-'));
    const api = await ApiServer.open(options);
    api.putAll(await objectsOf(setup.manifests));
    prepare(api);
    const lines = await way(api, folder);
    const [watching, reading] = await Promise.all([
      startTestServer({
        ...setup,
        corefile: pointedAt(setup.corefile, lines),
        isWatching: true,
        now,
      }),
      startTestServer({ ...setup, now }),
    ]);
    return {
      ask: async (request, protocol) => {
        const asked = { protocol, clientAddress: CLIENT_ADDRESS };
        const [ofApi, ofManifests] = await Promise.all([watching.ask(request, asked), reading.ask(request, asked)]);
        expect(hex(ofApi)).toBe(hex(ofManifests));
        return ofApi;
      },
      isSerial: (serial) => serial === NOW_SECONDS,
      close: async () => {
        await Promise.all([watching.close(), reading.close()]);
        await api.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}

/** By manifests, since many setups share them. */
const known = new Map<string, Promise<readonly JsonObject[]>>();

async function objectsOf(manifests: string): Promise<readonly JsonObject[]> {
  const making = known.get(manifests) ?? manifestObjects(manifests);
  known.set(manifests, making);
  const objects = await making;
  const hasSerial = objects.some(({ kind }) => kind === 'Service' || kind === 'EndpointSlice');
  return hasSerial || !objects.some(({ kind }) => kind === 'Pod') ? objects : [...objects, ITS_OWN_SERVICE];
}

/**
 * No cluster is without the Service of its API server. Where manifests have nothing but Pods, it gives the zone its serial: the
 * store of manifests takes that from the Pods, which are not watched where no answer rests on them.
 */
const ITS_OWN_SERVICE = serviceObject({
  namespace: 'default',
  name: 'kubernetes',
  kind: 'cluster-ip',
  clusterIPs: [Uint8Array.of(10, 96, 0, 1)],
  externalName: '',
  ports: [{ name: 'https', protocol: 'tcp', number: 443 }],
  externalAddresses: [],
});

function hex(reply: Uint8Array | undefined): string {
  return reply === undefined ? 'no reply' : Buffer.from(reply).toString('hex');
}

describe('over streamed lists, with a client certificate', () => {
  const settings = { serviceImports: 'v1beta1' } as const;
  runGroups(groups, over({ clientCertificates: 'required', settings }, byEndpoint));
});

describe('over pages, with a token of a kubeconfig, cut anywhere on the way', () => {
  const prepare = (api: ApiServer): void => {
    api.faults.add({ kind: 'pieces', longest: 7, seed: 1 });
  };
  const settings = { streamingLists: 'gated', serviceImports: 'v1alpha1' } as const;
  runGroups(sampleOf(groups), over({ tokens: [TOKEN], settings }, byKubeconfig, prepare));
});

describe('objects written back', () => {
  const manifests = new Set(groups.flatMap((group) => group.rules.map((rule) => setupOf(group, rule).manifests)));

  test.each([...manifests].map((text, i) => [i, text] as const))(
    'say the same when they are reduced again: manifests %i',
    async (_i, text) => {
      const before = await manifestState(text);
      const objects = apiObjects(before);
      const after = new ClusterState(new FactCounters(), now);
      for (const object of objects) reduceInto(after, object);
      const renamed = (slice: EndpointSlice): EndpointSlice => ({ ...slice, name: sliceName(slice) });
      expect(byName(after.endpointSlices()), RENAMED).toEqual(byName(Array.from(before.endpointSlices(), renamed)));
      expect(byName(after.services())).toEqual(byName(before.services()));
      expect(byName(after.namespaces())).toEqual(byName(before.namespaces()));
      expect(byName(after.pods())).toEqual(byName(before.pods()));
      expect(byName(after.imports.services())).toEqual(byName(before.imports.services()));
      expect(byName(after.imports.slices())).toEqual(byName(before.imports.slices()));
      // The order of a Service's slices is the order of its records.
      const order = [...before.endpointSlices()].toSorted(byText(({ name }) => name)).map(sliceName);
      expect(order).toEqual(order.toSorted());
    },
  );

  test('are those of every kind that there is', () => {
    const all = [...manifests].join('\n');
    for (const kind of ['Service', 'EndpointSlice', 'Namespace', 'Pod', 'ServiceImport'])
      expect(all).toContain(`kind: ${kind}`);
  });
});

function byText<T>(text: (one: T) => string): (a: T, b: T) => number {
  return (a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}

function byName<T extends { readonly name: string; readonly namespace?: string }>(objects: Iterable<T>): readonly T[] {
  return [...objects].toSorted(byText(({ namespace, name }) => `${namespace ?? ''}/${name}`));
}

function reduceInto(state: ClusterState, object: JsonObject): void {
  const value: unknown = JSON.parse(JSON.stringify(object));
  switch (object['kind']) {
    case 'Namespace':
      return state.setNamespace(reduced(reduceNamespace(value)));
    case 'Service':
      return state.setService(reduced(reduceService(value)));
    case 'EndpointSlice': {
      const [own, imported] = [reduceEndpointSlice(value), reduceImportedSlice(value)];
      if (own.outcome !== 'passed-over') state.setEndpointSlice(reduced(own));
      if (imported.outcome !== 'passed-over') state.imports.setSlice(reduced(imported));
      return;
    }
    case 'ServiceImport':
      return state.imports.setService(reduced(reduceServiceImport(value)));
    case 'Pod':
      return state.setPod(reduced(reducePod(value)));
    default:
      throw new Error(`an object of kind ${String(object['kind'])}`);
  }
}

function reduced<T>(reduction: Reduction<T>): T {
  if (reduction.outcome === 'object' && reduction.complaints.length === 0) return reduction.object;
  throw new Error(JSON.stringify(reduction));
}
