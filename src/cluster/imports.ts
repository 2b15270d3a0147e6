/**
 * Services of several clusters: what the Multi-Cluster Services API (Kubernetes enhancement 1645) puts beside the Services of this
 * one. An import is in this respect as a Service is, with IPs of its own or headless, and its slices say which cluster each of
 * them comes from. A cluster without them has two empty tables here.
 */
import type { ImportWriter } from './cluster.ts';
import { type DrawnEndpoints, ServiceEntry } from './drawn.ts';
import type { ServiceEndpoints } from './endpoints.ts';
import { sameService, sameSlice } from './equal.ts';
import { type Dependent, type FactCounters, hashedImportFact, importFact } from './facts.ts';
import { NameTable, hashName } from './name-table.ts';
import type { ImportedSlice, Service } from './objects.ts';

export class ImportedServices implements ImportWriter {
  readonly #facts: FactCounters;
  readonly #drawn: DrawnEndpoints;
  readonly #entries = new NameTable<ServiceEntry>();
  /** By `namespace/name` of the slice. */
  readonly #slices = new Map<string, ImportedSlice>();

  readonly #onChange: () => void;

  /**
   * @param drawn shared with the Services of this cluster: one bound for all
   * @param onChange called after each change
   */
  constructor(facts: FactCounters, drawn: DrawnEndpoints, onChange: () => void) {
    this.#facts = facts;
    this.#drawn = drawn;
    this.#onChange = onChange;
  }

  service(asker: Dependent, namespace: string, name: string): Service | undefined {
    const hash = hashName(namespace, name);
    asker.dependsOn(hashedImportFact(hash));
    return this.#entries.get(namespace, name, hash)?.service;
  }

  /** The ready endpoints of an import that `service` gave just now; their slices are `ImportedSlice`s. */
  endpointsOf({ namespace, name }: Service): ServiceEndpoints {
    return this.#drawn.of(this.#entries.get(namespace, name));
  }

  *services(): Generator<Service> {
    for (const { service } of this.#entries.values()) if (service !== undefined) yield service;
  }

  slices(): Iterable<ImportedSlice> {
    return this.#slices.values();
  }

  held(namespace: string, name: string): Service | undefined {
    return this.#entries.get(namespace, name)?.service;
  }

  heldSlice(namespace: string, name: string): ImportedSlice | undefined {
    return this.#slices.get(`${namespace}/${name}`);
  }

  setService(service: Service): void {
    const entry = this.#entry(service.namespace, service.name);
    if (entry.service !== undefined && sameService(entry.service, service)) return;
    entry.service = service;
    this.#changed(entry);
  }

  removeService(namespace: string, name: string): void {
    const entry = this.#entries.get(namespace, name);
    if (entry?.service === undefined) return;
    entry.service = undefined;
    this.#changed(entry);
  }

  setSlice(slice: ImportedSlice): void {
    const key = `${slice.namespace}/${slice.name}`;
    const before = this.#slices.get(key);
    if (before !== undefined && before.cluster === slice.cluster && sameSlice(before, slice)) return;
    this.#slices.set(key, slice);
    if (before !== undefined && before.service !== slice.service) this.#detach(before);
    const entry = this.#entry(slice.namespace, slice.service);
    this.#drawn.putSlice(entry, slice, before);
    this.#changed(entry);
  }

  removeSlice(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const slice = this.#slices.get(key);
    if (slice === undefined) return;
    this.#slices.delete(key);
    this.#detach(slice);
  }

  #detach(slice: ImportedSlice): void {
    const entry = this.#entries.get(slice.namespace, slice.service);
    if (entry === undefined) return;
    this.#drawn.removeSlice(entry, slice);
    this.#changed(entry);
  }

  #entry(namespace: string, name: string): ServiceEntry {
    const found = this.#entries.get(namespace, name);
    if (found !== undefined) return found;
    const entry = new ServiceEntry(namespace, name);
    this.#entries.set(entry);
    return entry;
  }

  #changed({ namespace, name, service, slices }: ServiceEntry): void {
    if (service === undefined && slices.length === 0) this.#entries.delete(namespace, name);
    this.#facts.changed(importFact(namespace, name));
    this.#onChange();
  }
}
