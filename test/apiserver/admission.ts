/**
 * What becomes of an object on its way in: defaults are filled in, and what a real server refuses is refused. Only of what
 * matters to DNS; an object that a test puts into the state itself does not come through here.
 */
import { isIP } from 'node:net';
import { isObject, type JsonObject, listAt, textAt } from './json.ts';
import { qualifiedName, type Resource } from './resources.ts';
import { type FieldError, invalid, Refusal } from './status.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SERVICE_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const ADDRESS_FAMILIES: Readonly<Record<string, number>> = { IPv4: 4, IPv6: 6 };

/** The object as it is stored. `allocate` gives a free cluster IP. Throws a 422. */
export function admitted(resource: Resource, object: JsonObject, allocate: () => string): JsonObject {
  const errors = [...nameErrors(resource, textAt(object, 'metadata', 'name')), ...contentErrors(resource, object)];
  if (errors.length > 0) {
    const kind = qualifiedName(resource).replace(resource.name, resource.kind);
    throw new Refusal(invalid(kind, textAt(object, 'metadata', 'name'), errors));
  }
  return withDefaults(resource, object, allocate);
}

/** The object with the values that a server fills in where none are given; an object that has them stays as it is. */
export function withDefaults(resource: Resource, object: JsonObject, allocate: () => string): JsonObject {
  switch (resource.name) {
    case 'services':
      return withServiceDefaults(object, allocate);
    case 'namespaces':
      return withNamespaceDefaults(object);
    case 'endpointslices':
    case 'pods':
    case 'serviceimports':
      return object;
  }
}

function wrong(field: string, value: unknown, message: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${message}` };
}

function required(field: string): FieldError {
  return { field, reason: 'FieldValueRequired', message: 'Required value' };
}

function nameErrors(resource: Resource, name: string): readonly FieldError[] {
  if (name === '')
    return [{ ...required('metadata.name'), message: 'Required value: name or generateName is required' }];
  const forms = {
    services: SERVICE_LABEL,
    namespaces: LABEL,
    endpointslices: SUBDOMAIN,
    pods: SUBDOMAIN,
    serviceimports: SUBDOMAIN,
  };
  return forms[resource.name].test(name) ? [] : [wrong('metadata.name', name, 'not a name for this resource')];
}

function contentErrors(resource: Resource, object: JsonObject): readonly FieldError[] {
  switch (resource.name) {
    case 'services':
      return serviceErrors(object);
    case 'endpointslices':
      return sliceErrors(object);
    case 'namespaces':
    case 'pods':
    case 'serviceimports':
      return [];
  }
}

function* portErrors(ports: readonly unknown[], field: string, mayLackNumber: boolean): Generator<FieldError> {
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const number = isObject(port) ? port['port'] : undefined;
    const isNumber = Number.isInteger(number) && Number(number) >= 1 && Number(number) <= 65_535;
    if (!isNumber && !(mayLackNumber && (number === undefined || number === null))) {
      yield wrong(`${field}[${i}].port`, number, 'must be between 1 and 65535, inclusive');
    }
    const name = textAt(port, 'name');
    if (name === '' && ports.length > 1) yield required(`${field}[${i}].name`);
    if (name !== '' && !LABEL.test(name)) yield wrong(`${field}[${i}].name`, name, 'must be a lower-case label');
    if (name !== '' && names.has(name)) yield wrong(`${field}[${i}].name`, name, 'used twice');
    names.add(name);
  }
}

function serviceErrors(object: JsonObject): readonly FieldError[] {
  const type = textAt(object, 'spec', 'type') || 'ClusterIP';
  const ip = textAt(object, 'spec', 'clusterIP');
  const ports = listAt(object, 'spec', 'ports');
  const errors = [...portErrors(ports, 'spec.ports', false)];
  if (!['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'].includes(type)) {
    errors.push({ field: 'spec.type', reason: 'FieldValueNotSupported', message: `Unsupported value: "${type}"` });
  }
  if (type === 'ExternalName') {
    const name = textAt(object, 'spec', 'externalName').replace(/\.$/, '');
    if (!SUBDOMAIN.test(name)) errors.push(wrong('spec.externalName', name, 'must be a lower-case domain name'));
  } else if (ports.length === 0 && ip !== 'None') {
    errors.push(required('spec.ports'));
  }
  if (ip !== '' && ip !== 'None' && isIP(ip) === 0)
    errors.push(wrong('spec.clusterIPs[0]', ip, 'must be an IP address'));
  return errors;
}

function sliceErrors(object: JsonObject): readonly FieldError[] {
  const type = textAt(object, 'addressType');
  const endpoints = listAt(object, 'endpoints');
  const errors = [...portErrors(listAt(object, 'ports'), 'ports', true)];
  if (type === '') errors.push(required('addressType'));
  if (endpoints.length > MAX_ENDPOINTS) {
    errors.push({
      ...wrong('endpoints', '', ''),
      message: `Too many: ${endpoints.length}: must have at most 1000 items`,
    });
  }
  for (const [i, endpoint] of endpoints.entries()) {
    const addresses = listAt(endpoint, 'addresses');
    const field = `endpoints[${i}].addresses`;
    if (addresses.length === 0) errors.push(required(field));
    if (addresses.length > MAX_ADDRESSES) errors.push(wrong(field, addresses.length, 'must have at most 100 items'));
    for (const address of addresses) {
      const family = ADDRESS_FAMILIES[type];
      if (family !== undefined && isIP(String(address)) !== family)
        errors.push(wrong(field, address, `must be ${type}`));
    }
    const hostname = textAt(endpoint, 'hostname');
    if (hostname !== '' && !LABEL.test(hostname))
      errors.push(wrong(`endpoints[${i}].hostname`, hostname, 'not a label'));
  }
  return errors;
}

function withServiceDefaults(object: JsonObject, allocate: () => string): JsonObject {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  const type = textAt(spec, 'type') || 'ClusterIP';
  const ports = listAt(spec, 'ports').map((port) =>
    isObject(port) ? { protocol: 'TCP', targetPort: port['port'], ...port } : port,
  );
  const common = { sessionAffinity: 'None', ...spec, type, ...(ports.length === 0 ? {} : { ports }) };
  const status = { status: { loadBalancer: {} }, ...object };
  if (type === 'ExternalName') return { ...status, spec: common };
  const ip = textAt(spec, 'clusterIP') || allocate();
  const clusterIPs = listAt(spec, 'clusterIPs').length > 0 ? listAt(spec, 'clusterIPs') : [ip];
  const families = {
    internalTrafficPolicy: 'Cluster',
    ipFamilies: [isIP(ip) === 6 ? 'IPv6' : 'IPv4'],
    ipFamilyPolicy: 'SingleStack',
  };
  return { ...status, spec: { ...families, ...common, clusterIP: ip, clusterIPs } };
}

function withNamespaceDefaults(object: JsonObject): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  const name = textAt(metadata, 'name');
  return {
    ...object,
    metadata: { ...metadata, labels: { ...labels, 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
