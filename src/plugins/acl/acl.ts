/**
 * `acl`: who may ask what. It stands above everything that keeps answers and below everything that changes questions, so that
 * it judges the name that is looked up, for the client that asked, each time (README.md beside this file is its manual page).
 *
 *     query ──► rule sets whose zones have the name, in the order of the file
 *                 └─► policies in their order: type fits? client fits? ──► allow ──► next
 *                                                                     ├──► block    REFUSED, EDE 15 (RFC 8914 §4.16)
 *                       none fits ──► next rule set … ──► next        ├──► filter   NOERROR, empty, EDE 17 (RFC 8914 §4.18)
 *                                                                     └──► drop     silence
 */
import { Rcode } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { type Answer, type Outcome, reply } from '../answer.ts';
import type { Next, Plugin, PluginDirective } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { AclCounts } from './counts.ts';
import { clientOctets } from '../networks.ts';
import { type Action, type Policy, type RuleSet, readRuleSets } from './options.ts';

export const acl: PluginDirective = {
  kind: 'plugin',
  name: 'acl',
  configure(uses, context) {
    const ruleSets = readRuleSets(uses, context);
    return { create: ({ metrics, block }) => ({ plugin: new Acl(ruleSets, new AclCounts(metrics, block.view)) }) };
  },
};

/** What a client gets that may not ask. */
const REFUSALS: Readonly<Record<Exclude<Action, 'allow'>, Answer>> = {
  block: reply({ rcode: Rcode.REFUSED, authoritative: false, explanation: explain('blocked') }),
  filter: reply({ authoritative: false, explanation: explain('filtered') }),
  drop: { kind: 'silence' },
};

class Acl implements Plugin {
  readonly name = 'acl';
  /** Where the client's address was looked at this is taken back: the next one may be another client. */
  readonly replayable = true;
  readonly #ruleSets: readonly RuleSet[];
  readonly #counts: AclCounts;
  /** The client of the last query that was judged by its address, and its octets: it often asks again. */
  #address = '';
  #octets: Uint8Array | undefined;

  constructor(ruleSets: readonly RuleSet[], counts: AclCounts) {
    this.#ruleSets = ruleSets;
    this.#counts = counts;
  }

  answer(query: Query, next: Next): Outcome {
    for (const { zones, policies } of this.#ruleSets) {
      const zone = zones.find(query.name);
      if (zone === undefined) continue;
      const action = this.#decide(query, policies);
      if (action === undefined) continue;
      if (action === 'allow') break;
      return this.#refuse(query, zone, action);
    }
    const counted = this.#counts.allowed(query.server);
    counted.again();
    query.replaying.each(counted);
    return next.answer(query);
  }

  #refuse(query: Query, zone: Name, action: Exclude<Action, 'allow'>): Answer {
    const counted = this.#counts.refused(action, query.server, zone);
    counted.again();
    query.replaying.each(counted);
    return REFUSALS[action];
  }

  /** What the first policy that fits says; undefined where none does. */
  #decide(query: Query, policies: readonly Policy[]): Action | undefined {
    for (const { action, types, networks } of policies) {
      if (types?.has(query.type) === false) continue;
      if (networks === undefined) return action;
      query.replaying.forbid();
      const octets = this.#octetsOf(query.client.clientAddress);
      if (octets !== undefined && networks.has(octets)) return action;
    }
    return undefined;
  }

  #octetsOf(address: string): Uint8Array | undefined {
    if (address !== this.#address) {
      this.#address = address;
      this.#octets = clientOctets(address);
    }
    return this.#octets;
  }
}
