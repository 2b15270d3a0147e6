/**
 * Which server block answers a query: the one whose zone is the longest suffix of the name, on label boundaries. One
 * router for each address and port, over the blocks that share it.
 *
 *     name ──► longest zone ──► its blocks in the order of the file: the first that takes the query (`view`)
 *                 ▲                 │none
 *                 └── next longer ──┘     … the root … REFUSED
 */
import { Class, Rcode, Type } from '../dns/constants.ts';
import type { Name } from '../dns/name.ts';
import { type Outcome, failure } from '../plugins/answer.ts';
import type { Next } from '../plugins/plugin.ts';
import type { Query, Resolver } from '../plugins/query.ts';
import { explain } from '../plugins/reasons.ts';
import { ZoneMap } from '../plugins/zone-map.ts';

/** A zone of a server block and the chain that answers for it; no chain where the block has no plugins. */
export interface Route {
  readonly zone: Name;
  readonly chain: Next | undefined;
  /** The block has a plugin that knows classes other than IN. */
  readonly anyClass: boolean;
  /** False for a query that is not for this block; left out where all of the zone are. */
  readonly accepts?: ((query: Query) => boolean) | undefined;
}

/** The blocks of one zone, in the order of the file. */
interface Zone {
  readonly zone: Name;
  readonly routes: readonly Route[];
}

const NOT_SERVED = failure(Rcode.REFUSED, explain('noServerBlock'));

export class Router implements Resolver {
  readonly #zones: ZoneMap<Zone>;
  readonly #anyClass: boolean;
  readonly server: string;

  /** `server` is what metrics call the address. */
  constructor(routes: readonly Route[], server: string) {
    this.server = server;
    const zones = [...Map.groupBy(routes, ({ zone }) => zone.key).values()].flatMap((same): Zone[] =>
      same[0] === undefined ? [] : [{ zone: same[0].zone, routes: same }],
    );
    this.#zones = new ZoneMap(zones.map((zone) => [zone.zone, zone]));
    this.#anyClass = routes.some((route) => route.anyClass);
  }

  /** True where questions of this class are looked at at all. */
  takesClass(value: number): boolean {
    return value === Class.IN || this.#anyClass;
  }

  resolve(query: Query): Outcome {
    const route = this.#find(query);
    return route?.chain === undefined ? NOT_SERVED : route.chain.answer(query);
  }

  /** A DS record belongs to the parent's side of a zone cut: its block answers, unless that is the root's alone. */
  #find(query: Query): Route | undefined {
    const { name, type } = query;
    const route = this.#taker(query, this.#zones.find(name));
    if (type !== Type.DS || route?.zone.labelCount !== name.labelCount) return route;
    const above = this.#taker(query, this.#above(name, route.zone));
    return above === undefined || above.zone.labelCount === 0 ? route : above;
  }

  /** The block that takes the query, of a zone or of the nearest one above it. */
  #taker(query: Query, from: Zone | undefined): Route | undefined {
    for (let at = from; at !== undefined; at = this.#above(query.name, at.zone)) {
      for (const route of at.routes) if (route.accepts === undefined || route.accepts(query)) return route;
    }
    return undefined;
  }

  /** The longest zone above one that the name is in. */
  #above(name: Name, { labelCount }: Name): Zone | undefined {
    return labelCount === 0 ? undefined : this.#zones.find(name.ancestor(name.labelCount - labelCount + 1));
  }
}
