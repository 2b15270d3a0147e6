/**
 * `getaddrinfo` of musl 1.2.3 (`name_from_dns_search`, `name_from_dns`, `__res_msend`): A and AAAA at once. The replies are looked at
 * in this order, and the first that is not NOERROR decides, whatever the other has.
 *
 *     NXDOMAIN                          the next name
 *     SERVFAIL, REFUSED, nothing        ends the walk: nobody knows
 *     both NOERROR                      ends the walk, with addresses or without
 *
 * A name with `ndots` dots or more is never searched for.
 */
import {
  FAILED,
  type Family,
  NONE,
  type Outcome,
  type Reaction,
  type ResolvConf,
  type Wire,
  dotsOf,
  found,
} from './stub.ts';

/** How often a SERVFAIL is answered by asking again at once, in each round, over both queries. */
const RETRIES_AFTER_FAILURE = 4;

export function musl(name: string, conf: ResolvConf, wire: Wire): Outcome {
  const search = dotsOf(name) >= conf.ndots ? [] : conf.search;
  for (const domain of search) {
    const outcome = query(`${name}.${domain}`, conf, wire);
    if (outcome !== 'next') return outcome;
  }
  const outcome = query(name, conf, wire);
  return outcome === 'next' ? NONE : outcome;
}

function query(name: string, conf: ResolvConf, wire: Wire): Outcome | 'next' {
  const replies = exchange(name, conf, wire);
  const addresses: string[] = [];
  for (const family of [4, 6] as const) {
    const reply = replies.get(family);
    if (reply === undefined) return FAILED;
    if (reply.kind === 'nxdomain') return 'next';
    addresses.push(...reply.addresses);
  }
  return addresses.length === 0 ? NONE : found(addresses);
}

/** What was answered with NOERROR or NXDOMAIN in time. */
function exchange(name: string, { attempts }: ResolvConf, wire: Wire): ReadonlyMap<Family, Reaction> {
  const replies = new Map<Family, Reaction>();
  for (let attempt = 0; attempt < attempts && replies.size < 2; attempt++) {
    let retries = RETRIES_AFTER_FAILURE;
    for (const family of [4, 6] as const) {
      if (replies.has(family)) continue;
      let reply = wire.ask(name, family);
      while (reply.kind === 'servfail' && retries-- > 0) reply = wire.ask(name, family);
      if (reply.kind === 'noerror' || reply.kind === 'nxdomain') replies.set(family, reply);
    }
  }
  return replies;
}
