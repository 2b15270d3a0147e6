/**
 * The endpoints of Services drawn together (endpoints.ts), held for those that were asked for lately. What is held is bounded:
 * when it is full, all of it is drawn anew as it is asked for.
 */
import { bounds } from '../bounds.ts';
import { ServiceEndpoints } from './endpoints.ts';
import type { EndpointSlice, Service } from './objects.ts';

/** A Service and what belongs to it. The Service is undefined while only slices of it are known. */
export class ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  service: Service | undefined;
  /** In the order of their names. */
  slices: readonly EndpointSlice[] = [];
  endpoints: ServiceEndpoints | undefined;

  constructor(namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
  }
}

const NO_ENDPOINTS = ServiceEndpoints.of([]);

export class DrawnEndpoints {
  /** Those whose endpoints are drawn together now, and how many addresses that are. */
  readonly #drawn = new Set<ServiceEntry>();
  #addresses = 0;

  of(entry: ServiceEntry | undefined): ServiceEndpoints {
    // An entry without slices is never held as drawn: nothing would let go of it when its Service goes.
    if (entry === undefined || entry.slices.length === 0) return NO_ENDPOINTS;
    return entry.endpoints ?? this.#draw(entry, ServiceEndpoints.of(entry.slices));
  }

  /** What was drawn together stays so, and costs no more than the slice that is new. */
  setSlices(entry: ServiceEntry, slices: readonly EndpointSlice[]): void {
    const drawn = entry.endpoints;
    this.#undraw(entry);
    entry.slices = slices;
    if (drawn !== undefined && slices.length > 0) this.#draw(entry, ServiceEndpoints.of(slices, drawn));
  }

  /** The same where nothing but one of its slices has changed. */
  replaceSlice(entry: ServiceEntry, before: EndpointSlice, after: EndpointSlice): void {
    const drawn = entry.endpoints;
    this.#undraw(entry);
    entry.slices = entry.slices.with(entry.slices.indexOf(before), after);
    if (drawn !== undefined) this.#draw(entry, drawn.with(before, after) ?? ServiceEndpoints.of(entry.slices, drawn));
  }

  #draw(entry: ServiceEntry, endpoints: ServiceEndpoints): ServiceEndpoints {
    if (this.#addresses + endpoints.size > bounds.drawnEndpoints) {
      for (const other of this.#drawn) other.endpoints = undefined;
      this.#drawn.clear();
      this.#addresses = 0;
    }
    this.#drawn.add(entry);
    this.#addresses += endpoints.size;
    entry.endpoints = endpoints;
    return endpoints;
  }

  #undraw(entry: ServiceEntry): void {
    if (entry.endpoints === undefined) return;
    this.#addresses -= entry.endpoints.size;
    this.#drawn.delete(entry);
    entry.endpoints = undefined;
  }
}

/** The slices with one more, in the order of their names. */
export function insertByName(slices: readonly EndpointSlice[], slice: EndpointSlice): readonly EndpointSlice[] {
  const at = slices.findIndex((other) => other.name > slice.name);
  return at < 0 ? [...slices, slice] : slices.toSpliced(at, 0, slice);
}
