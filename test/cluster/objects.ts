/** Reduced objects for tests, with defaults for what a test does not care about. */
import type { EndpointSlice, Service, ServicePort } from '../../src/cluster/objects.ts';
import { SliceBuilder } from '../../src/cluster/reduce/slice-builder.ts';
import { parseAddress } from '../../src/dns/address.ts';

function octets(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

export interface ServiceParts extends Partial<Omit<Service, 'clusterIPs'>> {
  readonly clusterIPs?: readonly string[];
}

/** `default/web`, with a cluster IP's kind and none of its own. */
export function makeService(parts: ServiceParts): Service {
  return {
    namespace: 'default',
    name: 'web',
    kind: 'cluster-ip',
    externalName: '',
    ports: [],
    externalAddresses: [],
    ...parts,
    clusterIPs: (parts.clusterIPs ?? []).map(octets),
  };
}

export interface SliceParts {
  readonly namespace?: string;
  readonly name?: string;
  readonly service?: string;
  readonly ports?: readonly ServicePort[];
  /** All of one family; IPv4 where there are none. */
  readonly addresses?: readonly string[];
  readonly hostnames?: readonly string[];
  readonly targets?: readonly string[];
  readonly zones?: readonly string[];
}

/** `default/web-1` of the Service `web`. */
export function makeSlice(parts: SliceParts): EndpointSlice {
  const { namespace = 'default', name = 'web-1', service = 'web', ports = [], addresses = [] } = parts;
  const builder = new SliceBuilder(addresses[0]?.includes(':') === true ? 6 : 4);
  addresses.forEach((text, i) => {
    const facts = {
      hostname: parts.hostnames?.[i] ?? '',
      target: parts.targets?.[i] ?? '',
      zone: parts.zones?.[i] ?? '',
    };
    if (!builder.addText(text, facts)) throw new Error(`no address of the family: ${text}`);
  });
  return builder.build(namespace, name, service, ports);
}
