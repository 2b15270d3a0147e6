/**
 * One timer for something that is due at changing times. Most of what it waits for never comes to pass, as the answer is
 * there before; so it is set anew only where something is due earlier than it goes off. Whoever is woken too early finds
 * nothing due and sets it again.
 *
 * All times are in milliseconds of the monotonic clock.
 */
export interface AlarmOwner {
  /** Something may be due. */
  wake(): void;
}

export class Alarm {
  readonly #owner: AlarmOwner;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off. */
  #at = Infinity;

  constructor(owner: AlarmOwner) {
    this.#owner = owner;
  }

  /** Goes off at `due`, or earlier. */
  set(due: number, now: number): void {
    if (due >= this.#at) return;
    clearTimeout(this.#timer);
    const wait = Math.max(1, Math.ceil(due - now));
    this.#at = now + wait;
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#owner.wake();
    }, wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }
}
