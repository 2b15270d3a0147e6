/** The objects that the suite makes: Services of each kind, and slices written by hand, since nothing but an API server is needed. */
import type { Content } from './own-objects.ts';

export interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

export const HTTP: Port = { name: 'http', port: 80 };

/** The server gives it its address. */
export function clusterIP(name: string, ports: readonly Port[] = [HTTP]): Content {
  return { name, body: { spec: { type: 'ClusterIP', ports } } };
}

export function nodePort(name: string): Content {
  return { name, body: { spec: { type: 'NodePort', ports: [HTTP] } } };
}

/** Of a class that nobody implements, so that no cloud makes anything of it. */
export function loadBalancer(name: string): Content {
  const spec = {
    type: 'LoadBalancer',
    loadBalancerClass: 'nodens.test/none',
    allocateLoadBalancerNodePorts: false,
    ports: [HTTP],
  };
  return { name, body: { spec } };
}

export function headless(name: string, ports: readonly Port[] = [HTTP]): Content {
  return { name, body: { spec: { clusterIP: 'None', ports } } };
}

export function externalName(name: string, target: string): Content {
  return { name, body: { spec: { type: 'ExternalName', externalName: target } } };
}

export interface Endpoint {
  readonly address: string;
  readonly hostname?: string;
  /** Ready unless said otherwise. */
  readonly isReady?: boolean;
}

/** A slice of a Service that selects nothing: no controller touches it. Its family is that of its first address. */
export function slice(name: string, service: string, endpoints: readonly Endpoint[], port: Port = HTTP): Content {
  const isIPv6 = endpoints[0]?.address.includes(':') === true;
  return {
    name,
    labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'nodens.test' },
    body: {
      addressType: isIPv6 ? 'IPv6' : 'IPv4',
      endpoints: endpoints.map(endpoint),
      ports: [{ name: port.name, port: port.port, protocol: port.protocol ?? 'TCP' }],
    },
  };
}

export function endpoint({ address, hostname, isReady = true }: Endpoint): Readonly<Record<string, unknown>> {
  return { addresses: [address], conditions: { ready: isReady }, ...(hostname === undefined ? {} : { hostname }) };
}

/** A Pod that no scheduler takes and no node runs: its address is written into its status. */
export function pod(name: string, ip: string): Content {
  const spec = { schedulerName: 'nodens-test-nobody', containers: [{ name: 'main', image: 'nodens.test/none' }] };
  return { name, body: { spec, status: runningAt(ip) } };
}

export function runningAt(ip: string): Readonly<Record<string, unknown>> {
  return { phase: 'Running', podIP: ip, podIPs: [{ ip }] };
}

/** The name under which an address is looked up (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0');
  const nibbles = [...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, '0')).join('');
  return `${nibbles.split('').toReversed().join('.')}.ip6.arpa`;
}

export function addressType(address: string): 'A' | 'AAAA' {
  return address.includes(':') ? 'AAAA' : 'A';
}
