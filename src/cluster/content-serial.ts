/**
 * The serial of a zone (RFC 1035 §3.3.13) that stands for what the cluster has: the time of the last change, in seconds since the epoch,
 * and more than any serial whose content somebody was given, though both come in the same second.
 */
export class ContentSerial {
  readonly #now: () => number;
  #value = 0;
  /** -1 before anybody was given anything. */
  #listed = -1;
  /** Of an earlier run: somebody may have been given its content then. */
  #restored = -1;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** 0 before the first change. */
  get value(): number {
    return this.#value;
  }

  /** True where somebody was given the content of a serial. */
  get isListed(): boolean {
    return this.#listed >= 0;
  }

  change(): void {
    this.#value = Math.max(Math.floor(this.#now() / 1000), this.#value, this.#listed + 1, this.#restored + 1);
  }

  /** Somebody is given the content that the serial stands for now. */
  list(): void {
    this.#listed = this.#value;
  }

  /** The serial of an earlier run: it goes on from there. */
  restore(serial: number): void {
    this.#restored = Math.max(this.#restored, serial);
    this.#value = Math.max(this.#value, serial);
  }
}
