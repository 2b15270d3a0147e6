/**
 * The cluster of cluster.ts as files: a JSON `List`, block YAML with one document for each object, and the same names as
 * zone files for a peer that serves zones. Chunks of text come out, so that no file is ever held whole.
 */
import {
  type ClusterObject,
  type ClusterSize,
  type EndpointSlice,
  type Service,
  clusterIp,
  clusterObjects,
  fullName,
  isHeadless,
} from './cluster.ts';

/** One `List`, as `kubectl get -o json` prints it. */
export function* jsonList(size: ClusterSize): Generator<string> {
  let separator = '{"apiVersion":"v1","kind":"List","items":[\n';
  for (const object of clusterObjects(size)) {
    yield separator + JSON.stringify(object);
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** Block style, strings quoted, `---` before each object. */
export function* blockYaml(size: ClusterSize): Generator<string> {
  for (const object of clusterObjects(size)) yield `---\n${yamlLines(object).join('\n')}\n`;
}

/** The lines of a mapping or of a sequence, without indentation of their own. */
function yamlLines(value: object): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (!isCollection(item)) return [`- ${JSON.stringify(item)}`];
      const [first = '', ...rest] = yamlLines(item);
      return [`- ${first}`, ...rest.map(indented)];
    });
  }
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    isCollection(item) ? [`${key}:`, ...yamlLines(item).map(indented)] : [`${key}: ${JSON.stringify(item)}`],
  );
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function indented(line: string): string {
  return `  ${line}`;
}

const zoneHeader = (origin: string, server: string): string =>
  `$ORIGIN ${origin}\n$TTL 5\n@ SOA ${server} hostmaster.cluster.local. 1 7200 1800 86400 5\n@ NS ${server}\n`;

/** `cluster.local`: what the Kubernetes DNS specification gives the Services and their endpoints. */
export function* forwardZone(size: ClusterSize): Generator<string> {
  yield `${zoneHeader('cluster.local.', 'ns.dns.cluster.local.')}ns.dns A 127.0.0.1\n`;
  for (const object of clusterObjects(size)) yield zoneLines(object);
}

/** `10.in-addr.arpa`: the names of the ClusterIPs. */
export function* reverseZone(size: ClusterSize): Generator<string> {
  yield zoneHeader('10.in-addr.arpa.', 'ns.dns.cluster.local.');
  for (let i = 0; i < size.services; i++) {
    if (!isHeadless(i)) yield `${reverseName(i)}. PTR ${fullName(i, size)}.\n`;
  }
}

/** The reverse name of a Service's ClusterIP, without a final dot. */
export function reverseName(service: number): string {
  return `${clusterIp(service).split('.').toReversed().join('.')}.in-addr.arpa`;
}

function zoneLines(object: ClusterObject): string {
  switch (object.kind) {
    case 'Namespace':
      return '';
    case 'Service':
      return serviceLines(object);
    case 'EndpointSlice':
      return endpointLines(object);
  }
}

function serviceLines({ metadata: { name, namespace }, spec }: Service): string {
  if (spec.clusterIP === 'None') return '';
  const owner = `${name}.${namespace}.svc`;
  const srv = spec.ports.map(
    (port) => `_${port.name}._${port.protocol.toLowerCase()}.${owner} SRV 0 100 ${port.port} ${owner}\n`,
  );
  return `${owner} A ${spec.clusterIP}\n${srv.join('')}`;
}

/** Endpoints have names of their own only where the Service is headless, and those are the ones with a hostname. */
function endpointLines({ metadata, endpoints, ports }: EndpointSlice): string {
  const owner = `${metadata.labels['kubernetes.io/service-name']}.${metadata.namespace}.svc`;
  const named = endpoints.flatMap(({ hostname, addresses: [address] }) =>
    hostname === undefined ? [] : [{ target: `${hostname}.${owner}`, address }],
  );
  const share = Math.max(1, Math.floor(100 / Math.max(1, named.length)));
  return named
    .map(({ target, address }) => {
      const srv = ports.map(
        (port) => `_${port.name}._${port.protocol.toLowerCase()}.${owner} SRV 0 ${share} ${port.port} ${target}\n`,
      );
      return `${owner} A ${address}\n${target} A ${address}\n${srv.join('')}`;
    })
    .join('');
}
