/**
 * An answer out of a zone (RFC 1034 §4.3.2, RFC 4592, RFC 6672, RFC 4035 §3.1).
 *
 *     name ─► zone.find ─► node, wildcard ─► CNAME ──────────┐     records ─► answer, name servers, addresses of targets
 *                       ─► dname ─► CNAME that is made ──────┤     none    ─► NODATA, SOA, proof
 *                       ─► none ─► NXDOMAIN, SOA, proof      │
 *                       ─► delegation ─► referral            │
 *              ▲                                             │
 *              └────────── target in the zone ───────────────┴─ elsewhere, or delegated ─► the whole server is asked
 *
 * The response code is that of the last name (RFC 6604), AA that of the first (RFC 1035 §4.1.1).
 */
import { Class, Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import type { NameRRset } from '../../dns/rrset.ts';
import { type Answer, type Outcome, type Reply, failure, reply, whenAnswered } from '../answer.ts';
import type { Query } from '../query.ts';
import { type Explanation, explain } from '../reasons.ts';
import { type Denial, denialOf } from './denial.ts';
import { Sections } from './sections.ts';
import type { Zone, ZoneNode } from './zone.ts';

/** What one step towards the answer gives. */
type Step =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The name that was asked for does not exist; there is no answer yet. */
  | { readonly kind: 'no-name' }
  /** Goes on with another name; an alias that leads there is in the answer. */
  | { readonly kind: 'follow'; readonly target: Name }
  /** Goes on with another name for which this zone is not the place. */
  | { readonly kind: 'elsewhere'; readonly target: Name };

/** Types that are given only to who asks for signatures, or for themselves (RFC 3225 §3). */
const ONLY_SIGNED: ReadonlySet<number> = new Set([Type.RRSIG, Type.NSEC]);

const NO_SUCH_NAME = explain('noSuchName');
const NO_SUCH_TYPE = explain('noSuchType');
const NAME_TOO_LONG = explain('nameTooLong');
const ENDLESS = explain('endlessZoneAlias');
const TOO_MANY = failure(Rcode.SERVFAIL, explain('tooManyLookups'), 'too many aliases in a zone, one after another');

export class ZoneAnswers {
  readonly zone: Zone;
  readonly #denial: Denial;

  constructor(zone: Zone) {
    this.zone = zone;
    this.#denial = denialOf(zone);
  }

  /**
   * @param isHere whether a name below the apex is this zone's and not that of a zone below it
   * @param noName what is done where the name does not exist and another plugin may have it; undefined for NXDOMAIN
   */
  answer(query: Query, isHere: (name: Name) => boolean, noName: (() => Outcome) | undefined): Outcome {
    const search = new Search(this.zone, this.#denial, query);
    let name = query.name;
    /** Names that were aliases. */
    let passed: Set<string> | undefined;
    for (;;) {
      const step = search.step(name, passed === undefined);
      switch (step.kind) {
        case 'reply':
          return step.reply;
        case 'no-name':
          return noName === undefined ? search.noName(name) : noName();
        case 'elsewhere':
          return search.elsewhere(step.target);
        case 'follow':
          (passed ??= new Set()).add(name.key);
          name = step.target;
          if (!name.isAtOrBelow(this.zone.name) || !isHere(name)) return search.elsewhere(name);
          if (passed.has(name.key)) return search.made(Rcode.NOERROR, ENDLESS);
          if (!query.account.spendLookup()) return TOO_MANY;
      }
    }
  }
}

/** One question on its way through a zone. */
class Search {
  readonly #zone: Zone;
  readonly #denial: Denial;
  readonly #query: Query;
  readonly #sections: Sections;

  constructor(zone: Zone, denial: Denial, query: Query) {
    this.#zone = zone;
    this.#denial = denial;
    this.#query = query;
    this.#sections = new Sections(zone, denial, query.request.edns?.dnssecOk ?? false);
  }

  /** @param isFirst false behind an alias */
  step(name: Name, isFirst: boolean): Step {
    const { type } = this.#query;
    const found = this.#zone.find(name);
    switch (found.kind) {
      case 'delegation':
        // The DS records of a zone stand above it (RFC 4035 §3.1.4.1).
        if (type === Type.DS && found.node.owner.equals(name)) return this.#records(found.node, name, undefined);
        if (!isFirst) return { kind: 'elsewhere', target: name };
        this.#sections.referral(found.node);
        return { kind: 'reply', reply: { ...this.made(Rcode.NOERROR), authoritative: false } };
      case 'dname':
        return this.#redirect(found.node, found.dname, name);
      case 'node':
        return this.#records(found.node, name, undefined);
      case 'wildcard':
        return this.#records(found.node, name, found.encloser);
      case 'none':
        return isFirst ? { kind: 'no-name' } : { kind: 'reply', reply: this.noName(name) };
    }
  }

  /** NXDOMAIN. */
  noName(name: Name): Reply {
    const found = this.#zone.find(name);
    this.#sections.negative();
    if (found.kind === 'none' && this.#sections.isSigned) {
      this.#sections.proof(this.#denial.noName(name, found.encloser));
    }
    return this.made(Rcode.NXDOMAIN, NO_SUCH_NAME);
  }

  made(rcode: number, explanation?: Explanation): Reply {
    const { answers, authority, additional } = this.#sections;
    return reply({ rcode, answers, authority, additional, explanation });
  }

  /** What the whole server says about the target of an alias, behind the aliases. */
  elsewhere(target: Name): Outcome {
    return whenAnswered(this.#query.lookup(target, this.#query.type), (answer): Answer => {
      if (answer.kind !== 'reply' && answer.kind !== 'failure') return answer;
      const { answers } = this.#sections;
      // Who is refused the target here may ask for it elsewhere: the alias is the answer, as where nobody follows it.
      if (answer.rcode === Rcode.REFUSED) {
        this.#sections.nameServers();
        return this.made(Rcode.NOERROR, answer.explanation);
      }
      if (answer.kind === 'failure') {
        return reply({ rcode: answer.rcode, answers, explanation: answer.explanation });
      }
      const { rcode, truncated, explanation } = answer;
      const all = [...answers, ...answer.answers];
      if (rcode === Rcode.NOERROR && answer.answers.length > 0) {
        this.#sections.nameServers();
        return reply({ ...this.made(rcode, explanation), answers: all, truncated });
      }
      const { authority, additional } = answer;
      return reply({ rcode, answers: all, authority, additional, truncated, explanation });
    });
  }

  /** @param encloser where the node is a wildcard that stands for the name */
  #records(node: ZoneNode, name: Name, encloser: ZoneNode | undefined): Step {
    const { type } = this.#query;
    const sections = this.#sections;
    const alias = node.names(Type.CNAME);
    const [target] = alias?.targets ?? [];
    if (alias !== undefined && target !== undefined && isRedirected(type)) {
      sections.answer(node, alias.targets.length === 1 ? alias : { ...alias, targets: [target] }, name);
      if (encloser !== undefined) this.#proveExpansion(name, encloser);
      return { kind: 'follow', target };
    }
    const sets = type === Type.ANY ? this.#all(node) : node.sets.filter((set) => set.type === type);
    if (sets.length === 0) return { kind: 'reply', reply: this.#noData(node, name, encloser) };
    for (const set of sets) sections.answer(node, set, name);
    if (type !== Type.ANY) sections.nameServers();
    for (const set of sets) sections.targets(set);
    if (encloser !== undefined) this.#proveExpansion(name, encloser);
    return { kind: 'reply', reply: this.made(Rcode.NOERROR) };
  }

  /** Signatures come with what they sign. */
  #all(node: ZoneNode): ZoneNode['sets'] {
    if (!this.#sections.isSigned) return node.sets.filter(({ type }) => !ONLY_SIGNED.has(type));
    return node.sets.filter(({ type }) => type !== Type.RRSIG);
  }

  #noData(node: ZoneNode, name: Name, encloser: ZoneNode | undefined): Reply {
    this.#sections.negative();
    if (this.#sections.isSigned) {
      this.#sections.proof(
        encloser === undefined ? this.#denial.noData(node) : this.#denial.noWildcardData(name, encloser, node),
      );
    }
    return this.made(Rcode.NOERROR, NO_SUCH_TYPE);
  }

  #proveExpansion(name: Name, encloser: ZoneNode): void {
    if (this.#sections.isSigned) this.#sections.proof(this.#denial.expanded(name, encloser));
  }

  /** RFC 6672 §3.2: the DNAME record, and the CNAME record that it makes of the name, in lower case. */
  #redirect(node: ZoneNode, dname: NameRRset, name: Name): Step {
    const [suffix] = dname.targets;
    if (suffix === undefined) return { kind: 'no-name' };
    this.#sections.answer(node, dname.targets.length === 1 ? dname : { ...dname, targets: [suffix] });
    const above = name.labelCount - node.owner.labelCount;
    const labels = Array.from({ length: above }, (_, i) => name.label(i));
    const target = Name.fromLabels(labels, suffix);
    if (target === undefined) return { kind: 'reply', reply: this.made(Rcode.YXDOMAIN, NAME_TOO_LONG) };
    const { ttl } = dname;
    this.#sections.answers.push({
      owner: name,
      type: Type.CNAME,
      class: Class.IN,
      ttl,
      kind: 'name',
      targets: [target],
    });
    if (this.#query.type !== Type.CNAME) return { kind: 'follow', target };
    this.#sections.nameServers();
    return { kind: 'reply', reply: this.made(Rcode.NOERROR) };
  }
}

/** Whether an alias is followed: these types are of the alias itself (RFC 4035 §2.5, §3.2.4). */
function isRedirected(type: number): boolean {
  return type !== Type.CNAME && type !== Type.ANY && type !== Type.RRSIG && type !== Type.NSEC;
}
