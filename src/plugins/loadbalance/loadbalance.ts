/**
 * `loadbalance`: gives the addresses of each reply in an order of its own, so that clients that take the first one spread
 * over all of them, and a reply that is cut to size holds a fresh sample of them.
 *
 *     reply of the chain below ──► each section: aliases, others, addresses drawn, mail exchanges drawn
 *     (shared, never changed)      less than two to order: the very same reply
 */
import { type Fact, fileFact } from '../../cluster/facts.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { isTransfer } from '../../dns/message.ts';
import type { AddressRRset, MxRRset, RRset } from '../../dns/rrset.ts';
import type { Metrics, Series } from '../../telemetry/metrics.ts';
import type { Answer, Outcome } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { type LoadBalancePolicy, readPolicy } from './options.ts';
import { type Survey, byKind, survey } from './sections.ts';
import { type Groups, shuffleAddresses, shuffleExchanges } from './shuffle.ts';
import { PreferredSubnets } from './subnets.ts';
import { KeptWeights, WeightFile, checkWeightFile } from './weight-file.ts';
import { drawFirst } from './weights.ts';

export const loadbalance: PluginDirective = {
  kind: 'plugin',
  name: 'loadbalance',
  configure(uses, context) {
    const policy = readPolicy(onlyUse(uses, context.problems), context);
    if (policy === undefined) return undefined;
    return {
      async create(host) {
        const made = await createPolicy(policy, host);
        return { plugin: new LoadBalance(made), close: () => made.close?.() };
      },
      check: async () => (policy.kind === 'weighted' ? checkWeightFile(policy.file) : []),
    };
  },
};

/** Which addresses come first. */
interface Policy {
  /** Every order of the addresses is as likely as any other, so that whoever gives the reply again can draw one itself. */
  readonly isFair: boolean;
  /** True where answers of this type are left as they are. */
  passes(query: Query): boolean;
  addresses(sets: readonly AddressRRset[], room: number): readonly AddressRRset[];
  exchanges: typeof shuffleExchanges;
  close?(): void;
}

async function createPolicy(policy: LoadBalancePolicy, host: Host): Promise<Policy> {
  switch (policy.kind) {
    case 'round_robin':
      return new RoundRobin(policy.prefer.length === 0 ? undefined : new PreferredSubnets(policy.prefer));
    case 'weighted': {
      const { file: path, reload } = policy;
      const kept = host.shared(KeptWeights, path, () => new KeptWeights());
      const logger = host.logger('loadbalance');
      const failures = reloadFailures(host.metrics, path);
      const file = await WeightFile.open({ path, reload, kept, facts: host.facts, logger, failures });
      return new Weighted(file, fileFact(path));
    }
  }
}

function reloadFailures(metrics: Metrics, path: string): Series {
  const help = 'Times that a weight file broke or went away, so that its last content stayed in use.';
  return metrics.counter('nodens_loadbalance_reload_failures_total', help, ['file']).with(path);
}

class RoundRobin implements Policy {
  readonly #groups: Groups | undefined;
  readonly exchanges = shuffleExchanges;
  readonly isFair: boolean;

  constructor(groups: Groups | undefined) {
    this.#groups = groups;
    this.isFair = groups === undefined;
  }

  passes(): boolean {
    return false;
  }

  addresses(sets: readonly AddressRRset[], room: number): readonly AddressRRset[] {
    return shuffleAddresses(sets, room, this.#groups);
  }
}

class Weighted implements Policy {
  readonly #file: WeightFile;
  readonly #fact: Fact;
  readonly isFair = false;

  constructor(file: WeightFile, fact: Fact) {
    this.#file = file;
    this.#fact = fact;
  }

  passes(query: Query): boolean {
    if (query.type !== Type.A && query.type !== Type.AAAA && query.type !== Type.SRV) return true;
    query.dependsOn(this.#fact);
    return false;
  }

  addresses(sets: readonly AddressRRset[]): readonly AddressRRset[] {
    return drawFirst(sets, this.#file.weights);
  }

  exchanges(sets: readonly MxRRset[]): readonly MxRRset[] {
    return sets;
  }

  close(): void {
    this.#file.close();
  }
}

class LoadBalance implements Plugin {
  readonly name = 'loadbalance';
  /** Of an answer whose order is left to chance this is taken back, unless whoever gives it again can draw another. */
  readonly replayable = true;
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  answer(query: Query, next: Next): Outcome {
    const outcome = next.answer(query);
    if (!(outcome instanceof Promise)) return this.#balance(query, outcome);
    return outcome.then((answer) => this.#balance(query, answer));
  }

  #balance(query: Query, answer: Answer): Answer {
    if (answer.kind !== 'reply' || answer.rcode !== Rcode.NOERROR || isTransfer(query.type)) return answer;
    if (this.#policy.passes(query)) return answer;
    const inAnswers = survey(answer.answers);
    const inAuthority = survey(answer.authority);
    const inAdditional = survey(answer.additional);
    if (inAnswers === undefined && inAuthority === undefined && inAdditional === undefined) return answer;
    const { room, replaying } = query;
    const answers = this.#order(answer.answers, inAnswers, room);
    const authority = this.#order(answer.authority, inAuthority, room);
    const additional = this.#order(answer.additional, inAdditional, room);
    const drawn = this.#policy.isFair ? drawnAlike(answers, inAnswers) : undefined;
    if (drawn !== undefined) replaying.drew(drawn);
    // The next client is to have an order of its own.
    else if (isDrawn(inAnswers)) replaying.forbid();
    if (isDrawn(inAuthority)) replaying.forbid();
    if (isDrawn(inAdditional)) {
      if (this.#policy.isFair && inAdditional.exchanges < 2) replaying.drewGlue(additional);
      else replaying.forbid();
    }
    return { ...answer, answers, authority, additional, drawn };
  }

  /** The same array where nothing is to be ordered. */
  #order(sets: readonly RRset[], found: Survey | undefined, room: number): readonly RRset[] {
    if (found === undefined) return sets;
    const only = sets.length === 1 ? sets[0] : undefined;
    // The common case: one RRset of many addresses.
    if (only?.kind === 'address') return this.#policy.addresses([only], room);
    const { aliases, others, addresses, exchanges } = byKind(sets);
    return [
      ...aliases,
      ...others,
      ...(found.addresses > 1 ? this.#policy.addresses(addresses, room) : addresses),
      ...(found.exchanges > 1 ? this.#policy.exchanges(exchanges) : exchanges),
    ];
  }
}

/** Whether the order of a section is left to chance. */
function isDrawn(found: Survey | undefined): found is Survey {
  return found !== undefined && (found.addresses > 1 || found.exchanges > 1);
}

/**
 * The addresses that were drawn in a section, where nothing else was and each might stand in the place of any other: owner,
 * type, class, TTL, and whether that counts down, are the same.
 */
function drawnAlike(sets: readonly RRset[], found: Survey | undefined): readonly AddressRRset[] | undefined {
  if (found === undefined || found.addresses < 2 || found.exchanges > 1) return undefined;
  const drawn = sets.filter((set) => set.kind === 'address');
  const [first] = drawn;
  return first !== undefined && drawn.every((set) => isLike(set, first)) ? drawn : undefined;
}

function isLike(one: AddressRRset, other: AddressRRset): boolean {
  return (
    one.owner.equals(other.owner) &&
    one.type === other.type &&
    one.class === other.class &&
    one.ttl === other.ttl &&
    one.aging === other.aging
  );
}
