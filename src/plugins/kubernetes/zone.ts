/**
 * What a zone of `kubernetes` has beside the cluster's objects: its apex with SOA and NS, the name server's own name and
 * addresses, and the negative replies that carry the SOA (RFC 2308).
 */
import { type ServiceEndpoints, distinctAddresses } from '../../cluster/endpoints.ts';
import { type Dependent, ownAddressesFact } from '../../cluster/facts.ts';
import { type Found, NO_DATA, addressFamily, addressSet, familyOf, serviceOwner } from '../../cluster/found.ts';
import { findRecords } from '../../cluster/records.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { RRset, SoaRRset } from '../../dns/rrset.ts';
import { type Reply, reply } from '../answer.ts';
import type { Host } from '../plugin.ts';
import type { Query } from '../query.ts';
import { type Explanation, explain } from '../reasons.ts';

/** Seconds: the timers of the SOA, which nobody transfers by, and the longest TTL that it has itself. */
const REFRESH = 7200;
const RETRY = 1800;
const EXPIRE = 86_400;
const MAX_SOA_TTL = 300;

/** Name servers that one headless Service gives: a server on its node's own network may be behind one of thousands. */
const MAX_NAME_SERVERS = 64;

const NO_SUCH_TYPE = explain('noSuchType');

/** A name server of the zone and one of its addresses. */
interface NameServer {
  readonly name: Name;
  readonly octets: Uint8Array;
}

export class KubernetesZone {
  readonly name: Name;
  /** Whether it has the Services of several clusters in place of those of this one. */
  readonly isMulticluster: boolean;
  readonly #view: ClusterView;
  readonly #host: Host;
  readonly #defaultNameServer: Name;
  readonly #mailbox: Name;

  constructor(name: Name, view: ClusterView, host: Host, isMulticluster = false) {
    this.isMulticluster = isMulticluster;
    this.name = name.keepSuffixKeys();
    this.#view = view;
    this.#host = host;
    this.#defaultNameServer = (Name.fromLabels(['ns', 'dns'], name) ?? name).keepSuffixKeys();
    this.#mailbox = (Name.fromLabels(['hostmaster'], name) ?? name).keepSuffixKeys();
  }

  /** The apex: SOA and NS; everything else there has no data. */
  apex(query: Query): Reply {
    if (query.type === Type.SOA) return reply({ answers: [this.soa()] });
    if (query.type !== Type.NS) return this.noData(NO_SUCH_TYPE);
    const servers = this.#nameServers(query);
    if (servers.length === 0) return this.noData(NO_SUCH_TYPE);
    return reply({ answers: [this.#delegation(servers)], additional: this.#glueOfAll(servers) });
  }

  /** All that the zone has beside the cluster's objects, without the SOA. No zone is without an NS record. */
  ownRecords(asker: Dependent): readonly RRset[] {
    const servers = this.#nameServers(asker);
    const own = servers.map(({ octets }) => ({ name: this.#defaultNameServer, octets }));
    const glue = this.#glueOfAll(servers);
    const isNamed = servers.some(({ name }) => name === this.#defaultNameServer);
    const owner = Name.fromLabels(['dns-version'], this.name) ?? this.name;
    const version = findRecords(asker, this.#view, {
      owner,
      name: { kind: 'version' },
      type: Type.TXT,
      zone: this.name,
    });
    return [
      this.#delegation(servers.length > 0 ? servers : [{ name: this.#defaultNameServer }]),
      ...glue,
      ...(isNamed ? [] : this.#glue(own)),
      ...(version.kind === 'records' ? version.answers : []),
    ];
  }

  #delegation(servers: readonly Pick<NameServer, 'name'>[]): RRset {
    const targets = [...new Map(servers.map(({ name }) => [name.key, name])).values()];
    const { ttl } = this.#view.options;
    return { owner: this.name, type: Type.NS, class: Class.IN, ttl, kind: 'name', targets };
  }

  #glueOfAll(servers: readonly NameServer[]): readonly RRset[] {
    return [...Map.groupBy(servers, ({ name }) => name.key).values()].flatMap((same) => this.#glue(same));
  }

  /** `ns.dns.ZONE`, the name of the server where no Service stands in front of it. */
  nameServerAddresses(query: Query, owner: Name): Found {
    const family = familyOf(query.type);
    const octets = this.#nameServers(query).map((server) => server.octets);
    const ofFamily = octets.filter((address) => addressFamily(address) === family);
    if (family === undefined || ofFamily.length === 0) return NO_DATA;
    const set = addressSet(owner, this.#view.options.ttl, family, distinctAddresses(ofFamily, family));
    return { kind: 'records', answers: [set], additional: [] };
  }

  noData(explanation: Explanation | undefined): Reply {
    return reply({ authority: [this.soa()], explanation });
  }

  nameError(explanation: Explanation): Reply {
    return reply({ rcode: Rcode.NXDOMAIN, authority: [this.soa()], explanation });
  }

  soa(): SoaRRset {
    const { state, options } = this.#view;
    const { ttl } = options;
    return {
      owner: this.name,
      type: Type.SOA,
      class: Class.IN,
      ttl: Math.min(ttl, MAX_SOA_TTL),
      kind: 'soa',
      soa: {
        primary: this.#defaultNameServer,
        mailbox: this.#mailbox,
        serial: state.serial,
        refresh: REFRESH,
        retry: RETRY,
        expire: EXPIRE,
        minimum: ttl,
      },
      serialSource: state,
    };
  }

  /** The Services whose endpoints this server is among; where there are none, the server by its own addresses. */
  #nameServers(asker: Dependent): readonly NameServer[] {
    asker.dependsOn(ownAddressesFact);
    const own = this.#host.ownAddresses();
    const behindServices = own.flatMap((octets) => this.#servicesInFrontOf(asker, octets));
    const servers =
      behindServices.length > 0 ? behindServices : own.map((octets) => ({ name: this.#defaultNameServer, octets }));
    // The Services of this cluster have no names in a zone of several.
    return this.isMulticluster ? servers.map(({ octets }) => ({ name: this.#defaultNameServer, octets })) : servers;
  }

  #servicesInFrontOf(asker: Dependent, own: Uint8Array): readonly NameServer[] {
    const { state, options } = this.#view;
    return state.slicesAt(asker, own).flatMap((slice): readonly NameServer[] => {
      const service = state.service(asker, slice.namespace, slice.service);
      const name = service && serviceOwner(service, this.name);
      if (service === undefined || name === undefined) return [];
      if (service.kind !== 'headless') return service.clusterIPs.map((octets) => ({ name, octets }));
      return endpointServers(state.endpointsOf(service), name, options.endpointPodNames);
    });
  }

  #glue(servers: readonly NameServer[]): readonly RRset[] {
    const [first] = servers;
    if (first === undefined) return [];
    return ([4, 6] as const).flatMap((family) => {
      const octets = servers.map((server) => server.octets).filter((address) => addressFamily(address) === family);
      if (octets.length === 0) return [];
      return [addressSet(first.name, this.#view.options.ttl, family, distinctAddresses(octets, family))];
    });
  }
}

/** The first endpoints of a Service as name servers. */
function endpointServers(endpoints: ServiceEndpoints, service: Name, podNames: boolean): readonly NameServer[] {
  const servers: NameServer[] = [];
  for (const slice of endpoints.slices) {
    for (const position of slice.positions()) {
      if (servers.length === MAX_NAME_SERVERS) return servers;
      const name = Name.fromLabels([slice.labelAt(position, podNames)], service);
      if (name !== undefined) servers.push({ name, octets: slice.octetsAt(position) });
    }
  }
  return servers;
}

/** The longest of the zones that the name is in. */
export function longestZone<Z extends { readonly name: Name }>(zones: readonly Z[], name: Name): Z | undefined {
  let longest: Z | undefined;
  for (const zone of zones) {
    if (longest !== undefined && longest.name.labelCount >= zone.name.labelCount) continue;
    if (name.isAtOrBelow(zone.name)) longest = zone;
  }
  return longest;
}
