/**
 * Walks for resolvers to go: names, and what a server says to each query that may come of them. The same seed gives the same walks.
 */
import { Random } from '../../fuzz/random.ts';
import { type Family, type Reaction, type ResolvConf } from '../stub.ts';

/** As kubelet writes it for a pod, with a domain of the node and times that a test can wait for. */
export const conf: ResolvConf = {
  search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
  ndots: 5,
  attempts: 2,
};

export const RESOLV_CONF = `search ${conf.search.join(' ')}
nameserver 127.0.0.1
options ndots:${conf.ndots} timeout:1 attempts:${conf.attempts}
`;

/** What a server says; `alias` is a CNAME with addresses behind it, `dangling` one with nothing. */
export type Saying = 'addresses' | 'alias' | 'dangling' | 'nodata' | 'nxdomain' | 'servfail' | 'refused' | 'silence';

const SAYINGS: readonly Saying[] = [
  'addresses',
  'alias',
  'dangling',
  'nodata',
  'nxdomain',
  'servfail',
  'refused',
  'silence',
];
/** How often a server says the same to A and AAAA, and what; times in a hundred. */
const SHARES: readonly (readonly [share: number, saying: Saying])[] = [
  [52, 'nxdomain'],
  [10, 'nodata'],
  [5, 'addresses'],
  [3, 'alias'],
  [2, 'dangling'],
  [7, 'servfail'],
  [2, 'refused'],
  [1, 'silence'],
];

export class Scenarios {
  readonly names: readonly string[];
  readonly #sayings: readonly (readonly (readonly [a: Saying, aaaa: Saying])[])[];

  constructor(seed: number, count: number) {
    const random = new Random(seed);
    this.names = Array.from({ length: count }, (_, i) =>
      [`w${i}`, ...Array.from({ length: random.below(7) }, () => random.pick(['a', 'b', 'com', 'example']))].join('.'),
    );
    this.#sayings = this.names.map(() => Array.from({ length: conf.search.length + 1 }, () => pair(random)));
  }

  /** @param name a full one, without its final dot */
  sayingTo(name: string, family: Family): Saying | undefined {
    const [walk, candidate] = this.#placeOf(name);
    return this.#sayings[walk]?.[candidate]?.[family === 4 ? 0 : 1];
  }

  /** What a resolver sees of it. */
  reactionTo(name: string, family: Family): Reaction {
    const saying = this.sayingTo(name, family) ?? 'nxdomain';
    switch (saying) {
      case 'addresses':
        return { kind: 'noerror', records: 1, addresses: [this.addressOf(name, family)] };
      case 'alias':
        return { kind: 'noerror', records: 2, addresses: [this.addressOf(name, family)] };
      case 'dangling':
        return { kind: 'noerror', records: 1, addresses: [] };
      case 'nodata':
        return { kind: 'noerror', records: 0, addresses: [] };
      case 'nxdomain':
      case 'servfail':
      case 'refused':
      case 'silence':
        return { kind: saying, records: 0, addresses: [] };
    }
  }

  /** In every fourth walk the replies to queries for A come later than those for AAAA. */
  firstOf(name: string): Family {
    const [walk] = this.#placeOf(name);
    return walk % 4 === 0 ? 6 : 4;
  }

  /** The address tells which name of the walk it belongs to. */
  addressOf(name: string, family: Family): string {
    const [, candidate] = this.#placeOf(name);
    return family === 4 ? `192.0.2.${candidate + 1}` : `2001:db8::${candidate + 1}`;
  }

  #placeOf(name: string): readonly [walk: number, candidate: number] {
    const walk = Number(/^w(\d+)/.exec(name)?.[1] ?? Number.NaN);
    const rest = name.slice((this.names[walk] ?? '').length);
    const index = conf.search.findIndex((domain) => rest === `.${domain}`);
    return [walk, index < 0 ? conf.search.length : index];
  }
}

function pair(random: Random): readonly [Saying, Saying] {
  let draw = random.below(100);
  for (const [share, saying] of SHARES) {
    if (draw < share) return [saying, saying];
    draw -= share;
  }
  // For the rest the two have nothing to do with each other; what must be waited for is rare.
  const one = (): Saying => {
    const saying = random.pick(SAYINGS);
    return saying === 'silence' && !random.once(3) ? 'nxdomain' : saying;
  };
  return [one(), one()];
}
