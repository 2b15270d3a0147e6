/**
 * The state of a cluster: what the stores write and the names read. One thread writes it, by whole objects, at a cost
 * that grows with the object and not with the cluster.
 *
 *     services ─► ServiceEntry { the Service, its slices in order, its endpoints }
 *     namespaces ─► NamespaceEntry { the Namespace, its slices by name }
 *     known-addresses.ts ─► Services by cluster IP, slices by endpoint address, prefixes in use
 *     external-addresses.ts ─► Services by external address
 *     imports.ts ─► Services of several clusters, their slices, their endpoints
 *     pod-index.ts ─► pods by name and by address, packed
 *
 * Every read takes the `Dependent` that wants to know and notes the fact first, so that no look-up can forget it; every
 * change raises the counters of the facts that it changes.
 */
import type { ClusterWriter, Resource, Standing } from './cluster.ts';
import { ContentSerial } from './content-serial.ts';
import { DrawnEndpoints, ServiceEntry } from './drawn.ts';
import type { ServiceEndpoints } from './endpoints.ts';
import { sameNamespace, sameService, sameSlice } from './equal.ts';
import { ExternalAddresses } from './external-addresses.ts';
import {
  type Dependent,
  type FactCounters,
  addressFact,
  familiesFact,
  hashedServiceFact,
  namespaceFact,
  podFact,
  prefixesFact,
  serviceFact,
  syncFact,
} from './facts.ts';
import { ImportedServices } from './imports.ts';
import { type Families, KnownAddresses } from './known-addresses.ts';
import { NameTable, hashName } from './name-table.ts';
import type { EndpointSlice, Namespace, Pod, Service } from './objects.ts';
import { PodIndex } from './pod-index.ts';

/** A Service and its slices in the order of their names, as they were at one moment. */
export interface ListedService {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
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
  /** Services of several clusters. */
  readonly imports: ImportedServices;
  readonly #facts: FactCounters;
  readonly #namespaces = new NameTable<NamespaceEntry>();
  readonly #services = new NameTable<ServiceEntry>();
  readonly #addresses: KnownAddresses;
  readonly #externals: ExternalAddresses;
  readonly #pods = new PodIndex();
  /** Those that are not here are unknown. */
  readonly #standings = new Map<Resource, Standing>();
  readonly #drawn = new DrawnEndpoints();
  readonly #serial: ContentSerial;
  readonly #externalSerial: ContentSerial;
  #changes = 0;

  /** `now` gives milliseconds since the epoch. */
  constructor(facts: FactCounters, now: () => number) {
    this.#facts = facts;
    this.#addresses = new KnownAddresses(facts);
    this.#externals = new ExternalAddresses(facts);
    this.imports = new ImportedServices(facts, this.#drawn, () => this.#changed());
    this.#serial = new ContentSerial(now);
    this.#externalSerial = new ContentSerial(now);
  }

  // Reading.

  /** Seconds since the epoch of the last change that matters to DNS, 0 before the first: the SOA's serial, no fact. */
  get serial(): number {
    return this.#serial.value;
  }

  /** The same of the last change of a Service that has, or had until then, external addresses. */
  get externalSerial(): number {
    return this.#externalSerial.value;
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
    return this.#drawn.of(this.#services.get(service.namespace, service.name));
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

  /** The Services that have this external address. */
  externalServicesAt(asker: Dependent, octets: Uint8Array): readonly Service[] {
    asker.dependsOn(addressFact(octets));
    return this.#externals.servicesAt(octets);
  }

  /** True where the external address of a Service begins with these octets (IPv4) or nibbles (IPv6). */
  hasExternalPrefix(asker: Dependent, family: 4 | 6, digits: readonly number[]): boolean {
    asker.dependsOn(prefixesFact);
    return this.#externals.hasPrefix(family, digits);
  }

  /**
   * The address families that the cluster speaks: those that a cluster IP or a ready endpoint has. While one of the resources
   * that say so is not in step, what is missing may only not have come yet, and each family counts as spoken.
   *
   * @param resources what is watched of them: without endpoints, the Services alone
   */
  families(asker: Dependent, resources: readonly Resource[] = ADDRESSED): Families {
    if (this.standing(asker, resources) !== 'in-step') return ALL_FAMILIES;
    asker.dependsOn(familiesFact);
    return this.#addresses.families;
  }

  /** True where a pod of the namespace has exactly this `podIP`. */
  hasPodAt(asker: Dependent, namespace: string, ip: string): boolean {
    asker.dependsOn(podFact(ip));
    return this.#pods.isAt(namespace, ip);
  }

  /** The pods that have exactly this `podIP`, in the order in which they got it. */
  podsAt(asker: Dependent, ip: string): readonly Pod[] {
    asker.dependsOn(podFact(ip));
    return this.#pods.at(ip);
  }

  /**
   * All Services of this moment, in no order, as the content that `serial` and `externalSerial` stand for: the next change gives a greater one,
   * though it come in the same second. What is listed never changes.
   */
  list(): readonly ListedService[] {
    this.#serial.list();
    this.#externalSerial.list();
    const listed: ListedService[] = [];
    for (const { service, slices } of this.#services.values()) {
      if (service !== undefined) listed.push({ service, slices });
    }
    return listed;
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
    this.#moveService(before, service);
    this.#changedService(service.namespace, service.name);
  }

  removeService(namespace: string, name: string): void {
    const entry = this.#services.get(namespace, name);
    if (entry?.service === undefined) return;
    this.#moveService(entry.service, undefined);
    entry.service = undefined;
    this.#forgetServiceIfUnused(entry);
    this.#changedService(namespace, name);
  }

  setEndpointSlice(slice: EndpointSlice): void {
    const entry = this.#entry(slice.namespace);
    const before = entry.slices.get(slice.name);
    if (before !== undefined && sameSlice(before, slice)) return;
    entry.slices.set(slice.name, slice);
    if (before !== undefined && before.service !== slice.service) this.#detachSlice(before);
    const owner = this.#serviceEntry(slice.namespace, slice.service);
    this.#drawn.putSlice(owner, slice, before);
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

  /** The greatest serial of an earlier run: both go on from there. */
  restoreSerial(serial: number): void {
    this.#serial.restore(serial);
    this.#externalSerial.restore(serial);
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

  #moveService(before: Service | undefined, after: Service | undefined): void {
    this.#addresses.moveService(before, after);
    if (!isExternal(before) && !isExternal(after)) return;
    this.#externals.moveService(before, after);
    this.#externalSerial.change();
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
    // Whether a namespace is shown concerns those alone who have the content of a serial.
    if (this.#serial.isListed) {
      this.#changed();
      this.#externalSerial.change();
    } else this.#changes++;
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
    this.#serial.change();
    this.#changes++;
  }

  #detachSlice(slice: EndpointSlice): void {
    const owner = this.#services.get(slice.namespace, slice.service);
    if (owner === undefined) return;
    this.#drawn.removeSlice(owner, slice);
    this.#forgetServiceIfUnused(owner);
    this.#changedService(slice.namespace, slice.service);
  }
}

/** The resources whose objects have addresses that a client connects to. */
const ADDRESSED: readonly Resource[] = ['services', 'endpointslices'];
const ALL_FAMILIES: Families = { v4: true, v6: true };

function isExternal(service: Service | undefined): boolean {
  return service !== undefined && service.externalAddresses.length > 0;
}
