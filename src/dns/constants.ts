/**
 * The numbers of the DNS protocol and their names: record types, classes, opcodes, response codes, EDNS option codes.
 * Source: the IANA "Domain Name System (DNS) Parameters" registry.
 */

export const Type = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  AAAA: 28,
  LOC: 29,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  URI: 256,
  CAA: 257,
} as const;

export const Class = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

export const Opcode = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const;

export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  /** Extended response code (RFC 6891 §6.1.3): its upper eight bits stand in the OPT record. */
  BADVERS: 16,
} as const;

/** EDNS option codes (RFC 6891 §6.1.2 and the registry). */
export const OptionCode = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
  /** Extended DNS Error, RFC 8914. */
  EDE: 15,
} as const;

/** Bits of the second 16-bit word of the header (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
export const Flag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  Z: 0x0040,
  AD: 0x0020,
  CD: 0x0010,
} as const;

function inverse(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}

const typeNames = inverse(Type);
const classNames = inverse(Class);
const rcodeNames = inverse(Rcode);

/** The mnemonic of a type, or `TYPE65280` (RFC 3597 §5). */
export function typeName(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

/** The mnemonic of a class, or `CLASS65280` (RFC 3597 §5). */
export function className(value: number): string {
  return classNames.get(value) ?? `CLASS${value}`;
}

/** The mnemonic of a response code; undefined where it has none. */
export function rcodeMnemonic(rcode: number): string | undefined {
  return rcodeNames.get(rcode);
}

/** The mnemonic of a response code, or its number. */
export function rcodeName(rcode: number): string {
  return rcodeMnemonic(rcode) ?? String(rcode);
}

const typeByName: ReadonlyMap<string, number> = new Map(Object.entries(Type));
const classByName: ReadonlyMap<string, number> = new Map(Object.entries(Class));
const rcodeByName: ReadonlyMap<string, number> = new Map(Object.entries(Rcode));

/** The number of a type mnemonic in upper case, `TYPE123` included; undefined where there is none. */
export function typeOf(name: string): number | undefined {
  return typeByName.get(name) ?? generic(name, 'TYPE');
}

/** The number of a class mnemonic in upper case, `CLASS123` included; undefined where there is none. */
export function classOf(name: string): number | undefined {
  return classByName.get(name) ?? generic(name, 'CLASS');
}

/** The number of a response code's mnemonic in upper case; undefined where there is none. */
export function rcodeOf(name: string): number | undefined {
  return rcodeByName.get(name);
}

/** All mnemonics, for messages that say what was expected. */
export const typeMnemonics: readonly string[] = Object.keys(Type);
export const classMnemonics: readonly string[] = Object.keys(Class);
export const rcodeMnemonics: readonly string[] = Object.keys(Rcode);

function generic(name: string, prefix: string): number | undefined {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  const value = /^\d{1,5}$/.test(digits) ? Number(digits) : -1;
  return value >= 0 && value <= 0xffff ? value : undefined;
}
