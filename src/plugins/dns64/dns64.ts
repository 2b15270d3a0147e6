/**
 * `dns64`: gives names that have IPv4 addresses alone IPv6 addresses that a NAT64 translates (RFC 6147), for clients that have
 * nothing but IPv6.
 *
 *     AAAA ──► next ──► AAAA records, NXDOMAIN, a client that checks signatures itself ──► as it is
 *                 └───► none ──► the same name for A, from the top ──► AAAA in the prefix, aliases kept
 *     PTR in the prefix ──► next ──► an answer ──► as it is
 *                              └───► none ──► CNAME to the name below in-addr.arpa, and what that gives
 */
import { parseReverseName, reverseName } from '../../dns/address.ts';
import { Class, Flag, Rcode, Type } from '../../dns/constants.ts';
import { hasFlag } from '../../dns/message.ts';
import type { Name } from '../../dns/name.ts';
import type { RRset } from '../../dns/rrset.ts';
import type { CounterFamily } from '../../telemetry/metrics.ts';
import { type Answer, type Outcome, type Reply, reply, whenAnswered } from '../answer.ts';
import { CountedAgain } from '../counted-again.ts';
import { onlyUse } from '../once.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { reasons } from '../reasons.ts';
import { type Dns64Options, readDns64Options } from './options.ts';
import { TTL_WITHOUT_SOA, hasType, shorter, synthesized, withoutMapped } from './synthesis.ts';

export const dns64: PluginDirective = {
  kind: 'plugin',
  name: 'dns64',
  configure(uses, { problems }) {
    const options = readDns64Options(onlyUse(uses, problems), problems);
    return {
      create({ metrics }) {
        const name = 'coredns_dns64_requests_translated_total';
        const family = metrics.counter(name, 'Questions for AAAA that were answered from A records.', ['server']);
        return { plugin: new Dns64(options, family) };
      },
    };
  },
};

/** Of the reverse name of an IPv6 address: its nibbles, and ip6.arpa. */
const REVERSE_LABELS = 34;

class Dns64 implements Plugin {
  readonly name = 'dns64';
  /** Where an answer depends on the family of the client's address this is taken back. */
  readonly replayable = true;
  readonly #options: Dns64Options;
  readonly #family: CounterFamily;
  readonly #translations = new Map<string, CountedAgain>();

  constructor(options: Dns64Options, family: CounterFamily) {
    this.#options = options;
    this.#family = family;
  }

  answer(query: Query, next: Next): Outcome {
    const { type, question } = query;
    if ((type !== Type.AAAA && type !== Type.PTR) || question.class !== Class.IN || checksItself(query)) {
      return next.answer(query);
    }
    const outcome = next.answer(query);
    if (type === Type.PTR) return this.#considerReverse(query, outcome);
    return outcome instanceof Promise
      ? outcome.then((answer) => this.#consider(query, answer))
      : this.#consider(query, outcome);
  }

  /** What becomes of an answer to a question for AAAA (RFC 6147 §5.1.1 to §5.1.4). */
  #consider(query: Query, answer: Answer): Outcome {
    if (isFinal(answer)) return answer;
    if (answer.kind !== 'reply' || !hasType(answer, Type.AAAA)) {
      if (!this.#isForClient(query)) return answer;
      return this.#fromIPv4(query, answer.kind === 'reply' ? answer : undefined, undefined);
    }
    const { translateAll } = this.#options;
    const usable = withoutMapped(answer);
    if (usable === answer && !translateAll) return answer;
    if (!this.#isForClient(query)) return answer;
    if (!hasType(usable, Type.AAAA)) return this.#fromIPv4(query, usable, undefined);
    return translateAll ? this.#fromIPv4(query, undefined, usable) : usable;
  }

  /**
   * AAAA records that are made of A records. Where there are none, what was said of them is the answer (RFC 6147 §5.1.6), unless
   * there is another.
   */
  #fromIPv4(query: Query, negative: Reply | undefined, otherwise: Reply | undefined): Outcome {
    return whenAnswered(query.askForType(Type.A), (found) => {
      if (found.kind === 'reply' && hasType(found, Type.A)) return this.#synthesize(query, negative, found);
      return otherwise ?? found;
    });
  }

  #synthesize(query: Query, negative: Reply | undefined, found: Reply): Answer {
    const made = synthesized(this.#options.prefix, negative, found, query.replaying);
    if (made.drawn !== undefined) query.replaying.drew(made.drawn);
    const counted = this.#translationsAt(query.server);
    counted.again();
    query.replaying.each(counted);
    return made;
  }

  #isForClient({ client, replaying }: Query): boolean {
    if (this.#options.allowIPv4) return true;
    replaying.forbid();
    return client.clientFamily === 6;
  }

  #translationsAt(server: string): CountedAgain {
    let counted = this.#translations.get(server);
    if (counted === undefined) {
      counted = new CountedAgain(this.#family.with(server));
      this.#translations.set(server, counted);
    }
    return counted;
  }

  /** RFC 6147 §5.3.1, the second way; what is known for the name itself comes before it. */
  #considerReverse(query: Query, outcome: Outcome): Outcome {
    const target = this.#reverseTarget(query.name);
    if (target === undefined) return outcome;
    if (outcome instanceof Promise) return outcome.then((answer) => fromReverse(query, target, answer));
    return fromReverse(query, target, outcome);
  }

  /** The name below in-addr.arpa that a name in the prefix stands for. */
  #reverseTarget(name: Name): Name | undefined {
    if (name.labelCount !== REVERSE_LABELS) return undefined;
    const asked = parseReverseName(name);
    if (asked?.kind !== 'address') return undefined;
    const ipv4 = this.#options.prefix.extract(asked.octets);
    return ipv4 && reverseName(ipv4);
  }
}

/** A client that asks with DO and CD checks signatures, and would find none on what is made here (RFC 6147 §5.5). */
function checksItself({ request }: Query): boolean {
  return request.edns?.dnssecOk === true && hasFlag(request.flags, Flag.CD);
}

/** What an access list refused is not to be had another way either. */
function isRefusal(answer: Answer): boolean {
  return answer.kind !== 'silence' && answer.explanation?.word === reasons.blocked.word;
}

/** Nothing is added to it: silence, a refusal, and that there is no such name, and so no A record either (RFC 6147 §5.1.2). */
function isFinal(answer: Answer): boolean {
  return answer.kind === 'silence' || answer.rcode === Rcode.NXDOMAIN || isRefusal(answer);
}

/** What becomes of the answer for a reverse name in the prefix. */
function fromReverse(query: Query, target: Name, answer: Answer): Outcome {
  if (answer.kind === 'silence' || isRefusal(answer)) return answer;
  if (answer.kind === 'reply' && answer.answers.length > 0) return answer;
  return whenAnswered(query.lookup(target, Type.PTR), (found) => aliased(query, target, found));
}

/** A CNAME in front of what its target gives. It lives as long as that, and no longer than what is made up otherwise. */
function aliased({ name: owner, replaying }: Query, target: Name, found: Answer): Answer {
  if (found.kind !== 'reply') return found;
  const most = { ttl: TTL_WITHOUT_SOA };
  const lifetime = shorter(found.answers[0] ?? found.authority[0] ?? most, most, replaying);
  const alias: RRset = { kind: 'name', owner, type: Type.CNAME, class: Class.IN, ...lifetime, targets: [target] };
  return reply({
    ...found,
    authenticData: false,
    fromUpstream: false,
    answers: [alias, ...found.answers],
  });
}
