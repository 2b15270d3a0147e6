/**
 * The words of `transfer` directives. In: the directives of a block. Out: for each of their zones who may have it and whom to
 * tell of changes; what is wrong is reported.
 *
 *     to 192.0.2.1   192.0.2.1:5353   [2001:db8::1]:53      may have it, and is told
 *     to 192.0.2.0/24   *                                   may have it
 */
import { isIP, isIPv6 } from 'node:net';
import { bounds } from '../../bounds.ts';
import type { Directive, Token } from '../../corefile/corefile.ts';
import { eachOption, expectArguments, forbidBlock } from '../../corefile/options.ts';
import { type Problems, shorten } from '../../corefile/problems.ts';
import type { Name } from '../../dns/name.ts';
import { type Network, NetworkSet, parseNetwork } from '../networks.ts';
import type { Endpoint } from '../network.ts';
import type { ConfigureContext } from '../plugin.ts';
import { readZones } from '../zone-arguments.ts';
import { ZoneMap } from '../zone-map.ts';

export interface TransferRule {
  /** Undefined for everybody. */
  readonly to: NetworkSet | undefined;
  /** Who is told of a new serial, each once. */
  readonly notified: readonly Endpoint[];
  /** The address of this server that they are told from; undefined for the system's choice. */
  readonly source: string | undefined;
}

/** The rule of each zone, with the zone's name. */
export type TransferRules = ZoneMap<{ readonly zone: Name; readonly rule: TransferRule }>;

const USAGE = 'to ADDRESS[:PORT]|NETWORK|*…';
const DNS_PORT = 53;
const MAX_PORT = 65_535;

/** Undefined where a directive says nothing that can be used. */
export function readRules(uses: readonly Directive[], { zones, problems }: ConfigureContext): TransferRules {
  const rules = new Map<string, { readonly zone: Name; readonly rule: TransferRule }>();
  for (const use of uses) {
    const rule = readRule(use, problems);
    for (const zone of readZones(use.args, zones, problems)) {
      if (rules.has(zone.key)) {
        problems.error(use.name, `another 'transfer' of this server block is for ${zone.toLowerCase()} already`, {
          expected: 'each zone in one of them',
        });
      }
      rules.set(zone.key, { zone, rule });
    }
  }
  return new ZoneMap([...rules.values()].map((one) => [one.zone, one]));
}

/** What the lines of a block have said so far. */
interface Draft {
  readonly networks: Network[];
  readonly notified: Map<string, Endpoint>;
  isOpen: boolean;
  source: string | undefined;
}

function readRule(use: Directive, problems: Problems): TransferRule {
  const draft: Draft = { networks: [], notified: new Map(), isOpen: false, source: undefined };
  let words = 0;
  eachOption(use, problems, {
    to(option) {
      forbidBlock(option, problems);
      if (!expectArguments(option, problems, { min: 1, usage: USAGE })) words++;
      for (const word of option.args) readDestination(word, draft, problems);
      words += option.args.length;
    },
    source(option) {
      forbidBlock(option, problems);
      const [word] = option.args;
      if (!expectArguments(option, problems, { min: 1, max: 1, usage: 'source ADDRESS' }) || word === undefined) return;
      if (draft.source !== undefined) {
        problems.error(option.name, "'source' is given twice", { expected: 'one source ADDRESS' });
      }
      if (isIP(word.text) === 0) {
        problems.error(word, `'${shorten(word.text)}' is not an address`, { expected: 'an IPv4 or IPv6 address' });
      }
      draft.source = word.text;
    },
  });
  if (words === 0) {
    problems.error(use.name, "'transfer' says to nobody", { expected: `transfer [ZONES…] { ${USAGE} }` });
  }
  if (draft.networks.length > bounds.transferNetworks) {
    problems.error(use.name, `'transfer' is to more than ${bounds.transferNetworks} addresses and networks`, {
      expected: 'networks in the place of addresses',
    });
    return { to: undefined, notified: [], source: undefined };
  }
  return {
    to: draft.isOpen ? undefined : new NetworkSet(draft.networks),
    notified: [...draft.notified.values()],
    source: draft.source,
  };
}

function readDestination(word: Token, draft: Draft, problems: Problems): void {
  if (word.text === '*') {
    draft.isOpen = true;
    return;
  }
  const isNetwork = word.text.includes('/');
  const endpoint = isNetwork ? undefined : parseEndpoint(word.text);
  const network = parseNetwork(endpoint?.address ?? word.text);
  if (network === undefined || (!isNetwork && endpoint === undefined)) {
    problems.error(word, `'${shorten(word.text)}' is neither an address nor a network`, {
      expected: 'for example 192.0.2.1, [2001:db8::1]:5353, 192.0.2.0/24, or * for everybody',
    });
    return;
  }
  draft.networks.push(network);
  if (endpoint !== undefined) draft.notified.set(`${endpoint.address} ${endpoint.port}`, endpoint);
}

/** `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`. */
function parseEndpoint(text: string): Endpoint | undefined {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const [, inBrackets, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = inBrackets ?? plain ?? '';
  if (isIP(address) === 0 || (inBrackets !== undefined) !== isIPv6(address)) return undefined;
  const port = digits === '' ? DNS_PORT : Number(digits);
  return port > 0 && port <= MAX_PORT ? { address, port } : undefined;
}
