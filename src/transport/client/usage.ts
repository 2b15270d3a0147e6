/**
 * What all channels of one network hold together: sockets, and octets that wait to be sent or to become whole messages.
 * Whoever takes gives back exactly once. Both have a bound, and how often it was reached is counted.
 *
 * Queries that nobody answers must not keep others from being asked: at the bound of sockets the oldest that waits over
 * UDP gives way, if it has waited for longer than most answers take.
 */
import type { Bounds } from '../../bounds.ts';
import { traceOf } from '../system-error.ts';
import { SocketQueue } from './socket-queue.ts';
import type { AttemptListener, Endpoint, UpstreamProblem } from './upstream.ts';

/** Milliseconds after which a socket may be taken from the query that waits on it. */
const LATE = 100;

export class Usage {
  readonly limits: Bounds;
  /** Open or being opened. */
  sockets = 0;
  octets = 0;
  /** Those of the sockets that can be taken back. */
  readonly yielding = new SocketQueue();
  /** How often something was to be taken at a bound. */
  readonly reached = { sockets: 0, octets: 0 };
  readonly #report: (message: string) => void;

  constructor(limits: Bounds, report: (message: string) => void) {
    this.limits = limits;
    this.#report = report;
  }

  /** False where the bound is reached and nobody gives way; nothing is taken then. */
  takeSocket(): boolean {
    if (this.sockets >= this.limits.upstreamSockets) {
      this.reached.sockets++;
      const { oldest } = this.yielding;
      if (oldest === undefined || performance.now() - oldest.since < LATE) return false;
      oldest.yieldSocket();
    }
    this.sockets++;
    return true;
  }

  giveSocket(): void {
    this.sockets--;
  }

  /** False where the bound would be passed; nothing is taken then. */
  takeOctets(count: number): boolean {
    if (this.octets + count > this.limits.upstreamOctets) {
      this.reached.octets++;
      return false;
    }
    this.octets += count;
    return true;
  }

  giveOctets(count: number): void {
    this.octets -= count;
  }

  /**
   * Shows a message to a listener. A listener promises not to throw; out of a socket's event that would end the process,
   * so the promise is not relied upon: what throws has not taken the message.
   */
  show(listener: AttemptListener, message: Uint8Array, from: Endpoint): boolean {
    try {
      return listener.received(message, from);
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Tells a listener of a problem; guarded in the same way. */
  tell(listener: AttemptListener, problem: UpstreamProblem): void {
    try {
      listener.failed(problem);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#report(`a reply of an upstream could not be handled: ${traceOf(error)}`);
  }
}
