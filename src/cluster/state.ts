/**
 * The state of a cluster: what the stores write and the names read. One thread writes it, by whole objects, at a cost
 * that grows with the object and not with the cluster.
 *
 *     services ─► ServiceEntry { the Service, its slices in order, its endpoints }
 *     namespaces ─► NamespaceEntry { the Namespace, its slices by name }
 *     known-addresses.ts ─► Services by cluster IP, slices by endpoint address, prefixes in use
 *     pod-index.ts ─► pods by name and by address, packed
 *
 * Every read takes the `Dependent` that wants to know and notes the fact first, so that no look-up can forget it; every
 * change raises the counters of the facts that it changes.
 */
import { bounds } from '../bounds.ts';
import type { ClusterWriter, Resource, Standing } from './cluster.ts';
import { ServiceEndpoints } from './endpoints.ts';
import { sameNamespace, sameService, sameSlice } from './equal.ts';
import {
  type Dependent,
  type FactCounters,
  addressFact,
  hashedServiceFact,
  namespaceFact,
  podFact,
  prefixesFact,
  serviceFact,
  syncFact,
} from './facts.ts';
import { KnownAddresses } from './known-addresses.ts';
import { NameTable, hashName } from './name-table.ts';
import type { EndpointSlice, Namespace, Pod, Service } from './objects.ts';
import { PodIndex } from './pod-index.ts';

/** A Service and what belongs to it. The Service is undefined while only slices of it are known. */
class ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  service: Service | undefined;
  slices: readonly EndpointSlice[] = [];
  endpoints: ServiceEndpoints | undefined;

  constructor(namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
  }
}

class NamespaceEntry {
  /** A namespace is in none. */
  readonly namespace = '';
  readonly name: string;
  /** Undefined while only objects in it are known. */
  object: Namespace | undefined;
  /** How many entries of Services are in it. */
  services = 0;
  readonly slices = new Map<string, EndpointSlice>();

  constructor(name: string) {
    this.name = name;
  }

  get isUnused(): boolean {
    return this.object === undefined && this.services === 0 && this.slices.size === 0;
  }
}

export class ClusterState implements ClusterWriter {
  readonly #facts: FactCounters;
  readonly #now: () => number;
  readonly #namespaces = new NameTable<NamespaceEntry>();
  readonly #services = new NameTable<ServiceEntry>();
  readonly #addresses: KnownAddresses;
  readonly #pods = new PodIndex();
  /** Those that are not here are unknown. */
  readonly #standings = new Map<Resource, Standing>();
  /** Entries whose endpoints are drawn together now, and how many addresses that are. */
  readonly #drawn = new Set<ServiceEntry>();
  #drawnAddresses = 0;
  #serial = 0;
  #changes = 0;

  /** `now` gives milliseconds since the epoch. */
  constructor(facts: FactCounters, now: () => number) {
    this.#facts = facts;
    this.#addresses = new KnownAddresses(facts);
    this.#now = now;
  }

  // Reading.

  /** Seconds since the epoch of the last change that matters to DNS, 0 before the first: the SOA's serial, no fact. */
  get serial(): number {
    return this.#serial;
  }

  /** The worst standing among these resources. */
  standing(asker: Dependent, resources: readonly Resource[]): Standing {
    asker.dependsOn(syncFact);
    let worst: Standing = 'in-step';
    for (const resource of resources) {
      const standing = this.#standings.get(resource) ?? 'unknown';
      if (standing === 'unknown') return standing;
      if (standing === 'stale') worst = standing;
    }
    return worst;
  }

  namespace(asker: Dependent, name: string): Namespace | undefined {
    asker.dependsOn(namespaceFact(name));
    return this.#namespaces.get('', name)?.object;
  }

  service(asker: Dependent, namespace: string, name: string): Service | undefined {
    const hash = hashName(namespace, name);
    asker.dependsOn(hashedServiceFact(hash));
    return this.#services.get(namespace, name, hash)?.service;
  }

  /** The ready endpoints of a Service that `service` gave just now: they rest on the fact that was noted there. */
  endpointsOf(service: Service): ServiceEndpoints {
    const entry = this.#services.get(service.namespace, service.name);
    // An entry without slices is never held as drawn: nothing would let go of it when its Service goes.
    if (entry === undefined || entry.slices.length === 0) return NO_ENDPOINTS;
    return entry.endpoints ?? this.#draw(entry, new ServiceEndpoints(entry.slices));
  }

  /** The Services that have this cluster IP. */
  servicesAt(asker: Dependent, octets: Uint8Array): readonly Service[] {
    asker.dependsOn(addressFact(octets));
    return this.#addresses.servicesAt(octets);
  }

  /** The slices that have a ready endpoint with this address. */
  slicesAt(asker: Dependent, octets: Uint8Array): readonly EndpointSlice[] {
    asker.dependsOn(addressFact(octets));
    return this.#addresses.slicesAt(octets);
  }

  /** True where the address of a Service or endpoint begins with these octets (IPv4) or nibbles (IPv6). */
  hasPrefix(asker: Dependent, family: 4 | 6, digits: readonly number[]): boolean {
    asker.dependsOn(prefixesFact);
    return this.#addresses.hasPrefix(family, digits);
  }

  /** True where a pod of the namespace has exactly this `podIP`. */
  hasPodAt(asker: Dependent, namespace: string, ip: string): boolean {
    asker.dependsOn(podFact(ip));
    return this.#pods.isAt(namespace, ip);
  }

  // What a store asks of what it wrote: no answer rests on it.

  /** Rises with each change. */
  get changes(): number {
    return this.#changes;
  }

  *namespaces(): Generator<Namespace> {
    for (const { object } of this.#namespaces.values()) if (object !== undefined) yield object;
  }

  *services(): Generator<Service> {
    for (const { service } of this.#services.values()) if (service !== undefined) yield service;
  }

  *endpointSlices(): Generator<EndpointSlice> {
    for (const { slices } of this.#namespaces.values()) yield* slices.values();
  }

  pods(): Generator<Pod> {
    return this.#pods.pods();
  }

  heldNamespace(name: string): Namespace | undefined {
    return this.#namespaces.get('', name)?.object;
  }

  heldService(namespace: string, name: string): Service | undefined {
    return this.#services.get(namespace, name)?.service;
  }

  heldEndpointSlice(namespace: string, name: string): EndpointSlice | undefined {
    return this.#namespaces.get('', namespace)?.slices.get(name);
  }

  heldPod(namespace: string, name: string): Pod | undefined {
    return this.#pods.get(namespace, name);
  }

  // Writing.

  setNamespace(namespace: Namespace): void {
    const entry = this.#entry(namespace.name);
    if (entry.object !== undefined && sameNamespace(entry.object, namespace)) return;
    entry.object = namespace;
    this.#changedNamespace(namespace.name);
  }

  removeNamespace(name: string): void {
    const entry = this.#namespaces.get('', name);
    if (entry?.object === undefined) return;
    entry.object = undefined;
    this.#forgetIfUnused(entry);
    this.#changedNamespace(name);
  }

  setService(service: Service): void {
    const entry = this.#serviceEntry(service.namespace, service.name);
    const before = entry.service;
    if (before !== undefined && sameService(before, service)) return;
    entry.service = service;
    this.#addresses.moveService(before, service);
    this.#changedService(service.namespace, service.name);
  }

  removeService(namespace: string, name: string): void {
    const entry = this.#services.get(namespace, name);
    if (entry?.service === undefined) return;
    this.#addresses.moveService(entry.service, undefined);
    entry.service = undefined;
    this.#forgetServiceIfUnused(entry);
    this.#changedService(namespace, name);
  }

  setEndpointSlice(slice: EndpointSlice): void {
    const entry = this.#entry(slice.namespace);
    const before = entry.slices.get(slice.name);
    if (before !== undefined && sameSlice(before, slice)) return;
    entry.slices.set(slice.name, slice);
    if (before !== undefined) this.#detachSlice(before);
    const owner = this.#serviceEntry(slice.namespace, slice.service);
    this.#setSlices(owner, insertByName(owner.slices, slice));
    this.#addresses.moveSlice(before, slice);
    this.#changedService(slice.namespace, slice.service);
  }

  removeEndpointSlice(namespace: string, name: string): void {
    const entry = this.#namespaces.get('', namespace);
    const slice = entry?.slices.get(name);
    if (entry === undefined || slice === undefined) return;
    entry.slices.delete(name);
    this.#detachSlice(slice);
    this.#addresses.moveSlice(slice, undefined);
    this.#forgetIfUnused(entry);
  }

  setPod(pod: Pod): void {
    const before = this.#pods.set(pod);
    if (before?.ip === pod.ip) return;
    if (before !== undefined) this.#changedPod(before);
    this.#changedPod(pod);
  }

  removePod(namespace: string, name: string): void {
    const pod = this.#pods.remove(namespace, name);
    if (pod !== undefined) this.#changedPod(pod);
  }

  /** The serial of an earlier run: it goes on from there. */
  restoreSerial(serial: number): void {
    this.#serial = Math.max(this.#serial, serial);
  }

  markSynced(resources: readonly Resource[]): void {
    this.mark(resources, 'in-step');
  }

  mark(resources: readonly Resource[], standing: Standing): void {
    for (const resource of resources) this.#standings.set(resource, standing);
    this.#facts.changed(syncFact);
  }

  // Keeping the indexes.

  #entry(namespace: string): NamespaceEntry {
    const found = this.#namespaces.get('', namespace);
    if (found !== undefined) return found;
    const entry = new NamespaceEntry(namespace);
    this.#namespaces.set(entry);
    return entry;
  }

  #forgetIfUnused(entry: NamespaceEntry): void {
    if (entry.isUnused) this.#namespaces.delete('', entry.name);
  }

  #serviceEntry(namespace: string, name: string): ServiceEntry {
    const found = this.#services.get(namespace, name);
    if (found !== undefined) return found;
    const entry = new ServiceEntry(namespace, name);
    this.#services.set(entry);
    this.#entry(namespace).services++;
    return entry;
  }

  #forgetServiceIfUnused({ service, slices, namespace, name }: ServiceEntry): void {
    if (service !== undefined || slices.length > 0) return;
    this.#services.delete(namespace, name);
    const entry = this.#entry(namespace);
    entry.services--;
    this.#forgetIfUnused(entry);
  }

  #changedNamespace(name: string): void {
    this.#facts.changed(namespaceFact(name));
    this.#changes++;
  }

  #changedService(namespace: string, name: string): void {
    this.#facts.changed(serviceFact(namespace, name));
    this.#changed();
  }

  #changedPod(pod: Pod): void {
    this.#facts.changed(podFact(pod.ip));
    this.#changed();
  }

  #changed(): void {
    this.#serial = Math.floor(this.#now() / 1000);
    this.#changes++;
  }

  #detachSlice(slice: EndpointSlice): void {
    const owner = this.#services.get(slice.namespace, slice.service);
    if (owner === undefined) return;
    this.#setSlices(
      owner,
      owner.slices.filter((other) => other !== slice),
    );
    this.#forgetServiceIfUnused(owner);
    this.#changedService(slice.namespace, slice.service);
  }

  /** What was drawn together stays so, and costs no more than the slice that is new. */
  #setSlices(owner: ServiceEntry, slices: readonly EndpointSlice[]): void {
    const drawn = owner.endpoints;
    this.#undraw(owner);
    owner.slices = slices;
    if (drawn !== undefined && slices.length > 0) this.#draw(owner, new ServiceEndpoints(slices, drawn));
  }

  /** Holds the endpoints of a Service drawn together. What is held is bounded: when full, all is drawn anew as it is asked for. */
  #draw(entry: ServiceEntry, endpoints: ServiceEndpoints): ServiceEndpoints {
    if (this.#drawnAddresses + endpoints.size > bounds.drawnEndpoints) {
      for (const other of this.#drawn) other.endpoints = undefined;
      this.#drawn.clear();
      this.#drawnAddresses = 0;
    }
    this.#drawn.add(entry);
    this.#drawnAddresses += endpoints.size;
    entry.endpoints = endpoints;
    return endpoints;
  }

  #undraw(entry: ServiceEntry): void {
    if (entry.endpoints === undefined) return;
    this.#drawnAddresses -= entry.endpoints.size;
    this.#drawn.delete(entry);
    entry.endpoints = undefined;
  }
}

const NO_ENDPOINTS = new ServiceEndpoints([]);

function insertByName(slices: readonly EndpointSlice[], slice: EndpointSlice): readonly EndpointSlice[] {
  const at = slices.findIndex((other) => other.name > slice.name);
  return at < 0 ? [...slices, slice] : slices.toSpliced(at, 0, slice);
}
