/**
 * Ports of Services and endpoints: names and protocols in lower case, TCP where no protocol is given.
 */
import type { ServicePort } from '../objects.ts';
import { describe, type FieldReader, type Json, type Path } from './reading.ts';

/** A port of a Service and what it leads to in a Pod: a number or the name of a container's port. */
export interface TargetedPort {
  readonly port: ServicePort;
  readonly target: number | string;
}

const HIGHEST_PORT = 65_535;
/** A port's name becomes a label of DNS. */
const NAME_LENGTH = 63;

/** `spec.ports` of a Service. */
export function readServicePorts(spec: Json, read: FieldReader): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  readEachPort(spec, read, (port) => ports.push(port));
  return sharedPorts(ports);
}

/** The same with what each leads to. */
export function readTargetedPorts(spec: Json, read: FieldReader): readonly TargetedPort[] {
  const ports: TargetedPort[] = [];
  readEachPort(spec, read, (port, entry, path) => {
    ports.push({ port, target: readTarget(entry, port.number, path, read) });
  });
  return ports;
}

/** A port without a usable number or protocol is left out with a complaint. */
function readEachPort(spec: Json, read: FieldReader, use: (port: ServicePort, entry: Json, path: Path) => void): void {
  for (const [entry, i] of read.records(spec, 'ports', ['spec'])) {
    const path = ['spec', 'ports', i];
    const number = readNumber(entry['port'], [...path, 'port'], read);
    if (number === undefined) continue;
    if (number === 0) {
      read.complain(path, 'the port has no number; left out');
      continue;
    }
    const port = readPort(entry, number, path, read);
    if (port !== undefined) use(port, entry, path);
  }
}

/** `ports` of an EndpointSlice or of a subset of Endpoints; a port may have no number there. */
export function readEndpointPorts(holder: Json, path: Path, read: FieldReader): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  for (const [entry, i] of read.records(holder, 'ports', path)) {
    const at = [...path, 'ports', i];
    const number = readNumber(entry['port'], [...at, 'port'], read);
    if (number === undefined) continue;
    const port = readPort(entry, number, at, read);
    if (port !== undefined) ports.push(port);
  }
  return sharedPorts(ports);
}

/** Lists that are shared. Most Services of a cluster have one of a few; a cluster has tens of thousands of them. */
const SHARED_LISTS = 1_000;
const known = new Map<string, readonly ServicePort[]>();

/** The list that says the same as this one and was seen first: where many objects have it, it is held once. */
function sharedPorts(ports: readonly ServicePort[]): readonly ServicePort[] {
  let key = '';
  // With their lengths, since a name may be any text.
  for (const { name, protocol, number } of ports)
    key += `${name.length} ${name} ${protocol.length} ${protocol} ${number} `;
  const same = known.get(key);
  if (same !== undefined) return same;
  if (known.size >= SHARED_LISTS) known.clear();
  known.set(key, ports);
  return ports;
}

/** A port number, 0 where none is given, undefined (with a complaint) where it is unusable. */
export function readNumber(value: unknown, path: Path, read: FieldReader): number | undefined {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= HIGHEST_PORT) return value;
  read.complain(path, `${describe(value)} is no port number (1 to ${HIGHEST_PORT}); the port is left out`);
  return undefined;
}

/** The protocol of a port in lower case. */
export function readProtocol(entry: Json, path: Path, read: FieldReader): string {
  return (read.text(entry, 'protocol', path) || 'tcp').toLowerCase();
}

/** In the letters that names in DNS have. */
export const PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);

/** Undefined (with a complaint) where the protocol is none. */
function readPort(entry: Json, number: number, path: Path, read: FieldReader): ServicePort | undefined {
  const name = (read.text(entry, 'name', path) ?? '').toLowerCase();
  const protocol = readProtocol(entry, path, read);
  if (!PROTOCOLS.has(protocol)) {
    const found = describe(entry['protocol']);
    read.complain([...path, 'protocol'], `${found} is none of TCP, UDP and SCTP; the port is left out`);
    return undefined;
  }
  if (name.length <= NAME_LENGTH) return { name, protocol, number };
  read.complain(path, `the name is longer than ${NAME_LENGTH} characters; the port has none in DNS`);
  return { name: '', protocol, number };
}

function readTarget(entry: Json, number: number, path: Path, read: FieldReader): number | string {
  const target = entry['targetPort'];
  if (typeof target === 'string' && target !== '') return /^\d{1,5}$/.test(target) ? Number(target) : target;
  return readNumber(target === '' ? undefined : target, [...path, 'targetPort'], read) || number;
}
