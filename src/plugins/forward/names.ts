/**
 * Host names in the place of upstreams: looked up once, before the plugin is put in service. In: a name, and the servers
 * to ask, or none for the system's. Out: its addresses, or why there are none.
 */
import { lookup } from 'node:dns/promises';
import { bounds } from '../../bounds.ts';
import { formatAddress } from '../../dns/address.ts';
import { Class, Flag, Rcode, Type, rcodeMnemonic } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { Answer } from '../answer.ts';
import type { Host } from '../plugin.ts';
import { Account } from '../query.ts';
import { Candidate } from './candidates.ts';
import { Exchange } from './exchange.ts';
import type { UpstreamPool } from './pool.ts';
import { Request } from './request.ts';
import { timesFrom } from './times.ts';
import type { Upstream } from './upstream.ts';

const READ_TIMEOUT = 2_000;
/** What `getaddrinfo` says, by its codes. */
const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'no such name'],
  ['ENODATA', 'no A and no AAAA record'],
  ['EAI_AGAIN', 'no answer from its nameservers'],
]);
/** Octets of an address. */
const SIZES: Readonly<Record<number, number>> = { [Type.A]: 4, [Type.AAAA]: 16 };

export type LookedUp =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** `why`: who was asked and what came of it. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * IPv4 first; at least one.
 *
 * @param resolvers in the order in which they are asked; empty for the system's own way
 */
export async function addressesOfHost(
  host: string,
  resolvers: readonly Upstream[],
  pool: UpstreamPool,
  facts: Host['facts'],
): Promise<LookedUp> {
  if (resolvers.length === 0) return askSystem(host);
  const name = Name.parse(host);
  if (name === undefined) return { kind: 'none', why: 'it is no domain name' };
  const answers = await Promise.all([Type.A, Type.AAAA].map((type) => ask(name, type, resolvers, pool, facts)));
  const addresses = answers.flatMap(addressesIn);
  if (addresses.length > 0) return { kind: 'addresses', addresses };
  const asked = resolvers.map((upstream) => upstream.name).join(', ');
  const said = [...new Set(answers.map(saying))].join('; ');
  return { kind: 'none', why: `asked ${asked}: ${said}` };
}

async function askSystem(host: string): Promise<LookedUp> {
  try {
    const found = await lookup(host, { all: true });
    return { kind: 'addresses', addresses: found.map(({ address }) => address) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { kind: 'none', why: `asked the system: ${SYSTEM_WORDS.get(code) ?? code}` };
  }
}

function saying(answer: Answer): string {
  switch (answer.kind) {
    case 'reply':
      return answer.rcode === Rcode.NOERROR
        ? 'no A and no AAAA record'
        : (rcodeMnemonic(answer.rcode) ?? `response code ${answer.rcode}`);
    case 'failure':
      return answer.explanation.text;
    case 'silence':
    case 'transfer':
      return 'no answer';
  }
}

function ask(
  name: Name,
  type: number,
  resolvers: readonly Upstream[],
  { clock, limits, turns }: UpstreamPool,
  facts: Host['facts'],
): Promise<Answer> {
  const request = new Request(
    { name, type, class: Class.IN },
    { flags: Flag.RD, dnssecOk: false, udpSize: Infinity, options: [], mixCase: false, whole: true },
  );
  const settings = {
    tries: 2 * resolvers.length,
    patient: true,
    readTimeout: READ_TIMEOUT,
    quiet: bounds.upstreamSilence,
    failover: new Set<number>(),
  };
  const nothing = (): void => undefined;
  const account = new Account(facts, bounds.lookupsPerQuery);
  const candidates = resolvers.map((upstream) => new Candidate(upstream, 'udp'));
  const times = timesFrom(clock.monotonic(), false);
  const exchange = new Exchange(request, candidates, settings, times, {
    clock,
    limits,
    crowded: false,
    left: nothing,
    ended: nothing,
  });
  const answer = exchange.join(account);
  turns.enter(() => exchange.wake());
  return answer;
}

/** Those at the end of a chain of aliases stand in the same answer. */
function addressesIn(answer: Answer): readonly string[] {
  if (answer.kind !== 'reply') return [];
  return answer.answers.flatMap((set) => {
    if (set.kind !== 'address') return [];
    const size = SIZES[set.type] ?? Infinity;
    const addresses: string[] = [];
    for (let at = 0; at + size <= set.octets.length; at += size) {
      addresses.push(formatAddress(set.octets.subarray(at, at + size)));
    }
    return addresses;
  });
}
