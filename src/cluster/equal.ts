/** Whether two objects of the same name say the same: a store may write an object again without anything having changed. */
import type { EndpointSlice, Namespace, Service, ServicePort } from './objects.ts';

export function sameNamespace(a: Namespace, b: Namespace): boolean {
  const keys = Object.keys(a.labels);
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key]);
}

export function sameService(a: Service, b: Service): boolean {
  return (
    a.kind === b.kind &&
    a.externalName === b.externalName &&
    sameList(a.clusterIPs, b.clusterIPs, sameOctets) &&
    sameList(a.ports, b.ports, samePort) &&
    sameList(a.externalAddresses, b.externalAddresses, Object.is)
  );
}

export function sameSlice(a: EndpointSlice, b: EndpointSlice): boolean {
  return (
    a.service === b.service &&
    a.family === b.family &&
    a.notReady === b.notReady &&
    a.hostnames === b.hostnames &&
    a.targets === b.targets &&
    a.zones === b.zones &&
    a.texts === b.texts &&
    sameOctets(a.addresses, b.addresses) &&
    sameList(a.ports, b.ports, samePort)
  );
}

function samePort(a: ServicePort, b: ServicePort): boolean {
  return a.name === b.name && a.protocol === b.protocol && a.number === b.number;
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  return a.every((item, i) => {
    const other = b[i];
    return other !== undefined && same(item, other);
  });
}
