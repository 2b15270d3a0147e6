/**
 * `ipv6`: spares upstreams the questions for IPv6 addresses in a cluster that speaks IPv4 alone (README.md beside this file is
 * its manual page). It stands above `forward` and below everything that has names of its own.
 *
 *     AAAA, class IN ──► name of the cluster's zones, or a client that checks signatures itself ──► next
 *          └───────────► filter, or auto where the cluster speaks IPv4 alone ──► NODATA, EDE 17
 *          └───────────► else ──► next
 */
import { Class, Flag, Type } from '../../dns/constants.ts';
import { hasFlag } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import type { CounterFamily } from '../../telemetry/metrics.ts';
import type { Outcome } from '../answer.ts';
import { CountedAgain } from '../counted-again.ts';
import { onlyUse } from '../once.ts';
import type { Host, Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { SpokenFamilies } from './families.ts';
import { filteredReply } from './filtered.ts';
import { type Mode, readMode } from './options.ts';

export const ipv6: PluginDirective = {
  kind: 'plugin',
  name: 'ipv6',
  configure(uses, context) {
    const mode = readMode(onlyUse(uses, context.problems), context);
    if (mode === undefined || context.problems.hasErrors) return undefined;
    return { create: (host) => ({ plugin: new Ipv6(mode, host) }) };
  },
};

class Ipv6 implements Plugin {
  readonly name = 'ipv6';
  readonly replayable = true;
  readonly #mode: Mode;
  readonly #host: Host;
  readonly #family: CounterFamily;
  readonly #counts = new Map<string, CountedAgain>();
  /** Both made with the first question: the other directives of the block are there by then. */
  #zones: readonly Name[] | undefined;
  #spoken: readonly SpokenFamilies[] | undefined;

  constructor(mode: Mode, host: Host) {
    this.#mode = mode;
    this.#host = host;
    const help = 'Questions for IPv6 addresses that were answered without asking upstreams.';
    this.#family = host.metrics.counter('nodens_ipv6_filtered_total', help, ['server']);
  }

  answer(query: Query, next: Next): Outcome {
    const { type, question } = query;
    if (this.#mode === 'keep' || type !== Type.AAAA || question.class !== Class.IN) return next.answer(query);
    if (this.#isOfCluster(query.name) || checksItself(query) || !this.#filters(query)) return next.answer(query);
    const counted = this.#countedAt(query.server);
    counted.again();
    query.replaying.each(counted);
    return filteredReply(query.name);
  }

  #filters(query: Query): boolean {
    if (this.#mode !== 'auto') return true;
    this.#spoken ??= this.#host.neighbours.clusters.map(({ view }) => new SpokenFamilies(this.#host, view));
    for (const spoken of this.#spoken) if (!spoken.isIPv4Alone(query)) return false;
    return this.#spoken.length > 0;
  }

  /** What `kubernetes` passes on of its own zones is no name of the outside. A zone of all names has no outside. */
  #isOfCluster(name: Name): boolean {
    this.#zones ??= this.#host.neighbours.clusters
      .flatMap(({ zones }) => zones)
      .filter(({ labelCount }) => labelCount > 0);
    for (const zone of this.#zones) if (name.isAtOrBelow(zone)) return true;
    return false;
  }

  #countedAt(server: string): CountedAgain {
    let counted = this.#counts.get(server);
    if (counted === undefined) {
      counted = new CountedAgain(this.#family.with(server));
      this.#counts.set(server, counted);
    }
    return counted;
  }
}

/** A client that asks with DO and CD checks signatures, and would take an unsigned denial for a forged one (RFC 4035 §5.4). */
function checksItself({ request }: Query): boolean {
  return request.edns?.dnssecOk === true && hasFlag(request.flags, Flag.CD);
}
