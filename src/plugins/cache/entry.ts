/**
 * An answer as it is kept: what a hit is given, when it was stored, how long it lives, and what it rested on.
 *
 *     stored ──────── lifetime ────────► expires ──── serve_stale ────► gone
 *       each record's TTL counts down            all TTLs small, "stale"
 *
 * What a hit gets is made once for each second of the entry's age and then given to everybody: replies are immutable.
 */
import type { FactCounters } from '../../cluster/facts.ts';
import { Rcode } from '../../dns/constants.ts';
import type { Failure, Reply } from '../answer.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { mapTtls } from './ttl.ts';

/** Which of the two stores an entry is in, as metrics call it. */
export type EntryKind = 'success' | 'denial';

/** Seconds: the TTL of records that are past their own (RFC 8767 §4), unless the configuration or the record has less. */
const STALE_TTL = 30;

export interface EntryParts {
  readonly kind: EntryKind;
  /** What hits are given: a reply with the TTLs of the moment in which it was stored, or a failure. */
  readonly answer: Reply | Failure;
  /** Milliseconds of the monotonic clock. */
  readonly stored: number;
  /** Milliseconds. */
  readonly lifetime: number;
  /** The upstreams' failure: it has no records and is nothing that one would refresh or serve when it is old. */
  readonly failed: boolean;
  /** Whether TTLs count down. */
  readonly ages: boolean;
  readonly query: Query;
  readonly octets: number;
}

const NONE: readonly number[] = [];

export class Entry {
  readonly kind: EntryKind;
  readonly failed: boolean;
  readonly stored: number;
  readonly expires: number;
  readonly octets: number;
  readonly #answer: Reply | Failure;
  readonly #ages: boolean;
  readonly #facts: readonly number[];
  readonly #versions: readonly number[];
  #aged: Reply | Failure;
  #agedSeconds = 0;
  #stale: Reply | undefined;
  #hits = 0;
  #lastHit = 0;
  /** A refresh is under way. */
  refreshing = false;
  /** Until then nobody is asked for a newer answer, because that has just failed. By the monotonic clock. */
  retryAt = 0;

  constructor({ kind, answer, stored, lifetime, failed, ages, query, octets }: EntryParts) {
    const { facts, versions } = query.account;
    this.kind = kind;
    this.failed = failed;
    this.stored = stored;
    this.expires = stored + lifetime;
    this.octets = octets;
    this.#answer = answer;
    this.#aged = answer;
    this.#ages = ages && answer.kind === 'reply';
    // Copies: the query may go on and look at more.
    this.#facts = facts.length === 0 ? NONE : facts.slice();
    this.#versions = facts.length === 0 ? NONE : versions.slice();
  }

  /** True while nothing that the answer rested on has changed. */
  holds(counters: FactCounters): boolean {
    const facts = this.#facts;
    for (let i = 0; i < facts.length; i++) {
      if (counters.version(facts[i] ?? 0) !== this.#versions[i]) return false;
    }
    return true;
  }

  /** What the answer rested on, the asking query now rests on as well. */
  noteFacts(query: Query): void {
    for (const fact of this.#facts) query.dependsOn(fact);
  }

  /** The answer before its time is over. Records have what is left of their TTL, in whole seconds. */
  answerAt(now: number): Reply | Failure {
    if (!this.#ages) return this.#answer;
    const seconds = Math.floor((now - this.stored) / 1000);
    if (seconds !== this.#agedSeconds && this.#answer.kind === 'reply') {
      this.#aged = mapTtls(this.#answer, (ttl) => Math.max(ttl - seconds, 0));
      this.#agedSeconds = seconds;
    }
    return this.#aged;
  }

  /** The answer after its time is over. @param ttl seconds for all records; undefined for what RFC 8767 recommends */
  staleAnswer(ttl: number | undefined): Reply | Failure {
    if (this.#stale !== undefined || this.#answer.kind === 'failure') return this.#stale ?? this.#answer;
    const old = mapTtls(this.#answer, (own) => ttl ?? Math.min(own, STALE_TTL));
    const explanation = explain(old.rcode === Rcode.NXDOMAIN ? 'staleNxdomain' : 'stale');
    this.#stale = { ...old, explanation };
    // Nobody will be given the other one any more.
    this.#aged = this.#answer;
    this.#agedSeconds = 0;
    return this.#stale;
  }

  /** Counts a hit; gives how many came without a gap of more than `gap` milliseconds. */
  countHit(now: number, gap: number): number {
    this.#hits = now - this.#lastHit > gap ? 1 : this.#hits + 1;
    this.#lastHit = now;
    return this.#hits;
  }

  /** Takes over how often the entry was asked that this one replaces. */
  inheritHits(before: Entry): void {
    this.#hits = before.#hits;
    this.#lastHit = before.#lastHit;
  }
}
