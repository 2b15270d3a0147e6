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
import { bounds } from '../bounds.ts';
import { type EdnsOption, MIN_UDP_PAYLOAD } from '../dns/edns.ts';
import { type Outcome, failure } from './answer.ts';
import { explain } from './reasons.ts';
import { Replaying } from './replay.ts';

/** Longest message over TCP (RFC 1035 §4.2.2). */
export const MAX_TCP_MESSAGE = 65_535;

/** What a reply over UDP may have: the client's size, at least 512 octets (RFC 6891 §6.2.3), within what is sent at all. */
export function udpRoom(clientSize: number | undefined, limit: number): number {
  return Math.min(Math.max(clientSize ?? 0, MIN_UDP_PAYLOAD), limit);
}

/** Who asks, and at which of our addresses. Text form without brackets. */
export interface Client {
  readonly protocol: 'udp' | 'tcp';
  readonly clientFamily: 4 | 6;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** Answers a query from the top: finds the server block and runs its chain. */
export interface Resolver {
  /** The address that is served, as metrics call it: `dns://:53`, `dns://192.0.2.53:53`. */
  readonly server: string;
  resolve(query: Query): Outcome;
}

/** What one client query and all its look-ups share. */
export class Account {
  readonly #counters: FactCounters;
  #lookupsLeft: number;
  #attemptsLeft: number = bounds.upstreamAttemptsPerQuery;
  /** Facts that were looked at, and the counter of each as it stood before the look. */
  readonly facts: Fact[] = [];
  readonly versions: number[] = [];
  /** Whether the answer may be given again, and what has to be done then. */
  readonly replaying = new Replaying();
  /** When the answer must be there at the latest, by the monotonic clock; infinite where nothing set it. */
  deadline = Infinity;
  /** When an upstream was first to be asked on its behalf, by the monotonic clock; undefined until then. */
  upstreamsSince: number | undefined;
  /** Who sent the last answer that was asked of upstreams on its behalf, such as `192.0.2.1:53`; empty where nobody did. */
  upstream = '';
  /** What the client's UDP size counts as at most: lowered by `bufsize`. */
  udpSize: number = bounds.udpMessage;
  /** Options of the reply's OPT record beside those that the server itself gives; sent to clients with EDNS. */
  readonly replyOptions: EdnsOption[] = [];

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

  /** Takes one message to an upstream off the budget; false when nothing is left. */
  spendAttempt(): boolean {
    return this.#attemptsLeft-- > 0;
  }

  /** An account for work that no client waits for: nothing noted, nothing spent. */
  fresh(): Account {
    return new Account(this.#counters, bounds.lookupsPerQuery);
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
  /** The query that this one is asked in place of, further down the same chain. */
  #inPlaceOf: Query | undefined;
  #isLookup = false;
  #lastEntered = '';

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

  /** The plugin that was entered last: when the answer is there, the one that made it. */
  get lastEntered(): string {
    return this.#lastEntered;
  }

  set lastEntered(plugin: string) {
    this.#lastEntered = plugin;
    if (this.#inPlaceOf !== undefined) this.#inPlaceOf.lastEntered = plugin;
  }

  get name(): Name {
    return this.question.name;
  }

  get type(): number {
    return this.question.type;
  }

  /** The address at which the client asked, as metrics call it. */
  get server(): string {
    return this.#resolver.server;
  }

  /** Octets that the reply may have; what is longer is cut and marked as such. */
  get room(): number {
    return this.client.protocol === 'udp' ? udpRoom(this.request.edns?.udpSize, this.account.udpSize) : MAX_TCP_MESSAGE;
  }

  /** Must be called before the state that the fact stands for is looked at. */
  dependsOn(fact: Fact): void {
    this.account.note(fact);
  }

  /** Asks this server another question on the way to the answer, from the top and on the client's behalf. */
  lookup(name: Name, type: number): Outcome {
    return this.#ask(name, type, true);
  }

  /** Asks this server the same name for another type, from the top, as if the client had asked that; it is one of the look-ups. */
  askForType(type: number): Outcome {
    return this.#ask(this.name, type, this.#isLookup);
  }

  #ask(name: Name, type: number, isLookup: boolean): Outcome {
    if (!this.account.spendLookup()) {
      const error = `too many look-ups for one query, the last for ${name.toString()}`;
      return failure(Rcode.SERVFAIL, explain('tooManyLookups'), error);
    }
    const question = { name, type, class: this.question.class };
    const { requestSize, client, account } = this;
    const query = new Query(question, this.#clientRequest, requestSize, client, account, this.#resolver);
    query.#isLookup = isLookup;
    return this.#resolver.resolve(query);
  }

  /** As it came, whatever a plugin made of it for those below: a look-up begins at the top. */
  get #clientRequest(): Message {
    return this.#inPlaceOf === undefined ? this.request : this.#inPlaceOf.#clientRequest;
  }

  /** True for what the server asks itself on the way to an answer: its name is a full one, whatever it looks like. */
  get isLookup(): boolean {
    return this.#isLookup;
  }

  /**
   * What the rest of the chain is asked in place of this: another question, or another request of the client (flags, EDNS).
   * It is the same client query on the same account.
   */
  asking(question: Question, request: Message = this.request): Query {
    const { requestSize, client, account } = this;
    const query = new Query(question, request, requestSize, client, account, this.#resolver);
    query.#inPlaceOf = this;
    query.#isLookup = this.#isLookup;
    return query;
  }

  /** The same question asked for the server's own sake, to refresh what it keeps: on an account of its own. */
  background(): Query {
    const { question, request, requestSize, client, account } = this;
    return new Query(question, request, requestSize, client, account.fresh(), this.#resolver);
  }

  /** Whether the answer may be given again, and what has to be done then. */
  get replaying(): Replaying {
    return this.account.replaying;
  }
}
