/**
 * What is kept and what is found again. In: a query's key and the answer that the chain below gave. Out: the answer that
 * the client gets, with the TTLs under which it was kept if it was; and later, for the same key, the entry.
 *
 *     upstream's reply ──► classify ──► limit TTLs ──► entry in one table, gone from the other
 *     upstream's failure ─► an entry that can still be served learns of it; otherwise remembered (RFC 9520 §3.2)
 *     everybody else's ──► passed on as it is
 */
import { Rcode } from '../../dns/constants.ts';
import { type Answer, type Failure, type Reply, reply as makeReply } from '../answer.ts';
import type { Clock, Host } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { zoneOf } from '../zone-arguments.ts';
import type { ServerCounters } from './cache-metrics.ts';
import { classify, followAnswers } from './classify.ts';
import { Entry, type EntryRules } from './entry.ts';
import { entryOctets } from './octets.ts';
import type { CacheOptions, EntryKind } from './options.ts';
import type { CacheStore } from './store.ts';
import { limitTtls } from './ttl.ts';

/** Milliseconds that a referral is kept, as CoreDNS does. */
const DELEGATION_LIFETIME = 5_000;

export class Keeper {
  readonly #options: CacheOptions;
  readonly #store: CacheStore;
  readonly #rules: EntryRules;
  readonly #clock: Clock;
  readonly #staleFor: number;
  readonly #preferPositive: boolean;

  constructor(options: CacheOptions, store: CacheStore, { facts, clock }: Pick<Host, 'facts' | 'clock'>) {
    this.#options = options;
    this.#store = store;
    this.#rules = { facts, prefetch: options.prefetch };
    this.#clock = clock;
    this.#staleFor = options.stale?.duration ?? 0;
    this.#preferPositive = options.stale?.preferPositive === true;
  }

  /**
   * The entry that may be given, live or past its end. There is one at most: what is stored takes the other one away, and
   * a failure is stored only where there is neither. The exception is a positive answer that is preferred: it comes first.
   */
  find(key: string, now: number, { client }: Query): Entry | undefined {
    const found = this.#usable('success', key, now) ?? this.#usable('denial', key, now);
    // That an upstream could not be asked over TCP says nothing of UDP, and the other way round (RFC 9520 §3.2).
    return found?.failedOver !== undefined && found.failedOver !== client.protocol ? undefined : found;
  }

  /** Takes an entry away that a newer answer has contradicted. */
  forget(key: string, entry: Entry): void {
    if (this.#store.get(entry.kind, key) === entry) this.#store.delete(entry.kind, key);
  }

  /** Keeps the answer if it may be kept; gives what the client gets. */
  keep(key: string, query: Query, answer: Answer, counters: ServerCounters): Answer {
    if (answer.kind === 'silence' || !answer.fromUpstream || !query.account.holds) return answer;
    if (answer.kind === 'failure') {
      this.#keepFailure(key, query, answer);
      return answer;
    }
    const signed = query.request.edns?.dnssecOk === true;
    switch (classify(query.question, answer, signed, this.#clock.now())) {
      case 'success':
        return this.#keepReply(key, query, answer, 'success', Infinity);
      case 'delegation':
        return this.#keepReply(key, query, answer, 'success', DELEGATION_LIFETIME);
      case 'no-data':
      case 'name-error':
        return this.#keepReply(key, query, answer, 'denial', Infinity);
      case 'server-error':
        this.#keepFailure(key, query, answer);
        return answer;
      case 'mismatch':
        counters.drops.add();
        return answer;
      case 'unkept':
        if (answer.rcode !== Rcode.NOERROR && answer.rcode !== Rcode.NXDOMAIN) this.#failedAgain(key, query);
        return answer;
    }
  }

  /** Whether an answer that has just come is given rather than an entry that is past its end (RFC 8767 §5). */
  replaces(query: Query, answer: Answer, entry: Entry): boolean {
    switch (answer.kind) {
      case 'silence':
      case 'transfer':
        return true;
      case 'failure':
        return !answer.fromUpstream && answer.rcode !== Rcode.SERVFAIL;
      case 'reply':
        if (!answer.fromUpstream) return true;
        // What is cut off contradicts nothing, and is not kept in its place.
        if (answer.truncated) return false;
        if (answer.rcode !== Rcode.NOERROR && answer.rcode !== Rcode.NXDOMAIN) return false;
        return this.#speaksFor(query, answer, entry);
    }
  }

  /** Nobody is asked about this entry for as long as failures are remembered, or longer where that is configured. */
  postpone(entry: Entry): void {
    const { failure, stale } = this.#options;
    const pause = Math.max(failure, stale?.recheck ?? 0);
    entry.retryAt = Math.max(entry.retryAt, this.#clock.monotonic() + pause);
  }

  #speaksFor(query: Query, { rcode, answers }: Reply, entry: Entry): boolean {
    const { answered, strays } = followAnswers(query.question, answers);
    if (strays) return false;
    return !this.#preferPositive || entry.kind === 'denial' || (answered && rcode === Rcode.NOERROR);
  }

  #usable(kind: EntryKind, key: string, now: number): Entry | undefined {
    const entry = this.#store.get(kind, key);
    if (entry === undefined) return undefined;
    const end = entry.failed ? entry.expires : entry.expires + this.#staleFor;
    if (now < end && entry.holds) return entry;
    this.#store.delete(kind, key);
    return undefined;
  }

  #keepReply(key: string, query: Query, answer: Reply, kind: EntryKind, longest: number): Answer {
    const limits = this.#options.kinds[kind];
    const { reply, lifetime } = limitTtls(answer, limits, kind === 'denial');
    const milliseconds = Math.min(lifetime * 1000, longest);
    const before = this.#store.get(kind, key);
    const other = kind === 'success' ? 'denial' : 'success';
    if (milliseconds <= 0 || limits.capacity === 0 || zoneOf(limits.disabled, query.name) !== undefined) {
      // Not kept, but it is what holds now.
      this.#store.delete(kind, key);
      this.#store.delete(other, key);
      return answer;
    }
    const stored = this.#clock.monotonic();
    const { account } = query;
    const entry = new Entry(
      {
        kind,
        answer: { ...reply, authoritative: true },
        stored,
        lifetime: milliseconds,
        failed: false,
        ages: !this.#options.keepTtl,
        query,
        octets: entryOctets(reply, key, account.facts.length, reply.explanation?.text.length ?? 0),
      },
      this.#rules,
    );
    if (before !== undefined) entry.inheritHits(before);
    this.#store.set(key, entry);
    const positive = this.#preferPositive && kind === 'denial' ? this.#usable('success', key, stored) : undefined;
    // Where it is preferred, the positive answer stays, and nobody asks before the negative one has ended.
    if (positive !== undefined) positive.retryAt = Math.max(positive.retryAt, entry.expires);
    else this.#store.delete(other, key);
    return reply;
  }

  #keepFailure(key: string, query: Query, answer: Reply | Failure): void {
    const { failure, kinds } = this.#options;
    if (this.#failedAgain(key, query) || failure === 0) return;
    if (kinds.denial.capacity === 0 || zoneOf(kinds.denial.disabled, query.name) !== undefined) return;
    const explanation = explain('cachedFailure', answer.explanation?.text);
    const entry = new Entry(
      {
        kind: 'denial',
        answer: remembered(answer, explanation),
        stored: this.#clock.monotonic(),
        lifetime: failure,
        failed: true,
        failedOver: answer.kind === 'failure' ? query.client.protocol : undefined,
        ages: false,
        query,
        octets: entryOctets(undefined, key, query.account.facts.length, explanation.text.length),
      },
      this.#rules,
    );
    this.#store.set(key, entry);
  }

  /** True where there is an entry that serves on; it learns that asking for a newer one has failed. */
  #failedAgain(key: string, query: Query): boolean {
    const entry = this.find(key, this.#clock.monotonic(), query);
    if (entry === undefined || entry.failed) return false;
    this.postpone(entry);
    return true;
  }
}

/** A failure as hits get it. It is no error of theirs: the query that met it has reported it. */
function remembered(answer: Reply | Failure, explanation: Failure['explanation']): Reply | Failure {
  if (answer.kind === 'failure') return { ...answer, error: undefined, explanation };
  const { rcode, recursionAvailable } = answer;
  return makeReply({ rcode, recursionAvailable, fromUpstream: true, explanation });
}
