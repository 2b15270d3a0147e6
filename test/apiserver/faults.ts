/**
 * What a server does on its bad days. A test adds a fault with a scope (which requests, how many of them); each request
 * takes the faults that apply to it when it arrives. What is already under way is disturbed through `ApiServer` itself
 * (`cutWatches`, `inject`, `dropConnections`).
 */
import type { ResourceName } from './resources.ts';

/** A place in a body: so many octets, or so many whole lines and then so many octets of the next. */
export type Position = { readonly octets: number } | { readonly lines: number; readonly into?: number };

/** What happens at that place: silence, RST, an end without the last chunk, or an end as if all had been said. */
export type Ending = 'stall' | 'reset' | 'unfinished' | 'end';

/**
 * How the events of a watch are told wrongly. Of two events that are swapped, the first waits for the second, or for a
 * bookmark.
 */
export type Telling = 'twice' | 'swapped' | 'unversioned-bookmarks';

export type Fault =
  /** Accepted, then reset before the TLS handshake. */
  | { readonly kind: 'reset-connection' }
  /** Accepted, and never a word. */
  | { readonly kind: 'silent-connection' }
  /** The request is read, and never answered. */
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'slow-answer'; readonly milliseconds: number }
  | { readonly kind: 'status'; readonly code: number; readonly message?: string; readonly retryAfter?: number }
  /** As if the resource version that is asked for were forgotten. */
  | { readonly kind: 'gone'; readonly as: 'status' | 'event' }
  | { readonly kind: 'cut'; readonly at: Position; readonly how: Ending }
  /** Each write is split at random into pieces of 1 to `longest` octets, wherever that falls. */
  | { readonly kind: 'pieces'; readonly longest: number; readonly seed: number }
  | { readonly kind: 'throttle'; readonly octetsPerSecond: number }
  | { readonly kind: 'telling'; readonly how: Telling }
  /**
   * Raw text in a body: instead of everything, at the start of a watch, or after its initial events; then it ends, or goes
   * on. The text is read again for each request.
   */
  | {
      readonly kind: 'text';
      readonly text: Iterable<string>;
      readonly place: 'instead' | 'first' | 'after-initial';
      readonly after: 'end' | 'go-on';
    }
  /** Answered from an older state, as by a server whose cache lags behind. */
  | { readonly kind: 'stale'; readonly resourceVersion: number };

export type FaultKind = Fault['kind'];

export const FAULT_KINDS: ReadonlySet<string> = new Set<FaultKind>([
  'reset-connection',
  'silent-connection',
  'no-answer',
  'slow-answer',
  'status',
  'gone',
  'cut',
  'pieces',
  'throttle',
  'telling',
  'text',
  'stale',
]);

export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'delete';

export interface Scope {
  /** All of them if not given. Connections have none. */
  readonly resource?: ResourceName;
  readonly verb?: Verb;
  /** Requests, or connections; all of them if not given. */
  readonly times?: number;
}

interface Armed {
  readonly fault: Fault;
  readonly scope: Scope;
  left: number;
}

/** What a request is, for the scope of faults. */
export interface Target {
  readonly resource?: ResourceName | undefined;
  readonly verb?: Verb | undefined;
}

const CONNECTION_FAULTS: ReadonlySet<FaultKind> = new Set(['reset-connection', 'silent-connection']);

export class Faults {
  #armed: Armed[] = [];

  /** The result takes the fault away. */
  add(fault: Fault, scope: Scope = {}): () => void {
    const armed = { fault, scope, left: scope.times ?? Infinity };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** How many faults still wait for a request. */
  get armed(): number {
    return this.#armed.length;
  }

  /** The faults of one new connection. */
  takeConnection(): TakenFaults {
    return this.#take((armed) => CONNECTION_FAULTS.has(armed.fault.kind));
  }

  /** The faults of one request, which count as used. */
  take(target: Target): TakenFaults {
    return this.#take(
      ({ fault, scope }) =>
        !CONNECTION_FAULTS.has(fault.kind) &&
        (scope.resource === undefined || scope.resource === target.resource) &&
        (scope.verb === undefined || scope.verb === target.verb),
    );
  }

  #take(applies: (armed: Armed) => boolean): TakenFaults {
    const taken = this.#armed.filter(applies);
    for (const armed of taken) armed.left--;
    this.#armed = this.#armed.filter((armed) => armed.left > 0);
    return new TakenFaults(taken.map(({ fault }) => fault));
  }
}

/** The faults of one request. */
export class TakenFaults {
  readonly #faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  /** The first of this kind. */
  get<K extends FaultKind>(kind: K): FaultOf<K> | undefined {
    return this.#faults.find((fault): fault is FaultOf<K> => fault.kind === kind);
  }

  /** All tellings. */
  get tellings(): ReadonlySet<Telling> {
    return new Set(this.#faults.flatMap((fault) => (fault.kind === 'telling' ? [fault.how] : [])));
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
