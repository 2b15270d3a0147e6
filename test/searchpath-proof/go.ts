/**
 * The resolver of Go 1.19 itself, without cgo (`goLookupIPCNAMEOrder`, `tryOneName`): A and AAAA at once, and nothing but an
 * address ends the walk.
 *
 *     an address                        ends the walk
 *     NXDOMAIN, NODATA                  the next name
 *     SERVFAIL, REFUSED, nothing        asked again; after all tries the next name
 *
 * What is told in the end is the error of the name as it is; of its two, the one that came later.
 */
import { FAILED, NONE, type Outcome, type Family, type ResolvConf, type Wire, dotsOf, found } from './stub.ts';

export function go(name: string, conf: ResolvConf, wire: Wire): Outcome {
  let verdict: Outcome = NONE;
  for (const full of namesOf(name, conf)) {
    const first = wire.first();
    const replies = ([4, 6] as const).map((family) => tryName(full, family, conf, wire));
    const addresses = replies.flatMap(({ outcome }) => (outcome.kind === 'addresses' ? outcome.addresses : []));
    if (addresses.length > 0) return found(addresses);
    if (full !== name) continue;
    const [later] = replies.toSorted((a, b) => rank(b, first) - rank(a, first));
    verdict = later?.outcome ?? NONE;
  }
  return verdict;
}

interface Tried {
  readonly family: Family;
  readonly outcome: Outcome;
  /** A reply was waited for that never came. */
  readonly waited: boolean;
}

/** Higher where it is known later. */
function rank({ family, waited }: Tried, first: Family): number {
  return (waited ? 2 : 0) + (family === first ? 0 : 1);
}

function namesOf(name: string, { search, ndots }: ResolvConf): readonly string[] {
  const searched = search.map((domain) => `${name}.${domain}`);
  return dotsOf(name) >= ndots ? [name, ...searched] : [...searched, name];
}

function tryName(name: string, family: Family, { attempts }: ResolvConf, wire: Wire): Tried {
  let waited = false;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { kind, addresses } = wire.ask(name, family);
    if (kind === 'nxdomain') return { family, outcome: NONE, waited };
    if (kind === 'noerror') return { family, outcome: addresses.length === 0 ? NONE : found(addresses), waited };
    waited ||= kind === 'silence';
  }
  return { family, outcome: FAILED, waited };
}
