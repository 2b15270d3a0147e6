/**
 * How the peer of one connection has behaved so far: what was sent, heard and answered, and when. In: each of these events.
 * Out: whether it keeps those waiting that stand on the connection, and whether anything is heard at all.
 *
 * Times are in milliseconds of `performance.now()`.
 */

/** Time without a message after which an attempt that is given up speaks against the connection. */
const SILENCE = 100;
/** Messages beyond one for each that was sent, after which the peer is cut off. */
const UNASKED = 64;

export class Conduct {
  #sent = 0;
  #heard = 0;
  #answered = 0;
  #heardAt = 0;
  /** When an attempt was answered before an older one. */
  #overtakenAt = 0;
  #mute = false;

  /** Attempts that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Attempts that were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** An attempt was given up that nothing at all was heard after, and nothing was heard since. */
  get isMute(): boolean {
    return this.#mute;
  }

  /** It sends more than it was asked for. */
  get isExcessive(): boolean {
    return this.#heard > this.#sent + UNASKED;
  }

  send(): void {
    this.#sent++;
  }

  hear(now: number): void {
    this.#heard++;
    this.#heardAt = now;
    this.#mute = false;
  }

  /** What was heard is the answer to an attempt: to the oldest, or to one that was sent later. */
  answer(now: number, toOldest: boolean): void {
    this.#answered++;
    if (!toOldest) this.#overtakenAt = now;
  }

  /** An attempt of that time is waited for no more. */
  giveUp(sentAt: number, now: number): void {
    this.#mute ||= this.#heardAt < sentAt && now - sentAt >= SILENCE;
  }

  /** Whether the oldest attempt, of that time, is late, and none that was sent after it has been answered of late. */
  isLate(sentAt: number, now: number, patience: number): boolean {
    return now - Math.max(sentAt, this.#overtakenAt) >= patience;
  }

  heardWithin(time: number, now: number): boolean {
    return now - this.#heardAt < time;
  }
}
