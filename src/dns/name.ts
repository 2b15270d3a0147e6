/**
 * Domain names: wire form with the offsets of their labels, and presentation form with escapes (RFC 1035 §3.1 and §5.1,
 * RFC 4343 for case).
 *
 *     "Nginx.default."  ──parse──►  written   5 N g i n x 7 d e f a u l t 0     in the writer's own case
 *                                   key       5 n g i n x 7 d e f a u l t 0     what is compared and looked up
 *                                   starts    [0, 6]                            where each label begins
 *
 * Octets are held as latin1 strings, one character per octet: a short string costs a tenth of what a typed array does,
 * and it is what maps are keyed by. A name is immutable.
 */

/** Longest name in wire form, the root label included (RFC 1035 §2.3.4). */
export const MAX_NAME_OCTETS = 255;
/** Longest label (RFC 1035 §2.3.4). */
export const MAX_LABEL_OCTETS = 63;

const OCTETS = /^[\0-\xff]*$/;
const CAPITALS = /[A-Z]+/g;
/** What is escaped in presentation form: the characters that mean something there, and whatever cannot be seen. */
const ESCAPED = /["$().;@\\]|[^!-~]/;
const EACH_ESCAPED = new RegExp(ESCAPED, 'g');

export class Name {
  /** Uncompressed wire form with the root label, in the case it was written in. */
  readonly written: string;
  /** The same with A–Z folded (RFC 4343 §3): two names are the same name exactly if their keys are equal. */
  readonly key: string;
  /** The offset of each label's length octet, the root label left out; leftmost label first. */
  readonly starts: readonly number[];
  #suffixKeys: readonly string[] | undefined;

  /** For readers that have checked the wire form already; others use `parse`, `fromText` or `fromLabels`. */
  constructor(written: string, key: string, starts: readonly number[]) {
    this.written = written;
    this.key = key;
    this.starts = starts;
  }

  /** Octets in uncompressed wire form, the root label included. */
  get octetLength(): number {
    return this.key.length;
  }

  /** The name in lower case: the same object where it is. */
  get folded(): Name {
    return this.written === this.key ? this : new Name(this.key, this.key, this.starts);
  }

  /** Uncompressed wire form in the case it was written in; a copy. */
  get wire(): Uint8Array {
    return Uint8Array.from(this.written, (character) => character.charCodeAt(0));
  }

  /** The number of labels, the root label not counted. */
  get labelCount(): number {
    return this.starts.length;
  }

  /** Label `index` from the left, lower case, one latin1 character per octet; empty where there is no such label. */
  label(index: number): string {
    const start = this.starts[index];
    return start === undefined ? '' : this.key.slice(start + 1, this.#labelEnd(index));
  }

  /** Label `index` from the left as it was written, one latin1 character per octet. */
  labelAsWritten(index: number): string {
    const start = this.starts[index];
    return start === undefined ? '' : this.written.slice(start + 1, this.#labelEnd(index));
  }

  #labelEnd(index: number): number {
    return this.starts[index + 1] ?? this.key.length - 1;
  }

  equals(other: Name): boolean {
    return this.key === other.key;
  }

  /** True if this name is `zone` or below it, compared label by label (never by characters alone). */
  isAtOrBelow(zone: Name): boolean {
    const above = this.starts.length - zone.starts.length;
    if (above < 0) return false;
    // Where the lengths from there on differ, and mostly they do, no character needs a look.
    const tail = this.key.length - (this.starts[above] ?? this.key.length - 1);
    return tail === zone.key.length && this.key.endsWith(zone.key);
  }

  /** How many labels both names have in common, counted from the right, the root label left out. */
  sharedLabels(other: Name): number {
    const { key, starts } = this;
    const { key: otherKey, starts: otherStarts } = other;
    const most = Math.min(starts.length, otherStarts.length);
    let end = key.length - 1;
    let otherEnd = otherKey.length - 1;
    // From the right, so that no octet is looked at twice.
    for (let count = 0; count < most; count++) {
      const start = starts[starts.length - 1 - count] ?? end;
      const otherStart = otherStarts[otherStarts.length - 1 - count] ?? otherEnd;
      if (end - start !== otherEnd - otherStart || !alike(key, start, end, otherKey, otherStart)) return count;
      end = start;
      otherEnd = otherStart;
    }
    return most;
  }

  /** The key of the name without its first `labels` labels. */
  suffixKey(labels: number): string {
    return this.#suffixKeys?.[labels] ?? this.key.slice(this.starts[labels] ?? -1);
  }

  /** Makes those keys now and keeps them, for a name of the program's own that stands in many replies. Gives the name. */
  keepSuffixKeys(): this {
    this.#suffixKeys = this.starts.map((start) => this.key.slice(start));
    return this;
  }

  /** The name without its first `labels` labels; the root where it has no more. */
  ancestor(labels: number): Name {
    if (labels <= 0) return this;
    const start = this.starts[labels];
    if (start === undefined) return Name.root;
    return new Name(
      this.written.slice(start),
      this.key.slice(start),
      this.starts.slice(labels).map((offset) => offset - start),
    );
  }

  /** Presentation form, fully qualified, in the case it was written in; unusual octets escaped (RFC 1035 §5.1). */
  toString(): string {
    if (this.starts.length === 0) return '.';
    let text = '';
    for (let i = 0; i < this.starts.length; i++) {
      const label = this.labelAsWritten(i);
      text += ESCAPED.test(label) ? `${escapeLabel(label)}.` : `${label}.`;
    }
    return text;
  }

  /** Presentation form in lower case. */
  toLowerCase(): string {
    return this.toString().toLowerCase();
  }

  static readonly root: Name = new Name('\0', '\0', []);

  /**
   * The name of a presentation form; a missing final dot is supplied. Escapes `\.` and `\123` are understood, characters
   * up to U+00FF stand for the octet of that value.
   * Undefined where a label is empty or too long, the name too long, or an escape broken.
   */
  static parse(text: string): Name | undefined {
    if (text === '' || text === '.') return text === '.' ? Name.root : undefined;
    const labels = text.includes('\\') ? splitEscaped(text) : text.split('.');
    if (labels?.at(-1) === '') labels.pop();
    return labels && Name.fromLabels(labels, Name.root);
  }

  /**
   * Like `parse`, for names that the program itself writes or has checked before.
   * @throws RangeError where the text is no name
   */
  static fromText(text: string): Name {
    const name = Name.parse(text);
    if (name === undefined) throw new RangeError(`not a domain name: ${JSON.stringify(text)}`);
    return name;
  }

  /**
   * `labels` (latin1, leftmost first) in front of `suffix`; undefined where a label is empty or over 63 octets, holds a
   * character above U+00FF, or the whole is over 255 octets.
   */
  static fromLabels(labels: readonly string[], suffix: Name): Name | undefined {
    const starts: number[] = [];
    let front = '';
    for (const label of labels) {
      if (label.length === 0 || label.length > MAX_LABEL_OCTETS) return undefined;
      starts.push(front.length);
      front += String.fromCharCode(label.length) + label;
      if (front.length + suffix.octetLength > MAX_NAME_OCTETS) return undefined;
    }
    if (!OCTETS.test(front)) return undefined;
    for (const start of suffix.starts) starts.push(front.length + start);
    const written = front + suffix.written;
    const foldedFront = fold(front);
    // Most names have no capitals; one string then serves as both.
    const lower = foldedFront === front && suffix.key === suffix.written;
    // An array that grew by `push` has room for more than a dozen labels; what is cut out of it has none to spare.
    return new Name(written, lower ? written : foldedFront + suffix.key, starts.slice());
  }
}

/** True if a label of one key has the octets that stand from a place on in another. */
function alike(key: string, start: number, end: number, other: string, otherStart: number): boolean {
  for (let i = start, j = otherStart; i < end; i++, j++) if (key.charCodeAt(i) !== other.charCodeAt(j)) return false;
  return true;
}

/** A–Z to small letters and nothing else: `toLowerCase` alone would also change latin1 letters. Length octets are below 64 and stay. */
function fold(octets: string): string {
  return octets.replace(CAPITALS, (letters) => letters.toLowerCase());
}

/** The labels of a presentation form with escapes; undefined where one is broken. */
function splitEscaped(text: string): string[] | undefined {
  const labels: string[] = [];
  let label = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '.') {
      labels.push(label);
      label = '';
    } else if (character === '\\') {
      const escape = readEscape(text, i + 1);
      if (escape === undefined) return undefined;
      label += escape.octet;
      i += escape.length;
    } else {
      label += character;
    }
  }
  labels.push(label);
  return labels;
}

/** What the escape says whose backslash stands before `at`: three digits, or a character that is none. */
function readEscape(text: string, at: number): { readonly octet: string; readonly length: number } | undefined {
  const digits = text.slice(at, at + 3);
  if (/^\d{3}$/.test(digits)) return { octet: String.fromCharCode(Number(digits)), length: 3 };
  return /^\D/.test(digits) ? { octet: digits.charAt(0), length: 1 } : undefined;
}

function escapeLabel(label: string): string {
  return label.replace(EACH_ESCAPED, (character) =>
    character > ' ' && character <= '~' ? `\\${character}` : `\\${String(character.charCodeAt(0)).padStart(3, '0')}`,
  );
}
