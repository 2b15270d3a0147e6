/**
 * Which server block answers a query: the one whose zone is the longest suffix of the name, on label boundaries. One
 * router for each address and port, over the blocks that share it.
 */
import { Class, Rcode, Type } from '../dns/constants.ts';
import type { Name } from '../dns/name.ts';
import { type Outcome, failure } from '../plugins/answer.ts';
import type { Next } from '../plugins/plugin.ts';
import type { Query, Resolver } from '../plugins/query.ts';
import { explain } from '../plugins/reasons.ts';

/** A zone of a server block and the chain that answers for it; no chain where the block has no plugins. */
export interface Route {
  readonly zone: Name;
  readonly chain: Next | undefined;
  /** The block has a plugin that knows classes other than IN. */
  readonly anyClass: boolean;
}

const NOT_SERVED = failure(Rcode.REFUSED, explain('noServerBlock'));

export class Router implements Resolver {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #root: Route | undefined;
  /** Labels of the longest zone: no suffix with more of them can be one. */
  readonly #deepest: number;
  readonly #anyClass: boolean;
  readonly server: string;

  /** One route for each zone; `server` is what metrics call the address. */
  constructor(routes: readonly Route[], server: string) {
    this.server = server;
    this.#routes = new Map(routes.map((route) => [route.zone.key, route]));
    this.#root = routes.find((route) => route.zone.labelCount === 0);
    this.#deepest = Math.max(0, ...routes.map((route) => route.zone.labelCount));
    this.#anyClass = routes.some((route) => route.anyClass);
  }

  /** True where questions of this class are looked at at all. */
  takesClass(value: number): boolean {
    return value === Class.IN || this.#anyClass;
  }

  resolve(query: Query): Outcome {
    const route = this.#find(query.name, query.type);
    return route?.chain === undefined ? NOT_SERVED : route.chain.answer(query);
  }

  /** A DS record belongs to the parent's side of a zone cut: its block answers, unless that is the root's alone. */
  #find(name: Name, type: number): Route | undefined {
    let own: Route | undefined;
    const { key, starts } = name;
    for (let i = Math.max(0, starts.length - this.#deepest); i < starts.length; i++) {
      const route = this.#routes.get(key.slice(starts[i]));
      if (route === undefined) continue;
      if (type !== Type.DS || i > 0) return route;
      own = route;
    }
    return own ?? this.#root;
  }
}
