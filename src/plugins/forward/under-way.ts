/**
 * The exchanges under way, by the keys of their requests: a map whose entries come and go by the thousand.
 *
 *     key ──Map──► number ──array──► Exchange
 *
 * A map from keys straight to exchanges would leave discarded tables behind as they come and go, each leading to the next. Once the
 * engine takes one of these for old, it keeps all that follow until it looks through the whole memory, with every exchange that was in
 * one: those would be copied, and marked, instead of vanishing while they are young. In tables of numbers there is no exchange to keep.
 */
export class UnderWay<T extends object> {
  readonly #numbers = new Map<string, number>();
  readonly #exchanges: (T | undefined)[] = [];
  /** Numbers that are nobody's. */
  readonly #free: number[] = [];

  get(key: string): T | undefined {
    const number = this.#numbers.get(key);
    return number === undefined ? undefined : this.#exchanges[number];
  }

  /** @param key nobody's yet */
  enter(key: string, exchange: T): void {
    const number = this.#free.pop() ?? this.#exchanges.length;
    this.#exchanges[number] = exchange;
    this.#numbers.set(key, number);
  }

  leave(key: string): void {
    const number = this.#numbers.get(key);
    if (number === undefined) return;
    this.#numbers.delete(key);
    this.#exchanges[number] = undefined;
    this.#free.push(number);
  }
}
