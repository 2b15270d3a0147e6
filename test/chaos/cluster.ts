/**
 * The cluster of the campaign: a fixed pool of names, objects that change at random, and the history of all of it. Each change
 * gives addresses and ports that were never there before, so that an answer tells its version.
 */
import type { ApiServer } from '../apiserver/server.ts';
import type { Random } from '../fuzz/random.ts';
import { PORT_NAME, type Question } from './expected.ts';
import { type Endpoints, type Places, type Service, type ServiceHistory, Versions } from './history.ts';

interface Slice {
  readonly name: string;
  endpoints: Endpoints;
}

/** A Service of the pool. */
interface Member extends ServiceHistory {
  /** Never deleted, and never without an answer to both questions. */
  readonly isStable: boolean;
  /** Its slices; an empty one is there, too. */
  readonly slices: readonly [Slice, Slice];
}

interface Space {
  readonly name: string;
  readonly isStable: boolean;
  readonly exists: Versions<boolean>;
  readonly members: Member[];
}

const NAMESPACES = 6;
/** One namespace in so many is deleted and created again. */
const BRIEF = 3;
/** Services of a namespace. */
const SERVICES = 20;
const MOST_ENDPOINTS = 8;

export class Cluster {
  readonly #api: ApiServer;
  readonly #random: Random;
  readonly #spaces: readonly Space[];
  readonly #members: readonly Member[];
  #addresses = 0;
  #changes = 0;

  constructor(api: ApiServer, random: Random) {
    this.#api = api;
    this.#random = random;
    this.#spaces = Array.from({ length: NAMESPACES }, (_, i) => this.#space(i));
    this.#members = this.#spaces.flatMap(({ members }) => members);
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
    for (const space of this.#spaces) this.#createSpace(space);
  }

  /** The names of the pool. */
  get questions(): readonly Question[] {
    return this.#members.flatMap((of): readonly Question[] => [
      { of, aspect: 'A' },
      { of, aspect: 'SRV' },
    ]);
  }

  get changes(): number {
    return this.#changes;
  }

  /** Where the cluster is now, in all streams. */
  get places(): Places {
    const { revision } = this.#api;
    return { namespaces: revision, services: revision, endpointslices: revision };
  }

  /** One change at random. */
  change(): void {
    this.#changes++;
    if (this.#random.once(60)) return this.#changeSpace();
    const member = this.#random.pick(this.#members);
    if (!member.exists.now) return;
    if (member.service.now === undefined) return this.#createService(member);
    if (member.service.now.kind === 'headless') {
      if (!this.#random.once(8)) return this.#changeEndpoints(member);
    } else if (this.#random.once(3)) {
      return this.#changeService(member, member.service.now);
    }
    if (!member.isStable) return this.#deleteService(member);
    if (member.service.now.kind === 'headless') return this.#changeEndpoints(member);
    return this.#changeService(member, member.service.now);
  }

  // Namespaces.

  #space(i: number): Space {
    const name = `space-${i}`;
    const isStable = i % BRIEF !== BRIEF - 1;
    const exists = new Versions(false);
    const members = Array.from({ length: SERVICES }, (_, j): Member => {
      const service = `service-${j}`;
      return {
        namespace: name,
        name: service,
        isStable: isStable && j % 2 === 0,
        exists,
        service: new Versions<Service | undefined>(undefined),
        endpoints: new Versions<Endpoints>([]),
        slices: [
          { name: `${service}-a`, endpoints: [] },
          { name: `${service}-b`, endpoints: [] },
        ],
      };
    });
    return { name, isStable, exists, members };
  }

  #createSpace({ name, exists, members }: Space): void {
    exists.add(this.#api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }), true);
    for (const member of members) if (member.isStable || !this.#random.once(4)) this.#createService(member);
  }

  /** What is in a namespace goes before it. */
  #changeSpace(): void {
    const brief = this.#spaces.filter(({ isStable }) => !isStable);
    const space = this.#random.pick(brief);
    if (!space.exists.now) return this.#createSpace(space);
    for (const member of space.members) if (member.service.now !== undefined) this.#deleteService(member);
    this.#api.delete('namespaces', '', space.name);
    space.exists.add(this.#api.revision, false);
  }

  // Services.

  #createService(member: Member): void {
    const kinds = ['cluster-ip', 'headless', ...(member.isStable ? [] : ['external-name' as const])] as const;
    const kind = this.#random.pick<Service['kind']>(kinds);
    this.#putService(member, {
      kind,
      address: kind === 'cluster-ip' ? this.#newAddress('10.96') : '',
      target: kind === 'external-name' ? `target-${++this.#addresses}.example.com` : '',
      port: { name: PORT_NAME, number: this.#newPort() },
    });
    if (kind === 'headless') this.#setSlice(member, 0, [this.#newEndpoint(), this.#newEndpoint()]);
  }

  #changeService(member: Member, service: Service): void {
    if (service.kind === 'external-name') {
      return this.#putService(member, { ...service, target: `target-${++this.#addresses}.example.com` });
    }
    const name = member.isStable || this.#random.once(2) ? PORT_NAME : 'other';
    this.#putService(member, { ...service, port: { name, number: this.#newPort() } });
  }

  /** Its slices go after it, as a controller does it, or before it. */
  #deleteService(member: Member): void {
    const isSlicesFirst = this.#random.once(2);
    if (isSlicesFirst) this.#dropSlices(member);
    this.#api.delete('services', member.namespace, member.name);
    member.service.add(this.#api.revision, undefined);
    if (!isSlicesFirst) this.#dropSlices(member);
  }

  #putService(member: Member, service: Service): void {
    const { namespace, name } = member;
    const { kind, address, target, port } = service;
    const ports = [{ name: port.name, port: port.number, protocol: 'TCP' }];
    const spec = {
      'cluster-ip': { type: 'ClusterIP', clusterIP: address, clusterIPs: [address], ports },
      headless: { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ports },
      'external-name': { type: 'ExternalName', externalName: target },
    }[kind];
    const object = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec };
    member.service.add(this.#api.put(object), service);
  }

  // EndpointSlices.

  #changeEndpoints(member: Member): void {
    const from = this.#random.once(2) ? 0 : 1;
    const other = from === 0 ? 1 : 0;
    const { endpoints } = member.slices[from];
    const all = endpoints.length + member.slices[other].endpoints.length;
    const [moved, ...rest] = endpoints;
    const choice = this.#random.below(3);
    if (choice === 0 && moved !== undefined) {
      // From one slice to the other: it is in both for a moment, never in none.
      this.#setSlice(member, other, [...member.slices[other].endpoints, moved]);
      this.#setSlice(member, from, rest);
    } else if (choice === 1 && all > 1 && moved !== undefined) {
      this.#setSlice(member, from, rest);
    } else if (all < MOST_ENDPOINTS) {
      this.#setSlice(member, from, [...endpoints, this.#newEndpoint()]);
    } else {
      this.#setSlice(member, from, [this.#newEndpoint(), ...rest]);
    }
  }

  #dropSlices(member: Member): void {
    for (const slice of member.slices) {
      if (!this.#api.delete('endpointslices', member.namespace, slice.name)) continue;
      slice.endpoints = [];
      this.#noteEndpoints(member, this.#api.revision);
    }
  }

  #setSlice(member: Member, which: 0 | 1, endpoints: Endpoints): void {
    const slice = member.slices[which];
    slice.endpoints = endpoints;
    const number = 8_000 + which;
    const place = this.#api.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: slice.name,
        namespace: member.namespace,
        labels: { 'kubernetes.io/service-name': member.name },
      },
      addressType: 'IPv4',
      endpoints: [
        ...endpoints.map(({ address }) => ({ addresses: [address], conditions: { ready: true } })),
        // Never part of an answer.
        { addresses: ['203.0.113.1'], conditions: { ready: false } },
      ],
      ports: [{ name: PORT_NAME, port: number, protocol: 'TCP' }],
    });
    this.#noteEndpoints(member, place);
  }

  #noteEndpoints(member: Member, place: number): void {
    const all = member.slices.flatMap(({ endpoints }, which) =>
      endpoints.map(({ address }) => ({ address, port: 8_000 + which })),
    );
    member.endpoints.add(place, all);
  }

  #newEndpoint(): Endpoints[number] {
    return { address: this.#newAddress('10.128'), port: 0 };
  }

  #newAddress(prefix: string): string {
    const number = ++this.#addresses;
    return `${prefix}.${(number >> 8) & 255}.${number & 255}`;
  }

  #newPort(): number {
    return 1_000 + (++this.#addresses % 60_000);
  }
}
