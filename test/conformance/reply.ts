/**
 * A reply as two decoders that this product has no part in read it: dns-packet and dns2. Octets in, the same plain
 * value out of either, records as lines of a zone file.
 */
import dnsPacket, { type DataRecord, type DecodedPacket, type OptRecord, type ResourceRecord } from 'dns-packet';
import { Packet, type Resource } from 'dns2';
import type { EdnsOption } from './case.ts';

/** What both decoders must agree on. */
export interface ReadReply {
  readonly rcode: string;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  /** Without the OPT record. */
  readonly additional: readonly string[];
  readonly edns: ReadEdns | undefined;
}

export interface ReadEdns {
  readonly size: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly z: number;
}

/** True for a serial that the zone may have at this moment. */
export type SerialCheck = (serial: number) => boolean;

const BADVERS = 16;
const EXTENDED_DNS_ERROR = 15;

/** Throws where the message does not decode, or where octets are left after the last record. */
export function readWithDnsPacket(reply: Buffer, isSerial: SerialCheck): ReadReply {
  const packet = decodeWhole(reply);
  const opt = packet.additionals.find(isOpt);
  const lines = (section: readonly ResourceRecord[]): readonly string[] =>
    section.filter((record) => !isOpt(record)).map((record) => dnsPacketLine(record, isSerial));
  return {
    rcode: opt?.extendedRcode === 1 && packet.rcode === 'NOERROR' ? 'BADVERS' : packet.rcode,
    answer: lines(packet.answers),
    authority: lines(packet.authorities),
    additional: lines(packet.additionals),
    edns: opt && {
      size: opt.udpPayloadSize,
      version: opt.ednsVersion,
      dnssecOk: (opt.flags & 0x8000) !== 0,
      z: opt.flags & 0x7fff,
    },
  };
}

/** The EDNS options of a reply, Extended DNS Errors left out. */
export function readOptions(reply: Buffer): readonly EdnsOption[] {
  const options = decodeWhole(reply).additionals.find(isOpt)?.options ?? [];
  return options
    .filter(({ code }) => code !== EXTENDED_DNS_ERROR)
    .map(({ code, data }): EdnsOption => [code, data.toString('hex')]);
}

/** Throws where the message does not decode. */
export function readWithDns2(reply: Buffer, isSerial: SerialCheck): ReadReply {
  const packet = Packet.parse(reply);
  const [problem] = packet.errors;
  if (problem !== undefined) throw problem;
  const opt = packet.additionals.find((record) => record.type === Packet.TYPE.EDNS);
  const lines = (section: readonly Resource[]): readonly string[] =>
    section.filter((record) => record.type !== Packet.TYPE.EDNS).map((record) => dns2Line(record, isSerial));
  return {
    rcode: rcodeName(packet.header.rcode),
    answer: lines(packet.answers),
    authority: lines(packet.authorities),
    additional: lines(packet.additionals),
    edns: opt && {
      size: opt.class,
      version: opt.version ?? 0,
      dnssecOk: opt.doFlag === true,
      z: opt.ttl & 0x7fff,
    },
  };
}

function decodeWhole(reply: Buffer): DecodedPacket {
  const packet = dnsPacket.decode(reply);
  if (dnsPacket.decode.bytes !== reply.length) {
    throw new Error(`${reply.length - dnsPacket.decode.bytes} octets after the last record`);
  }
  return packet;
}

function isOpt(record: ResourceRecord): record is OptRecord {
  return record.type === 'OPT';
}

function rcodeName(rcode: number): string {
  if (rcode === BADVERS) return 'BADVERS';
  return Object.entries(Packet.RCODE).find(([, code]) => code === rcode)?.[0] ?? String(rcode);
}

function absolute(name: string): string {
  return name === '' || name === '.' ? '.' : `${name}.`;
}

function line(owner: string, ttl: number, type: string, data: readonly (string | number)[]): string {
  return [absolute(owner), ttl, 'IN', type, ...data].join(' ');
}

function srvData(priority: number, weight: number, port: number, target: string): readonly (string | number)[] {
  // Only `whoami` has the root as a target; its port is whatever the client's system chose.
  return [priority, weight, target === '.' ? 'PORT' : port, target];
}

function dnsPacketLine(record: ResourceRecord, isSerial: SerialCheck): string {
  if (isOpt(record)) throw new Error('an OPT record outside the additional section');
  if (record.class !== 'IN') throw new Error(`a record of class ${record.class}: ${record.name} ${record.type}`);
  return line(record.name, record.ttl, record.type, dnsPacketData(record, isSerial));
}

function dnsPacketData(record: DataRecord, isSerial: SerialCheck): readonly (string | number)[] {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return [record.data];
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return [absolute(record.data)];
    case 'SRV': {
      const { priority, weight, port, target } = record.data;
      return srvData(priority, weight, port, absolute(target));
    }
    case 'MX':
      return [record.data.preference, absolute(record.data.exchange)];
    case 'TXT':
      return record.data.map((text) => `"${text.toString('latin1')}"`);
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = record.data;
      const shown = isSerial(serial) ? 'SERIAL' : serial;
      return [absolute(mname), absolute(rname), shown, refresh, retry, expire, minimum];
    }
  }
}

function dns2Line(record: Resource, isSerial: SerialCheck): string {
  if (record.class !== Packet.CLASS.IN) throw new Error(`a record of class ${record.class}: ${record.name}`);
  return line(record.name, record.ttl, Packet.typeName(record.type), dns2Data(record, isSerial));
}

function dns2Data(record: Resource, isSerial: SerialCheck): readonly (string | number)[] {
  const field = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error(`dns2 gave a ${Packet.typeName(record.type)} record without its data`);
    return value;
  };
  switch (record.type) {
    case Packet.TYPE.A:
    case Packet.TYPE.AAAA:
      return [field(record.address)];
    case Packet.TYPE.CNAME:
    case Packet.TYPE.PTR:
      return [absolute(field(record.domain))];
    case Packet.TYPE.NS:
      return [absolute(field(record.ns))];
    case Packet.TYPE.SRV:
      return srvData(field(record.priority), field(record.weight), field(record.port), absolute(field(record.target)));
    case Packet.TYPE.MX:
      return [field(record.priority), absolute(field(record.exchange))];
    case Packet.TYPE.TXT:
      return [field(record.data)].flat().map((text) => `"${text.toString()}"`);
    case Packet.TYPE.SOA: {
      const serial = field(record.serial);
      const timers = [field(record.refresh), field(record.retry), field(record.expiration), field(record.minimum)];
      const shown = isSerial(serial) ? 'SERIAL' : serial;
      return [absolute(field(record.primary)), absolute(field(record.admin)), shown, ...timers];
    }
    default:
      throw new Error(`a record of type ${Packet.typeName(record.type)}, which no case expects`);
  }
}
