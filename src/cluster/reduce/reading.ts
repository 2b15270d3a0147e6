/**
 * Reading fields of a value whose shape nobody vouches for: an object of the Kubernetes API as JSON or YAML gave it.
 * Nothing here throws. A field that is absent or null is absent; one of another type is left out with a complaint that
 * says where it stands, so that the rest of the object is still served.
 */

/** Where something stands in an object: names of fields and positions in lists. */
export type Path = readonly (string | number)[];

export interface Complaint {
  readonly path: Path;
  readonly message: string;
}

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What came of reducing an object. */
export type Reduction<T> =
  | { readonly outcome: 'object'; readonly object: T; readonly complaints: readonly Complaint[] }
  /** Not usable: `reason` says why, `path` where. */
  | { readonly outcome: 'rejected'; readonly path: Path; readonly reason: string }
  /** In order, but not for DNS. */
  | { readonly outcome: 'passed-over'; readonly reason: string };

/** @returns the outcome for an object that cannot be used */
export function rejected(path: Path, reason: string): Reduction<never> {
  return { outcome: 'rejected', path, reason };
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path as people write it: `spec.ports[0].name`. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

/**
 * Reads fields and collects what is wrong with them. One that is not `exact` gives the paths of what is deep in an object only
 * roughly: an object with complaints is read again by one that is. Nearly all have none, and would make thousands of paths.
 */
export class FieldReader {
  readonly complaints: Complaint[] = [];
  readonly #isExact: boolean;

  constructor(isExact = true) {
    this.#isExact = isExact;
  }

  /** The path of what stands below. */
  below(path: Path, step: string | number): Path {
    return this.#isExact ? [...path, step] : path;
  }

  complain(path: Path, message: string): void {
    this.complaints.push({ path, message });
  }

  text(holder: Json, field: string, path: Path): string | undefined {
    const value = holder[field];
    if (typeof value === 'string' || value === undefined || value === null) return value ?? undefined;
    this.#mismatch([...path, field], value, 'a text');
    return undefined;
  }

  integer(holder: Json, field: string, path: Path): number | undefined {
    const value = holder[field];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (value !== undefined && value !== null) this.#mismatch([...path, field], value, 'a whole number');
    return undefined;
  }

  boolean(holder: Json, field: string, path: Path): boolean | undefined {
    const value = holder[field];
    if (typeof value === 'boolean' || value === undefined || value === null) return value ?? undefined;
    this.#mismatch([...path, field], value, 'true or false');
    return undefined;
  }

  /** An absent record is an empty one. */
  record(holder: Json, field: string, path: Path): Json {
    const value = holder[field];
    if (isRecord(value)) return value;
    if (value !== undefined && value !== null) this.#mismatch([...path, field], value, 'a mapping');
    return {};
  }

  /** An absent list is an empty one. */
  list(holder: Json, field: string, path: Path): readonly unknown[] {
    const value = holder[field];
    if (Array.isArray(value)) return value;
    if (value !== undefined && value !== null) this.#mismatch([...path, field], value, 'a list');
    return [];
  }

  /** The elements of a list that are records, with their positions. */
  *records(holder: Json, field: string, path: Path): Generator<readonly [Json, number]> {
    const list = this.list(holder, field, path);
    for (const [i, element] of list.entries()) {
      if (isRecord(element)) yield [element, i];
      else this.#mismatch([...path, field, i], element, 'a mapping');
    }
  }

  /** The same for lists of thousands: `use` is called for each. Gives the length of the list. */
  eachRecord(holder: Json, field: string, path: Path, use: (record: Json, position: number) => void): number {
    const list = this.list(holder, field, path);
    for (let i = 0; i < list.length; i++) {
      const element = list[i];
      if (isRecord(element)) use(element, i);
      else this.#mismatch([...path, field, i], element, 'a mapping');
    }
    return list.length;
  }

  /** The elements of a list that are texts. */
  texts(holder: Json, field: string, path: Path): readonly string[] {
    const list = this.list(holder, field, path);
    const texts: string[] = [];
    for (let i = 0; i < list.length; i++) {
      const element = list[i];
      if (typeof element === 'string') texts.push(element);
      else this.#mismatch([...path, field, i], element, 'a text');
    }
    return texts;
  }

  /** A mapping of texts to texts, such as labels. Numbers and booleans are taken as their text, with a complaint. */
  textMap(holder: Json, field: string, path: Path): Readonly<Record<string, string>> {
    const entries: [string, string][] = [];
    for (const [key, value] of Object.entries(this.record(holder, field, path))) {
      if (typeof value === 'string') entries.push([key, value]);
      else if (value === null) entries.push([key, '']);
      else {
        this.#mismatch([...path, field, key], value, 'a text');
        if (typeof value === 'number' || typeof value === 'boolean') entries.push([key, String(value)]);
      }
    }
    return Object.fromEntries(entries);
  }

  #mismatch(path: Path, value: unknown, expected: string): void {
    this.complain(path, `expected ${expected}, found ${describe(value)}${quoting(value, expected)}`);
  }
}

function quoting(value: unknown, expected: string): string {
  return expected === 'a text' && (typeof value === 'number' || typeof value === 'boolean') ? '; put it in quotes' : '';
}

/** A value in a few words, however large it is. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return 'a mapping';
  }
}
