/**
 * An answer as it is kept: what a hit is given, when it was stored, how long it lives, and what it rested on.
 *
 *     stored ──────── lifetime ────────► expires ──── serve_stale ────► gone
 *       each record's TTL counts down            all TTLs small, "stale"
 *
 * While it lives, the server may give the octets of an answer again instead (`Kept`): nothing about the entry tells the two apart.
 */
import type { FactCounters } from '../../cluster/facts.ts';
import { Rcode } from '../../dns/constants.ts';
import type { Failure, Reply } from '../answer.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import type { Kept } from '../replay.ts';
import type { EntryKind, PrefetchOptions } from './options.ts';
import { agingTtls, fixedTtls, mapTtls } from './ttl.ts';

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
  /** A failure that is no reply: the protocol of the clients that it is for. Undefined for all. */
  readonly failedOver?: 'udp' | 'tcp' | undefined;
  /** Whether TTLs count down. */
  readonly ages: boolean;
  readonly query: Query;
  readonly octets: number;
}

/** What all entries of a cache have in common. */
export interface EntryRules {
  readonly facts: FactCounters;
  /** Undefined where nothing is fetched before its end. */
  readonly prefetch: PrefetchOptions | undefined;
}

/** The tables that an entry is in one of. */
export interface EntryTables {
  /** Says that the entry was asked for. */
  touch(kind: EntryKind, key: string): void;
}

const NONE: readonly number[] = [];

/** What the server holds of an entry, for as long as it likes: of one that has left, no answer. */
class KeptEntry implements Kept {
  readonly stored: number;
  readonly expires: number;
  #entry: Entry | undefined;

  constructor(entry: Entry) {
    this.stored = entry.stored;
    this.expires = entry.expires;
    this.#entry = entry;
  }

  letGo(): void {
    this.#entry = undefined;
  }

  mayReplay(now: number): boolean {
    return this.#entry?.mayReplay(now) ?? false;
  }

  replayed(now: number): void {
    this.#entry?.replayed(now);
  }
}

export class Entry {
  readonly kind: EntryKind;
  readonly failed: boolean;
  readonly failedOver: 'udp' | 'tcp' | undefined;
  readonly stored: number;
  readonly expires: number;
  readonly octets: number;
  readonly #rules: EntryRules;
  /** Its records are marked as aging where they do. */
  readonly #answer: Reply | Failure;
  readonly #ages: boolean;
  readonly #facts: readonly number[];
  readonly #versions: readonly number[];
  #stale: Reply | undefined;
  #hits = 0;
  #lastHit = 0;
  /** Where the entry is, and under which key; undefined before it is put there and after it has left for whatever reason. */
  #tables: EntryTables | undefined;
  #kept: KeptEntry | undefined;
  #key = '';
  /** A refresh is under way. */
  refreshing = false;
  /** Until then nobody is asked for a newer answer, because that has just failed. By the monotonic clock. */
  retryAt = 0;

  constructor(
    { kind, answer, stored, lifetime, failed, failedOver, ages, query, octets }: EntryParts,
    rules: EntryRules,
  ) {
    const { facts, versions } = query.account;
    this.kind = kind;
    this.failed = failed;
    this.failedOver = failedOver;
    this.stored = stored;
    this.expires = stored + lifetime;
    this.octets = octets;
    this.#rules = rules;
    this.#ages = ages && answer.kind === 'reply';
    // What it was taken from may have aged itself.
    this.#answer = answer.kind === 'failure' ? answer : ages ? agingTtls(answer) : fixedTtls(answer);
    // Copies: the query may go on and look at more.
    this.#facts = facts.length === 0 ? NONE : facts.slice();
    this.#versions = facts.length === 0 ? NONE : versions.slice();
  }

  /** Told when it is put into a table. */
  entered(tables: EntryTables, key: string): void {
    this.#tables = tables;
    this.#key = key;
  }

  /** Told when it leaves the table. */
  left(): void {
    this.#tables = undefined;
    this.#kept?.letGo();
  }

  /** For the server, which may hold it longer than the entry is there. */
  get kept(): Kept {
    return (this.#kept ??= new KeptEntry(this));
  }

  /** True while nothing that the answer rested on has changed. */
  get holds(): boolean {
    const { facts: counters } = this.#rules;
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

  /** Whole seconds since it was stored. */
  ageAt(now: number): number {
    return Math.floor((now - this.stored) / 1000);
  }

  /**
   * The answer before its time is over. Records have what is left of their TTL, in whole seconds: exactly the TTL with which
   * they were stored less `ageAt`, as whoever gives it again counts. It never falls below 1, since an entry lives no longer
   * than the shortest TTL in it: those that MINTTL raised, that the minimum of an SOA lowered, and all of a referral, included.
   */
  answerAt(now: number): Reply | Failure {
    if (!this.#ages) return this.#answer;
    const seconds = this.ageAt(now);
    if (seconds === 0 || this.#answer.kind !== 'reply') return this.#answer;
    return mapTtls(this.#answer, (ttl) => Math.max(ttl - seconds, 0));
  }

  /** The answer after its time is over. @param ttl seconds for all records; undefined for what RFC 8767 recommends */
  staleAnswer(ttl: number | undefined): Reply | Failure {
    if (this.#stale !== undefined || this.#answer.kind === 'failure') return this.#stale ?? this.#answer;
    const old = mapTtls(fixedTtls(this.#answer), (own) => ttl ?? Math.min(own, STALE_TTL));
    const explanation = explain(old.rcode === Rcode.NXDOMAIN ? 'staleNxdomain' : 'stale');
    this.#stale = { ...old, explanation };
    return this.#stale;
  }

  /** Whether one more hit is to begin a refresh: it is asked for often, and will end soon. */
  isDue(now: number): boolean {
    const { prefetch } = this.#rules;
    if (prefetch === undefined || this.failed || this.refreshing || now < this.retryAt) return false;
    if (this.#hitsAt(now, prefetch) < prefetch.amount) return false;
    const left = Math.ceil((this.expires - now) / 1000);
    return left <= Math.ceil(((this.expires - this.stored) / 1000) * prefetch.share);
  }

  countHit(now: number): void {
    const { prefetch } = this.#rules;
    if (prefetch === undefined || this.failed) return;
    this.#hits = this.#hitsAt(now, prefetch);
    this.#lastHit = now;
  }

  /** How many hits have come without too long a pause, with one that comes now. */
  #hitsAt(now: number, { gap }: PrefetchOptions): number {
    return now - this.#lastHit > gap ? 1 : this.#hits + 1;
  }

  /** As `Kept` has it. */
  mayReplay(now: number): boolean {
    return this.#tables !== undefined && now < this.expires && !this.failed && this.holds && !this.isDue(now);
  }

  /** As `Kept` has it. */
  replayed(now: number): void {
    this.countHit(now);
    this.#tables?.touch(this.kind, this.#key);
  }

  /** Takes over how often the entry was asked that this one replaces. */
  inheritHits(before: Entry): void {
    this.#hits = before.#hits;
    this.#lastHit = before.#lastHit;
  }
}
