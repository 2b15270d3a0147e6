/**
 * The octets of a snapshot as the state of a cluster. Version, length and checksum of the whole are verified before
 * the first object is given: half a cluster would be names that do not exist. The format is in snapshot.ts.
 *
 * 10,000 Services with as many slices of 15 endpoints take about 45 ms of processor time in a process that has just
 * started, and 25 ms in one that has done it before.
 */
import { crc32 } from '../../../node-modules.ts';
import type { Resource } from '../../cluster.ts';
import {
  type Column,
  type EndpointSlice,
  type Namespace,
  type Pod,
  type Service,
  type ServicePort,
  addressWidth,
} from '../../objects.ts';
import { OctetReader } from './octet-reader.ts';
import {
  LENGTH_SIZE,
  MAGIC,
  type SnapshotHeader,
  type SnapshotObject,
  TRAILER_SIZE,
  VERSION,
  VERSION_WITH_IMPORTS,
  serviceKinds,
  sliceFlags,
  tags,
} from './snapshot.ts';

export type SnapshotDecoding =
  | {
      readonly outcome: 'snapshot';
      readonly header: SnapshotHeader;
      /**
       * Made as they are asked for. The octets stay in memory, and must stay as they are, until the last one was. Returns
       * false where it had to end early: a program with a fault wrote something else under this version.
       */
      readonly objects: Generator<SnapshotObject, boolean>;
    }
  | { readonly outcome: 'unusable'; readonly reason: string };

/** Never throws, whatever the octets are. */
export function decodeSnapshot(octets: Uint8Array): SnapshotDecoding {
  const start = MAGIC.length + 1;
  if (!MAGIC.every((octet, i) => octets[i] === octet)) return unusable('it is no snapshot');
  const version = octets[MAGIC.length];
  if (version !== undefined && version !== VERSION && version !== VERSION_WITH_IMPORTS) {
    return unusable(`its format is version ${version}, and this program has version ${VERSION_WITH_IMPORTS}`);
  }
  const end = octets.length - TRAILER_SIZE;
  if (end < start || !isIntact(octets, end)) return unusable('it is cut short or damaged');
  const reader = new OctetReader(octets.subarray(0, end), start);
  const header = readHeader(reader);
  if (header === undefined) return unusable('its content cannot be understood');
  return { outcome: 'snapshot', header, objects: new ObjectReader(reader).objects() };
}

function unusable(reason: string): SnapshotDecoding {
  return { outcome: 'unusable', reason };
}

/** @param end where the trailer begins */
function isIntact(octets: Uint8Array, end: number): boolean {
  const trailer = Buffer.from(octets.buffer, octets.byteOffset + end, TRAILER_SIZE);
  if (trailer.readUIntBE(0, LENGTH_SIZE) !== octets.length) return false;
  return trailer.readUInt32BE(LENGTH_SIZE) === crc32(octets.subarray(0, end + LENGTH_SIZE));
}

const resourceNames: Readonly<Record<Resource, true>> = {
  services: true,
  endpointslices: true,
  namespaces: true,
  pods: true,
  serviceimports: true,
  importedslices: true,
};

function isResource(name: string): name is Resource {
  return Object.hasOwn(resourceNames, name);
}

function readHeader(reader: OctetReader): SnapshotHeader | undefined {
  const cluster = reader.text();
  const scope = reader.text();
  const takenAt = reader.float();
  const serial = reader.float();
  const names = readList(reader, () => reader.text());
  const resources = names.filter(isResource);
  if (reader.failed || resources.length < names.length) return undefined;
  if (!Number.isFinite(takenAt) || !Number.isFinite(serial)) return undefined;
  return { cluster, scope, takenAt, serial, resources };
}

const NONE: readonly never[] = [];

/** A list behind its length. Each element takes an octet at least, so that no length makes this go on for long. */
function readList<T>(reader: OctetReader, readOne: () => T): readonly T[] {
  const count = reader.number();
  if (count === 0) return NONE;
  // Most lists have one element, and an array that grows by `push` has room for 17.
  if (count === 1) return [readOne()];
  const list: T[] = [];
  while (list.length < count && !reader.failed) list.push(readOne());
  return list.slice();
}

class ObjectReader {
  readonly #reader: OctetReader;
  readonly #ports: (readonly ServicePort[])[] = [];
  // Made once: each is called for every object.
  readonly #text = (): string => this.#reader.text();
  readonly #port = (): ServicePort => this.#readPort();
  readonly #address = (): Uint8Array => this.#readAddress();
  readonly #label = (): readonly [string, string] => [this.#reader.sharedText(), this.#reader.sharedText()];

  constructor(reader: OctetReader) {
    this.#reader = reader;
  }

  /** All objects up to the end, true; or up to the first that cannot be read, false. */
  *objects(): Generator<SnapshotObject, boolean> {
    try {
      for (;;) {
        const one = this.#object();
        if (this.#reader.failed) return false;
        if (one === undefined) return this.#reader.isAtEnd;
        yield one;
      }
    } finally {
      this.#reader.close();
    }
  }

  #object(): SnapshotObject | undefined {
    switch (this.#reader.octet()) {
      case tags.end:
        return undefined;
      case tags.namespace:
        return { resource: 'namespaces', object: this.#namespace() };
      case tags.service:
        return { resource: 'services', object: this.#service() };
      case tags.endpointSlice:
        return { resource: 'endpointslices', object: this.#endpointSlice() };
      case tags.pod:
        return { resource: 'pods', object: this.#pod() };
      case tags.serviceImport:
        return { resource: 'serviceimports', object: this.#service() };
      case tags.importedSlice:
        return { resource: 'importedslices', object: { ...this.#endpointSlice(), cluster: this.#reader.sharedText() } };
      default:
        this.#reader.fail();
        return undefined;
    }
  }

  #namespace(): Namespace {
    const name = this.#reader.sharedText();
    return { name, labels: Object.fromEntries(readList(this.#reader, this.#label)) };
  }

  #service(): Service {
    const reader = this.#reader;
    const namespace = reader.sharedText();
    const name = reader.sharedText();
    const kind = serviceKinds[reader.octet()];
    if (kind === undefined) reader.fail();
    return {
      name,
      namespace,
      kind: kind ?? 'cluster-ip',
      clusterIPs: readList(reader, this.#address),
      externalName: reader.text(),
      ports: this.#portList(),
      externalAddresses: readList(reader, this.#text),
    };
  }

  #endpointSlice(): EndpointSlice {
    const reader = this.#reader;
    const flags = reader.octet();
    const family = (flags & sliceFlags.ipv6) === 0 ? 4 : 6;
    return {
      namespace: reader.sharedText(),
      name: reader.text(),
      service: reader.sharedText(),
      family,
      ports: this.#portList(),
      addresses: this.#addresses(addressWidth(family)),
      notReady: reader.number(),
      hostnames: this.#column(flags & sliceFlags.hostnames),
      targets: this.#column(flags & sliceFlags.targets),
      zones: this.#sharedColumn(flags & sliceFlags.zones),
      texts: this.#column(flags & sliceFlags.texts),
    };
  }

  #pod(): Pod {
    const reader = this.#reader;
    return { namespace: reader.sharedText(), name: reader.text(), ip: reader.text() };
  }

  #column(flag: number): Column {
    return flag === 0 ? undefined : this.#reader.text();
  }

  #sharedColumn(flag: number): Column {
    return flag === 0 ? undefined : this.#reader.sharedText();
  }

  #addresses(width: number): Uint8Array {
    const size = this.#reader.number();
    if (size % width !== 0) this.#reader.fail();
    return this.#reader.copy(size);
  }

  #readAddress(): Uint8Array {
    const size = this.#reader.octet();
    if (size !== addressWidth(4) && size !== addressWidth(6)) this.#reader.fail();
    return this.#reader.copy(size);
  }

  #portList(): readonly ServicePort[] {
    const which = this.#reader.number();
    const known = which === 0 ? readList(this.#reader, this.#port) : this.#ports[which - 1];
    if (which === 0 && known !== undefined) this.#ports.push(known);
    if (known === undefined) this.#reader.fail();
    return known ?? NONE;
  }

  #readPort(): ServicePort {
    const reader = this.#reader;
    return { name: reader.sharedText(), protocol: reader.sharedText(), number: reader.number() };
  }
}
