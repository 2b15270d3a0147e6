/**
 * One question on its way through the upstreams: who is asked when, and which reply is the answer.
 *
 *     0 ms           patience              + patience …           1.6 s                    5 s
 *     ├── first ──────├── second (hedge) ───├── again ─────────────├── nobody there ────────├── time is over
 *     │               │ the first still waits: the first reply that serves is the answer
 *     └─ failed ─► the next at once
 *
 * - A reply that is cut off is asked for again over TCP (RFC 7766 §5); a server that cannot read EDNS, without it
 *   (RFC 6891 §6.2.2).
 * - SERVFAIL and REFUSED are kept for as long as another upstream that was asked may still say better.
 * - Each message is paid for by one of the queries that wait.
 *
 * One timer serves the whole exchange: after each event it is set to the next time at which something is due.
 */
import { bounds } from '../../bounds.ts';
import { Rcode } from '../../dns/constants.ts';
import { type Answer, type Reply, failure } from '../answer.ts';
import type { UpstreamProblem } from '../network.ts';
import type { Clock } from '../plugin.ts';
import type { Account } from '../query.ts';
import { explain } from '../reasons.ts';
import { type AttemptOwner, UpstreamAttempt, type UpstreamReply, rcodeOfReply, refusesEdns } from './attempt.ts';
import { Candidate, doingsOf, nextCandidate } from './candidates.ts';
import { upstreamFailure } from './explain.ts';
import type { BoundsReached } from './limits.ts';
import type { Line } from './line.ts';
import { Pending } from './pending.ts';
import { bareReply, replyOf } from './reply.ts';
import type { PlainProtocol, Request } from './request.ts';
import type { Upstream } from './upstream.ts';
import { Waiters } from './waiters.ts';

/** Times in milliseconds. */
export interface ExchangeSettings {
  /** Messages to upstreams in all, fallbacks not counted; infinite where only time ends it. */
  readonly tries: number;
  readonly readTimeout: number;
  /** Nobody said how many messages there may be: those that nobody else can be asked after wait to the end. */
  readonly patient: boolean;
  /** Response codes for which the next upstream is asked. */
  readonly failover: ReadonlySet<number>;
}

export interface ExchangeParts {
  readonly clock: Clock;
  readonly limits: BoundsReached;
  /** Called for each query that has its answer. */
  readonly left: () => void;
  /** Called once, before the last ones get their answer; undefined where nobody waited for one any more. */
  readonly ended: (answer: Answer | undefined) => void;
}

/** Between messages when all have been asked and nobody has answered; doubled each time. */
const REPEAT = 400;
/** For a whole reply over TCP, when a part of it is there already. */
const TCP_FALLBACK = 1_000;
/** For somebody who seems dead, when a failure is there already. */
const SHORT_WAIT = 120;
/** After the answer: how long a late reply may still show that an upstream is alive. */
const LINGER = 250;

/** A reply that is given if none comes that serves better. */
interface Kept {
  readonly reply: Reply;
  /** `seeking`: further upstreams are asked; `waiting`: only those are waited for that were asked; `part`: for TCP. */
  readonly mode: 'seeking' | 'waiting' | 'part';
  /** Until then, by the monotonic clock. */
  until: number;
}

export class Exchange implements AttemptOwner {
  readonly #request: Request;
  readonly #candidates: readonly Candidate[];
  readonly #settings: ExchangeSettings;
  readonly #parts: ExchangeParts;
  readonly #waiters: Waiters;
  readonly #pending = new Pending();
  readonly #started: number;
  readonly #deadline: number;
  #asked = 0;
  #nextSend: number;
  #kept: Kept | undefined;
  /** Set where the server itself keeps messages from being sent. */
  #hindered: Answer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** @param upstreams in the order in which they are asked */
  constructor(
    request: Request,
    protocol: PlainProtocol,
    upstreams: readonly Upstream[],
    settings: ExchangeSettings,
    parts: ExchangeParts,
  ) {
    this.#request = request;
    this.#candidates = upstreams.map((upstream) => new Candidate(upstream, protocol));
    this.#settings = settings;
    this.#parts = parts;
    this.#waiters = new Waiters(parts.left);
    this.#started = parts.clock.monotonic();
    this.#deadline = this.#started + bounds.upstreamTime;
    this.#nextSend = this.#started;
  }

  /** Queries that wait for it. */
  get sharers(): number {
    return this.#waiters.count;
  }

  /** Waits for the answer, until the account's deadline at the latest. The first one makes it begin. */
  join(account: Account): Promise<Answer> {
    const answer = this.#waiters.add(account);
    this.#step();
    return answer;
  }

  replied(attempt: UpstreamAttempt, said: UpstreamReply): void {
    attempt.line.measure(rcodeOfReply(said), attempt.sentAt);
    const candidate = this.#pending.take(attempt);
    if (this.#over || candidate === undefined) return;
    this.#weigh(candidate, attempt, said);
    this.#step();
  }

  failed(attempt: UpstreamAttempt, problem: UpstreamProblem): void {
    const candidate = this.#pending.take(attempt);
    if (candidate === undefined) return;
    if (problem.kind === 'socket-limit' || problem.kind === 'octet-limit') {
      const failed = this.#parts.limits.reach(problem.kind === 'socket-limit' ? 'upstreamSockets' : 'upstreamOctets');
      this.#hindered ??= failed;
      this.#nextSend = Infinity;
    } else {
      candidate.problem = problem;
      candidate.upstream.health.lost(attempt.sentAt);
      // A connection that was lost may be opened again; whoever refuses one will do so a millisecond later too.
      candidate.out ||= problem.kind !== 'reset' && problem.kind !== 'closed' && problem.kind !== 'timeout';
    }
    this.#giveUpOnTcp();
    this.#step();
  }

  #step(): void {
    if (this.#over) return;
    const now = this.#parts.clock.monotonic();
    if (now >= this.#nextLoss && this.#pending.expire(now)) this.#giveUpOnTcp();
    if (now >= this.#deadline || (now >= this.#silence && !this.#somebodyThere)) {
      this.#giveUp();
      return;
    }
    if (this.#kept !== undefined && (now >= this.#kept.until || !this.#canImprove)) {
      this.#finish(this.#kept.reply);
      return;
    }
    if (now >= this.#nextSend || this.#pending.count === 0) this.#sendNext(now);
    if (this.#pending.count === 0) {
      this.#giveUp();
      return;
    }
    this.#waiters.expire(now, () => this.#tooLate());
    if (this.#waiters.count === 0) this.#abandon();
    else this.#arm(now);
  }

  /** Asks whoever's turn it is, if anybody may be asked. */
  #sendNext(now: number): void {
    this.#nextSend = Infinity;
    if (!this.#mayAsk) return;
    this.#pending.noteBare();
    const candidate = nextCandidate(this.#candidates);
    if (candidate === undefined) return;
    const late = this.#pending.count > 0;
    this.#pending.doubt();
    if (!this.#ask(candidate, candidate.line, this.#settings.readTimeout)) return;
    if (late) {
      const { hedges, retransmissions } = candidate.line.counts;
      (candidate.asked > 0 ? retransmissions : hedges).add();
    }
    candidate.asked++;
    this.#asked++;
    this.#nextSend = now + this.#patience(candidate.line);
    if (this.#kept !== undefined && !this.#pending.anyPreferred) this.#kept.until = now + SHORT_WAIT;
  }

  /** How long the message that has just left is waited for before the next one leaves. */
  #patience(line: Line): number {
    const quick = Math.max(this.#candidates.length - 1, 1);
    if (this.#asked <= quick) return line.latency.patience;
    return REPEAT * 2 ** Math.min(this.#asked - quick - 1, 8);
  }

  /** False where the budget is used up. */
  #ask(candidate: Candidate, line: Line, time: number): boolean {
    if (!this.#waiters.pay()) {
      const failed = this.#parts.limits.reach('upstreamAttemptsPerQuery');
      this.#hindered ??= failed;
      return false;
    }
    const withEdns = !candidate.plain && candidate.upstream.readsEdns;
    this.#pending.add(new UpstreamAttempt(line, this.#request, withEdns, this), candidate, time);
    return true;
  }

  #weigh(candidate: Candidate, attempt: UpstreamAttempt, said: UpstreamReply): void {
    const { upstream } = candidate;
    const reply = replyOf(upstream.name, said);
    if (this.#askWithoutEdns(candidate, attempt, said, reply.rcode)) return;
    candidate.out = true;
    if (reply.truncated && !attempt.line.connected) {
      this.#kept = { reply, mode: 'part', until: Infinity };
      this.#nextSend = Infinity;
      if (!this.#ask(candidate, upstream.line('tcp'), TCP_FALLBACK)) this.#giveUpOnTcp();
      return;
    }
    const failed = reply.rcode === Rcode.SERVFAIL || reply.rcode === Rcode.REFUSED;
    if (failed && this.#kept?.mode === 'part') return;
    const now = this.#parts.clock.monotonic();
    if (this.#settings.failover.has(reply.rcode)) {
      const patient = this.#pending.count === 0 || this.#pending.anyPreferred;
      this.#kept = { reply, mode: 'seeking', until: patient ? Infinity : now + SHORT_WAIT };
    } else if (failed && this.#pending.count > 0) {
      this.#kept = { reply, mode: 'waiting', until: now + this.#pending.patience };
      this.#nextSend = Infinity;
    } else {
      this.#finish(reply);
    }
  }

  /** A server that cannot read EDNS says so without EDNS; what it says without it tells whether that was the reason. */
  #askWithoutEdns(candidate: Candidate, attempt: UpstreamAttempt, said: UpstreamReply, rcode: number): boolean {
    const spokeEdns = said.kind === 'message' && said.message.edns !== undefined;
    if (attempt.withEdns && (rcode === Rcode.BADVERS || (refusesEdns(rcode) && !spokeEdns))) {
      candidate.plain = true;
      return this.#ask(candidate, attempt.line, this.#settings.readTimeout);
    }
    if (candidate.plain && !attempt.withEdns && !refusesEdns(rcode)) candidate.upstream.cannotReadEdns();
    return false;
  }

  /** What was to come over TCP does not: the part that is there is the answer. */
  #giveUpOnTcp(): void {
    if (this.#kept?.mode === 'part') this.#kept.until = -Infinity;
  }

  get #mayAsk(): boolean {
    return this.#asked < this.#settings.tries && this.#hindered === undefined;
  }

  /** When the next message has been waited for long enough: while there is something else to do. */
  get #nextLoss(): number {
    const nothingElse = this.#settings.patient && this.#kept === undefined && !this.#canAsk;
    return nothingElse ? Infinity : this.#pending.earliest;
  }

  get #canAsk(): boolean {
    return this.#mayAsk && this.#candidates.some(({ exhausted }) => !exhausted);
  }

  get #silence(): number {
    return this.#started + bounds.upstreamSilence;
  }

  /** Some upstream has answered something, to anybody, since the question was first asked, or nobody can tell. */
  get #somebodyThere(): boolean {
    return this.#candidates.some(({ upstream: { health } }) => !health.checked || health.lastHeard >= this.#started);
  }

  /** Something may still come that serves better than what is kept. */
  get #canImprove(): boolean {
    if (this.#pending.count > 0) return true;
    return this.#kept?.mode === 'seeking' && this.#canAsk;
  }

  #giveUp(): void {
    this.#pending.noteBare();
    const bare = this.#candidates.find((candidate) => candidate.bare !== undefined);
    if (this.#kept !== undefined) this.#finish(this.#kept.reply);
    else if (bare?.bare !== undefined) this.#finish(bareReply(bare.upstream.name, bare.bare));
    else {
      this.#finish(this.#hindered ?? upstreamFailure(doingsOf(this.#candidates)));
      this.#drop(true);
    }
  }

  /** For a query whose own time is over before the exchange is. */
  #tooLate(): Answer {
    if (this.#kept !== undefined) return this.#kept.reply;
    const { error, explanation } = upstreamFailure(doingsOf(this.#candidates));
    return failure(Rcode.SERVFAIL, explain('cancelled', explanation.text), error);
  }

  #abandon(): void {
    this.#over = true;
    this.#parts.ended(undefined);
    this.#drop(false);
  }

  #finish(answer: Answer): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#parts.ended(answer);
    this.#waiters.settle(answer);
    if (this.#pending.count > 0) this.#timer = setTimeout(() => this.#drop(true), LINGER).unref();
  }

  #drop(lost: boolean): void {
    clearTimeout(this.#timer);
    this.#pending.drop(lost);
  }

  #arm(now: number): void {
    const due = Math.min(
      this.#deadline,
      this.#nextSend,
      this.#nextLoss,
      this.#waiters.earliest,
      this.#kept?.until ?? Infinity,
      now < this.#silence ? this.#silence : Infinity,
    );
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#step(), Math.max(1, Math.ceil(due - now)));
  }
}
