/**
 * What `template` counts: questions that an expression matched, and records that could not be made of them. Series are
 * kept by address, zone, class and type, so that a match is counted without a text.
 */
import { Class, Type, classMnemonics, className, typeMnemonics, typeName } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import type { CounterFamily, Metrics } from '../../telemetry/metrics.ts';
import { CountedAgain } from '../counted-again.ts';
import type { Query } from '../query.ts';

/** What of a rule stands in for ANY in a question. */
interface Wanted {
  readonly class: number;
  readonly type: number;
}

/** Where in a template something failed. */
export type Section = 'answer' | 'authority' | 'additional' | 'var' | 'expr';

/** By class and type as a number, where both have a name; else by the labels that they share with others. */
type ByKind = Map<number | string, CountedAgain>;

export class TemplateCounts {
  readonly #matches: CounterFamily;
  readonly #templateFailures: CounterFamily;
  readonly #recordFailures: CounterFamily;
  readonly #matched = new Map<string, Map<Name, ByKind>>();
  readonly #view: string;

  /** @param view of the server block; empty where it has none */
  constructor(metrics: Metrics, view: string) {
    this.#view = view;
    const where = ['server', 'zone', 'view', 'class', 'type'];
    this.#matches = metrics.counter('coredns_template_matches_total', 'Questions that a template matched.', where);
    this.#templateFailures = metrics.counter(
      'coredns_template_template_failures_total',
      'Texts of records that could not be written for a question.',
      [...where, 'section', 'template'],
    );
    this.#recordFailures = metrics.counter(
      'coredns_template_rr_failures_total',
      'Texts written for a question that are no records.',
      [...where, 'section', 'template'],
    );
  }

  /**
   * Counts a question, whenever its answer is given again too.
   *
   * @param zone of the rule, the same object each time
   */
  matched(query: Query, zone: Name, wanted: Wanted): void {
    const ofZone = this.#ofZone(query.server, zone);
    const kind = query.question.class * 0x1_0000 + query.type;
    const counted = ofZone.get(kind) ?? this.#open(ofZone, kind, this.#labelsOf(query, zone, wanted));
    counted.again();
    query.replaying.each(counted);
  }

  /**
   * Counts a record that could not be made. The answer is a failure, which is not given again.
   *
   * @param failure `text`: the template could not be filled in; `no-record`: what came out is none
   * @param template as it stands in the Corefile
   */
  failed(
    failure: 'text' | 'no-record',
    query: Query,
    zone: Name,
    wanted: Wanted,
    section: Section,
    template: string,
  ): void {
    const family = failure === 'text' ? this.#templateFailures : this.#recordFailures;
    family.with(...this.#labelsOf(query, zone, wanted), section, template).add();
  }

  #open(ofZone: ByKind, kind: number, labels: Labels): CountedAgain {
    const [, , , klass, type] = labels;
    const key = klass === '' || type === '' ? `${klass} ${type}` : kind;
    let counted = ofZone.get(key);
    if (counted === undefined) {
      counted = new CountedAgain(this.#matches.with(...labels));
      ofZone.set(key, counted);
    }
    return counted;
  }

  /** A class or type without a name has no label, as in CoreDNS: a client could make 65,536 series of them. */
  #labelsOf({ question, server }: Query, zone: Name, wanted: Wanted): Labels {
    const klass = className(question.class === Class.ANY ? wanted.class : question.class);
    const type = typeName(question.type === Type.ANY ? wanted.type : question.type);
    return [
      server,
      zone.toLowerCase(),
      this.#view,
      classMnemonics.includes(klass) ? klass : '',
      typeMnemonics.includes(type) ? type : '',
    ];
  }

  #ofZone(server: string, zone: Name): ByKind {
    let ofServer = this.#matched.get(server);
    if (ofServer === undefined) {
      ofServer = new Map();
      this.#matched.set(server, ofServer);
    }
    let ofZone = ofServer.get(zone);
    if (ofZone === undefined) {
      ofZone = new Map();
      ofServer.set(zone, ofZone);
    }
    return ofZone;
  }
}

type Labels = readonly [server: string, zone: string, view: string, klass: string, type: string];
