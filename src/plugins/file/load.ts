/**
 * Reads a zone file with all that it includes. In: its path, the zone's name. Out: the zone with remarks, or why there is none.
 *
 *     file ──chunks──► entries.ts ──► scope.ts ──records──► zone-builder.ts ──► zone
 *                          ▲              │ $INCLUDE
 *                          └──────────────┘
 *
 * Nothing is held but one chunk, one entry and the zone; work goes on for a few milliseconds at a time, so that a large file
 * keeps no query waiting. Included files lie in the folder of the zone file or below it, wherever links lead.
 */
import { type FileHandle, constants, open, realpath } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { bounds } from '../../bounds.ts';
import { Turns } from '../../cluster/turns.ts';
import { Type } from '../../dns/constants.ts';
import type { Name } from '../../dns/name.ts';
import { Fault } from '../../dns/presentation-words.ts';
import type { RRset } from '../../dns/rrset.ts';
import { type IncludedFile, type Trouble, readStamp, troubleOf } from '../followed-file.ts';
import { Entries, type Entry } from './entries.ts';
import { Remarks, ZoneFault, faultIn } from './faults.ts';
import { type Reading, Scope, isSoaOf } from './scope.ts';
import type { Zone } from './zone.ts';
import { ZoneBuilder } from './zone-builder.ts';

export interface ZoneSource {
  /** Absolute. */
  readonly path: string;
  /** Of the zone; also the origin with which the file begins. */
  readonly name: Name;
  /** Reading ends at an SOA with this serial, as nothing has changed; undefined for reading everything. */
  readonly knownSerial: number | undefined;
}

export interface ZoneLoading {
  readonly outcome:
    | { readonly kind: 'zone'; readonly zone: Zone; readonly remarks: readonly string[] }
    | { readonly kind: 'same-serial' }
    | { readonly kind: 'trouble'; readonly trouble: Trouble };
  readonly included: readonly IncludedFile[];
  /** The same for two readings of the same text; what is included does not count. */
  readonly digest: string;
}

/** Never rejects. */
export async function loadZone(source: ZoneSource): Promise<ZoneLoading> {
  const loader = new Loader(source);
  const outcome = await loader.load();
  return { outcome, included: loader.included, digest: loader.digest };
}

const CHUNK = 65_536;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

class Loader {
  readonly included: IncludedFile[] = [];
  readonly #source: ZoneSource;
  readonly #builder: ZoneBuilder;
  readonly #remarks = new Remarks();
  readonly #turns = new Turns();
  readonly #hash = createHash('sha256');
  #octetsLeft: number = bounds.zoneText;
  /** Set at an SOA with the serial that is known: nothing is read into the zone any more. */
  #isSame = false;
  /** The owner of an SOA that is not the zone's. */
  #otherApex: Name | undefined;

  constructor(source: ZoneSource) {
    this.#source = source;
    this.#builder = new ZoneBuilder(source.name);
  }

  /** Of what has been read; called once. */
  get digest(): string {
    return this.#hash.digest('hex');
  }

  async load(): Promise<ZoneLoading['outcome']> {
    const { path, name } = this.#source;
    try {
      await this.#file(path, new Scope(name));
      if (this.#isSame) return { kind: 'same-serial' };
      const zone = await this.#turns.run(this.#builder.build((text) => this.#remarks.add(text)));
      if (zone === undefined) return wrong(this.#withoutSoa());
      return { kind: 'zone', zone, remarks: this.#remarks.lines };
    } catch (error) {
      if (error instanceof ZoneFault) return wrong(error.message);
      return { kind: 'trouble', trouble: troubleOf(error) };
    }
  }

  #withoutSoa(): string {
    const { path, name } = this.#source;
    const zone = name.toString();
    const other = this.#otherApex?.toString();
    if (other === undefined) return `${path} has no SOA record; expected one for ${zone}`;
    return `${path} has no SOA record for ${zone}, but one for ${other}; expected 'file ${basename(path)} ${other}'`;
  }

  /** @throws ZoneFault, or what the file system says */
  async #file(path: string, scope: Scope): Promise<void> {
    // A pipe in the place of a file that was looked at would hold a thread for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new Error('it is no regular file');
      await this.#entries(path, file, scope);
    } finally {
      await file.close();
    }
  }

  async #entries(path: string, file: FileHandle, scope: Scope): Promise<void> {
    const entries = new Entries();
    let isFirst = true;
    for await (const chunk of file.createReadStream({ autoClose: false, encoding: 'latin1', highWaterMark: CHUNK })) {
      const text = String(chunk);
      if (path === this.#source.path) this.#hash.update(text, 'latin1');
      this.#spend(text.length);
      if (this.#isSame) continue;
      entries.push(isFirst && text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text);
      isFirst = false;
      // oxlint-disable-next-line no-await-in-loop -- one after another is the purpose
      await this.#wholeEntries(path, entries, scope);
    }
    if (this.#isSame) return;
    const last = guarded(
      path,
      () => entries.finish(),
      () => entries.current,
    );
    if (last !== undefined) await this.#entry(path, last, scope);
  }

  /** Of the octets that a zone may be read from. */
  #spend(octets: number): void {
    this.#octetsLeft -= octets;
    if (this.#octetsLeft < 0) throw new Error(`it has more than ${bounds.zoneText} octets with all that it includes`);
  }

  async #wholeEntries(path: string, entries: Entries, scope: Scope): Promise<void> {
    while (!this.#isSame) {
      const entry = guarded(
        path,
        () => entries.next(),
        () => entries.current,
      );
      if (entry === undefined) return;
      // oxlint-disable-next-line no-await-in-loop
      await this.#entry(path, entry, scope);
    }
  }

  async #entry(path: string, entry: Entry, scope: Scope): Promise<void> {
    const reading = guarded(
      path,
      () => scope.read(entry.text),
      () => entry,
    );
    if (reading.kind === 'records') {
      this.#spend(reading.made);
      await this.#records(path, entry, reading.records);
    } else if (reading.kind === 'include') {
      await this.#include(path, entry, reading);
    }
    if (this.#turns.isOver) await this.#turns.next();
  }

  async #records(path: string, entry: Entry, records: Iterable<RRset>): Promise<void> {
    const iterator = records[Symbol.iterator]();
    const next = (): IteratorResult<RRset> => iterator.next();
    for (let step = guarded(path, next, () => entry); step.done !== true; step = guarded(path, next, () => entry)) {
      this.#take(path, entry, step.value);
      // oxlint-disable-next-line no-await-in-loop -- one after another is the purpose
      if (this.#turns.isOver) await this.#turns.next();
    }
  }

  #take(path: string, entry: Entry, set: RRset): void {
    const { name, knownSerial } = this.#source;
    const isFirstSoa = this.#builder.soa === undefined && isSoaOf(set, name);
    if (isFirstSoa && set.kind === 'soa' && set.soa.serial === knownSerial) this.#isSame = true;
    if (this.#isSame) return;
    const addition = this.#builder.add(set);
    if (addition === 'added') return;
    const where = `line ${entry.line} of ${path}: ${set.owner.toString()}`;
    switch (addition) {
      case 'outside':
        if (set.type === Type.SOA) this.#otherApex ??= set.owner;
        this.#remarks.add(`${where} is not in the zone ${name.toString()}, and is left out`);
        return;
      case 'surplus-soa':
        this.#otherApex ??= set.owner;
        this.#remarks.add(`${where} has an SOA record that is not the first one of the apex, and is left out`);
        return;
      case 'apex-alias':
        // Its signature goes without a word of its own.
        if (set.type !== Type.CNAME) return;
        this.#remarks.add(`${where} has a CNAME record, which cannot stand at the apex of a zone, and is left out`);
        return;
      case 'full':
        throw new Error(
          `it has more than ${bounds.zoneRecords} records, ${bounds.zonePerName} of one name, or ${bounds.zoneNames} names`,
        );
    }
  }

  async #include(
    path: string,
    entry: Entry,
    { file, at, scope }: Extract<Reading, { kind: 'include' }>,
  ): Promise<void> {
    const fault = (message: string, expected: string): ZoneFault =>
      faultIn(path, entry, new Fault(message, expected, at));
    if (this.included.length >= bounds.zoneIncludes) {
      throw fault(`more than ${bounds.zoneIncludes} files are included`, 'fewer files');
    }
    const target = resolve(dirname(path), Buffer.from(file, 'latin1').toString('utf8'));
    const folder = dirname(this.#source.path);
    const outside = fault(`${target} is not below the folder of the zone file`, `a file in ${folder} or below`);
    // What lies elsewhere is not even looked for.
    if (!isBelow(target, folder)) throw outside;
    const reading = await readStamp(target);
    this.included.push({ path: target, reading });
    if (reading.kind === 'missing') throw fault(`there is no file ${target}`, 'a file that exists');
    if (reading.kind === 'unreadable') throw fault(`${target} cannot be read: ${reading.reason}`, 'a readable file');
    if (!isBelow(await realpath(target), await realpath(folder))) throw outside;
    await this.#file(target, scope);
  }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

/** Gives a fault its place. */
function guarded<T>(path: string, read: () => T, entry: () => Entry): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Fault ? faultIn(path, entry(), error) : error;
  }
}

function wrong(text: string): ZoneLoading['outcome'] {
  return { kind: 'trouble', trouble: { kind: 'wrong', text } };
}
