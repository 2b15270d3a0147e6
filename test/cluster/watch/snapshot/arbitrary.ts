/** Arbitrary states of a cluster, and the octets of a snapshot as a whole. */
import * as fc from 'fast-check';
import type {
  EndpointSlice,
  ImportedSlice,
  Namespace,
  Pod,
  Service,
  ServicePort,
} from '../../../../src/cluster/objects.ts';
import { decodeSnapshot } from '../../../../src/cluster/watch/snapshot/decode.ts';
import { encodeSnapshot } from '../../../../src/cluster/watch/snapshot/encode.ts';
import type { SnapshotHeader, SnapshotObject } from '../../../../src/cluster/watch/snapshot/snapshot.ts';

/** Objects in arrays, as a test builds them. */
export interface Objects {
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly pods: readonly Pod[];
  readonly serviceImports: readonly Service[];
  readonly importedSlices: readonly ImportedSlice[];
}

export const NO_OBJECTS: Objects = {
  namespaces: [],
  services: [],
  endpointSlices: [],
  pods: [],
  serviceImports: [],
  importedSlices: [],
};

export const HEADER: SnapshotHeader = {
  cluster: '0b1c2d3e-uid',
  scope: 'all',
  takenAt: 1_800_000_000_000,
  serial: 1_800_000_000,
  resources: ['services', 'endpointslices', 'namespaces', 'pods'],
};

/** Octets of their own for each chunk: a chunk is borrowed. */
export function encoded(header: SnapshotHeader, objects: Objects): Buffer {
  const chunks: Buffer[] = [];
  for (const chunk of encodeSnapshot(header, objects)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function gathered(all: Iterable<SnapshotObject>): Objects {
  const namespaces: Namespace[] = [];
  const services: Service[] = [];
  const endpointSlices: EndpointSlice[] = [];
  const pods: Pod[] = [];
  const serviceImports: Service[] = [];
  const importedSlices: ImportedSlice[] = [];
  for (const one of all) {
    switch (one.resource) {
      case 'namespaces':
        namespaces.push(one.object);
        break;
      case 'services':
        services.push(one.object);
        break;
      case 'endpointslices':
        endpointSlices.push(one.object);
        break;
      case 'pods':
        pods.push(one.object);
        break;
      case 'serviceimports':
        serviceImports.push(one.object);
        break;
      case 'importedslices':
        importedSlices.push(one.object);
        break;
    }
  }
  return { namespaces, services, endpointSlices, pods, serviceImports, importedSlices };
}

/** What a snapshot says; undefined where it is unusable. */
export function decoded(
  octets: Uint8Array,
): { readonly header: SnapshotHeader; readonly objects: Objects } | undefined {
  const decoding = decodeSnapshot(octets);
  if (decoding.outcome === 'unusable') return undefined;
  return { header: decoding.header, objects: gathered(decoding.objects) };
}

/** Common ones, that come again; and anything: lone surrogates, the empty one, long ones. */
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'web', 'shop', 'http', 'tcp', 'é', '名前', '__proto__', 'constructor') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\ud800', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(9_000)),
  },
);

const count = fc.oneof(
  fc.nat({ max: 300 }),
  fc.constantFrom(127, 128, 16_384, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

const port: fc.Arbitrary<ServicePort> = fc.record({
  name: text,
  protocol: text,
  number: fc.oneof(fc.nat({ max: 65_535 }), fc.constantFrom(0, 80, 53)),
});
const ports = fc.oneof(
  fc.constantFrom<readonly ServicePort[]>([], [{ name: 'http', protocol: 'tcp', number: 80 }]),
  fc.array(port, { maxLength: 5 }),
);

function octetsOf(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size });
}

const column = fc.option(text, { nil: undefined });

const slice: fc.Arbitrary<EndpointSlice> = fc
  .record({ family: fc.constantFrom<4 | 6>(4, 6), addresses: fc.nat({ max: 20 }) })
  .chain(({ family, addresses }) =>
    fc.record({
      namespace: text,
      name: text,
      service: text,
      family: fc.constant(family),
      ports,
      addresses: octetsOf(addresses * (family === 4 ? 4 : 16)),
      notReady: count,
      hostnames: column,
      targets: column,
      zones: column,
      texts: column,
    }),
  );

const service: fc.Arbitrary<Service> = fc.record({
  namespace: text,
  name: text,
  kind: fc.constantFrom('cluster-ip', 'headless', 'external-name'),
  clusterIPs: fc.array(fc.oneof(octetsOf(4), octetsOf(16)), { maxLength: 3 }),
  externalName: text,
  ports,
  externalAddresses: fc.array(text, { maxLength: 3 }),
});

const namespace: fc.Arbitrary<Namespace> = fc.record({
  name: text,
  labels: fc
    .array(fc.tuple(text, text), { maxLength: 4 })
    .map((entries): Readonly<Record<string, string>> => Object.fromEntries(entries)),
});

export const anyObjects: fc.Arbitrary<Objects> = fc.record({
  namespaces: fc.array(namespace, { maxLength: 5 }),
  services: fc.array(service, { maxLength: 10 }),
  endpointSlices: fc.array(slice, { maxLength: 10 }),
  pods: fc.array(fc.record({ namespace: text, name: text, ip: text }), { maxLength: 10 }),
  serviceImports: fc.array(service, { maxLength: 3 }),
  importedSlices: fc.array(
    fc.tuple(slice, text).map(([one, cluster]) => ({ ...one, cluster })),
    { maxLength: 3 },
  ),
});

export const anyHeader: fc.Arbitrary<SnapshotHeader> = fc.record({
  cluster: text,
  scope: text,
  takenAt: fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  serial: fc.nat({ max: 2 ** 31 - 1 }),
  resources: fc.subarray([...HEADER.resources, 'serviceimports', 'importedslices']),
});
