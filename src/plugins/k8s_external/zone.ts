/**
 * What a zone of `k8s_external` has beside Services: its apex with SOA and NS, the name server's own name below the apex label,
 * and the negative replies that carry the SOA (RFC 2308).
 *
 *     ZONE            SOA, NS
 *     dns.ZONE        an empty non-terminal
 *     ns1.dns.ZONE    the external addresses of the Service in front of this server, else the machine's own
 */
import { distinctAddresses } from '../../cluster/endpoints.ts';
import { externalOctets } from '../../cluster/external-records.ts';
import { type Dependent, ownAddressesFact } from '../../cluster/facts.ts';
import { addressFamily, addressSet, familyOf } from '../../cluster/found.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { RRset, SerialSource, SoaRRset } from '../../dns/rrset.ts';
import { type Reply, reply } from '../answer.ts';
import { type Explanation, explain } from '../reasons.ts';

/** Seconds: the timers of the SOA. */
const REFRESH = 7200;
const RETRY = 1800;
const EXPIRE = 86_400;

const NO_SUCH_TYPE = explain('noSuchType');

/** What a zone is made of. */
export interface ZoneParts {
  /** With the time to live of these zones. */
  readonly view: ClusterView;
  /** Of the zone's content. */
  readonly serialSource: SerialSource;
  /** Of this server, 4 or 16 octets each. */
  readonly ownAddresses: () => readonly Uint8Array[];
}

export class ExternalZone {
  readonly name: Name;
  /** Whether it has reverse names, and no Services. */
  readonly isReverse: boolean;
  /** What the name server's own name is below. */
  readonly apexLabel: Name;
  readonly nameServer: Name;
  readonly #mailbox: Name;

  /** @param apex a label */
  constructor(name: Name, apex: string, isReverse: boolean) {
    this.isReverse = isReverse;
    const below = (label: string, zone: Name): Name => (Name.fromLabels([label], zone) ?? zone).keepSuffixKeys();
    this.name = name.keepSuffixKeys();
    this.apexLabel = below(apex, name);
    this.nameServer = below('ns1', this.apexLabel);
    this.#mailbox = below('hostmaster', this.apexLabel);
  }

  soa({ view, serialSource }: ZoneParts): SoaRRset {
    const { ttl } = view.options;
    return {
      owner: this.name,
      type: Type.SOA,
      class: Class.IN,
      ttl,
      kind: 'soa',
      soa: {
        primary: this.nameServer,
        mailbox: this.#mailbox,
        serial: serialSource.serial,
        refresh: REFRESH,
        retry: RETRY,
        expire: EXPIRE,
        minimum: ttl,
      },
      serialSource,
    };
  }

  ns({ view }: ZoneParts): RRset {
    const targets = [this.nameServer];
    return { owner: this.name, type: Type.NS, class: Class.IN, ttl: view.options.ttl, kind: 'name', targets };
  }

  /** @param isKnown whether the cluster's Services and endpoints are: without them nobody can say where the name server is */
  apex(asker: Dependent, type: number, parts: ZoneParts, isKnown: boolean): Reply {
    if (type === Type.SOA) return reply({ answers: [this.soa(parts)] });
    if (type !== Type.NS) return this.noData(parts, NO_SUCH_TYPE);
    const additional = isKnown ? this.glue(asker, this.nameServer, parts) : [];
    return reply({ answers: [this.ns(parts)], additional });
  }

  /** The name server's own name. */
  addresses(asker: Dependent, owner: Name, type: number, parts: ZoneParts): Reply {
    const family = familyOf(type);
    const sets = this.glue(asker, owner, parts).filter((set) => set.type === type);
    return family === undefined || sets.length === 0 ? this.noData(parts, NO_SUCH_TYPE) : reply({ answers: sets });
  }

  /** The A and AAAA records of the name server. */
  glue(asker: Dependent, owner: Name, { view, ownAddresses }: ZoneParts): readonly RRset[] {
    asker.dependsOn(ownAddressesFact);
    const own = ownAddresses();
    const outside = own.flatMap((octets) => inFrontOf(asker, view, octets));
    const octets = outside.length > 0 ? outside : own;
    return ([4, 6] as const).flatMap((family) => {
      const ofFamily = octets.filter((address) => addressFamily(address) === family);
      if (ofFamily.length === 0) return [];
      return [addressSet(owner, view.options.ttl, family, distinctAddresses(ofFamily, family))];
    });
  }

  noData(parts: ZoneParts, explanation: Explanation | undefined): Reply {
    return reply({ authority: [this.soa(parts)], explanation });
  }

  nameError(parts: ZoneParts, explanation: Explanation): Reply {
    return reply({ rcode: Rcode.NXDOMAIN, authority: [this.soa(parts)], explanation });
  }
}

/** The external addresses of the Services that have this address of the server among their endpoints. */
function inFrontOf(asker: Dependent, { state }: ClusterView, own: Uint8Array): readonly Uint8Array[] {
  return state.slicesAt(asker, own).flatMap((slice) => {
    const service = state.service(asker, slice.namespace, slice.service);
    return service === undefined ? [] : externalOctets(service);
  });
}
