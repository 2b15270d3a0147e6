/**
 * One question on its way through the upstreams: who is asked when, and which reply is the answer.
 *
 *     0 ms           patience              + patience …           1.6 s                    5 s
 *     ├── first ──────├── second (hedge) ───├── again ─────────────├── nobody there ────────├── time is over
 *     │               │ the first still waits: the first reply that serves is the answer
 *     └─ failed ─► the next at once                once heard of, an upstream must be heard of again and again
 *
 * - A reply that is cut off is asked for again over TCP (RFC 7766 §5); a server that cannot read EDNS, without it
 *   (RFC 6891 §6.2.2).
 * - A reply that something better may follow is kept for a while (kept.ts).
 * - Each message is paid for by one of the queries that wait.
 *
 * One timer serves the whole exchange: it goes off when something may be due, and finds out what.
 */
import { Rcode } from '../../dns/constants.ts';
import { type Answer, type Failure, type Reply, failure } from '../answer.ts';
import type { UpstreamProblem } from '../network.ts';
import type { Clock } from '../plugin.ts';
import type { Account } from '../query.ts';
import { explain } from '../reasons.ts';
import { Alarm, type AlarmOwner } from './alarm.ts';
import { type AttemptOwner, UpstreamAttempt, type UpstreamReply, rcodeOfReply, refusesEdns } from './attempt.ts';
import { type Candidate, anyLeft, doingsOf, nextCandidate } from './candidates.ts';
import { upstreamFailure } from './explain.ts';
import { Kept, TCP_FALLBACK } from './kept.ts';
import type { BoundsReached } from './limits.ts';
import type { Line } from './line.ts';
import { Pending } from './pending.ts';
import type { Place, Tenant } from './places.ts';
import { bareReply, replyOf } from './reply.ts';
import type { Request } from './request.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { type ExchangeTimes, silenceFor } from './times.ts';
import { Waiters, type WaitersOwner } from './waiters.ts';

/** Times in milliseconds. */
export interface ExchangeSettings {
  /** Messages to upstreams in all, fallbacks not counted; infinite where only time ends it. */
  readonly tries: number;
  readonly readTimeout: number;
  /** Nobody said how many messages there may be: those that nobody else can be asked after wait to the end. */
  readonly patient: boolean;
  /** After the last sign of life of any upstream, when a message waits: nobody is there any more. */
  readonly quiet: number;
  /** Response codes for which the next upstream is asked. */
  readonly failover: ReadonlySet<number>;
}

/** Who began it. */
export interface ExchangeOwner extends WaitersOwner {
  readonly clock: Clock;
  readonly limits: BoundsReached;
  /** So many queries wait that nobody should be asked the same again for now. */
  readonly crowded: boolean;
  /** Called once, before the last ones get their answer; undefined where nobody waited for one any more. */
  ended(exchange: Exchange, answer: Answer | undefined): void;
}

/** Between messages when all have been asked and nobody has answered; doubled each time. */
const REPEAT = 400;
/** After the answer: how long a late reply may still show that an upstream is alive. */
const LINGER = 250;

const CUT_OFF: UpstreamProblem = { kind: 'invalid', text: 'a truncated reply' };

export class Exchange implements AlarmOwner, AttemptOwner, Tenant {
  readonly request: Request;
  readonly started: number;
  place: Place | undefined;
  readonly #candidates: readonly Candidate[];
  readonly #settings: ExchangeSettings;
  readonly #times: ExchangeTimes;
  readonly #owner: ExchangeOwner;
  readonly #waiters: Waiters;
  readonly #signs: SignsOfLife;
  readonly #pending = new Pending();
  #asked = 0;
  #nextSend: number;
  /** When the last message left. */
  #lastSent: number;
  /** Messages beyond those that are allowed, because an upstream that left all of them unanswered has been heard of since. */
  #granted = 0;
  #kept: Kept | undefined;
  /** Set where the server itself kept a message from being sent. */
  #hindered: Answer | undefined;
  /** No budget has anything left. */
  #spent = false;
  readonly #alarm = new Alarm(this);
  #linger: NodeJS.Timeout | undefined;
  #over = false;

  /** @param candidates in the order in which they are asked */
  constructor(
    request: Request,
    candidates: readonly Candidate[],
    settings: ExchangeSettings,
    times: ExchangeTimes,
    owner: ExchangeOwner,
  ) {
    this.request = request;
    this.started = times.started;
    this.#candidates = candidates;
    this.#settings = settings;
    this.#times = times;
    this.#owner = owner;
    this.#waiters = new Waiters(owner);
    this.#nextSend = times.started;
    this.#lastSent = times.started;
    this.#signs = new SignsOfLife(candidates, times, settings.quiet);
  }

  /** Queries that wait for it. */
  get sharers(): number {
    return this.#waiters.count;
  }

  /** Waits for the answer, until the account's time is over at the latest. The first call of `wake` makes it begin. */
  join(account: Account): Promise<Answer> {
    const now = this.#owner.clock.monotonic();
    const answer = this.#waiters.add(account, silenceFor(account, now, this.#candidates, this.#times));
    if (this.#asked > 0) {
      this.#revive(now);
      this.#arm(now);
    }
    return answer;
  }

  oust(answer: Failure): void {
    if (!this.#finishWithKept()) this.#finish(answer, '');
    this.#drop(false);
  }

  wake(): void {
    try {
      this.#step(this.#owner.clock.monotonic());
    } catch (error) {
      // There is nobody else to catch it, and it would end the program.
      this.#break(error);
    }
  }

  replied(attempt: UpstreamAttempt, said: UpstreamReply): void {
    const now = this.#owner.clock.monotonic();
    attempt.line.measure(rcodeOfReply(said), now - attempt.sentAt);
    const candidate = this.#pending.take(attempt);
    if (this.#over || candidate === undefined) return;
    this.#weigh(candidate, attempt, said, now);
    this.#step(now);
  }

  failed(attempt: UpstreamAttempt, problem: UpstreamProblem): void {
    const candidate = this.#pending.take(attempt);
    if (candidate === undefined) return;
    const now = this.#owner.clock.monotonic();
    if (problem.kind === 'socket-limit' || problem.kind === 'octet-limit') {
      // The bound may be that of the one upstream.
      candidate.out = true;
      this.#hindered ??= this.#owner.limits.hinder(problem);
    } else {
      candidate.problem = problem;
      candidate.upstream.health.lost(attempt.sentAt);
      candidate.out ||= !this.#mayComeBack(problem);
    }
    if (this.#kept?.mode !== 'waiting' && nextCandidate(this.#candidates)?.asked === 0) this.#nextSend = now;
    this.#missed(now);
    this.#step(now);
  }

  #step(now: number): void {
    if (this.#over) return;
    if (now >= this.#nextLoss && this.#pending.expire(now)) this.#missed(now);
    if (now >= this.#times.deadline || now >= this.#signs.over) {
      this.#giveUp();
      return;
    }
    if (!this.#canImprove && this.#finishWithKept()) return;
    this.#revive(now);
    if (now >= this.#nextSend || this.#pending.count === 0) this.#sendNext(now);
    if (this.#kept !== undefined && now >= this.#kept.until) {
      this.#finishWithKept();
      return;
    }
    if (this.#pending.count === 0) {
      this.#giveUp();
      return;
    }
    if (now >= this.#signs.nextDoubt) {
      this.#signs.doubt(now);
      this.#pending.doubt(now);
    }
    if (this.#partFromLate(now)) this.#arm(now);
  }

  /** Those whose own time is over go. Without anybody left the exchange ends, which gives false. */
  #partFromLate(now: number): boolean {
    const waiters = this.#waiters;
    const silent = now >= waiters.earliestSilence && this.#signs.none;
    const upstream = this.#kept?.upstream ?? '';
    if (silent) waiters.expireSilent(now, this.#kept?.reply ?? upstreamFailure(doingsOf(this.#candidates)), upstream);
    if (now >= waiters.earliest) waiters.expire(now, this.#tooLate(), upstream);
    if (waiters.count > 0) return true;
    this.#over = true;
    this.#owner.ended(this, undefined);
    this.#drop(silent);
    return false;
  }

  /** A connection that was lost may be opened again; whoever refuses one will do so a millisecond later too. */
  #mayComeBack({ kind }: UpstreamProblem): boolean {
    // A message that had to give way to others is not to push the next one out.
    return kind === 'reset' || kind === 'closed' || (kind === 'timeout' && !this.#owner.crowded);
  }

  /** Asks whoever's turn it is, if anybody may be asked. */
  #sendNext(now: number): void {
    this.#nextSend = Infinity;
    this.#pending.doubt();
    if (!this.#mayAsk) return;
    this.#pending.noteBare();
    const candidate = nextCandidate(this.#candidates);
    if (candidate === undefined) return;
    const late = this.#pending.count > 0;
    if (late && candidate.asked > 0 && this.#owner.crowded) {
      this.#nextSend = now + REPEAT;
      return;
    }
    if (!this.#ask(candidate, this.#settings.readTimeout)) return;
    if (late) {
      const { hedges, retransmissions } = candidate.line.counts;
      (candidate.asked > 0 ? retransmissions : hedges).add();
    }
    candidate.asked++;
    this.#asked++;
    this.#lastSent = now;
    this.#nextSend = now + this.#patience(candidate.line);
    if (candidate.asked === 1) this.#kept?.hope(now, this.#pending);
  }

  /** How long the message that has just left is waited for before the next one leaves. */
  #patience(line: Line): number {
    const quick = Math.max(this.#candidates.length - 1, 1);
    if (this.#asked <= quick) return line.latency.patienceBefore(nextCandidate(this.#candidates)?.line.latency);
    return REPEAT * 2 ** Math.min(this.#asked - quick - 1, 8);
  }

  /** False where the budget is used up. */
  #ask(candidate: Candidate, time: number): boolean {
    if (!this.#waiters.pay()) {
      this.#spent = true;
      this.#hindered ??= this.#owner.limits.reach('upstreamAttemptsPerQuery');
      return false;
    }
    const edns = candidate.upstream.readsEdns ? (candidate.edns ?? this.request.edns) : 'none';
    this.#pending.add(new UpstreamAttempt(candidate.line, this.request, edns, this), candidate, time);
    return true;
  }

  #weigh(candidate: Candidate, attempt: UpstreamAttempt, said: UpstreamReply, now: number): void {
    const reply = replyOf(candidate.upstream.name, said);
    if (this.#askWithLessEdns(candidate, attempt, said, reply.rcode)) return;
    if (reply.truncated) {
      this.#askOverTcp(candidate, attempt, reply, now);
      return;
    }
    candidate.out = true;
    const failed = reply.rcode === Rcode.SERVFAIL || reply.rcode === Rcode.REFUSED;
    const passedOver = this.#settings.failover.has(reply.rcode);
    if ((failed || passedOver) && this.#kept?.mode === 'part') {
      this.#missed(now);
    } else if (passedOver) {
      this.#kept = new Kept(reply, candidate.upstream.name, 'seeking', now, this.#pending);
    } else if (failed && this.#pending.count > 0) {
      this.#kept = new Kept(reply, candidate.upstream.name, 'waiting', now, this.#pending);
      this.#nextSend = Infinity;
    } else {
      this.#finish(reply, candidate.upstream.name);
    }
  }

  /**
   * A server that cannot read EDNS says so without EDNS; what it says without it tells whether that was the reason. It is only learned
   * of messages of our own making: what a client put into its options is that client's affair alone.
   */
  #askWithLessEdns(candidate: Candidate, attempt: UpstreamAttempt, said: UpstreamReply, rcode: number): boolean {
    const spokeEdns = said.kind === 'message' && said.message.edns !== undefined;
    if (attempt.edns !== 'none' && (rcode === Rcode.BADVERS || (refusesEdns(rcode) && !spokeEdns))) {
      candidate.couldNotRead(attempt.edns);
      return this.#ask(candidate, this.#settings.readTimeout);
    }
    if (candidate.edns === 'none' && attempt.edns === 'none' && !refusesEdns(rcode))
      candidate.upstream.cannotReadEdns();
    return false;
  }

  /** What is cut off serves clients over UDP if nothing better comes: they ask again over TCP. */
  #askOverTcp(candidate: Candidate, attempt: UpstreamAttempt, reply: Reply, now: number): void {
    // The reply to an earlier datagram; over TCP it is asked already.
    if (attempt.line !== candidate.line) return;
    if (!this.request.whole && this.#kept?.mode !== 'part') {
      this.#kept = new Kept(reply, candidate.upstream.name, 'part', now, this.#pending);
    }
    if (attempt.line.connected) {
      candidate.out = true;
      candidate.problem = CUT_OFF;
      this.#nextSend = now;
      return;
    }
    candidate.turnToTcp();
    if (!this.#ask(candidate, TCP_FALLBACK)) return;
    candidate.asked++;
    this.#nextSend = now + this.#patience(candidate.line);
    this.#kept?.hope(now, this.#pending);
  }

  /** A message comes to nothing. Where it was to bring the whole of a part, the next one is asked. */
  #missed(now: number): void {
    if (this.#kept?.mode !== 'part' || this.#pending.anyConnected) return;
    this.#kept.hope(now, this.#pending);
    this.#nextSend = now;
  }

  get #mayAsk(): boolean {
    return this.#asked < this.#settings.tries + this.#granted && !this.#spent;
  }

  /**
   * All messages have left, and were lost as it seems: an upstream has been heard of since the last one. It is asked once more, or
   * whoever comes to wait here would wait for nothing.
   */
  #revive(now: number): void {
    if (
      this.#canAsk ||
      this.#kept !== undefined ||
      !this.#settings.patient ||
      now < this.#lastSent + this.#restBeforeRevival
    )
      return;
    const alive = this.#candidates.find(({ out, line }) => !out && !line.connected && line.lastHeard > this.#lastSent);
    if (alive === undefined) return;
    alive.mayBeAskedAgain();
    this.#granted = Math.max(this.#granted, this.#asked + 1 - this.#settings.tries);
    this.#nextSend = now;
  }

  /** Longer each time: whoever answers others may be silent on this question for good. */
  get #restBeforeRevival(): number {
    return REPEAT * 2 ** Math.min(this.#granted, 3);
  }

  /** When the next message has been waited for long enough: while there is something else to do. */
  get #nextLoss(): number {
    const nothingElse = this.#settings.patient && this.#kept === undefined && !this.#canAsk;
    return nothingElse ? Infinity : this.#pending.earliest;
  }

  get #canAsk(): boolean {
    return this.#mayAsk && anyLeft(this.#candidates);
  }

  /** Something may still come that serves better than what is kept. */
  get #canImprove(): boolean {
    return this.#pending.count > 0 || (this.#kept?.mode !== 'waiting' && this.#canAsk);
  }

  #giveUp(): void {
    this.#pending.noteBare();
    if (this.#finishWithKept()) return;
    const bare = this.#candidates.find((candidate) => candidate.bare !== undefined);
    if (bare?.bare !== undefined) {
      const { name } = bare.upstream;
      this.#finish(bareReply(name, bare.bare), name);
    } else {
      this.#finish(this.#hindered ?? upstreamFailure(doingsOf(this.#candidates)), '');
      this.#drop(true);
    }
  }

  /** For a query whose own time is over before the exchange is. */
  #tooLate(): Answer {
    if (this.#kept !== undefined) return this.#kept.reply;
    const { error, explanation } = upstreamFailure(doingsOf(this.#candidates));
    return failure(Rcode.SERVFAIL, explain('cancelled', explanation.text), error);
  }

  /** False where no reply is kept. */
  #finishWithKept(): boolean {
    if (this.#kept === undefined) return false;
    this.#finish(this.#kept.reply, this.#kept.upstream);
    return true;
  }

  /** @param upstream who sent the answer; empty where the server itself made it */
  #finish(answer: Answer, upstream: string): void {
    this.#over = true;
    this.#alarm.stop();
    this.#owner.ended(this, answer);
    this.#waiters.settle(answer, upstream);
    if (this.#pending.count > 0) this.#linger = setTimeout(() => this.#drop(true), LINGER).unref();
  }

  /** Those who wait learn what was thrown. */
  #break(error: unknown): void {
    if (!this.#over) {
      this.#over = true;
      this.#owner.ended(this, undefined);
    }
    this.#waiters.fail(error);
    this.#drop(false);
  }

  #drop(lost: boolean): void {
    this.#alarm.stop();
    clearTimeout(this.#linger);
    this.#pending.drop(lost);
  }

  #arm(now: number): void {
    const due = Math.min(
      this.#times.deadline,
      this.#signs.over,
      this.#signs.nextDoubt,
      this.#nextSend,
      this.#nextLoss,
      this.#waiters.earliest,
      this.#signs.none ? this.#waiters.earliestSilence : Infinity,
      this.#kept?.until ?? Infinity,
    );
    this.#alarm.set(due, now);
  }
}
