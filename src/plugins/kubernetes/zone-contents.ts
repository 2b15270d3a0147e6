/**
 * A zone of `kubernetes` as a whole, for `transfer`: the apex and the names that the server itself has, then all Services
 * (cluster/zone-records.ts).
 *
 * It is the content of one moment however long it takes to be read: the state is listed when reading begins, and what changes
 * from then on has another serial. While not everything has been listed, there is no content.
 */
import type { Resource } from '../../cluster/cluster.ts';
import { NOBODY } from '../../cluster/facts.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { listZone } from '../../cluster/zone-records.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import { followSerial } from '../follow-serial.ts';
import type { NeighbourZone, ZoneContents } from '../neighbours.ts';
import type { KubernetesZone } from './zone.ts';

export class TransferableZone implements NeighbourZone {
  readonly #zone: KubernetesZone;
  readonly #view: ClusterView;
  readonly #needed: readonly Resource[];

  /** @param needed what must have been listed */
  constructor(zone: KubernetesZone, view: ClusterView, needed: readonly Resource[]) {
    this.#zone = zone;
    this.#view = view;
    this.#needed = needed;
  }

  get name(): Name {
    return this.#zone.name;
  }

  /** To be read in the tick in which it is given: the SOA is that of the state which reading begins with. */
  contents(): ZoneContents | undefined {
    if (this.#view.state.standing(NOBODY, this.#needed) !== 'in-step') return undefined;
    return { soa: this.#zone.soa(), records: { [Symbol.iterator]: () => this.#read() } };
  }

  onChange(changed: () => void): () => void {
    return followSerial(this.#view.state, changed);
  }

  /** The Services are listed now; the apex is made now too. */
  #read(): Iterator<RRset, void, void> {
    const services = listZone(this.#view, this.#zone.name);
    return withoutDoubles(this.#zone.ownRecords(NOBODY), services);
  }
}

/** Addresses of name servers that are Services stand in the zone already. */
function* withoutDoubles(own: readonly RRset[], services: Iterator<RRset, void, void>): Generator<RRset, void, void> {
  const seen = new Set(own.map(identity));
  yield* own;
  for (let next = services.next(); next.done !== true; next = services.next()) {
    if (!seen.has(identity(next.value))) yield next.value;
  }
}

function identity({ owner, type }: RRset): string {
  return `${type} ${owner.key}`;
}
