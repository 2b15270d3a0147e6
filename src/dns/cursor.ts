/**
 * A bounded walk through octets that anybody may have written: numbers, octets and names, each checked against the end.
 * Whatever is not there is undefined, and nothing throws.
 *
 * A name's compression pointers go strictly backwards, never into the header, and are counted (RFC 1035 §4.1.4). What all
 * names of a message cost together has a bound too: no message makes the walk loop, and none costs more time or memory
 * than a small multiple of its length.
 */
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from './name.ts';
import { uint16At } from './octets.ts';

/** A label has two octets at least, and the root label one. */
const MAX_LABELS = (MAX_NAME_OCTETS - 1) / 2;
/** An honest encoder never writes more pointers in a row than a name has labels. */
const MAX_POINTERS = MAX_LABELS;
/** What all names of a message may cost: octets of names, and `POINTER_COST` for each pointer followed. */
const NAME_COST_PER_OCTET = 4;
/** This much more, so that a short message may hold a few of the longest names. */
const NAME_COST_FREE = 4096;
const POINTER_COST = 4;

/** Where the octets of a name are gathered, as they came and with A–Z folded: a string made from a buffer is quick to read. */
const scratch = Buffer.alloc(MAX_NAME_OCTETS);
const folded = Buffer.alloc(MAX_NAME_OCTETS);
/** And where its labels begin: what is cut out of an array has no room to spare, as one has that grew by `push`. */
const labelStarts = Array.from({ length: MAX_LABELS }, () => 0);
const NO_OCTETS = new Uint8Array(0);
/** So many octets are copied one by one: a view of them, from which to copy all at once, takes longer to make. */
const FEW_OCTETS = 32;

export class WireCursor {
  readonly #octets: Uint8Array;
  /** Where reading began. Compression pointers lead to nothing before it. */
  readonly #begin: number;
  #at: number;
  /** Reads stop here: the message's end, or the end of the record data being read. */
  #end: number;
  /** What names may still cost. */
  #nameCost: number;
  /** The first name that was nothing but a pointer, and where it led: the owner of most records of a reply, or of all. */
  #pointed: Name | undefined;
  #pointedAt = 0;
  /** The others, by where they led. */
  #alsoPointed: Map<number, Name> | undefined;

  /** `octets` is borrowed; what is read is copied out of it. */
  constructor(octets: Uint8Array, at: number) {
    this.#octets = octets;
    this.#begin = at;
    this.#at = at;
    this.#end = octets.length;
    this.#nameCost = NAME_COST_FREE + NAME_COST_PER_OCTET * octets.length;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Octets from here to the end. */
  get left(): number {
    return this.#end - this.#at;
  }

  /**
   * Takes the end of the next `length` octets for the end of all, until `leave`. Gives the end that was, for `leave`; undefined, and
   * nothing is entered, where they are not all there.
   */
  enter(length: number): number | undefined {
    if (length > this.left) return undefined;
    const outerEnd = this.#end;
    this.#end = this.#at + length;
    return outerEnd;
  }

  /** True if what was entered was read to its end exactly. */
  leave(outerEnd: number): boolean {
    const complete = this.atEnd;
    this.#end = outerEnd;
    return complete;
  }

  /** Copies the next octets. */
  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    if (length === 0) return NO_OCTETS;
    const octets = this.#octets;
    const start = this.#at;
    this.#at = start + length;
    const copy = new Uint8Array(length);
    if (length > FEW_OCTETS) copy.set(octets.subarray(start, this.#at));
    else for (let i = 0; i < length; i++) copy[i] = octets[start + i] ?? 0;
    return copy;
  }

  /** Copies all octets up to the end. */
  rest(): Uint8Array {
    return this.take(this.left) ?? NO_OCTETS;
  }

  uint8(): number | undefined {
    return this.#at < this.#end ? this.#octets[this.#at++] : undefined;
  }

  uint16(): number | undefined {
    const at = this.#at;
    if (at + 2 > this.#end) return undefined;
    this.#at = at + 2;
    return uint16At(this.#octets, at);
  }

  uint32(): number | undefined {
    const high = this.uint16();
    const low = this.uint16();
    return high === undefined || low === undefined ? undefined : high * 0x1_0000 + low;
  }

  /** Reads a name. One that is a pointer and nothing else is made once for each place that such pointers lead to. */
  name(): Name | undefined {
    if (this.#at + 2 > this.#end || (this.#octets[this.#at] ?? 0) < 0xc0) return this.#labels();
    const target = this.#pointerAt(this.#at);
    const known = target === this.#pointedAt ? this.#pointed : this.#alsoPointed?.get(target);
    if (known !== undefined) {
      this.#at += 2;
      return known;
    }
    const name = this.#labels();
    if (name !== undefined) this.#keepPointed(target, name);
    return name;
  }

  #keepPointed(target: number, name: Name): void {
    if (this.#pointed === undefined) {
      this.#pointed = name;
      this.#pointedAt = target;
    } else {
      (this.#alsoPointed ??= new Map()).set(target, name);
    }
  }

  /** Reads a name, following pointers; the position ends behind what stands here, not behind what a pointer leads to. */
  #labels(): Name | undefined {
    const octets = this.#octets;
    let at = this.#at;
    let end = this.#end;
    /** A pointer leads before the place to which the one before it led. */
    let floor = at;
    /** Behind the first pointer. */
    let resume = 0;
    let length = 0;
    let labels = 0;
    let capitals = false;
    for (let pointers = 0; ;) {
      if (at >= end) return undefined;
      const head = octets[at] ?? 0;
      if (head === 0) break;
      if (head <= MAX_LABEL_OCTETS) {
        const next = at + 1 + head;
        if (next > end || length + 1 + head >= MAX_NAME_OCTETS) return undefined;
        labelStarts[labels++] = length;
        for (; at < next; at++) {
          const octet = octets[at] ?? 0;
          if (isCapital(octet)) capitals = true;
          scratch[length++] = octet;
        }
      } else {
        // 0x40 and 0x80 are no label types in use (RFC 6891 §5); 0xc0 is a pointer.
        if (head < 0xc0 || at + 2 > end) return undefined;
        const target = this.#pointerAt(at);
        if (target < this.#begin || target >= floor || ++pointers > MAX_POINTERS) return undefined;
        this.#nameCost -= POINTER_COST;
        if (this.#nameCost < 0) return undefined;
        if (resume === 0) resume = at + 2;
        floor = target;
        at = target;
        end = octets.length;
      }
    }
    this.#nameCost -= length;
    if (this.#nameCost < 0) return undefined;
    this.#at = resume === 0 ? at + 1 : resume;
    return length === 0 ? Name.root : nameOf(length, capitals, labels);
  }

  #pointerAt(at: number): number {
    return (((this.#octets[at] ?? 0) & 0x3f) << 8) | (this.#octets[at + 1] ?? 0);
  }
}

/** The name in `scratch` and `labelStarts`. */
function nameOf(length: number, capitals: boolean, labels: number): Name {
  const starts = labelStarts.slice(0, labels);
  scratch[length] = 0;
  const written = scratch.toString('latin1', 0, length + 1);
  if (!capitals) return new Name(written, written, starts);
  for (let i = 0; i <= length; i++) {
    const octet = scratch[i] ?? 0;
    folded[i] = isCapital(octet) ? octet + 0x20 : octet;
  }
  return new Name(written, folded.toString('latin1', 0, length + 1), starts);
}

/** A to Z; length octets are below them. */
function isCapital(octet: number): boolean {
  return octet >= 0x41 && octet <= 0x5a;
}
