/**
 * Fields of record data in encodings of their own: hexadecimal, base32 and base64 (RFC 4648), moments and lists of types
 * (RFC 4034), salts (RFC 5155), mnemonics. Each reader takes its words and gives octets, or ends with a `Fault`.
 */
import { Type, typeOf } from './constants.ts';
import { Fault, type Word, type Words, show } from './presentation-words.ts';

type Field = (words: Words) => Uint8Array;

/** Algorithms of DNSSEC by name (the registry that RFC 4034 set up). */
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['RSAMD5', 1],
  ['DH', 2],
  ['DSA', 3],
  ['RSASHA1', 5],
  ['DSA-NSEC3-SHA1', 6],
  ['RSASHA1-NSEC3-SHA1', 7],
  ['RSASHA256', 8],
  ['RSASHA512', 10],
  ['ECC-GOST', 12],
  ['ECDSAP256SHA256', 13],
  ['ECDSAP384SHA384', 14],
  ['ED25519', 15],
  ['ED448', 16],
  ['INDIRECT', 252],
  ['PRIVATEDNS', 253],
  ['PRIVATEOID', 254],
]);

/** Types of certificates by name (RFC 4398 §2.1). */
const CERTIFICATES: ReadonlyMap<string, number> = new Map([
  ['PKIX', 1],
  ['SPKI', 2],
  ['PGP', 3],
  ['IPKIX', 4],
  ['ISPKI', 5],
  ['IPGP', 6],
  ['ACPKIX', 7],
  ['IACPKIX', 8],
  ['URI', 253],
  ['OID', 254],
]);

/** The rest of the record; it may be split at any place. */
export const hex =
  (what: string): Field =>
  (words) => {
    const word = words.rest(what);
    if (!/^(?:[0-9a-f]{2})+$/i.test(word.text)) throw new Fault(`'${show(word)}' is not hexadecimal`, what, word.at);
    return Buffer.from(word.text, 'hex');
  };

/** The same in base64. */
export const base64 =
  (what: string): Field =>
  (words) => {
    const word = words.rest(what);
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(word.text) || word.text === '') {
      throw new Fault(`'${show(word)}' is not base64`, what, word.at);
    }
    return Buffer.from(word.text, 'base64');
  };

/** One word of base32 with the extended hex alphabet, its length in front (RFC 5155 §3.3). */
export const base32 =
  (what: string): Field =>
  (words) => {
    const word = words.take(what);
    const octets = decodeBase32(word.text);
    if (octets === undefined) throw new Fault(`'${show(word)}' is not base32hex`, what, word.at);
    return Uint8Array.of(octets.length, ...octets);
  };

/** Without padding; undefined where it is none, or stands for no octets or more than 255. */
export function decodeBase32(text: string): Uint8Array | undefined {
  if (!/^[0-9a-v]{2,408}$/i.test(text)) return undefined;
  const octets: number[] = [];
  let bits = 0;
  let held = 0;
  for (const digit of text) {
    held = ((held << 5) | Number.parseInt(digit, 32)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    octets.push((held >> bits) & 0xff);
  }
  return Uint8Array.from(octets);
}

/** Hexadecimal or `-` for none, its length in front (RFC 5155 §3.3). */
export const salt: Field = (words) => {
  const word = words.take('a salt in hexadecimal, or -');
  const text = word.text === '-' ? '' : word.text;
  if (!/^(?:[0-9a-f]{2}){0,255}$/i.test(text)) {
    throw new Fault(`'${show(word)}' is no salt`, 'hexadecimal, or -', word.at);
  }
  const octets = Buffer.from(text, 'hex');
  return Uint8Array.of(octets.length, ...octets);
};

/** `00-00-5e-00-53-2a` of so many octets (RFC 7043). */
export const dashedHex =
  (count: number): Field =>
  (words) => {
    const word = words.take(`${count} octets in hexadecimal with dashes between them`);
    const parts = word.text.split('-');
    if (parts.length !== count || !parts.every((part) => /^[0-9a-f]{2}$/i.test(part))) {
      throw new Fault(`'${show(word)}' is no such address`, `${count} octets: 00-00-5e-…`, word.at);
    }
    return Buffer.from(parts.join(''), 'hex');
  };

/** `YYYYMMDDHHmmSS` or seconds since 1970, modulo 2³² (RFC 4034 §3.2). */
export const moment =
  (what: string): Field =>
  (words) => {
    const word = words.take(what);
    const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word.text) ?? [];
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
    const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
    const isDate = parts.length === 6 && time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24;
    const value = isDate ? time.getTime() / 1000 : /^\d{1,10}$/.test(word.text) ? Number(word.text) : NaN;
    if (Number.isNaN(value) || (!isDate && value > 0xffff_ffff)) {
      throw new Fault(`'${show(word)}' is no moment`, `${what}: YYYYMMDDHHmmSS`, word.at);
    }
    return fourOctets(value);
  };

function fourOctets(value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value % 2 ** 32);
  return octets;
}

export const algorithm: Field = (words) =>
  Uint8Array.of(mnemonic(words.take('an algorithm'), ALGORITHMS, 0xff, 'an algorithm'));

export const certificateType: Field = (words) => {
  const value = mnemonic(words.take('a type of certificate'), CERTIFICATES, 0xffff, 'a type of certificate');
  return Uint8Array.of(value >> 8, value & 0xff);
};

function mnemonic(word: Word, known: ReadonlyMap<string, number>, max: number, what: string): number {
  const number = /^\d{1,5}$/.test(word.text) ? Number(word.text) : known.get(word.text.toUpperCase());
  if (number === undefined || number > max) throw new Fault(`'${show(word)}' is not ${what}`, what, word.at);
  return number;
}

export const typeNumber: Field = (words) => {
  const value = readType(words.take('a record type'));
  return Uint8Array.of(value >> 8, value & 0xff);
};

function readType(word: Word): number {
  const type = typeOf(word.text.toUpperCase());
  if (type === undefined || type === Type.ANY) {
    throw new Fault(`'${show(word)}' is no type of record`, 'a record type', word.at);
  }
  return type;
}

/** The rest of the record as a bitmap of types, in windows of 256 (RFC 4034 §4.1.2). */
export const typeBitmap: Field = (words) => {
  const types = new Set<number>();
  for (let word = words.peek; word !== undefined; word = words.peek) types.add(readType(words.take('a record type')));
  const windows = Map.groupBy(
    [...types].toSorted((a, b) => a - b),
    (type) => type >> 8,
  );
  const octets: number[] = [];
  for (const [window, inWindow] of windows) {
    const bits = new Uint8Array(((inWindow.at(-1) ?? 0) & 0xff) / 8 + 1);
    for (const type of inWindow) bits[(type & 0xff) >> 3] = (bits[(type & 0xff) >> 3] ?? 0) | (0x80 >> (type & 7));
    octets.push(window, bits.length, ...bits);
  }
  return Uint8Array.from(octets);
};

/** A text without a length in front: it ends where the record does. */
export const longText =
  (what: string): Field =>
  (words) =>
    words.string(what, 0xffff);

/** A property of CAA: a short word (RFC 8659 §4.1), its length in front. */
export const property: Field = (words) => {
  const tag = words.take('a property such as issue');
  if (!/^[0-9a-z]{1,255}$/i.test(tag.text)) {
    throw new Fault(`'${show(tag)}' is no property`, 'letters and digits', tag.at);
  }
  return Uint8Array.of(tag.text.length, ...Buffer.from(tag.text, 'latin1'));
};
