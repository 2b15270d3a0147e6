/** What `acl` counts: queries that were let through, and those that were not by the zone of the rule set that decided. */
import type { Name } from '../../dns/name.ts';
import type { CounterFamily, Metrics } from '../../telemetry/metrics.ts';
import { CountedAgain } from '../counted-again.ts';
import type { Action } from './options.ts';

type Refusal = Exclude<Action, 'allow'>;

/** Of one address that is served, by zone; the same objects each time. */
type ByZone = Map<Name, CountedAgain>;

export class AclCounts {
  readonly #families: Readonly<Record<Refusal, CounterFamily>>;
  readonly #allowedFamily: CounterFamily;
  readonly #view: string;
  readonly #allowed = new Map<string, CountedAgain>();
  readonly #refused = new Map<string, Readonly<Record<Refusal, ByZone>>>();

  /** @param view of the server block; empty where it has none */
  constructor(metrics: Metrics, view: string) {
    this.#view = view;
    const family = (word: string, help: string): CounterFamily =>
      metrics.counter(`coredns_acl_${word}_requests_total`, help, ['server', 'zone', 'view']);
    this.#families = {
      block: family('blocked', 'Queries that an access list refused.'),
      filter: family('filtered', 'Queries that an access list answered with nothing.'),
      drop: family('dropped', 'Queries that an access list left without a reply.'),
    };
    this.#allowedFamily = metrics.counter(
      'coredns_acl_allowed_requests_total',
      'Queries that an access list let through.',
      ['server', 'view'],
    );
  }

  /** @param server what metrics call the address */
  allowed(server: string): CountedAgain {
    let counted = this.#allowed.get(server);
    if (counted === undefined) {
      counted = new CountedAgain(this.#allowedFamily.with(server, this.#view));
      this.#allowed.set(server, counted);
    }
    return counted;
  }

  /** @param zone of the rule set, the same object each time */
  refused(action: Refusal, server: string, zone: Name): CountedAgain {
    let ofServer = this.#refused.get(server);
    if (ofServer === undefined) {
      ofServer = { block: new Map(), filter: new Map(), drop: new Map() };
      this.#refused.set(server, ofServer);
    }
    let counted = ofServer[action].get(zone);
    if (counted === undefined) {
      counted = new CountedAgain(this.#families[action].with(server, zone.toLowerCase(), this.#view));
      ofServer[action].set(zone, counted);
    }
    return counted;
  }
}
