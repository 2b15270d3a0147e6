/**
 * Host names in the place of upstreams: looked up once, before the plugin is put in service. In: a name, and the servers
 * to ask, or none for the system's. Out: its addresses.
 */
import { lookup } from 'node:dns/promises';
import { bounds } from '../../bounds.ts';
import { formatAddress } from '../../dns/address.ts';
import { Class, Flag, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { Answer } from '../answer.ts';
import type { Host } from '../plugin.ts';
import { Account } from '../query.ts';
import { Candidate } from './candidates.ts';
import { Exchange } from './exchange.ts';
import type { UpstreamPool } from './pool.ts';
import { Request } from './request.ts';
import { timesFor } from './times.ts';
import type { Upstream } from './upstream.ts';

const READ_TIMEOUT = 2_000;
/** Octets of an address. */
const SIZES: Readonly<Record<number, number>> = { [Type.A]: 4, [Type.AAAA]: 16 };

/**
 * IPv4 first.
 *
 * @param resolvers in the order in which they are asked; empty for the system's own way
 * @throws Error where there are none
 */
export async function addressesOfHost(
  host: string,
  resolvers: readonly Upstream[],
  pool: UpstreamPool,
  facts: Host['facts'],
): Promise<readonly string[]> {
  if (resolvers.length === 0) return (await lookup(host, { all: true })).map(({ address }) => address);
  const name = Name.parse(host);
  if (name === undefined) throw new Error(`'${host}' is no domain name`);
  const answers = await Promise.all([Type.A, Type.AAAA].map((type) => ask(name, type, resolvers, pool, facts)));
  const addresses = answers.flatMap(addressesIn);
  if (addresses.length > 0) return addresses;
  const [first] = answers;
  throw new Error((first?.kind === 'failure' ? first.error : undefined) ?? `'${host}' has no address`);
}

function ask(
  name: Name,
  type: number,
  resolvers: readonly Upstream[],
  { clock, limits }: UpstreamPool,
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
    failover: new Set<number>(),
  };
  const nothing = (): void => undefined;
  const account = new Account(facts, bounds.lookupsPerQuery);
  const candidates = resolvers.map((upstream) => new Candidate(upstream, 'udp'));
  const times = timesFor(account, clock.monotonic(), candidates, false);
  const exchange = new Exchange(request, candidates, settings, times, {
    clock,
    limits,
    crowded: false,
    left: nothing,
    ended: nothing,
  });
  return exchange.join(account);
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
