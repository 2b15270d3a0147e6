/**
 * What was true when: for each namespace, Service and set of endpoints, all its versions with the resource versions at which
 * they began. A resource version is the place of a change among all changes of the cluster.
 */

/** The resources that the answers of the campaign rest on; each is told to the program in a stream of its own. */
export const RESOURCES = ['namespaces', 'services', 'endpointslices'] as const;
export type WatchedResource = (typeof RESOURCES)[number];

/** A place in each stream. */
export type Places = Readonly<Record<WatchedResource, number>>;

export const NOWHERE: Places = { namespaces: 0, services: 0, endpointslices: 0 };

export interface Service {
  readonly kind: 'cluster-ip' | 'headless' | 'external-name';
  /** Of a cluster IP; else empty. */
  readonly address: string;
  /** Of an ExternalName; else empty. */
  readonly target: string;
  readonly port: { readonly name: string; readonly number: number };
}

/** All ready endpoints of a Service's slices. */
export type Endpoints = readonly { readonly address: string; readonly port: number }[];

interface Version<T> {
  readonly from: number;
  readonly value: T;
}

/** The versions of one thing, oldest first; it has always one. */
export class Versions<T> {
  readonly #versions: Version<T>[];

  constructor(first: T) {
    this.#versions = [{ from: 0, value: first }];
  }

  /** It is so from this resource version on. */
  add(from: number, value: T): void {
    this.#versions.push({ from, value });
  }

  /** The version that was true at a place. */
  indexAt(place: number): number {
    let index = this.#versions.length - 1;
    while (index > 0 && (this.#versions[index]?.from ?? 0) > place) index--;
    return index;
  }

  get last(): number {
    return this.#versions.length - 1;
  }

  at(index: number): T {
    const version = this.#versions[Math.min(index, this.last)];
    if (version === undefined) throw new RangeError(`no version ${index}`);
    return version.value;
  }

  get now(): T {
    return this.at(this.last);
  }

  /** For messages: each version with the place at which it began. */
  describe(first: number, text: (value: T) => string): string {
    return this.#versions
      .slice(first)
      .map(({ from, value }) => `${from}: ${text(value)}`)
      .join('; ');
  }
}

/** Everything that the answers to the names of one Service rest on. */
export interface ServiceHistory {
  readonly namespace: string;
  readonly name: string;
  /** Shared by all Services of the namespace. */
  readonly exists: Versions<boolean>;
  readonly service: Versions<Service | undefined>;
  readonly endpoints: Versions<Endpoints>;
}
