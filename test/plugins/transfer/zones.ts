/** Whole zones over real sockets: a server with manifests, and a client that reads a transfer with dns-packet alone. */
import packet, { type DecodedPacket, type ResourceRecord } from 'dns-packet';
import { onTestFinished } from 'vitest';
import { Server } from '../../../src/server/server.ts';
import { openNetwork } from '../../../src/transport/client/network.ts';
import { type Running, type RunningOptions, prepare } from '../../server/running.ts';
import type { Client } from '../../transport/clients.ts';

export const ZONE = 'cluster.local';
/** EDNS option (RFC 7830). */
const PADDING = 12;

export interface Serving extends Pick<Running, 'server' | 'log' | 'folder' | 'manifests'> {
  readonly port: number;
  /** What `/metrics` would show. */
  readonly rendered: () => string;
}

/** @param lines of a block for the root zone; a transfer to loopback is in it where it does not say otherwise */
export async function serveZone(lines: string, options: RunningOptions = {}): Promise<Serving> {
  const { start, log, folder, manifests } = prepare(`. {\n${lines}\n}\n`, options);
  const network = openNetwork();
  const server = await Server.start({ ...start, parts: { ...start.parts, network } });
  onTestFinished(async () => {
    await server.close();
    network.close();
  });
  const port = server.listening[0]?.tcp.bound[0]?.port ?? 0;
  return { server, log, folder, manifests, port, rendered: () => start.parts.metrics.render() };
}

export const TRANSFERRED = `transfer {\nto 127.0.0.0/8\n}\nkubernetes ${ZONE} in-addr.arpa`;

/** A Service with a cluster IP, one of type ExternalName, and a headless one with so many endpoints. */
export function manifestsWith(endpoints: number): string {
  const slices = Array.from({ length: Math.ceil(endpoints / 1000) }, (_, slice) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `peers-${slice}`, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'peers' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    endpoints: Array.from({ length: Math.min(1000, endpoints - 1000 * slice) }, (__, i) => ({
      addresses: [`10.${64 + slice}.${i >> 8}.${i & 0xff}`],
    })),
  }));
  const services = [
    { name: 'web', spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }] } },
    { name: 'docs', spec: { type: 'ExternalName', externalName: 'docs.example' } },
    { name: 'peers', spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] } },
  ].map(({ name, spec }) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec }));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  return [namespace, ...services, ...slices].map((object) => JSON.stringify(object)).join('\n---\n');
}

export interface TransferQuestion {
  readonly name?: string;
  readonly type?: 'AXFR' | 'IXFR';
  readonly id?: number;
  /** Of an IXFR question. */
  readonly serial?: number;
  readonly edns?: boolean;
  /** Octets of padding in an OPT record. */
  readonly padding?: number;
}

export function transferQuestion({
  name = ZONE,
  type = 'AXFR',
  id = 7,
  serial,
  edns,
  padding,
}: TransferQuestion = {}): Buffer {
  const timers = { refresh: 0, retry: 0, expire: 0, minimum: 0 };
  const soa = { type: 'SOA' as const, name, class: 'IN' as const, ttl: 0 };
  const opt = { type: 'OPT' as const, name: '.' as const, udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0 };
  const options = padding === undefined ? [] : [{ code: PADDING, data: Buffer.alloc(padding) }];
  return packet.encode({
    type: 'query',
    id,
    questions: [{ type, name }],
    authorities: serial === undefined ? [] : [{ ...soa, data: { mname: '.', rname: '.', serial, ...timers } }],
    additionals: edns === true || padding !== undefined ? [{ ...opt, flags: 0, options }] : [],
  });
}

export interface Received {
  readonly messages: readonly Buffer[];
  readonly packets: readonly DecodedPacket[];
  /** Of all answer sections. */
  readonly records: readonly ResourceRecord[];
}

/** Reads messages until the second SOA, or one that is no part of a transfer; what is for another id is left out. */
export async function receiveZone(client: Client, id = 7): Promise<Received> {
  const messages: Buffer[] = [];
  const packets: DecodedPacket[] = [];
  let soas = 0;
  while (soas < 2) {
    // oxlint-disable-next-line no-await-in-loop -- one message after another
    const message = await client.receive();
    if (message.readUInt16BE(0) !== id) continue;
    const decoded = packet.decode(message);
    messages.push(message);
    packets.push(decoded);
    soas += decoded.answers.filter(({ type }) => type === 'SOA').length;
    if (decoded.rcode !== 'NOERROR' || (messages.length === 1 && decoded.answers.length < 2)) break;
  }
  return { messages, packets, records: packets.flatMap(({ answers }) => answers) };
}

export function isSoa(record: ResourceRecord | undefined): boolean {
  return record?.type === 'SOA';
}

export function serialOf(record: ResourceRecord | undefined): number {
  if (record?.type !== 'SOA') throw new Error('no SOA');
  return record.data.serial;
}
