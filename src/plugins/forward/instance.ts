/**
 * One `forward` line in service: which queries are its own, and what becomes of one.
 *
 *     query ──► failed a moment ago? ──► an equal one under way? ──► room? ──► a new exchange
 *                  │ the same again         │ its answer               │ no: SERVFAIL or REFUSED
 *
 * A new exchange begins in a later turn of the event loop (beginnings.ts).
 * RFC 9520 (failures are remembered), RFC 5452 §5 (equal questions are asked once at a time; CVE-2023-30464).
 */
import { bounds } from '../../bounds.ts';
import { Rcode } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { type Answer, type Failure, type Outcome, failure } from '../answer.ts';
import type { Clock } from '../plugin.ts';
import type { Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { zoneOf } from '../zone-arguments.ts';
import { Candidate } from './candidates.ts';
import { Exchange, type ExchangeOwner, type ExchangeSettings } from './exchange.ts';
import { FailureMemory } from './failures.ts';
import type { ForwardOptions } from './options.ts';
import type { BoundsReached } from './limits.ts';
import type { Share } from './places.ts';
import type { UpstreamPool } from './pool.ts';
import { type PlainProtocol, Request, requestKey } from './request.ts';
import { timesFrom } from './times.ts';
import { UnderWay } from './under-way.ts';
import { type UpstreamList, listText } from './upstream-list.ts';

const TOO_LATE = failure(Rcode.SERVFAIL, explain('cancelled'), 'the time for the query is over');

/** Where nothing is said: two for each upstream, as CoreDNS, but so many that a few lost datagrams fail no query. */
const LEAST_TRIES = 4;
/** Milliseconds within which a check that is due brings a reply, if anybody is there. */
const LATE_CHECK = 1_100;

export class ForwardInstance implements ExchangeOwner {
  readonly clock: Clock;
  readonly limits: BoundsReached;
  readonly #options: ForwardOptions;
  readonly #upstreams: UpstreamList;
  readonly #pool: UpstreamPool;
  readonly #share: Share;
  readonly #failures: FailureMemory;
  readonly #underWay = new UnderWay<Exchange>();
  readonly #tooManyConcurrent: Failure;
  #waiting = 0;
  #settings: ExchangeSettings | undefined;
  #settledFor = 0;

  constructor(options: ForwardOptions, upstreams: UpstreamList, pool: UpstreamPool) {
    this.#options = options;
    this.#upstreams = upstreams;
    this.#pool = pool;
    this.clock = pool.clock;
    this.limits = pool.limits;
    this.#share = pool.places.share();
    this.#failures = new FailureMemory(pool.clock);
    const text = `concurrent queries exceeded maximum ${options.maxConcurrent}`;
    this.#tooManyConcurrent = failure(Rcode.REFUSED, explain('maxConcurrent'), text);
  }

  /** Whether it forwards a name. FROM itself is forwarded whatever is excepted. */
  covers(name: Name): boolean {
    const { from, except } = this.#options;
    if (!name.isAtOrBelow(from)) return false;
    return name.labelCount === from.labelCount || zoneOf(except, name) === undefined;
  }

  /** Whether another line shall be asked after this answer. */
  passesOn(answer: Answer): boolean {
    if (answer.kind === 'silence' || !answer.fromUpstream) return false;
    const { next, nextOnNodata } = this.#options;
    if (next.has(answer.rcode)) return true;
    return nextOnNodata && answer.kind === 'reply' && answer.rcode === Rcode.NOERROR && answer.answers.length === 0;
  }

  /**
   * Synchronous unless upstreams must be asked.
   *
   * @param followed whether there is another line that may be asked after this one
   */
  ask(query: Query, followed: boolean): Outcome {
    const { counts } = this.#pool;
    const { account } = query;
    const now = this.clock.monotonic();
    const since = (account.upstreamsSince ??= now);
    if (now >= account.deadline || now >= since + bounds.upstreamTime) return TOO_LATE;
    const protocol = this.#protocolFor(query);
    const key = requestKey(query, protocol);
    const remembered = this.#failures.recall(key);
    if (remembered !== undefined) {
      counts.remembered.add();
      return remembered;
    }
    const { maxConcurrent } = this.#options;
    if (maxConcurrent > 0 && this.#waiting >= maxConcurrent) {
      counts.rejected.add();
      return this.#tooManyConcurrent;
    }
    const underWay = this.#underWay.get(key);
    if (underWay === undefined) return this.#begin(query, key, protocol, now, followed);
    if (underWay.sharers >= bounds.upstreamSharers) return this.limits.reach('upstreamSharers');
    counts.shared.add();
    this.#waiting++;
    return underWay.join(account);
  }

  get crowded(): boolean {
    return this.#share.crowded;
  }

  left(): void {
    this.#waiting--;
  }

  ended(exchange: Exchange, answer: Answer | undefined): void {
    const { key } = exchange.request;
    this.#underWay.leave(key);
    this.#share.leave(exchange);
    if (answer !== undefined) this.#failures.remember(key, answer);
  }

  /** Queries under way go on to their end. */
  close(): void {
    this.#upstreams.close();
    this.#share.close();
  }

  #begin(query: Query, key: string, protocol: PlainProtocol, now: number, followed: boolean): Outcome {
    const { counts } = this.#pool;
    const upstreams = this.#upstreams.next();
    if (this.#upstreams.allDown) {
      if (this.#options.failfast) return unhealthy(listText(upstreams));
      counts.allDown.add();
    }
    const noRoom = this.#share.makeRoom(now);
    if (noRoom !== undefined) return noRoom;
    const candidates = upstreams.map((upstream) => new Candidate(upstream, protocol));
    const more = followed && this.#options.next.has(Rcode.SERVFAIL);
    const exchange = new Exchange(
      Request.of(query, key, this.#options.mixCase),
      candidates,
      this.#settingsFor(upstreams.length),
      timesFrom(now, more),
      this,
    );
    this.#underWay.enter(key, exchange);
    this.#share.enter(exchange);
    this.#waiting++;
    const answer = exchange.join(query.account);
    this.#pool.turns.enter(() => exchange.wake());
    return answer;
  }

  /** Made anew when a file names another number of upstreams. */
  #settingsFor(upstreams: number): ExchangeSettings {
    if (this.#settings !== undefined && this.#settledFor === upstreams) return this.#settings;
    const { attempts, readTimeout, failover, check } = this.#options;
    const tries = attempts === undefined ? Math.max(2 * upstreams, LEAST_TRIES) : attempts === 0 ? Infinity : attempts;
    this.#settledFor = upstreams;
    const patient = attempts === undefined || attempts === 0;
    const quiet = Math.max(bounds.upstreamSilence, check.interval + LATE_CHECK);
    this.#settings = { tries, readTimeout, patient, quiet, failover };
    return this.#settings;
  }

  #protocolFor({ client }: Query): PlainProtocol {
    const { transport } = this.#options;
    return transport === 'client' ? client.protocol : transport;
  }
}

function unhealthy(upstreams: string): Failure {
  const explanation = explain('upstreamsUnhealthy', upstreams);
  return { ...failure(Rcode.SERVFAIL, explanation, 'no healthy proxies'), fromUpstream: true };
}
