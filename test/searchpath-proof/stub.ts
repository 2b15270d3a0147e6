/**
 * test/searchpath-proof/: shows that `complete` of the `searchpath` directive leaves no client worse off than its own walk along its
 * search path.
 *
 *     glibc.ts, musl.ts, go.ts      how three stub resolvers walk, as state machines
 *          ▲                 └────► model.ts: replicas of the server, their cluster and their upstream ─► judge.ts
 *     real/: the resolvers themselves, on the same scenarios
 *
 * This file: what a stub resolver is told, whom it asks, and what comes back. Time does not pass here: a reply that never comes
 * is a reaction like any other.
 */

/** What is read from resolv.conf. Everybody asks one server, as in a pod. */
export interface ResolvConf {
  /** Without final dots. */
  readonly search: readonly string[];
  readonly ndots: number;
  /** How often a query is sent at most. */
  readonly attempts: number;
}

export type Family = 4 | 6;

/** What comes back for one query that was sent. */
export interface Reaction {
  readonly kind: 'noerror' | 'nxdomain' | 'servfail' | 'refused' | 'silence';
  /** Records of the answer section, CNAMEs included. */
  readonly records: number;
  readonly addresses: readonly string[];
}

export interface Wire {
  /** Sends one query; the name is a full one, without its final dot. */
  ask(name: string, family: Family): Reaction;
  /** Of two queries that are under way at once, the one whose reply comes first. */
  first(): Family;
}

/** What the program gets that asked. */
export type Outcome =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** No such name, or no address of it. */
  | { readonly kind: 'none' }
  /** Nobody knows; the program may try again. */
  | { readonly kind: 'failed' };

export const NONE: Outcome = { kind: 'none' };
export const FAILED: Outcome = { kind: 'failed' };

/** Addresses of both families of a name, looked up as `getaddrinfo` is asked to with AF_UNSPEC. */
export type StubResolver = (name: string, conf: ResolvConf, wire: Wire) => Outcome;

export function found(addresses: readonly string[]): Outcome {
  return { kind: 'addresses', addresses: addresses.toSorted() };
}

/** Dots in a name that has no final one. */
export function dotsOf(name: string): number {
  return name.split('.').length - 1;
}
