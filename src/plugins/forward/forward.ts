/**
 * `forward`: asks other servers. Queries enter, and what upstreams said leaves, or why they said nothing.
 *
 *     query ──► lines of `forward` in file order: the first that covers the name
 *                  │                                   └─ `next`: on these answers the following one that does
 *               instance ──► exchange ──► upstreams ──► lines, channels      acceptance.ts judges every reply
 *
 * Upstreams, their connections, and what is known of their health belong to the process and outlive a reload.
 */
import type { Outcome } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { offerMetadata } from '../metadata/offer.ts';
import type { Host, Next, Plugin, PluginDirective, PluginSetup, RunningPlugin } from '../plugin.ts';
import type { Query } from '../query.ts';
import { ForwardInstance } from './instance.ts';
import { type ForwardOptions, readForwardOptions } from './options.ts';
import { UpstreamPool } from './pool.ts';
import { takesAll, warnOfUnreached } from './reach.ts';
import { UpstreamList } from './upstream-list.ts';
import { coverBlock } from '../zone-arguments.ts';

export const forward: PluginDirective = {
  kind: 'plugin',
  name: 'forward',
  answers: true,
  configure(uses, context) {
    const options = uses.map((use) => readForwardOptions(use, context));
    // Those that were wrong have been reported.
    if (options.some(({ to }) => to.length === 0)) return undefined;
    warnOfUnreached(uses, options, context);
    const isLast = (line: ForwardOptions): boolean => takesAll(line, line.from) && coverBlock([line.from], context);
    const last = uses[options.findIndex(isLast)];
    return {
      takesAll: last && { use: last, instead: "one of them, or 'except' for names that are not to be forwarded" },
      asks: options.flatMap(plainAddresses),
      create: (host) => create(options, host),
    };
  },
};

function plainAddresses({ to: targets }: ForwardOptions): NonNullable<PluginSetup['asks']> {
  return targets.flatMap((target) => {
    if (target.kind !== 'address' || target.scheme !== 'dns') return [];
    return [{ to: target.to, word: target.token }];
  });
}

async function create(lines: readonly ForwardOptions[], host: Host): Promise<RunningPlugin> {
  const pool = UpstreamPool.of(host);
  const instances: ForwardInstance[] = [];
  const close = (): void => {
    for (const instance of instances) instance.close();
  };
  try {
    for (const options of lines) {
      // oxlint-disable-next-line no-await-in-loop -- the first line that cannot be put in service is to be named
      instances.push(new ForwardInstance(options, await UpstreamList.open(options, host, pool), pool));
    }
  } catch (error) {
    close();
    throw error;
  }
  offerMetadata(host, 'forward/upstream', ({ account }) => account.upstream);
  return { plugin: new Forward(instances), close };
}

class Forward implements Plugin {
  readonly name = 'forward';
  /** Of an answer that was asked of upstreams this is taken back. */
  readonly replayable = true;
  readonly #instances: readonly ForwardInstance[];

  constructor(instances: readonly ForwardInstance[]) {
    this.#instances = instances;
  }

  answer(query: Query, next: Next): Outcome {
    const instance = this.#covering(query, 0);
    return instance === undefined ? next.answer(query) : this.#ask(instance, query);
  }

  #ask(instance: ForwardInstance, query: Query): Outcome {
    query.replaying.forbid();
    const following = this.#covering(query, this.#instances.indexOf(instance) + 1);
    const outcome = instance.ask(query, following !== undefined);
    if (following === undefined) return outcome;
    const judge = (answer: Answer): Outcome => (instance.passesOn(answer) ? this.#ask(following, query) : answer);
    return outcome instanceof Promise ? outcome.then(judge) : judge(outcome);
  }

  #covering({ name }: Query, from: number): ForwardInstance | undefined {
    for (let i = from; i < this.#instances.length; i++) {
      if (this.#instances[i]?.covers(name) === true) return this.#instances[i];
    }
    return undefined;
  }
}
