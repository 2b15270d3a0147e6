/**
 * What looking for a name's records comes to, and the address records that most of them are.
 */
import { Class, Type } from '../dns/constants.ts';
import { Name } from '../dns/name.ts';
import type { RRset } from '../dns/rrset.ts';
import type { ClusterName } from './names.ts';

/** What it is that a cluster does not have where a name gives nothing; what stays hidden counts as not existing. */
export type Missing =
  /** The grammar of names has no such name. */
  | 'noSuchName'
  | 'noSuchNamespace'
  /** Where not all namespaces are shown: it is not said whether this one exists. */
  | 'noShownNamespace'
  | 'noSuchService'
  /** Where not all Services are known. */
  | 'noSelectedService'
  /** Of a headless Service. */
  | 'noReadyEndpoints'
  /** A Service that clients outside the cluster ask for. */
  | 'noExternalAddress'
  /** A Service with a cluster IP and no ready endpoint, where such are ignored. */
  | 'emptyService'
  /** Endpoints are not known at all. */
  | 'endpointsNotServed'
  | 'noSuchPort'
  | 'noSuchEndpoint'
  /** An ExternalName that is no name. */
  | 'badExternalName'
  /** Pods have no names at all. */
  | 'podsNotServed'
  | 'noSuchPod'
  | 'noSuchAddress'
  /** The name is there, and the type is not. */
  | 'noSuchType';

/** What a name and type give. */
export type Found =
  /** The name does not exist. */
  | { readonly kind: 'no-name'; readonly why: Missing }
  /** The name exists and has no records of the type. */
  | { readonly kind: 'no-data'; readonly why: Missing }
  | { readonly kind: 'records'; readonly answers: readonly RRset[]; readonly additional: readonly RRset[] }
  /** The name is an alias; for address types the caller goes after the target. */
  | { readonly kind: 'alias'; readonly alias: RRset; readonly target: Name };

/** The name does not exist: one value for each reason, so that a name that is missing costs no allocation. */
export const NO_NAME = {
  noSuchName: { kind: 'no-name', why: 'noSuchName' },
  noSuchNamespace: { kind: 'no-name', why: 'noSuchNamespace' },
  noShownNamespace: { kind: 'no-name', why: 'noShownNamespace' },
  noSuchService: { kind: 'no-name', why: 'noSuchService' },
  noSelectedService: { kind: 'no-name', why: 'noSelectedService' },
  noReadyEndpoints: { kind: 'no-name', why: 'noReadyEndpoints' },
  noExternalAddress: { kind: 'no-name', why: 'noExternalAddress' },
  emptyService: { kind: 'no-name', why: 'emptyService' },
  endpointsNotServed: { kind: 'no-name', why: 'endpointsNotServed' },
  noSuchPort: { kind: 'no-name', why: 'noSuchPort' },
  noSuchEndpoint: { kind: 'no-name', why: 'noSuchEndpoint' },
  badExternalName: { kind: 'no-name', why: 'badExternalName' },
  podsNotServed: { kind: 'no-name', why: 'podsNotServed' },
  noSuchPod: { kind: 'no-name', why: 'noSuchPod' },
  noSuchAddress: { kind: 'no-name', why: 'noSuchAddress' },
} as const satisfies Readonly<Partial<Record<Missing, Found>>>;

export const NO_DATA: Found = { kind: 'no-data', why: 'noSuchType' };

/** What is asked: the question's name as it was written, what it means, its type, and the zone that it is in. */
export interface Asked {
  readonly owner: Name;
  readonly name: ClusterName;
  readonly type: number;
  readonly zone: Name;
  /** What Services stand right below, where that is not `svc.ZONE`. */
  readonly below?: Name;
}

/** No addresses. */
export const NO_OCTETS = new Uint8Array(0);

/** The address records of a family, where there are any and the type asks for them. */
export function addresses(owner: Name, ttl: number, family: 4 | 6 | undefined, octets: Uint8Array): Found {
  if (family === undefined || octets.length === 0) return NO_DATA;
  return { kind: 'records', answers: [addressSet(owner, ttl, family, octets)], additional: [] };
}

/** The A or AAAA records of these addresses, which stand one behind the other. */
export function addressSet(owner: Name, ttl: number, family: 4 | 6, octets: Uint8Array): RRset {
  return { owner, type: family === 4 ? Type.A : Type.AAAA, class: Class.IN, ttl, kind: 'address', octets };
}

/** The family that a type asks for; undefined where it asks for no address. */
export function familyOf(type: number): 4 | 6 | undefined {
  return type === Type.A ? 4 : type === Type.AAAA ? 6 : undefined;
}

/** The family of 4 or 16 octets. */
export function addressFamily(octets: Uint8Array): 4 | 6 {
  return octets.length === 4 ? 4 : 6;
}

/** `SVC.NS.svc.ZONE`; undefined where the names are too long for it. */
export function serviceOwner(of: { readonly name: string; readonly namespace: string }, zone: Name): Name | undefined {
  return Name.fromLabels([of.name, of.namespace, 'svc'], zone);
}

/** A Service's own name in the zone that is asked; undefined where the names are too long for it. */
export function ownerIn(asked: Asked, of: { readonly name: string; readonly namespace: string }): Name | undefined {
  const { below, zone } = asked;
  return below === undefined ? serviceOwner(of, zone) : Name.fromLabels([of.name, of.namespace], below);
}
