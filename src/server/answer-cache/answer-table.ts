/**
 * Where answers are kept: one block of memory with a record for each, found by the words of its key. The garbage collector sees one
 * object, however many answers there are, and all that they take, keys included, is what the block has.
 *
 *     heads    hash ──► record ─NEXT─► record …                (a chain for each value of the highest bits)
 *     segments │ records, one behind the other │ … │ … being filled │ … │
 *                                                      └─► the next one: records that were asked for since it was last looked at are
 *                                                          moved together at its beginning, all others leave
 *
 * So a record stays if it is asked for at least once while the block is filled (CLOCK, a segment at a time), and making room costs the
 * move of a segment's records now and then, never a search.
 *
 * What a record has beyond its key is the business of records.ts; a record can hold one reference to an object beside.
 */
import type { QuestionKey } from './question-key.ts';

/** Words at the beginning of each record. */
const SIZE = 0;
const NEXT = 1;
const HASH = 2;
/** Words of the key, and the bit below. */
const KEY_LENGTH = 3;
const REFERENCE = 4;
/** The key begins here. */
export const KEY = 5;

/** In the word of the key's length: it has been asked for since its segment was last looked at. */
const ASKED_FOR = 0x100;
const KEY_LENGTH_MASK = 0xff;

/** The record is none. */
export const NONE = 0;

const SEGMENTS = 32;
/** What survives of a segment fills no more of it than this, so that there is always room. */
const SURVIVORS = 0.75;
/** Words of an ordinary record: how many chains are made for the block. */
const USUAL_RECORD = 48;
/** Words that the processor fetches together. */
const LINE = 16;
/** Records of one chain: one is usual, and some ten are the most that chance gives. */
const LONGEST_CHAIN = 16;
/** Nothing begins at word 0, which stands for no record. */
const FIRST_WORD = 1;

export class AnswerTable<T extends object> {
  readonly words: Int32Array;
  /** The same memory. */
  readonly octets: Buffer;
  readonly #heads: Int32Array;
  /** Leaves the bits of a hash that are the number of its chain. */
  readonly #shift: number;
  readonly #segmentWords: number;
  /** Where the records of each segment end. */
  readonly #tops: Int32Array;
  #segment = 0;
  #size = 0;
  #used = 0;
  /** Objects that records refer to, by number; number 0 is none. */
  readonly #objects: (T | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];

  /** @param octets of the block, at least some ten thousand */
  constructor(octets: number) {
    this.#segmentWords = Math.floor(octets / 4 / SEGMENTS);
    const memory = new ArrayBuffer(this.#segmentWords * SEGMENTS * 4);
    this.words = new Int32Array(memory);
    this.octets = Buffer.from(memory);
    const bits = Math.ceil(Math.log2(this.words.length / USUAL_RECORD));
    this.#heads = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#tops = Int32Array.from({ length: SEGMENTS }, (_, segment) => this.#base(segment));
  }

  /** Records that can be found. */
  get size(): number {
    return this.#size;
  }

  /** Octets of those. */
  get used(): number {
    return this.#used * 4;
  }

  /** The record of a key; `NONE` where there is none. */
  find(key: QuestionKey): number {
    const { words } = this;
    const { hash, length } = key;
    let at = this.#heads[hash >>> this.#shift] ?? NONE;
    while (at !== NONE) {
      if (words[at + HASH] === hash && ((words[at + KEY_LENGTH] ?? 0) & KEY_LENGTH_MASK) === length) {
        if (this.#hasKey(at, key)) return at;
      }
      at = words[at + NEXT] ?? NONE;
    }
    return NONE;
  }

  /**
   * Brings near to the processor what `find` looks at first for the first `count` keys: the record at the head of each chain, as far as
   * an ordinary one goes. It waits for all that is far away at once, where `find` waits for each in turn.
   */
  fetch(keys: readonly QuestionKey[], count: number): void {
    const heads = this.#heads;
    const { words } = this;
    for (let i = 0; i < count; i++) {
      const key = keys[i];
      if (key !== undefined) key.fetched = heads[key.hash >>> this.#shift] ?? NONE;
    }
    for (let i = 0; i < count; i++) {
      const key = keys[i];
      if (key === undefined) continue;
      const at = key.fetched;
      let seen = 0;
      for (let word = 0; word < USUAL_RECORD; word += LINE) seen ^= words[at + word] ?? 0;
      key.fetched = seen;
    }
  }

  /** Says that the record has been asked for. */
  touch(at: number): void {
    const word = at + KEY_LENGTH;
    this.words[word] = (this.words[word] ?? 0) | ASKED_FOR;
  }

  /** The first word behind the record's key. */
  behindKey(at: number): number {
    return at + KEY + ((this.words[at + KEY_LENGTH] ?? 0) & KEY_LENGTH_MASK);
  }

  /**
   * A new record for a key that has none, with room for `words` words behind the key; they hold whatever was there before. `NONE`
   * where it would be larger than is kept. Other records may move or leave.
   */
  add(key: QuestionKey, words: number): number {
    const size = KEY + key.length + words;
    if (size > this.#segmentWords * (1 - SURVIVORS) - FIRST_WORD) return NONE;
    while ((this.#tops[this.#segment] ?? 0) + size > this.#end(this.#segment)) this.#nextSegment();
    const at = this.#tops[this.#segment] ?? 0;
    this.#tops[this.#segment] = at + size;
    const all = this.words;
    all[at + SIZE] = size;
    all[at + HASH] = key.hash;
    all[at + KEY_LENGTH] = key.length;
    all[at + REFERENCE] = 0;
    for (let i = 0; i < key.length; i++) all[at + KEY + i] = key.words[i] ?? 0;
    const head = key.hash >>> this.#shift;
    this.#shorten(head);
    all[at + NEXT] = this.#heads[head] ?? NONE;
    this.#heads[head] = at;
    this.#size++;
    this.#used += size;
    return at;
  }

  /** Takes a record away; its room comes back with its segment. */
  remove(at: number): void {
    const { words } = this;
    this.#redirect(at, words[at + NEXT] ?? NONE);
    // Dead: no chain leads to it any more.
    words[at + HASH] = 0;
    words[at + KEY_LENGTH] = 0;
    this.#release(at);
    this.#size--;
    this.#used -= words[at + SIZE] ?? 0;
  }

  /** Lets the record, which has none, refer to an object for as long as it is there. */
  refer(at: number, object: T): void {
    const number = this.#freeNumbers.pop() ?? this.#objects.length;
    this.#objects[number] = object;
    this.words[at + REFERENCE] = number;
  }

  /** What the record refers to. */
  referenceOf(at: number): T | undefined {
    const number = this.words[at + REFERENCE] ?? 0;
    return number === 0 ? undefined : this.#objects[number];
  }

  /** Forgets everything. */
  clear(): void {
    this.#heads.fill(NONE);
    for (let segment = 0; segment < SEGMENTS; segment++) this.#tops[segment] = this.#base(segment);
    this.#segment = 0;
    this.#size = 0;
    this.#used = 0;
    this.#objects.length = 1;
    this.#freeNumbers.length = 0;
  }

  /** Makes room for one more in a chain, so that a look along it always ends soon. */
  #shorten(head: number): void {
    let length = 0;
    let last = NONE;
    for (let at = this.#heads[head] ?? NONE; at !== NONE; at = this.words[at + NEXT] ?? NONE) {
      length++;
      last = at;
    }
    if (length >= LONGEST_CHAIN) this.remove(last);
  }

  #hasKey(at: number, key: QuestionKey): boolean {
    const { words } = this;
    const own = at + KEY;
    for (let i = 0; i < key.length; i++) if (words[own + i] !== key.words[i]) return false;
    return true;
  }

  #base(segment: number): number {
    return segment * this.#segmentWords + FIRST_WORD;
  }

  #end(segment: number): number {
    return (segment + 1) * this.#segmentWords;
  }

  /** Goes on to the segment that was filled longest ago, and makes room there. */
  #nextSegment(): void {
    const segment = (this.#segment + 1) % SEGMENTS;
    this.#segment = segment;
    const { words } = this;
    const base = this.#base(segment);
    const top = this.#tops[segment] ?? base;
    const most = base + this.#segmentWords * SURVIVORS;
    let to = base;
    for (let at = base; at < top;) {
      const size = words[at + SIZE] ?? 0;
      const length = words[at + KEY_LENGTH] ?? 0;
      if (length !== 0) {
        if ((length & ASKED_FOR) !== 0 && to + size <= most) {
          words[at + KEY_LENGTH] = length & KEY_LENGTH_MASK;
          this.#move(at, to, size);
          to += size;
        } else {
          this.remove(at);
        }
      }
      at += size;
    }
    this.#tops[segment] = to;
  }

  #move(at: number, to: number, size: number): void {
    if (at === to) return;
    this.#redirect(at, to);
    this.words.copyWithin(to, at, at + size);
  }

  /** Lets whatever leads to a record lead elsewhere. */
  #redirect(at: number, to: number): void {
    const { words } = this;
    const head = (words[at + HASH] ?? 0) >>> this.#shift;
    if (this.#heads[head] === at) {
      this.#heads[head] = to;
      return;
    }
    let before = this.#heads[head] ?? NONE;
    while (words[before + NEXT] !== at) before = words[before + NEXT] ?? NONE;
    words[before + NEXT] = to;
  }

  #release(at: number): void {
    const number = this.words[at + REFERENCE] ?? 0;
    if (number === 0) return;
    this.words[at + REFERENCE] = 0;
    this.#objects[number] = undefined;
    this.#freeNumbers.push(number);
  }
}
