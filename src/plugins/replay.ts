/**
 * What is declared about an answer so that the server may give it again to the next client who asks the same, without asking
 * the chain. The server keeps the octets; what plugins would have done on the way is told as data.
 *
 *     depends on the client, or on something that is no fact      forbid()
 *     done for each query: a counter                              each(effect, amount)
 *     from an entry of `cache`: its time, its hits                restsOn(kept, age)
 *     addresses in an order left to chance                        drew(sets), drewGlue(section)
 *     records whose TTL counts down, the SOA's serial             said by the records themselves (dns/rrset.ts)
 *
 * The default is no: a plugin that is not `replayable` forbids it for each query that enters it. Clients that spell a name in different
 * cases ask the same: what a plugin makes of the question's name is in lower case, and only names that point to the question are
 * as the client spells it.
 */
import type { AddressRRset, RRset } from '../dns/rrset.ts';

/** A query that is answered again. The object is borrowed. */
export interface Hit {
  readonly clientFamily: 4 | 6;
  /** Octets of the request as it came. */
  readonly requestSize: number;
  /** Milliseconds from the request to the answer, with fractions; 0 where no effect looks at it. */
  readonly duration: number;
}

/**
 * Something that is done for each query whose answer is the same. There are few of them, each for many answers: what differs
 * from answer to answer is the amount.
 */
export interface Effect {
  /** Set where it looks at `Hit.duration`, which otherwise is not measured. */
  readonly timed?: true;
  again(hit: Hit, amount: number): void;
}

/** An entry of `cache` that an answer came from. Times are of the monotonic clock, in milliseconds. */
export interface Kept {
  /** From then on TTLs count down, by one after each whole second. */
  readonly stored: number;
  /** Then the answer's time is over. */
  readonly expires: number;
  /** False where the chain must be asked: the entry was replaced or has left, or it is to be refreshed. Changes nothing. */
  mayReplay(now: number): boolean;
  /** Counts one more hit. */
  replayed(now: number): void;
}

/** An entry whose answer changes otherwise than by counting down before its time is over. */
class KeptUntil implements Kept {
  readonly stored: number;
  readonly expires: number;
  readonly #kept: Kept;

  constructor(kept: Kept, until: number) {
    this.stored = kept.stored;
    this.expires = Math.min(kept.expires, until);
    this.#kept = kept;
  }

  mayReplay(now: number): boolean {
    return now < this.expires && this.#kept.mayReplay(now);
  }

  replayed(now: number): void {
    this.#kept.replayed(now);
  }
}

/** What the look-ups of one client query have declared. */
export class Replaying {
  #allowed = true;
  #kept: Kept | undefined;
  #age = 0;
  #drawn: readonly AddressRRset[] | undefined;
  #drawnGlue: readonly RRset[] | undefined;
  readonly effects: Effect[] = [];
  /** Of each effect. */
  readonly amounts: number[] = [];

  /** The answer is for this client alone, or for now alone. */
  forbid(): void {
    this.#allowed = false;
  }

  get allowed(): boolean {
    return this.#allowed;
  }

  /** Is to be done again, whenever the answer is given again. @param amount a whole number of 32 bits */
  each(effect: Effect, amount = 0): void {
    this.effects.push(effect);
    this.amounts.push(amount);
  }

  /**
   * The answer, or a part of it, is an entry's. Two of them have two ages: that is more than is kept.
   *
   * @param age whole seconds by which the TTLs of aging records have been counted down
   */
  restsOn(kept: Kept, age: number): void {
    if (this.#kept !== undefined && (this.#kept !== kept || this.#age !== age)) this.#allowed = false;
    this.#kept = kept;
    this.#age = age;
  }

  /** Where the TTLs of aging records have counted down by more than so many seconds from now on, the answer is another. */
  onlyForSeconds(seconds: number): void {
    const kept = this.#kept;
    if (kept !== undefined) this.#kept = new KeptUntil(kept, kept.stored + (this.#age + seconds + 1) * 1000);
  }

  get age(): number {
    return this.#age;
  }

  get kept(): Kept | undefined {
    return this.#kept;
  }

  /**
   * These address records of the answer section, all that there are in it, are in an order left to chance in which each is as
   * likely to stand anywhere as any other. They have one owner, type, class and TTL. `Reply.drawn` must be the same array,
   * or the answer cannot be given again.
   */
  drew(sets: readonly AddressRRset[]): void {
    this.#drawn = sets;
  }

  /** What was drawn last. */
  get drawn(): readonly AddressRRset[] | undefined {
    return this.#drawn;
  }

  /**
   * The address records of this additional section are in an order left to chance in which each is as likely to stand anywhere as any
   * other. It must be the reply's own array, or the answer cannot be given again unless it has no room for any of them.
   */
  drewGlue(section: readonly RRset[]): void {
    this.#drawnGlue = section;
  }

  /** The section that was put in order last. */
  get drawnGlue(): readonly RRset[] | undefined {
    return this.#drawnGlue;
  }
}
