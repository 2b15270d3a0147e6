/**
 * `getaddrinfo` of glibc 2.36 with `hosts: dns`, as `__res_context_search`, `__res_context_query` and `send_dg` behave: the queries
 * for A and AAAA are under way at once, and what comes of both decides how the walk goes on.
 *
 *     an answer with any record         ends the walk, a lone CNAME too
 *     NXDOMAIN, NODATA                  the next name
 *     SERVFAIL after all tries          the next name
 *     nothing, REFUSED                  straight to the name as it is
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

/** What the two queries for a name came to. */
type Pair =
  | { readonly kind: 'answer'; readonly addresses: readonly string[] }
  | { readonly kind: 'nxdomain' | 'nodata' | 'again' };

/** Replies to one pair of queries: the first to come, and the second. */
interface Replies {
  readonly first: Reaction | undefined;
  readonly second: Reaction | undefined;
}

export function glibc(name: string, conf: ResolvConf, wire: Wire): Outcome {
  const walk = new Walk(conf, wire);
  const asItIsFirst = dotsOf(name) >= conf.ndots;
  let saved: Pair['kind'] | undefined;
  if (asItIsFirst) {
    const pair = walk.query(name);
    if (pair.kind === 'answer') return conclude(pair.addresses);
    saved = pair.kind;
  }
  let noData = false;
  let serverFailure = false;
  let last: Pair['kind'] = 'nxdomain';
  for (const domain of conf.search) {
    const pair = walk.query(`${name}.${domain}`);
    if (pair.kind === 'answer') return conclude(pair.addresses);
    last = pair.kind;
    if (pair.kind === 'nodata') noData = true;
    if (pair.kind !== 'again') continue;
    if (walk.lastKind !== 'servfail') break;
    serverFailure = true;
  }
  if (!asItIsFirst) {
    const pair = walk.query(name);
    if (pair.kind === 'answer') return conclude(pair.addresses);
    last = pair.kind;
  }
  const verdict = saved ?? (noData ? 'nodata' : serverFailure ? 'again' : last);
  return verdict === 'again' ? FAILED : NONE;
}

function conclude(addresses: readonly string[]): Outcome {
  return addresses.length === 0 ? NONE : found(addresses);
}

class Walk {
  readonly #conf: ResolvConf;
  readonly #wire: Wire;
  /** After a reply that did not come, one query at a time is under way for the rest of the walk: on one socket, then on two. */
  #single: 'no' | 'one socket' | 'two sockets' = 'no';
  /** Of the last name: what the first buffer holds, which is the last reply that came first, whatever it said. */
  lastKind: Reaction['kind'] = 'noerror';

  constructor(conf: ResolvConf, wire: Wire) {
    this.#conf = conf;
    this.#wire = wire;
  }

  query(name: string): Pair {
    this.lastKind = 'noerror';
    const replies = this.#send(name);
    if (replies === undefined) return { kind: 'again' };
    // Where one of the two is missing, the other stands for both.
    const first = replies.first ?? replies.second;
    const second = replies.second ?? replies.first;
    if (first === undefined || second === undefined) return { kind: 'again' };
    const addresses = [...(replies.first?.addresses ?? []), ...(replies.second?.addresses ?? [])];
    if (first.records > 0 || second.records > 0) return { kind: 'answer', addresses };
    return { kind: (first.kind === 'noerror' ? second.kind : first.kind) === 'nxdomain' ? 'nxdomain' : 'nodata' };
  }

  /** Undefined where all tries failed. */
  #send(name: string): Replies | undefined {
    for (let attempt = 0; attempt < this.#conf.attempts; attempt++) {
      const replies = this.#try(name);
      if (replies !== undefined) return replies;
    }
    return undefined;
  }

  #try(name: string): Replies | undefined {
    if (this.#single === 'no') {
      const replies = this.#both(name);
      if (replies !== 'one is missing') return replies;
      this.#single = 'one socket';
    }
    const replies = this.#oneByOne(name);
    if (replies !== 'one is missing') return replies;
    if (this.#single === 'one socket') {
      this.#single = 'two sockets';
      return this.#settle(this.#oneByOne(name));
    }
    return this.#settle(replies);
  }

  /** With what came first alone, where the other never came. */
  #settle(replies: Replies | undefined | 'one is missing'): Replies | undefined {
    return replies === 'one is missing' ? { first: this.#kept, second: undefined } : replies;
  }

  #kept: Reaction | undefined;

  #both(name: string): Replies | undefined | 'one is missing' {
    const firstFamily = this.#wire.first();
    const reactions = new Map<Family, Reaction>();
    for (const family of [4, 6] as const) reactions.set(family, this.#wire.ask(name, family));
    const order: readonly Family[] = firstFamily === 4 ? [4, 6] : [6, 4];
    const came = order.flatMap((family) => {
      const reaction = reactions.get(family);
      return reaction === undefined || reaction.kind === 'silence' ? [] : [reaction];
    });
    const [first, second] = came;
    if (first === undefined) return undefined;
    this.lastKind = first.kind;
    if (isRefusal(first)) {
      // The second is waited for and taken alone, if it is any good.
      return second === undefined || isRefusal(second) ? undefined : { first: undefined, second };
    }
    this.#kept = first;
    if (second === undefined) return 'one is missing';
    return { first, second: isRefusal(second) ? undefined : second };
  }

  #oneByOne(name: string): Replies | undefined | 'one is missing' {
    const first = this.#wire.ask(name, 4);
    if (first.kind === 'silence') return undefined;
    this.lastKind = first.kind;
    // The second query is never sent then, and its reply waited for in vain.
    if (isRefusal(first)) return undefined;
    this.#kept = first;
    const second = this.#wire.ask(name, 6);
    if (second.kind === 'silence') return 'one is missing';
    return { first, second: isRefusal(second) ? undefined : second };
  }
}

/** The next server would be asked, if there were one. */
function isRefusal({ kind }: Reaction): boolean {
  return kind === 'servfail' || kind === 'refused';
}
