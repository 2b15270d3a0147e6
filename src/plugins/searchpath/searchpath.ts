/**
 * The `searchpath` directive: completes short names for clients that have no search path (README.md beside this file is
 * its manual page).
 *
 *     nginx               ─► nginx.NAMESPACE.svc.ZONE ┐
 *     nginx.default       ─► nginx.default.svc.ZONE   ├─ exists? ─► CNAME to it, and what it gives
 *     nginx.default.svc   ─► nginx.default.svc.ZONE   ┘        └─► not: down the chain untouched
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { eachOption, expectArguments, forbidBlock, wordsAsZones } from '../../corefile/options.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type Answer, type Outcome, type Reply, reply } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { ConfigureContext, Next, Plugin, PluginDirective, PluginSetup } from '../plugin.ts';
import type { Query } from '../query.ts';
import { wellKnownTopLevelDomains } from './top-level-domains.ts';

const DEFAULT_NAMESPACE = 'default';
/** Seconds: the TTL of the CNAME where the full name's answer has no record that would give one. */
const EMPTY_ANSWER_TTL = 5;

interface SearchPathOptions {
  /** The namespace of names of one label; undefined while the directive does not complete names at all. */
  namespace: string | undefined;
  readonly topLevelDomains: Set<string>;
}

export const searchpath: PluginDirective = {
  kind: 'plugin',
  name: 'searchpath',
  configure(uses, context): PluginSetup | undefined {
    const { problems } = context;
    const directive = onlyUse(uses, problems);
    const options: SearchPathOptions = { namespace: undefined, topLevelDomains: new Set(wellKnownTopLevelDomains) };
    expectArguments(directive, problems, { max: 0, usage: 'searchpath { short_names [NAMESPACE] }' });
    eachOption(directive, problems, {
      short_names: (option) => {
        if (!expectArguments(option, problems, { max: 1, usage: 'short_names [NAMESPACE]' })) return;
        const [namespace] = option.args;
        options.namespace = (namespace?.text ?? DEFAULT_NAMESPACE).toLowerCase();
        if (Name.fromLabels([options.namespace], Name.root) === undefined || options.namespace.includes('.')) {
          problems.error(namespace ?? option.name, `'${options.namespace}' is not a namespace`, {
            expected: 'one label, for example default',
          });
        }
      },
      search_tlds: (option) => {
        if (!expectArguments(option, problems, { min: 1, usage: 'search_tlds TLD…' })) return;
        for (const token of option.args) options.topLevelDomains.add(token.text.toLowerCase().replace(/^\.|\.$/g, ''));
      },
    });
    for (const option of directive.block ?? []) forbidBlock(option, problems);
    if (options.namespace === undefined) {
      problems.error(directive.name, "'searchpath' has nothing to do", { expected: 'searchpath { short_names }' });
    }
    const zone = clusterZone(context);
    if (zone === undefined) {
      problems.error(directive.name, "'searchpath' needs a 'kubernetes' directive in the same server block", {
        expected: 'kubernetes cluster.local beside it',
      });
    }
    if (options.namespace === undefined || zone === undefined) return undefined;
    const { namespace, topLevelDomains } = options;
    return { create: () => ({ plugin: new SearchPath(Name.fromText(zone), namespace, topLevelDomains) }) };
  },
};

/** The first zone of the block's `kubernetes` that is not a reverse zone. */
function clusterZone(context: ConfigureContext): string | undefined {
  const [use] = context.usesOf('kubernetes');
  if (use === undefined) return undefined;
  // What is wrong with these words is reported where `kubernetes` itself reads them.
  const zones = wordsAsZones(use.args, context.zones, context.problems);
  return zones.find((zone) => !zone.endsWith('.arpa.'));
}

class SearchPath implements Plugin {
  readonly name = 'searchpath';
  readonly replayable = true;
  readonly #zone: Name;
  readonly #services: Name;
  readonly #namespace: Name;
  /** Names at or below this one are full already. All are below the root: there, those below `svc` are. */
  readonly #full: Name;
  readonly #topLevelDomains: ReadonlySet<string>;

  constructor(zone: Name, namespace: string, topLevelDomains: ReadonlySet<string>) {
    this.#zone = zone;
    this.#services = Name.fromLabels(['svc'], zone) ?? zone;
    this.#namespace = Name.fromLabels([namespace], this.#services) ?? zone;
    this.#full = zone.labelCount > 0 ? zone : this.#services;
    this.#topLevelDomains = topLevelDomains;
  }

  answer(query: Query, next: Next): Outcome {
    // A question for an SOA tells nothing about whether the name exists, and short names are no zones.
    const full = query.type === Type.SOA ? undefined : this.#complete(query.name);
    if (full === undefined) return next.answer(query);
    const outcome = query.lookup(full, query.type);
    if (!(outcome instanceof Promise)) return this.#take(query, full, outcome) ?? next.answer(query);
    return outcome.then((answer) => this.#take(query, full, answer) ?? next.answer(query));
  }

  /** The full name that a short one may stand for; undefined where it is none. */
  #complete(name: Name): Name | undefined {
    const count = name.labelCount;
    if (count === 0 || count > 3) return undefined;
    if (name.isAtOrBelow(this.#full)) return undefined;
    const labels = Array.from({ length: count }, (_, i) => name.label(i));
    const last = labels.at(-1) ?? '';
    if (count === 1) return Name.fromLabels(labels, this.#namespace);
    if (count === 2) return this.#topLevelDomains.has(last) ? undefined : Name.fromLabels(labels, this.#services);
    return last === 'svc' ? Name.fromLabels(labels, this.#zone) : undefined;
  }

  /** The reply to the short name, if the full one exists. */
  #take(query: Query, full: Name, answer: Answer): Answer | undefined {
    // Whether there is such a name cannot be told now: whoever is asked for the short one could only be wrong.
    if (answer.kind === 'failure' && answer.rcode === Rcode.SERVFAIL) return answer;
    if (answer.kind !== 'reply' || answer.rcode !== Rcode.NOERROR) return undefined;
    const alias = aliasFor(query.name, full, answer);
    return reply({ ...answer, answers: query.type === Type.CNAME ? [alias] : [alias, ...answer.answers] });
  }
}

/** It lives as long as the first record of what it leads to, and counts down with it. */
function aliasFor(owner: Name, full: Name, { answers, authority }: Reply): RRset {
  const { ttl, aging } = answers[0] ?? authority[0] ?? { ttl: EMPTY_ANSWER_TTL };
  const alias: RRset = { owner, type: Type.CNAME, class: Class.IN, ttl, kind: 'name', targets: [full] };
  return aging === true ? { ...alias, aging } : alias;
}
