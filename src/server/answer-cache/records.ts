/**
 * An answer as a record of the table, and the same answer for the next client.
 *
 *     fixed words │ facts      │ effects    │ age, TTLs │ drawing │ glue │ octets behind the question │ all addresses
 *                   and their    and their    that count                   copied as they are           to draw from
 *                   versions     amounts      down
 *
 * It is written from octets that the pipeline made, and given with what is another client's or another moment's put in place: the id
 * (the question is in the reply already, as this client spells it), the UDP size in the OPT record, TTLs that have counted down, the
 * serial of an SOA, and a new order of addresses: of those of the answer section in their records, and of whole records with addresses in
 * the additional section.
 */
import { bounds } from '../../bounds.ts';
import type { FactCounters } from '../../cluster/facts.ts';
import type { Marks } from '../../dns/marks.ts';
import { putUint16, putUint32, uint16At } from '../../dns/octets.ts';
import { type AddressRRset, type SerialSource, addressSize } from '../../dns/rrset.ts';
import type { Reply } from '../../plugins/answer.ts';
import type { Account } from '../../plugins/query.ts';
import type { Effect, Hit, Kept } from '../../plugins/replay.ts';
import { type AnswerTable, NONE } from './answer-table.ts';
import { drawInPlace, drawWindow } from './draw.ts';
import type { QuestionKey } from './question-key.ts';

/** The fixed words, from the first behind the key. */
/** Flags of the header, 16 bits │ number of answers. */
const FLAGS = 0;
/** Numbers of records in the two other sections, 16 bits each. */
const SECTIONS = 1;
/** How many facts │ effects, from bit 8 │ TTLs that count down, from bit 16. */
const LISTS = 2;
/** Where the octets begin, in octets from here, and how many they are. */
const TAIL = 3;
const TAIL_LENGTH = 4;
/** The UDP size of the OPT record: its place among those octets, 16 bits; 0 for none │ what it is at most. */
const OPT_SIZE = 5;
/** The serial: its place among those octets, 16 bits; 0 for none │ the number of its source. */
const SERIAL = 6;
/** Where the words about drawing begin, from here; 0 for none. */
const DRAWING = 7;
/** `FactCounters.changes` when it was last seen that nothing has changed that the answer rests on. */
const SEEN_TO_HOLD = 8;
/** Where the words about glue begin, from here, 16 bits │ how many records may change places; 0 for none. */
const GLUE = 9;
const FIXED_WORDS = 10;

/** The words about drawing. Places are in words from the first behind the key. */
const DRAW_AT = 0;
const DRAW_STRIDE = 1;
const DRAW_WIDTH = 2;
const DRAW_SHOWN = 3;
const DRAW_TOTAL = 4;
const DRAW_ALL = 5;
const DRAWING_WORDS = 6;

/** The words about glue: where it begins among the octets, then each record's place there, 16 bits │ its length. */
const GLUE_START = 0;
const GLUE_RECORDS = 1;

/** An answer that rests on more is not kept. */
const MOST_FACTS = 64;
const MOST_EFFECTS = 16;
/** Sources of serials, of which there is one for each cluster, and effects. */
const MOST_SOURCES = 0xffff;

/** Below this a loop is faster than a call. */
const SHORT_TAIL = 48;

/** The name of an OPT record and its type stand before the size. */
const SIZE_IN_OPT = 3;

/** An answer that is to be kept. */
export interface Finished {
  readonly answer: Reply;
  readonly account: Account;
  /** The message as the pipeline wrote it, of `length` octets. */
  readonly message: Uint8Array;
  readonly length: number;
  readonly marks: Marks;
}

export class AnswerRecords {
  readonly #table: AnswerTable<Kept>;
  readonly #facts: FactCounters;
  readonly #effects: Effect[] = [];
  readonly #effectNumbers = new Map<Effect, number>();
  readonly #sources: SerialSource[] = [];
  #isTimed = false;

  constructor(table: AnswerTable<Kept>, facts: FactCounters) {
    this.#table = table;
    this.#facts = facts;
  }

  /** True where something that is done for each query looks at the time that it took. */
  get isTimed(): boolean {
    return this.#isTimed;
  }

  /** Forgets what records refer to; there must be none. */
  clear(): void {
    this.#effects.length = 0;
    this.#effectNumbers.clear();
    this.#sources.length = 0;
    this.#isTimed = false;
  }

  /** True while nothing that the answer rested on has changed. */
  holds(at: number): boolean {
    const { words } = this.#table;
    const behind = this.#table.behindKey(at);
    const { changes } = this.#facts;
    if (words[behind + SEEN_TO_HOLD] === changes) return true;
    const facts = (words[behind + LISTS] ?? 0) & 0xff;
    for (let i = 0, pair = behind + FIXED_WORDS; i < facts; i++, pair += 2) {
      if ((this.#facts.version(words[pair] ?? 0) | 0) !== words[pair + 1]) return false;
    }
    words[behind + SEEN_TO_HOLD] = changes;
    return true;
  }

  /** The entry of `cache` that the answer came from. */
  keptOf(at: number): Kept | undefined {
    return this.#table.referenceOf(at);
  }

  /**
   * Completes a reply that has its question already. Gives its length in octets.
   *
   * @param age whole seconds for which TTLs have counted down
   */
  give(at: number, key: QuestionKey, age: number, reply: Uint8Array): number {
    const { words, octets } = this.#table;
    const behind = this.#table.behindKey(at);
    const lists = words[behind + LISTS] ?? 0;
    if (lists >>> 16 !== 0) this.#countDown(behind, age);
    if (words[behind + DRAWING] !== 0) this.#draw(behind);

    const flags = words[behind + FLAGS] ?? 0;
    const sections = words[behind + SECTIONS] ?? 0;
    reply[2] = flags >>> 24;
    reply[3] = flags >>> 16;
    reply[4] = 0;
    reply[5] = 1;
    reply[6] = flags >>> 8;
    reply[7] = flags;
    reply[8] = sections >>> 24;
    reply[9] = sections >>> 16;
    reply[10] = sections >>> 8;
    reply[11] = sections;

    const from = behind * 4 + (words[behind + TAIL] ?? 0);
    const length = words[behind + TAIL_LENGTH] ?? 0;
    const to = key.questionEnd;
    if (length <= SHORT_TAIL) for (let i = 0; i < length; i++) reply[to + i] = octets[from + i] ?? 0;
    else octets.copy(reply, to, from, from + length);

    const optSize = words[behind + OPT_SIZE] ?? 0;
    if (optSize !== 0) putUint16(reply, to + (optSize >>> 16), Math.min(key.udpSize, optSize & 0xffff));
    const glue = words[behind + GLUE] ?? 0;
    if (glue !== 0) this.#drawGlue(behind + (glue >>> 16), glue & 0xffff, from, reply, to);
    const serial = words[behind + SERIAL] ?? 0;
    if (serial !== 0) putUint32(reply, to + (serial >>> 16), this.#sources[serial & 0xffff]?.serial ?? 0);
    return to + length;
  }

  /** Does what is done for each query. */
  redo(at: number, hit: Hit): void {
    const { words } = this.#table;
    const behind = this.#table.behindKey(at);
    const lists = words[behind + LISTS] ?? 0;
    const effects = (lists >>> 8) & 0xff;
    for (let i = 0, pair = behind + FIXED_WORDS + 2 * (lists & 0xff); i < effects; i++, pair += 2) {
      this.#effects[words[pair] ?? 0]?.again(hit, words[pair + 1] ?? 0);
    }
  }

  /** Keeps an answer under a key that has no record; it may be too large, or need more than a record can say. */
  write(key: QuestionKey, { answer, account, message, length, marks }: Finished): void {
    const { replaying, facts, versions } = account;
    const { effects, amounts, kept } = replaying;
    const drawing = drawingOf(answer, account, marks, key.questionEnd);
    const glue = looseGlueOf(answer, account, marks);
    const source = marks.serialSource === undefined ? 0 : this.#numberOfSource(marks.serialSource);
    const isTooMuch =
      drawing === undefined ||
      glue === undefined ||
      source < 0 ||
      !marks.complete ||
      facts.length > MOST_FACTS ||
      effects.length > MOST_EFFECTS ||
      (marks.agingCount > 0 && kept === undefined);
    if (isTooMuch) return;

    const aging = marks.agingCount === 0 ? 0 : 1 + marks.agingCount;
    const lists = FIXED_WORDS + 2 * facts.length + 2 * effects.length + aging;
    const glueStart = lists + (drawing.total === 0 ? 0 : DRAWING_WORDS);
    const tailStart = glueStart + (glue === 0 ? 0 : GLUE_RECORDS + glue);
    const tailLength = length - key.questionEnd;
    const tailWords = Math.ceil((drawing.padding + tailLength) / 4);
    const all = drawing.total > drawing.shown ? drawing.total * drawing.width : 0;
    const at = this.#table.add(key, tailStart + tailWords + all);
    if (at === NONE) return;

    const { words, octets } = this.#table;
    const behind = this.#table.behindKey(at);
    words[behind + FLAGS] = (uint16At(message, 2) << 16) | uint16At(message, 6);
    words[behind + SECTIONS] = (uint16At(message, 8) << 16) | uint16At(message, 10);
    words[behind + LISTS] = facts.length | (effects.length << 8) | (marks.agingCount << 16);
    words[behind + TAIL] = tailStart * 4 + drawing.padding;
    words[behind + TAIL_LENGTH] = tailLength;
    words[behind + OPT_SIZE] =
      marks.opt === 0 ? 0 : ((marks.opt + SIZE_IN_OPT - key.questionEnd) << 16) | mostSize(account);
    words[behind + SERIAL] = marks.serial === 0 ? 0 : ((marks.serial - key.questionEnd) << 16) | source;
    words[behind + DRAWING] = drawing.total === 0 ? 0 : lists;
    words[behind + GLUE] = glue === 0 ? 0 : (glueStart << 16) | glue;
    // The facts were noted before they were looked at, and may have changed since.
    words[behind + SEEN_TO_HOLD] = this.#facts.changes - 1;

    let next = behind + FIXED_WORDS;
    for (const [i, fact] of facts.entries()) {
      words[next++] = fact;
      words[next++] = versions[i] ?? 0;
    }
    for (const [i, effect] of effects.entries()) {
      words[next++] = this.#numberOfEffect(effect);
      words[next++] = amounts[i] ?? 0;
    }
    if (aging > 0 && kept !== undefined) {
      words[next++] = replaying.age;
      for (let i = 0; i < marks.agingCount; i++) words[next++] = (marks.aging[i] ?? 0) - key.questionEnd;
    }
    if (kept !== undefined) this.#table.refer(at, kept);
    const tail = behind * 4 + tailStart * 4 + drawing.padding;
    octets.set(message.subarray(key.questionEnd, length), tail);
    if (glue > 0) this.#writeGlue(behind + glueStart, glue, marks, key.questionEnd);
    if (drawing.total === 0) return;
    words[next + DRAW_AT] = (tail + marks.firstAddress - key.questionEnd) / 4 - behind;
    words[next + DRAW_STRIDE] = marks.addressStride / 4;
    words[next + DRAW_WIDTH] = drawing.width;
    words[next + DRAW_SHOWN] = drawing.shown;
    words[next + DRAW_TOTAL] = drawing.total;
    words[next + DRAW_ALL] = tailStart + tailWords;
    if (all === 0) return;
    let to = (behind + tailStart + tailWords) * 4;
    for (const set of drawing.sets) {
      octets.set(set.octets, to);
      to += set.octets.length;
    }
  }

  /** @param at the words about it */
  #writeGlue(at: number, count: number, { glue }: Marks, questionEnd: number): void {
    const { words } = this.#table;
    const placeOf = (i: number): number => (glue[i] ?? 0) - questionEnd;
    words[at + GLUE_START] = placeOf(0);
    for (let i = 0; i < count; i++) words[at + GLUE_RECORDS + i] = (placeOf(i) << 16) | (placeOf(i + 1) - placeOf(i));
  }

  /** Brings the TTLs to this age. */
  #countDown(behind: number, age: number): void {
    const { words, octets } = this.#table;
    const lists = words[behind + LISTS] ?? 0;
    let next = behind + FIXED_WORDS + 2 * (lists & 0xff) + 2 * ((lists >>> 8) & 0xff);
    const passed = age - (words[next] ?? 0);
    if (passed === 0) return;
    words[next++] = age;
    const tail = behind * 4 + (words[behind + TAIL] ?? 0);
    for (let left = lists >>> 16; left > 0; left--) {
      const at = tail + (words[next++] ?? 0);
      octets.writeUInt32BE(Math.max(octets.readUInt32BE(at) - passed, 0), at);
    }
  }

  #draw(behind: number): void {
    const { words } = this.#table;
    const drawing = behind + (words[behind + DRAWING] ?? 0);
    const at = behind + (words[drawing + DRAW_AT] ?? 0);
    const stride = words[drawing + DRAW_STRIDE] ?? 0;
    const width = words[drawing + DRAW_WIDTH] ?? 0;
    const shown = words[drawing + DRAW_SHOWN] ?? 0;
    const total = words[drawing + DRAW_TOTAL] ?? 0;
    if (shown === total) drawInPlace(words, at, stride, width, shown);
    else drawWindow(words, { all: behind + (words[drawing + DRAW_ALL] ?? 0), total, at, stride, shown, width });
  }

  /**
   * Puts records of the additional section into a reply that has all of it, in a new order.
   *
   * @param at the words about them
   * @param from where the octets begin, in the table and in the reply
   */
  #drawGlue(at: number, count: number, from: number, reply: Uint8Array, to: number): void {
    const { words, octets } = this.#table;
    const first = at + GLUE_RECORDS;
    drawInPlace(words, first, 1, 1, count);
    let next = to + (words[at + GLUE_START] ?? 0);
    for (let i = first; i < first + count; i++) {
      const record = words[i] ?? 0;
      const start = from + (record >>> 16);
      next += octets.copy(reply, next, start, start + (record & 0xffff));
    }
  }

  /** -1 where there are too many. */
  #numberOfSource(source: SerialSource): number {
    const known = this.#sources.indexOf(source);
    if (known >= 0) return known;
    return this.#sources.length === MOST_SOURCES ? -1 : this.#sources.push(source) - 1;
  }

  #numberOfEffect(effect: Effect): number {
    let number = this.#effectNumbers.get(effect);
    if (number === undefined) {
      number = this.#effects.push(effect) - 1;
      this.#effectNumbers.set(effect, number);
      if (effect.timed === true) this.#isTimed = true;
    }
    return number;
  }
}

interface Drawing {
  readonly sets: readonly AddressRRset[];
  /** Words of an address. */
  readonly width: number;
  readonly shown: number;
  /** 0 where nothing is drawn. */
  readonly total: number;
  /** Octets before the message's, so that addresses lie at whole words. */
  readonly padding: number;
}

const NOTHING_DRAWN: Drawing = { sets: [], width: 0, shown: 0, total: 0, padding: 0 };

/** How the answer's addresses are to be drawn again; undefined where they cannot be. */
function drawingOf(answer: Reply, { replaying }: Account, marks: Marks, questionEnd: number): Drawing | undefined {
  const { drawn } = replaying;
  if (drawn !== answer.drawn) return undefined;
  const [first] = drawn ?? [];
  if (drawn === undefined || first === undefined) return NOTHING_DRAWN;
  const size = addressSize(first.type);
  let total = 0;
  for (const set of drawn) total += set.octets.length / size;
  const { addressCount: shown, addressStride, firstAddress } = marks;
  if (shown > total || addressStride % 4 !== 0) return undefined;
  // Nothing of it is sent: then there is nothing to draw.
  if (shown === 0) return NOTHING_DRAWN;
  return { sets: drawn, width: size / 4, shown, total, padding: -(firstAddress - questionEnd) & 3 };
}

/** How many records of the additional section are to be put in a new order; undefined where that cannot be done. */
function looseGlueOf({ additional }: Reply, { replaying }: Account, marks: Marks): number | undefined {
  const { glueCount, glueIsLoose } = marks;
  // What is not sent has no order.
  if (replaying.drawnGlue === undefined || (glueCount === 0 && glueIsLoose)) return 0;
  return replaying.drawnGlue === additional && glueIsLoose ? glueCount : undefined;
}

/** What the UDP size of the OPT record is at most: `bufsize` lowers it. */
function mostSize({ udpSize }: Account): number {
  return udpSize >= bounds.udpMessage ? 0xffff : udpSize;
}
