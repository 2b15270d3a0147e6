/**
 * One walk after another of random clients: a resolver looks a random name up, its queries are answered by either of two replicas, and
 * between any two of them the cluster may change, either replica may learn of it, and the upstream may begin or cease to fail.
 *
 *     cluster   ──change──change──change──►
 *     replica 0 ─────────────▲                  answers with what it knows
 *     replica 1 ─────▲
 */
import type { Random } from '../fuzz/random.ts';
import { glibc } from './glibc.ts';
import { go } from './go.ts';
import { type Verdict, judge } from './judge.ts';
import { musl } from './musl.ts';
import { CLIENT_NAMESPACES, NODE_DOMAIN, Replica, ZONE, changeContent, drawContent } from './replica.ts';
import { type Lookup, OwnWalk, type State } from './own-walk.ts';
import { FAILED, type Family, type Outcome, type ResolvConf, type StubResolver } from './stub.ts';
import { type Upstream, changeUpstream, drawUpstream } from './world.ts';

export const resolvers = { glibc, musl, go } as const satisfies Readonly<Record<string, StubResolver>>;
export type ResolverName = keyof typeof resolvers;
const resolverNames: readonly ResolverName[] = ['glibc', 'musl', 'go'];

const LABELS = ['www', 'api', 'db-0', 'db', 'example', 'payments', 'orders', 'com', 'dev', 'ext', 'alias', 'team'];
const ENDS = ['', '', '', '', '', '.svc', `.svc.${ZONE}`, '.com', '.example.com', '.payments', '.orders', '.db.orders'];

/** How the server and its clients are set up: the same search path on both sides. */
export interface Setup {
  readonly search: readonly string[];
  readonly shortNames: boolean;
}

export const setups: readonly Setup[] = [
  { search: [], shortNames: false },
  { search: [NODE_DOMAIN], shortNames: false },
  { search: [], shortNames: true },
];

export interface Walk {
  readonly resolver: ResolverName;
  readonly name: string;
  readonly namespace: string;
  readonly ndots: number;
  /** Each that answered one of its queries. */
  readonly states: readonly State[];
  /** Full names, one for each query. */
  readonly asked: readonly string[];
  readonly outcome: Outcome;
  /** What its own walk comes to in each of these states. */
  readonly own: readonly Outcome[];
  readonly verdict: Verdict;
  /** Queries that its own walk would have sent, on the average of these states. */
  readonly ownQueries: number;
}

/** Two replicas of one setup, and one that never completes, to go a client's own walk with. */
export class Servers {
  readonly #replicas: readonly [Replica, Replica];
  readonly #ownWalk: OwnWalk;
  readonly #setup: Setup;

  private constructor(setup: Setup, replicas: readonly [Replica, Replica], plain: Replica) {
    this.#setup = setup;
    this.#replicas = replicas;
    this.#ownWalk = new OwnWalk(plain);
  }

  static async open(setup: Setup): Promise<Servers> {
    const shortNames = setup.shortNames ? ['short_names'] : [];
    const search = setup.search.length > 0 ? [`search ${setup.search.join(' ')}`] : [];
    const completing = ['complete', ...search, ...shortNames];
    const replicas = [await Replica.open(completing), await Replica.open(completing)] as const;
    return new Servers(setup, replicas, await Replica.open(shortNames));
  }

  walk(random: Random): Walk {
    const name = drawName(random);
    const namespace = random.pick(CLIENT_NAMESPACES);
    const resolver = random.pick(resolverNames);
    const conf: ResolvConf = {
      search: [`${namespace}.svc.${ZONE}`, `svc.${ZONE}`, ZONE, ...this.#setup.search],
      ndots: random.pick([5, 5, 5, 2, 1]),
      attempts: 2,
    };
    const weather = new Weather(random);
    const asked: string[] = [];
    const outcome = resolvers[resolver](name, conf, {
      ask: (full, family) => {
        asked.push(full);
        const which = random.below(2);
        const { content, upstream } = weather.next(which);
        const replica = this.#replicas[which === 0 ? 0 : 1];
        replica.moveTo(content, upstream);
        return replica.ask(full, family);
      },
      first: () => (random.once(2) ? 4 : 6),
    });
    const states = weather.seen();
    const lookup: Lookup = { resolver: resolvers[resolver], name, conf };
    this.#ownWalk.queries = 0;
    const own = this.#ownWalk.still(lookup, states, 4);
    const ownQueries = this.#ownWalk.queries / own.length;
    const verdict = judge(outcome, {
      still: (first) => (first === 4 ? own : this.#ownWalk.still(lookup, states, first)),
      moving: () => this.#ownWalk.moving(lookup, states),
      unfailing: () => this.#ownWalk.moving(lookup, states.map(unfailing)),
      others: () => this.#others(asked, lookup, states),
      isDisputed: () => this.#isDisputed(`${name}.${namespace}.svc.${ZONE}`, states),
    });
    return { resolver, name, namespace, ndots: conf.ndots, states, asked, outcome, own, verdict, ownQueries };
  }

  /** What the walks come to whose first question was asked on the way, with a failing upstream and without. */
  #others(asked: readonly string[], lookup: Lookup, states: readonly State[]): readonly Outcome[] {
    return firstsAmong(asked, lookup).flatMap(({ question, ...other }) => [
      ...this.#ownWalk.moving(other, states),
      ...this.#ownWalk.moving(other, states.map(unfailing)),
      ...(this.#kindsOf(question, states).has('servfail') ? [FAILED] : []),
    ]);
  }

  /** True where the states do not treat the question alike: completed here, and left or failed there. */
  #isDisputed(question: string, states: readonly State[]): boolean {
    return ([4, 6] as const).some((family) => this.#kindsOf(question, states, [family]).size > 1);
  }

  /** What a completing replica answers in these states. */
  #kindsOf(question: string, states: readonly State[], families: readonly Family[] = [4, 6]): ReadonlySet<string> {
    const completing = this.#replicas[0];
    const kinds = states.flatMap(({ content, upstream }) => {
      completing.moveTo(content, upstream);
      return families.map((family) => {
        const { kind, records } = completing.ask(question, family);
        return kind === 'noerror' && records === 0 ? 'nodata' : kind;
      });
    });
    return new Set(kinds);
  }
}

function unfailing({ content, upstream }: State): State {
  return { content, upstream: { ...upstream, failing: 0 } };
}

/** The lookups whose first question was asked on the way: `BASE.NS.svc.ZONE`. */
function firstsAmong(
  asked: readonly string[],
  { resolver, conf }: Lookup,
): readonly (Lookup & { readonly question: string })[] {
  const [, ...rest] = conf.search;
  return [...new Set(asked)].flatMap((question) => {
    const [, name, namespace] = FIRST_QUESTION.exec(question) ?? [];
    if (name === undefined || namespace === undefined) return [];
    const search = [`${namespace}.svc.${ZONE}`, ...rest];
    return [{ question, resolver, name, conf: { ...conf, ndots: ALWAYS_SEARCH, search } }];
  });
}

/** More dots than a name has. */
const ALWAYS_SEARCH = 128;
const FIRST_QUESTION = new RegExp(String.raw`^(.+\..+)\.([^.]+)\.svc\.${ZONE.replace('.', String.raw`\.`)}$`);

function drawName(random: Random): string {
  const labels = Array.from({ length: 1 + random.below(4) }, () => random.pick(LABELS));
  return labels.join('.') + random.pick(ENDS);
}

/** The history of the cluster and the upstream, and how much of it each replica knows. */
class Weather {
  readonly #random: Random;
  readonly #contents: number[];
  #upstream: Upstream;
  /** Of each replica, the place in the history. */
  readonly #known = [0, 0];
  readonly #seen = new Map<string, State>();
  readonly #isCalm: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.#upstream = drawUpstream(random);
    this.#contents = [drawContent(random)];
    this.#isCalm = random.once(4);
    for (let i = random.below(3); i > 0; i--) this.#change();
    this.#known[0] = random.below(this.#contents.length);
    this.#known[1] = random.below(this.#contents.length);
  }

  /** The state of a replica for one query. */
  next(replica: number): State {
    if (!this.#isCalm) {
      if (this.#random.once(6)) this.#change();
      if (this.#random.once(8)) this.#upstream = changeUpstream(this.#upstream, this.#random);
      this.#learn(0, 2);
      this.#learn(1, 5);
    }
    const content = this.#contents[this.#known[replica] ?? 0] ?? 0;
    const state: State = { content, upstream: this.#upstream };
    this.#seen.set(`${content} ${this.#upstream.turned} ${this.#upstream.failing}`, state);
    return state;
  }

  seen(): readonly State[] {
    return [...this.#seen.values()];
  }

  #change(): void {
    this.#contents.push(changeContent(this.#contents.at(-1) ?? 0, this.#random));
  }

  /** Once in so many times, a replica learns of one change more. */
  #learn(replica: number, times: number): void {
    const known = this.#known[replica] ?? 0;
    if (known + 1 < this.#contents.length && this.#random.once(times)) this.#known[replica] = known + 1;
  }
}
