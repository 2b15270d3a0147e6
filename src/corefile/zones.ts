/**
 * Zones as a Corefile writes them. In: `Cluster.Local`, `10.0.0.0/24`, `2001:db8::/33`. Out: zones in presentation form,
 * lower case and fully qualified; a CIDR becomes the reverse zones that cover it exactly (RFC 1035 section 3.5 for
 * `in-addr.arpa`, RFC 3596 section 2.5 for `ip6.arpa`). Length limits are those of RFC 1035 section 2.3.4.
 */
import { isIP, isIPv4 } from 'node:net';

export type ZoneReading =
  | { readonly kind: 'zones'; readonly zones: readonly string[] }
  /** An address without a mask: as CoreDNS has it, a zone of that very name, which is hardly ever meant. */
  | { readonly kind: 'literal-address'; readonly zones: readonly string[]; readonly network: string }
  | { readonly kind: 'invalid'; readonly message: string; readonly expected: string };

const maximumZone = 255;
const maximumLabel = 63;

/** Reads one zone or CIDR, without scheme and port. Never throws. */
export function readZone(text: string): ZoneReading {
  if (text.length > maximumZone) {
    return {
      kind: 'invalid',
      message: `specified zone is too long: ${text.length} > ${maximumZone}`,
      expected: `a zone of at most ${maximumZone} characters`,
    };
  }
  const [, address = '', mask = ''] = /^(.+)\/(\d{1,9})$/.exec(text) ?? [];
  const family = addressFamily(address);
  if (family !== 0) return readNetwork(address, Number(mask), family);
  const fault = findFault(text);
  if (fault !== undefined) {
    return {
      kind: 'invalid',
      message: `zone is not a valid domain name: ${fault}`,
      expected: `a zone like 'example.org', '.' or '10.0.0.0/24'`,
    };
  }
  const zones = [qualify(text)];
  const bare = addressFamily(text);
  return bare === 0
    ? { kind: 'zones', zones }
    : { kind: 'literal-address', zones, network: `${text}/${bare === 4 ? 32 : 128}` };
}

/** The name with its final dot, ASCII letters in lower case. */
function qualify(name: string): string {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  // An escaped dot at the end is part of the last label: an odd number of backslashes before it.
  const ending = /(\\*)\.$/.exec(lower);
  return ending !== null && (ending[1] ?? '').length % 2 === 0 ? lower : `${lower}.`;
}

/** What keeps a text from being a domain name in presentation form; undefined where nothing does. */
function findFault(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text === '.') return undefined;
  let label = 0;
  let total = 1;
  for (const [unit] of text.matchAll(/\\\d{3}|\\[^\d]|[\s\S]/gu)) {
    if (unit === '.') {
      if (label === 0) return 'it has an empty label';
      total += label + 1;
      label = 0;
      continue;
    }
    if (unit === '\\') return `a '\\' escapes nothing`;
    if (/^\\\d/.test(unit) && Number(unit.slice(1)) > 255) return `'${unit}' is no octet`;
    if (/^[\s\p{Cc}]$/u.test(unit)) return 'it has white space or a control character';
    label += unit.startsWith('\\') ? 1 : Buffer.byteLength(unit);
    if (label > maximumLabel) return `a label is longer than ${maximumLabel} characters`;
  }
  if (label > 0) total += label + 1;
  return total > maximumZone ? `it takes ${total} octets, more than ${maximumZone}` : undefined;
}

function addressFamily(text: string): 0 | 4 | 6 {
  if (text.includes('%')) return 0;
  const family = isIP(text);
  return family === 4 || family === 6 ? family : 0;
}

/** The reverse zones of a network. A mask between two label boundaries takes several, side by side. */
function readNetwork(address: string, mask: number, family: 4 | 6): ZoneReading {
  const width = family === 4 ? 32 : 128;
  if (mask > width) {
    return {
      kind: 'invalid',
      message: `a mask of ${mask} bits is longer than the address`,
      expected: `a mask from 0 to ${width}`,
    };
  }
  const bits = family === 4 ? 8 : 4;
  const digits = family === 4 ? address.split('.').map(Number) : nibbles(address);
  const whole = Math.floor(mask / bits);
  const rest = mask % bits;
  const prefix = digits.slice(0, whole);
  if (rest === 0) return { kind: 'zones', zones: [reverseZone(prefix, family)] };
  const size = 2 ** (bits - rest);
  const digit = digits[whole] ?? 0;
  const first = digit - (digit % size);
  const zones = Array.from({ length: size }, (_, index) => reverseZone([...prefix, first + index], family));
  return { kind: 'zones', zones };
}

function reverseZone(digits: readonly number[], family: 4 | 6): string {
  const labels = digits.toReversed().map((digit) => digit.toString(family === 4 ? 10 : 16));
  return [...labels, family === 4 ? 'in-addr.arpa.' : 'ip6.arpa.'].join('.');
}

/** The 32 hexadecimal digits of an IPv6 address that is known to be valid. */
function nibbles(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0000');
  return Array.from([...left, ...zeros, ...right].join(''), (digit) => Number.parseInt(digit, 16));
}

/** Groups of four digits; an IPv4 address as the last part is two of them. */
function groups(text: string): readonly string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!isIPv4(group)) return [group.padStart(4, '0')];
    const hex = group
      .split('.')
      .map((octet) => Number(octet).toString(16).padStart(2, '0'))
      .join('');
    return [hex.slice(0, 4), hex.slice(4)];
  });
}
