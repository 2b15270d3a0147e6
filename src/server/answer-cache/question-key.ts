/**
 * What a request asks, as words that can be compared: all of it that an answer can depend on, and nothing else. Two requests with
 * the same key differ at most in their id, in how they spell the name, and in a UDP size that leaves as much room.
 *
 *     word 0   the listener, which is another one after each reload
 *          1   RD, AD, CD, DO, whether there is an OPT record, UDP or TCP │ room of a UDP reply with EDNS
 *          2   type │ class
 *          3…  the name in wire form, A–Z folded, filled up with zeros
 *
 * It is read from the request's octets where they stand, without making anything. Only what clients send every day has a
 * key: one question, at most one OPT record without options, nothing else, no flag that a query does not have. It understands
 * nothing of all that: whatever has no key goes to the reader of messages, and so does the first request of each key.
 */
import { getRandomValues } from 'node:crypto';
import { bounds } from '../../bounds.ts';
import { Type } from '../../dns/constants.ts';
import { MIN_UDP_PAYLOAD } from '../../dns/edns.ts';
import { HEADER_OCTETS } from '../../dns/message.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../../dns/name.ts';
import { uint16At } from '../../dns/octets.ts';
import type { Exchange } from '../../transport/transport.ts';

/** Words before the name. */
const NAME_WORD = 3;
/** Words of the longest key. */
export const MAX_KEY_WORDS = NAME_WORD + Math.ceil(MAX_NAME_OCTETS / 4);

/** Type and class behind a name. */
const FIXED_QUESTION_OCTETS = 4;
/** An OPT record without options. */
const OPT_OCTETS = 11;

/** Bits of the second octet of flags that a query may have: AD and CD. RD is the lowest of the first. */
const AD_CD = 0x30;
const RD = 0x01;
/** The remaining bits of word 1. */
const EDNS = 0x02;
const DNSSEC_OK = 0x04;
const TCP = 0x08;
const ROOM_SHIFT = 8;

/**
 * A factor for each half of a word (multilinear hashing): whoever does not know them finds no two names that fall together, since
 * for any two all factors but one in 131,072 keep them apart.
 */
const secrets = getRandomValues(new Int32Array(2 * MAX_KEY_WORDS));

export class QuestionKey {
  readonly words = new Int32Array(MAX_KEY_WORDS);
  /** How many of them count. */
  length = 0;
  hash = 0;
  /** Octets of the header and the question: where the rest of a reply begins. */
  questionEnd = 0;
  /** The client's UDP size as it stands in its OPT record; 0 where there is none. */
  udpSize = 0;
  /** Whether the request that was read last has a key. */
  isThere = false;
  /** What `AnswerTable.fetch` has seen for the key, so that it looks at all: nothing may rest on it. */
  fetched = 0;
  #hasEdns = false;

  get hasEdns(): boolean {
    return this.#hasEdns;
  }

  /**
   * Reads the request of an exchange, and puts its question, as the client spells it, where a reply has it; it may do so too where the
   * request has no key.
   */
  read(exchange: Exchange, listener: number): void {
    this.isThere = this.#read(exchange, listener);
  }

  #read(exchange: Exchange, listener: number): boolean {
    const { octets, start, end, reply } = exchange;
    const nameStart = start + HEADER_OCTETS;
    const flags = this.#readHeader(octets, start, end);
    if (flags < 0) return false;
    const nameEnd = endOfName(octets, nameStart, end - FIXED_QUESTION_OCTETS);
    if (nameEnd === 0) return false;
    const questionEnd = nameEnd + FIXED_QUESTION_OCTETS;
    let how = flags;
    if (this.#hasEdns) {
      const seen = this.#readOpt(octets, questionEnd, end);
      if (seen < 0) return false;
      how |= seen;
    } else if (questionEnd !== end) {
      return false;
    }
    if (exchange.protocol === 'tcp') how = (how | TCP) & (2 ** ROOM_SHIFT - 1);
    this.#foldName(octets, nameStart, nameEnd, reply);
    for (let i = nameEnd, to = HEADER_OCTETS + nameEnd - nameStart; i < questionEnd; i++, to++)
      reply[to] = octets[i] ?? 0;
    const { words } = this;
    words[0] = listener;
    words[1] = how;
    words[2] = (uint16At(octets, nameEnd) << 16) | uint16At(octets, nameEnd + 2);
    this.questionEnd = questionEnd - start;
    this.#mix();
    return true;
  }

  /** The flags for word 1, of a header that promises one question and at most one more record; -1 of any other. */
  #readHeader(octets: Uint8Array, start: number, end: number): number {
    if (end - start < HEADER_OCTETS) return -1;
    const first = octets[start + 2] ?? 0;
    const second = octets[start + 3] ?? 0;
    const additional = uint16At(octets, start + 10);
    const isPlain =
      (first & ~RD) === 0 &&
      (second & ~AD_CD) === 0 &&
      uint16At(octets, start + 4) === 1 &&
      uint16At(octets, start + 6) === 0 &&
      uint16At(octets, start + 8) === 0 &&
      additional <= 1;
    if (!isPlain) return -1;
    this.#hasEdns = additional === 1;
    this.udpSize = 0;
    return first | second;
  }

  /** What an OPT record at the very end adds to word 1; -1 of any other that is not of version 0 and without options. */
  #readOpt(octets: Uint8Array, at: number, end: number): number {
    if (at + OPT_OCTETS !== end || octets[at] !== 0 || uint16At(octets, at + 1) !== Type.OPT) return -1;
    const dnssecOk = octets[at + 7] ?? 0;
    const isPlain =
      uint16At(octets, at + 5) === 0 &&
      (dnssecOk & 0x7f) === 0 &&
      octets[at + 8] === 0 &&
      uint16At(octets, at + 9) === 0;
    if (!isPlain) return -1;
    this.udpSize = uint16At(octets, at + 3);
    const room = Math.min(Math.max(this.udpSize, MIN_UDP_PAYLOAD), bounds.udpMessage);
    return EDNS | (dnssecOk === 0 ? 0 : DNSSEC_OK) | (room << ROOM_SHIFT);
  }

  /** Four octets at a time: folded into the key, as they are into the reply. */
  #foldName(octets: Uint8Array, from: number, to: number, reply: Uint8Array): void {
    const { words } = this;
    let word = NAME_WORD;
    let at = from;
    let out = HEADER_OCTETS;
    for (; at + 4 <= to; at += 4, out += 4) {
      const a = octets[at] ?? 0;
      const b = octets[at + 1] ?? 0;
      const c = octets[at + 2] ?? 0;
      const d = octets[at + 3] ?? 0;
      reply[out] = a;
      reply[out + 1] = b;
      reply[out + 2] = c;
      reply[out + 3] = d;
      words[word++] = fold((a << 24) | (b << 16) | (c << 8) | d);
    }
    if (at < to) {
      let rest = 0;
      for (let shift = 24; at < to; at++, shift -= 8) {
        const octet = octets[at] ?? 0;
        reply[out++] = octet;
        rest |= octet << shift;
      }
      words[word++] = fold(rest);
    }
    this.length = word;
  }

  #mix(): void {
    const { words, length } = this;
    let hash = 0;
    for (let i = 0; i < length; i++) {
      const word = words[i] ?? 0;
      hash += Math.imul(word >>> 16, secrets[2 * i] ?? 0) + Math.imul(word & 0xffff, secrets[2 * i + 1] ?? 0);
      hash |= 0;
    }
    // What falls apart in 32 bits is spread over all of them.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    this.hash = hash ^ (hash >>> 16);
  }
}

/** Behind the root label of a name without pointers that ends at `limit` at the latest; 0 where there is none. */
function endOfName(octets: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit) {
    const length = octets[at] ?? 0;
    if (length === 0) return at + 1 - start <= MAX_NAME_OCTETS ? at + 1 : 0;
    if (length > MAX_LABEL_OCTETS) return 0;
    at += 1 + length;
  }
  return 0;
}

/** A–Z of four octets to small letters. The lengths of labels are below 64 and stay what they are. */
function fold(word: number): number {
  const low = word & 0x7f7f_7f7f;
  const fromA = low + 0x3f3f_3f3f;
  const beyondZ = low + 0x2525_2525;
  const capitals = fromA & ~beyondZ & ~word & 0x8080_8080;
  return word | (capitals >>> 2);
}
