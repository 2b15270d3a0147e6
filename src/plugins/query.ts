/**
 * The one value that travels down the chain: who asks what, what the answer rested on, and what may still be spent on it.
 *
 * A client query and every look-up that it causes (a CNAME's target, a search-path candidate) are each a `Query`; they
 * share one `Account`: one budget, one list of facts, one verdict on replaying.
 */
import type { Dependent, Fact, FactCounters } from '../cluster/facts.ts';
import { Rcode } from '../dns/constants.ts';
import type { Message } from '../dns/message.ts';
import type { Question } from '../dns/question.ts';
import type { Name } from '../dns/name.ts';
import { type Outcome, failure } from './answer.ts';

/** Who asks, and at which of our addresses. Text form without brackets. */
export interface Client {
  readonly protocol: 'udp' | 'tcp';
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** Answers a query from the top: finds the server block and runs its chain. */
export interface Resolver {
  resolve(query: Query): Outcome;
}

/** What one client query and all its look-ups share. */
export class Account {
  readonly #counters: FactCounters;
  #lookupsLeft: number;
  /** Facts that were looked at, and the counter of each as it stood before the look. */
  readonly facts: Fact[] = [];
  readonly versions: number[] = [];
  /** False as soon as one plugin that the query passed has not said that its answer may be replayed. */
  replayable = true;

  constructor(counters: FactCounters, lookups: number) {
    this.#counters = counters;
    this.#lookupsLeft = lookups;
  }

  note(fact: Fact): void {
    if (this.facts.includes(fact)) return;
    this.facts.push(fact);
    this.versions.push(this.#counters.version(fact));
  }

  /** Takes one look-up off the budget; false when nothing is left. */
  spendLookup(): boolean {
    return this.#lookupsLeft-- > 0;
  }

  /** True while nothing that the answer rested on has changed. */
  get holds(): boolean {
    return this.facts.every((fact, i) => this.#counters.version(fact) === this.versions[i]);
  }
}

export class Query implements Dependent {
  readonly question: Question;
  /** The client's request: flags, EDNS. Look-ups have the one of the client query. */
  readonly request: Message;
  /** Octets of the request as they came. */
  readonly requestSize: number;
  readonly client: Client;
  readonly account: Account;
  readonly #resolver: Resolver;

  constructor(
    question: Question,
    request: Message,
    requestSize: number,
    client: Client,
    account: Account,
    resolver: Resolver,
  ) {
    this.question = question;
    this.request = request;
    this.requestSize = requestSize;
    this.client = client;
    this.account = account;
    this.#resolver = resolver;
  }

  get name(): Name {
    return this.question.name;
  }

  get type(): number {
    return this.question.type;
  }

  /** Must be called before the state that the fact stands for is looked at. */
  dependsOn(fact: Fact): void {
    this.account.note(fact);
  }

  /** Asks this server another question on the way to the answer, from the top and on the client's behalf. */
  lookup(name: Name, type: number): Outcome {
    if (!this.account.spendLookup()) {
      return failure(Rcode.SERVFAIL, `too many look-ups for one query, the last for ${name.toString()}`);
    }
    const question = { name, type, class: this.question.class };
    const { request, requestSize, client, account } = this;
    return this.#resolver.resolve(new Query(question, request, requestSize, client, account, this.#resolver));
  }

  /** Called for each plugin that the query enters and that does not allow its answers to be replayed. */
  forbidReplay(): void {
    this.account.replayable = false;
  }
}
