/**
 * One way to an upstream: its channel over one protocol, opened when the first message leaves, and how long replies take
 * on it.
 */
import type { Attempt, AttemptListener, Channel, Network, UpstreamTarget } from '../network.ts';
import type { Clock } from '../plugin.ts';
import type { ForwardCounts, UpstreamCounts } from './counts.ts';
import { Latency } from './latency.ts';
import { randomId } from './random.ts';

/** What a line tells of. */
export interface LineOwner {
  /** A reply came. @param now by the monotonic clock */
  heard(now: number): void;
}

/** What lines are made with. */
export interface LineParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly counts: ForwardCounts;
}

export class Line {
  readonly target: UpstreamTarget;
  /** `192.0.2.1:53` */
  readonly name: string;
  readonly counts: UpstreamCounts;
  readonly latency = new Latency();
  readonly #parts: LineParts;
  readonly #owner: LineOwner;
  #open: { readonly channel: Channel; readonly uncount: () => void } | undefined;
  #waiting = 0;
  #closing = false;
  #lastHeard = -Infinity;

  constructor(target: UpstreamTarget, name: string, parts: LineParts, owner: LineOwner) {
    this.target = target;
    this.name = name;
    this.#parts = parts;
    this.#owner = owner;
    this.counts = parts.counts.upstream(name);
  }

  get now(): number {
    return this.#parts.clock.monotonic();
  }

  /** Messages arrive, or the connection fails; nobody else can send a reply. */
  get connected(): boolean {
    return this.target.protocol !== 'udp';
  }

  /** For one message. Over HTTPS 0, as replies are told apart by other means and are kept by caches (RFC 8484 §4.1). */
  newId(): number {
    return this.target.protocol === 'https' ? 0 : randomId();
  }

  /** Each call is followed by one of `ended`. */
  send(message: Uint8Array, listener: AttemptListener): Attempt {
    this.#waiting++;
    const { channel } = (this.#open ??= this.#openChannel());
    return channel.send(message, listener);
  }

  /** When a reply came over it, by the monotonic clock: that says nothing about other protocols. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  /** A reply came. */
  heard(): void {
    this.#lastHeard = this.now;
    this.#owner.heard(this.#lastHeard);
  }

  /** The reply to a query came. @param time milliseconds that it took */
  measure(rcode: number, time: number): void {
    this.latency.observe(time);
    this.counts.replied(rcode, time / 1000);
  }

  ended(): void {
    this.#waiting--;
    // Most often the channel is calling: it is not closed under its own feet.
    if (this.#closing) queueMicrotask(() => this.#closeIdle());
  }

  /** Closes the channel, once everything that waits on it has ended. What is sent later opens it for that long. */
  close(): void {
    this.#closing = true;
    this.#closeIdle();
  }

  #openChannel(): { readonly channel: Channel; readonly uncount: () => void } {
    const channel = this.#parts.network.channel(this.target);
    return { channel, uncount: this.#parts.counts.connections(channel, this.name, this.target.protocol) };
  }

  #closeIdle(): void {
    if (!this.#closing || this.#waiting > 0 || this.#open === undefined) return;
    const { channel, uncount } = this.#open;
    this.#open = undefined;
    uncount();
    channel.close();
  }
}
