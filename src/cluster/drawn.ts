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

  /** A slice comes, in the place of `before` where the entry has that. What was drawn together of the others stays. */
  putSlice(entry: ServiceEntry, slice: EndpointSlice, before: EndpointSlice | undefined): void {
    const at = before === undefined ? -1 : entry.slices.indexOf(before);
    if (before === undefined || at < 0) this.#setSlices(entry, insertByName(entry.slices, slice));
    else this.#setSlices(entry, entry.slices.with(at, slice), entry.endpoints?.with(before, slice));
  }

  removeSlice(entry: ServiceEntry, slice: EndpointSlice): void {
    this.#setSlices(
      entry,
      entry.slices.filter((other) => other !== slice),
    );
  }

  /** @param endpoints what is drawn together of them, where that is known already */
  #setSlices(entry: ServiceEntry, slices: readonly EndpointSlice[], endpoints?: ServiceEndpoints): void {
    const drawn = entry.endpoints;
    this.#undraw(entry);
    entry.slices = slices;
    if (drawn !== undefined && slices.length > 0) this.#draw(entry, endpoints ?? ServiceEndpoints.of(slices, drawn));
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

/** The slices with one more, in the order of their names: an array as long as it is, and not what a spread makes with room for more. */
function insertByName(slices: readonly EndpointSlice[], slice: EndpointSlice): readonly EndpointSlice[] {
  const at = slices.findIndex((other) => other.name > slice.name);
  return slices.toSpliced(at < 0 ? slices.length : at, 0, slice);
}
