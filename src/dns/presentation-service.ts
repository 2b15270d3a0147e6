/**
 * The parameters of SVCB and HTTPS records from text (RFC 9460 §2.1, §7): `alpn=h2,h3 port=8443 ipv4hint=192.0.2.1`.
 * In: words. Out: keys and values in wire form, in the order of the keys.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { parseAddress } from './address.ts';
import { uint16, uint16At } from './octets.ts';
import { Fault, type Word, type Words, show, unescape } from './presentation-words.ts';

const Key = { MANDATORY: 0, ALPN: 1, NO_DEFAULT_ALPN: 2, PORT: 3, IPV4HINT: 4, ECH: 5, IPV6HINT: 6 } as const;

const KEYS: ReadonlyMap<string, number> = new Map([
  ['mandatory', Key.MANDATORY],
  ['alpn', Key.ALPN],
  ['no-default-alpn', Key.NO_DEFAULT_ALPN],
  ['port', Key.PORT],
  ['ipv4hint', Key.IPV4HINT],
  ['ech', Key.ECH],
  ['ipv6hint', Key.IPV6HINT],
  ['dohpath', 7],
  ['ohttp', 8],
]);

const FORM = 'KEY=VALUE, such as alpn=h2 or port=8443';
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

export function readServiceParameters(words: Words): Uint8Array {
  const parameters = new Map<number, Uint8Array>();
  while (words.peek !== undefined) {
    const word = words.take(FORM);
    const [, name = '', inline = ''] = /^([a-z0-9-]+)(?:=([^]*))?$/i.exec(word.text) ?? [];
    const key = keyOf(name);
    if (key === undefined || word.quoted) throw new Fault(`'${show(word)}' is no service parameter`, FORM, word.at);
    if (parameters.has(key)) throw new Fault(`'${name}' stands there twice`, 'each key once', word.at);
    // `key="value"` is two words: what stands before the quote, and what stands in it.
    const isSplit = inline === '' && word.text.endsWith('=') && isQuotedAt(words.peek, word.at + word.text.length);
    const value = isSplit ? words.take(FORM) : { ...word, text: inline };
    parameters.set(key, valueOf(key, value));
  }
  for (const key of keysIn(parameters.get(Key.MANDATORY) ?? new Uint8Array(0))) {
    if (!parameters.has(key)) throw new Fault(`key${key} is mandatory and not there`, 'all mandatory keys', 0);
  }
  const sorted = [...parameters].toSorted(([a], [b]) => a - b);
  const parts = sorted.flatMap(([key, value]) => [uint16(key), uint16(value.length), value]);
  return new Uint8Array(Buffer.concat(parts));
}

function isQuotedAt(word: Word | undefined, at: number): boolean {
  return word !== undefined && word.quoted && word.at === at;
}

/** The keys of a list, two octets each. */
function keysIn(octets: Uint8Array): readonly number[] {
  return Array.from({ length: octets.length / 2 }, (_, i) => uint16At(octets, 2 * i));
}

function keyOf(name: string): number | undefined {
  const known = KEYS.get(name.toLowerCase());
  const [, digits] = /^key(0|[1-9]\d{0,4})$/i.exec(name) ?? [];
  const number = known ?? (digits === undefined ? undefined : Number(digits));
  return number === undefined || number >= 0xffff ? undefined : number;
}

function valueOf(key: number, word: Word): Uint8Array {
  switch (key) {
    case Key.MANDATORY: {
      const keys = word.text.split(',').flatMap((name) => keyOf(name) ?? Key.MANDATORY);
      if (keys.includes(Key.MANDATORY) || new Set(keys).size !== keys.length) {
        throw new Fault(`'${show(word)}' is no list of keys`, 'keys with commas between them', word.at);
      }
      return Buffer.concat(keys.toSorted((a, b) => a - b).map(uint16));
    }
    case Key.ALPN:
      return Buffer.concat(
        splitAtCommas(unescape(word), word).map((id) => Buffer.concat([Uint8Array.of(id.length), id])),
      );
    case Key.NO_DEFAULT_ALPN:
      if (word.text !== '') throw new Fault('no-default-alpn has no value', 'no-default-alpn alone', word.at);
      return new Uint8Array(0);
    case Key.PORT: {
      const port = /^\d{1,5}$/.test(word.text) ? Number(word.text) : 0x1_0000;
      if (port > 0xffff) throw new Fault(`'${show(word)}' is no port`, 'a number from 0 to 65535', word.at);
      return uint16(port);
    }
    case Key.IPV4HINT:
      return addresses(word, isIPv4, 'IPv4 addresses');
    case Key.IPV6HINT:
      return addresses(word, isIPv6, 'IPv6 addresses');
    case Key.ECH:
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(word.text) || word.text === '') {
        throw new Fault(`'${show(word)}' is not base64`, 'base64', word.at);
      }
      return Buffer.from(word.text, 'base64');
    default:
      return unescape(word);
  }
}

function addresses(word: Word, valid: (text: string) => boolean, what: string): Uint8Array {
  const parsed = word.text.split(',').map((text) => (valid(text) ? parseAddress(text) : undefined));
  const octets = parsed.flatMap((one) => one ?? []);
  if (octets.length !== parsed.length) {
    throw new Fault(`'${show(word)}' are no ${what}`, `${what} with commas between them`, word.at);
  }
  return Buffer.concat(octets);
}

/** A comma with a backslash before it is part of an item (RFC 9460, appendix A.1). */
function splitAtCommas(octets: Uint8Array, word: Word): readonly Uint8Array[] {
  const items: number[][] = [[]];
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i] ?? 0;
    if (octet === COMMA) items.push([]);
    else items.at(-1)?.push(octet === BACKSLASH ? (octets[++i] ?? 0) : octet);
  }
  if (items.some(({ length }) => length === 0 || length > 255)) {
    throw new Fault(`'${show(word)}' is no list of protocols`, 'protocols with commas between them', word.at);
  }
  return items.map((item) => Uint8Array.from(item));
}
