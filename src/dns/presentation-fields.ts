/**
 * Record data that the program holds as octets, from text: one list of fields for each type. In: the words behind the type.
 * Out: the data in wire form, names written out in full (RFC 3597 §4), or a `Fault`.
 *
 * | types | source |
 * |---|---|
 * | HINFO | RFC 1035 §3.3.2 |
 * | RP, AFSDB | RFC 1183 |
 * | LOC | RFC 1876 |
 * | KX | RFC 2230 |
 * | NAPTR | RFC 3403 |
 * | DS, DNSKEY, RRSIG, NSEC; CDS, CDNSKEY | RFC 4034; RFC 7344 |
 * | SSHFP | RFC 4255 |
 * | CERT | RFC 4398 |
 * | DHCID | RFC 4701 |
 * | NSEC3, NSEC3PARAM | RFC 5155 |
 * | TLSA, SMIMEA | RFC 6698, RFC 8162 |
 * | EUI48, EUI64 | RFC 7043 |
 * | CSYNC | RFC 7477 |
 * | URI | RFC 7553 |
 * | OPENPGPKEY | RFC 7929 |
 * | CAA | RFC 8659 |
 * | ZONEMD | RFC 8976 |
 * | SVCB, HTTPS | RFC 9460 |
 *
 * APL, HIP, IPSECKEY and whatever is not listed is written as `\# LENGTH HEX`.
 */
import { Type } from './constants.ts';
import {
  algorithm,
  base32,
  base64,
  certificateType,
  dashedHex,
  hex,
  longText,
  moment,
  property,
  salt,
  typeBitmap,
  typeNumber,
} from './presentation-encodings.ts';
import { readLocation } from './presentation-location.ts';
import { readServiceParameters } from './presentation-service.ts';
import { Fault, type Words } from './presentation-words.ts';

/** Reads one field; gives its octets. */
type Field = (words: Words) => Uint8Array;

const MAX_DATA = 0xffff;

const octet =
  (what: string): Field =>
  (words) =>
    Uint8Array.of(words.number(0xff, what));

const uint16 =
  (what: string): Field =>
  (words) =>
    octetsOf(words.number(0xffff, what), 2);

const uint32 =
  (what: string): Field =>
  (words) =>
    octetsOf(words.number(0xffff_ffff, what), 4);

const seconds =
  (what: string): Field =>
  (words) =>
    octetsOf(words.seconds(what), 4);

const name =
  (what: string): Field =>
  (words) =>
    words.name(what).wire;

const string =
  (what: string): Field =>
  (words) =>
    withLength(words.string(what));

const strings: Field = (words) => new Uint8Array(Buffer.concat(words.strings('a text, in quotes').map(withLength)));

function withLength(octets: Uint8Array): Uint8Array {
  return Uint8Array.of(octets.length, ...octets);
}

function octetsOf(value: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (value / 2 ** (8 * (count - 1 - i))) & 0xff);
}

const digest = hex('a digest in hexadecimal');
const DS = [uint16('a key tag'), algorithm, octet('a digest type'), digest];
const DNSKEY = [uint16('flags'), octet('the protocol, 3'), algorithm, base64('a key in base64')];
const ASSOCIATION = [
  octet('a certificate usage'),
  octet('a selector'),
  octet('a matching type'),
  hex('data in hexadecimal'),
];
const SERVICE = [uint16('a priority'), name('a target'), readServiceParameters];
const TYPES = typeBitmap;

const FIELDS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [Type.HINFO, [string('a CPU, in quotes'), string('an operating system, in quotes')]],
  [Type.RP, [name('a mailbox, as a name'), name('the name of a TXT record')]],
  [Type.AFSDB, [uint16('a subtype'), name('a host')]],
  [Type.KX, [uint16('a preference'), name('a key exchanger')]],
  [Type.LOC, [readLocation]],
  [
    Type.NAPTR,
    [
      uint16('an order'),
      uint16('a preference'),
      string('flags, in quotes'),
      string('services, in quotes'),
      string('an expression, in quotes'),
      name('a replacement'),
    ],
  ],
  [Type.DS, DS],
  [Type.CDS, DS],
  [Type.DNSKEY, DNSKEY],
  [Type.CDNSKEY, DNSKEY],
  [
    Type.RRSIG,
    [
      typeNumber,
      algorithm,
      octet('a number of labels'),
      seconds('a TTL'),
      moment('an expiration'),
      moment('an inception'),
      uint16('a key tag'),
      name("a signer's name"),
      base64('a signature in base64'),
    ],
  ],
  [Type.NSEC, [name('the next name'), TYPES]],
  [
    Type.NSEC3,
    [octet('a hash algorithm'), octet('flags'), uint16('a number of iterations'), salt, base32('a hash'), TYPES],
  ],
  [Type.NSEC3PARAM, [octet('a hash algorithm'), octet('flags'), uint16('a number of iterations'), salt]],
  [Type.SSHFP, [octet('an algorithm'), octet('a fingerprint type'), hex('a fingerprint in hexadecimal')]],
  [Type.CERT, [certificateType, uint16('a key tag'), algorithm, base64('a certificate in base64')]],
  [Type.DHCID, [base64('data in base64')]],
  [Type.OPENPGPKEY, [base64('a key in base64')]],
  [Type.TLSA, ASSOCIATION],
  [Type.SMIMEA, ASSOCIATION],
  [Type.EUI48, [dashedHex(6)]],
  [Type.EUI64, [dashedHex(8)]],
  [Type.CSYNC, [uint32('a serial number'), uint16('flags'), TYPES]],
  [Type.URI, [uint16('a priority'), uint16('a weight'), longText('a URI, in quotes')]],
  [Type.CAA, [octet('flags'), property, longText('a value, in quotes')]],
  [Type.ZONEMD, [uint32('a serial number'), octet('a scheme'), octet('a hash algorithm'), digest]],
  [Type.SVCB, SERVICE],
  [Type.HTTPS, SERVICE],
  [Type.SPF, [strings]],
]);

/** Data in wire form; undefined where the type has no form of its own here, and nothing was read. @throws Fault */
export function readFields(words: Words, type: number): Uint8Array | undefined {
  const fields = FIELDS.get(type);
  if (fields === undefined) return undefined;
  const at = words.peek?.at ?? 0;
  const data = new Uint8Array(Buffer.concat(fields.map((field) => field(words))));
  if (data.length > MAX_DATA) throw new Fault(`data of ${data.length} octets`, `at most ${MAX_DATA} octets`, at);
  return data;
}
