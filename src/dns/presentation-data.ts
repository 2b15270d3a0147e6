/**
 * The data of a record as text (RFC 1035 §5.1). In: the words behind the type. Out: an RRset of one record, or a `Fault`.
 *
 *     A, AAAA, NS, CNAME, PTR, DNAME, SRV, TXT, MX, SOA      here, as the program holds them
 *     types that it holds as octets                          presentation-fields.ts
 *     any type, unknown ones too, as \# LENGTH HEX           here (RFC 3597 §5)
 */
import { isIPv4, isIPv6 } from 'node:net';
import { Type, typeName } from './constants.ts';
import type { Name } from './name.ts';
import { readFields } from './presentation-fields.ts';
import { Fault, type Words } from './presentation-words.ts';
import { WireReader } from './reader.ts';
import type { RRset } from './rrset.ts';

const MAX_UINT32 = 0xffff_ffff;
const MAX_DATA = 0xffff;

export interface RecordHeader {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
}

/** Types whose data is never empty, as they have an own form in the program. */
const HELD: ReadonlySet<number> = new Set([
  Type.A,
  Type.AAAA,
  Type.NS,
  Type.CNAME,
  Type.PTR,
  Type.DNAME,
  Type.SRV,
  Type.TXT,
  Type.MX,
  Type.SOA,
]);

/** @throws Fault */
export function readData(words: Words, header: RecordHeader): RRset {
  if (words.peek?.text === '\\#' && !words.peek.quoted) return readGeneric(words, header);
  switch (header.type) {
    case Type.A:
      return { ...header, kind: 'address', octets: words.address(isIPv4, 'an IPv4 address') };
    case Type.AAAA:
      return { ...header, kind: 'address', octets: words.address(isIPv6, 'an IPv6 address') };
    case Type.NS:
    case Type.CNAME:
    case Type.PTR:
    case Type.DNAME:
      return { ...header, kind: 'name', targets: [words.name('the name that the record points to')] };
    case Type.SRV: {
      const priority = words.number(0xffff, 'a priority');
      const weight = words.number(0xffff, 'a weight');
      const port = words.number(0xffff, 'a port');
      return { ...header, kind: 'srv', services: [{ priority, weight, port, target: words.name('a target') }] };
    }
    case Type.TXT:
      return { ...header, kind: 'text', texts: [words.strings('a text, in quotes')] };
    case Type.MX: {
      const preference = words.number(0xffff, 'a preference');
      return { ...header, kind: 'mx', exchanges: [{ preference, exchange: words.name('a mail exchange') }] };
    }
    case Type.SOA:
      return readSoa(words, header);
    default: {
      const data = readFields(words, header.type);
      return data === undefined ? readGeneric(words, header) : { ...header, kind: 'opaque', data: [data] };
    }
  }
}

function readSoa(words: Words, header: RecordHeader): RRset {
  const primary = words.name('the primary name server');
  const mailbox = words.name('the mailbox of who is responsible, as a name');
  const serial = words.number(MAX_UINT32, 'a serial number');
  const refresh = words.seconds('the refresh interval');
  const retry = words.seconds('the retry interval');
  const expire = words.seconds('the expiry interval');
  const minimum = words.seconds('the TTL of negative answers');
  return { ...header, kind: 'soa', soa: { primary, mailbox, serial, refresh, retry, expire, minimum } };
}

/** `\# LENGTH HEX…` (RFC 3597 §5). Data of a known type is read as such. */
function readGeneric(words: Words, header: RecordHeader): RRset {
  const form = String.raw`\# LENGTH HEX, the generic form of record data`;
  const mark = words.take(form);
  if (mark.text !== '\\#' || mark.quoted)
    throw new Fault(`data of type ${typeName(header.type)} in words`, form, mark.at);
  const length = words.number(MAX_DATA, 'the number of octets');
  let hex = '';
  while (words.peek !== undefined) hex += words.take(form).text;
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex) || hex.length !== 2 * length) {
    throw new Fault(`data that is not ${length} octets in hexadecimal`, `${2 * length} hexadecimal digits`, mark.at);
  }
  const { type, class: klass, ttl } = header;
  // The record in wire form, owned by the root.
  const wire = new Uint8Array(11 + length);
  const fields = new DataView(wire.buffer);
  fields.setUint16(1, type);
  fields.setUint16(3, klass);
  fields.setUint32(5, ttl);
  fields.setUint16(9, length);
  wire.set(Buffer.from(hex, 'hex'), 11);
  const record = new WireReader(wire, 0).record();
  const isEmpty = length === 0 && HELD.has(type);
  if (record === undefined || record.kind === 'opt' || isEmpty)
    throw new Fault(`octets that are no ${typeName(type)} record`, 'valid data', mark.at);
  return { ...record, owner: header.owner };
}
