/**
 * Keys of server blocks: `[SCHEME://]ZONE[:PORT]`. In: a token. Out: the scheme, the zones and the port; a CIDR gives
 * several keys. What is wrong goes to the problems, and gives no key.
 */
import { type Problems, shorten } from './problems.ts';
import { nearestWord } from './nearest.ts';
import type { ServerKey, Token } from './tokens.ts';
import { readZone } from './zones.ts';

/** The port of each scheme; `dns` has the program's default. */
const schemes: Readonly<Record<string, number | undefined>> = {
  dns: undefined,
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443,
};

/** What a glob or a regular expression has, and hardly any zone. */
const PATTERN = /[*^$()[\]{}|+?]/;

const PORTS = 'a port from 1 to 65535';

/** The keys that one token stands for, in the order of the addresses where it is a CIDR; none where it is wrong. */
export function readKey(token: Token, problems: Problems): readonly ServerKey[] {
  if (!token.quoted && token.text.endsWith('{')) {
    const zone = token.text.slice(0, -1);
    problems.error(token, `the '{' behind '${shorten(zone)}' is read as part of it`, {
      expected: `a space before '{': ${shorten(zone)} {`,
    });
    return [];
  }
  const parts = splitKey(token, problems);
  if (parts === undefined) return [];
  const zones = readZoneToken(token, parts.zone, problems);
  const port = parts.port ?? schemes[parts.scheme];
  if (/^\d{1,5}$/.test(token.text)) {
    problems.warning(token, `'${token.text}' is a zone of that very name, and no port`, {
      suggestion: `.:${token.text}`,
    });
  }
  return zones.map((zone) => ({ scheme: parts.scheme, zone, port, token }));
}

/** Scheme, zone as it was written, and port; undefined where it was reported as wrong. */
export function splitKey(
  token: Token,
  problems: Problems,
): { readonly scheme: string; readonly zone: string; readonly port: number | undefined } | undefined {
  const [, written, rest = ''] = /^(?:([^:/]*):\/\/)?([\s\S]*)$/.exec(token.text) ?? [];
  const scheme = written?.toLowerCase() ?? 'dns';
  if (!Object.hasOwn(schemes, scheme)) {
    const names = Object.keys(schemes);
    const nearest = nearestWord(scheme, names);
    problems.error(token, `unknown scheme '${scheme}'`, {
      expected: names.map((name) => `${name}://`).join(', '),
      ...(nearest === undefined ? {} : { suggestion: `${nearest}://${rest}` }),
    });
    return undefined;
  }
  const colon = rest.lastIndexOf(':');
  if (colon !== -1 && colon === rest.length - 1) {
    problems.error(token, `expecting data after last colon: "${rest}"`, { expected: PORTS });
    return undefined;
  }
  const after = rest.slice(colon + 1);
  if (colon === -1 || !/^[+-]?\d+$/.test(after)) return { scheme, zone: rest, port: undefined };
  const port = Number(after);
  if (port < 1 || port > 65_535) {
    problems.error(token, `port ${after} is out of range`, { expected: PORTS });
    return undefined;
  }
  const zone = rest.slice(0, colon);
  if (zone === '') {
    problems.error(token, `zone is not a valid domain name: it is empty`, {
      expected: 'a zone before the colon',
      suggestion: `${written === undefined ? '' : `${scheme}://`}.:${port}`,
    });
    return undefined;
  }
  return { scheme, zone, port };
}

/**
 * The zones that a word of a token stands for; what is wrong or doubtful is reported.
 *
 * @param text the token's text without scheme and port
 */
export function readZoneToken(token: Token, text: string, problems: Problems): readonly string[] {
  const reading = readZone(text);
  if (reading.kind === 'invalid') {
    const [, zone = '', port = ''] = /^([^:]+):([^:.]+)$/.exec(text) ?? [];
    if (port !== '' && readZone(zone).kind !== 'invalid') {
      problems.error(token, `'${shorten(port)}' is no port number`, { expected: PORTS });
      return [];
    }
    problems.error(token, reading.message, { expected: reading.expected });
    return [];
  }
  if (reading.kind === 'literal-address') {
    const zone = reading.zones.join('');
    problems.warning(token, `'${text}' without a mask is the literal zone '${zone}', not a reverse zone`, {
      suggestion: reading.network,
    });
  } else if (reading.zones.some((zone) => zone.includes(':'))) {
    problems.warning(token, `'${text}' is one zone with a colon in its name`, {
      expected: 'zones separated by white space, each with a number as its port',
    });
  } else if (PATTERN.test(text)) {
    const [, plain] = /^\*\.([^*]+)$/.exec(text) ?? [];
    problems.warning(token, `'${shorten(text)}' is one zone of that very name, and no pattern`, {
      expected: 'a zone, which covers all names below it',
      ...(plain === undefined || PATTERN.test(plain) ? {} : { suggestion: plain }),
    });
  }
  return reading.zones;
}
