/**
 * The state of a cluster as the octets of a snapshot, chunk by chunk: a step costs some tenths of a millisecond, so that
 * queries have their turn between two of them. The format is in snapshot.ts.
 */
import { crc32 } from '../../../node-modules.ts';
import type { Resource } from '../../cluster.ts';
import type { EndpointSlice, ImportedSlice, Namespace, Pod, Service, ServicePort } from '../../objects.ts';
import { OctetWriter } from './octet-writer.ts';
import {
  LENGTH_SIZE,
  MAGIC,
  type SnapshotHeader,
  type SnapshotObjects,
  TRAILER_SIZE,
  VERSION,
  VERSION_WITH_IMPORTS,
  serviceKinds,
  sliceFlags,
  tags,
} from './snapshot.ts';

/**
 * Gives the file in chunks of at most 64 KiB. A chunk is borrowed until the next one is asked for: it is written or copied
 * before that. A step takes longer only for an object that is itself larger than a chunk.
 */
export function* encodeSnapshot(header: SnapshotHeader, objects: SnapshotObjects): Generator<Uint8Array, void> {
  const out = new OctetWriter();
  let length = 0;
  let checksum = 0;
  function* written(): Generator<Uint8Array, void> {
    for (const chunk of out.chunks()) {
      length += chunk.length;
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  }
  out.raw(MAGIC);
  out.octet(header.resources.some((resource) => NEWER.has(resource)) ? VERSION_WITH_IMPORTS : VERSION);
  writeHeader(out, header);
  for (const _ of new ObjectWriter(out).steps(objects)) if (out.isFull) yield* written();
  out.octet(tags.end);
  yield* written();
  out.fixed(length + TRAILER_SIZE, LENGTH_SIZE);
  yield* written();
  out.fixed(checksum, TRAILER_SIZE - LENGTH_SIZE);
  yield* out.chunks();
}

const NEWER: ReadonlySet<Resource> = new Set(['serviceimports', 'importedslices']);

function writeHeader(out: OctetWriter, header: SnapshotHeader): void {
  out.text(header.cluster);
  out.text(header.scope);
  out.float(header.takenAt);
  out.float(header.serial);
  out.number(header.resources.length);
  for (const resource of header.resources) out.text(resource);
}

class ObjectWriter {
  readonly #out: OctetWriter;
  /** The lists of ports so far, by what they say. */
  readonly #ports = new Map<string, number>();

  constructor(out: OctetWriter) {
    this.#out = out;
  }

  /** One object a step. */
  *steps(objects: SnapshotObjects): Generator<void, void> {
    for (const namespace of objects.namespaces) yield this.#namespace(namespace);
    for (const service of objects.services) yield this.#service(service, tags.service);
    for (const slice of objects.endpointSlices) yield this.#endpointSlice(slice, tags.endpointSlice);
    for (const pod of objects.pods) yield this.#pod(pod);
    for (const service of objects.serviceImports ?? []) yield this.#service(service, tags.serviceImport);
    for (const slice of objects.importedSlices ?? []) yield this.#importedSlice(slice);
  }

  #namespace({ name, labels }: Namespace): void {
    const out = this.#out;
    out.octet(tags.namespace);
    out.sharedText(name);
    const entries = Object.entries(labels);
    out.number(entries.length);
    for (const [key, value] of entries) {
      out.sharedText(key);
      out.sharedText(value);
    }
  }

  #service(service: Service, tag: number): void {
    const out = this.#out;
    out.octet(tag);
    out.sharedText(service.namespace);
    out.sharedText(service.name);
    out.octet(serviceKinds.indexOf(service.kind));
    out.number(service.clusterIPs.length);
    for (const octets of service.clusterIPs) {
      out.octet(octets.length);
      out.raw(octets);
    }
    out.text(service.externalName);
    this.#portList(service.ports);
    out.number(service.externalAddresses.length);
    for (const address of service.externalAddresses) out.text(address);
  }

  #importedSlice(slice: ImportedSlice): void {
    this.#endpointSlice(slice, tags.importedSlice);
    this.#out.sharedText(slice.cluster);
  }

  #endpointSlice(slice: EndpointSlice, tag: number): void {
    const { hostnames, targets, zones, texts } = slice;
    const out = this.#out;
    out.octet(tag);
    out.octet(flagsOf(slice));
    out.sharedText(slice.namespace);
    out.text(slice.name);
    out.sharedText(slice.service);
    this.#portList(slice.ports);
    out.number(slice.addresses.length);
    out.raw(slice.addresses);
    out.number(slice.notReady);
    if (hostnames !== undefined) out.text(hostnames);
    if (targets !== undefined) out.text(targets);
    if (zones !== undefined) out.sharedText(zones);
    if (texts !== undefined) out.text(texts);
  }

  #pod({ namespace, name, ip }: Pod): void {
    const out = this.#out;
    out.octet(tags.pod);
    out.sharedText(namespace);
    out.text(name);
    out.text(ip);
  }

  /** A list that is new, behind a 0; or which one it is, counted from 1. */
  #portList(ports: readonly ServicePort[]): void {
    const out = this.#out;
    const key = JSON.stringify(ports.map(({ name, protocol, number }) => [name, protocol, number]));
    const known = this.#ports.get(key);
    if (known !== undefined) {
      out.number(known);
      return;
    }
    this.#ports.set(key, this.#ports.size + 1);
    out.number(0);
    out.number(ports.length);
    for (const { name, protocol, number } of ports) {
      out.sharedText(name);
      out.sharedText(protocol);
      out.number(number);
    }
  }
}

function flagsOf({ family, hostnames, targets, zones, texts }: EndpointSlice): number {
  return (
    (family === 6 ? sliceFlags.ipv6 : 0) |
    (hostnames === undefined ? 0 : sliceFlags.hostnames) |
    (targets === undefined ? 0 : sliceFlags.targets) |
    (zones === undefined ? 0 : sliceFlags.zones) |
    (texts === undefined ? 0 : sliceFlags.texts)
  );
}
