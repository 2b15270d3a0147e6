/**
 * Reads a hosts file into a table. In: a path. Out: the table with what is to be said about the file, or why there is
 * none. Reading is bounded in octets and entries, and pauses between slices of lines, so that a large file keeps no
 * query waiting.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bounds } from '../../bounds.ts';
import { type Trouble, troubleOf } from '../followed-file.ts';
import { HostsTable, parseHostsLine } from './table.ts';

/** Characters of lines that are read without a pause: about a millisecond. */
const SLICE = 16_384;
/** Faulty lines that are named. */
const MAX_NAMED_FAULTS = 5;

/** What a hosts file holds. */
export interface HostsContent {
  readonly table: HostsTable;
  /** When the file was changed, in milliseconds since the epoch. */
  readonly modified: number;
  /** Of its text: two files with the same one say the same. */
  readonly digest: string;
}

export type HostsLoading =
  { readonly kind: 'content'; readonly content: HostsContent; readonly remarks: readonly string[] } | Trouble;

/** @param reverse whether names are to be found by address */
export async function loadHosts(path: string, reverse: boolean): Promise<HostsLoading> {
  const reading = await readBounded(path);
  if (reading.kind !== 'text') return reading;
  const { text, modified, digest } = reading;
  const table = new HostsTable(reverse);
  const faults = new Faults();
  let crowded = false;
  let number = 0;
  let pause = SLICE;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    number++;
    const line = parseHostsLine(text.slice(at, end));
    if (line !== 'nothing') {
      if ('fault' in line) faults.add(number, line.fault);
      else if (!table.add(line)) crowded = true;
    }
    if (table.size > bounds.hostsEntries)
      return { kind: 'wrong', text: `${path} cannot be read: it has more than ${bounds.hostsEntries} entries` };
    at = end + 1;
    if (at < pause) continue;
    pause = at + SLICE;
    // One slice after the other is the purpose.
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
  }
  if (table.size === 0 && faults.any)
    return { kind: 'wrong', text: `${path} cannot be read: no line of it parses; ${faults.first}` };
  const remarks = faults.remarks();
  if (crowded)
    remarks.push('some names have too many addresses, or addresses too many names; the rest of them is left out');
  return { kind: 'content', content: { table, modified, digest }, remarks };
}

interface Reading {
  readonly kind: 'text';
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly digest: string;
}

async function readBounded(path: string): Promise<Reading | Trouble> {
  try {
    const file = await open(path, 'r');
    try {
      const { mtimeMs: modified } = await file.stat();
      const chunks: Buffer[] = [];
      const hash = createHash('sha256');
      let octets = 0;
      for await (const chunk of file.createReadStream({ autoClose: false, end: bounds.hostsText })) {
        const part = Buffer.from(chunk);
        octets += part.length;
        chunks.push(part);
        hash.update(part);
      }
      if (octets > bounds.hostsText)
        return { kind: 'wrong', text: `${path} cannot be read: it has more than ${bounds.hostsText} octets` };
      const text = Buffer.concat(chunks, octets)
        .toString('utf8')
        .replace(/^\uFEFF/, '');
      return { kind: 'text', text, modified, digest: hash.digest('base64') };
    } finally {
      await file.close();
    }
  } catch (error) {
    return troubleOf(error);
  }
}

/** Lines that were skipped: the first few by number, the others as a count. */
class Faults {
  readonly #named: string[] = [];
  #count = 0;

  add(line: number, fault: string): void {
    this.#count++;
    if (this.#named.length < MAX_NAMED_FAULTS) this.#named.push(`line ${line} is skipped: ${shown(fault)}`);
  }

  get any(): boolean {
    return this.#count > 0;
  }

  get first(): string {
    return this.#named[0] ?? '';
  }

  remarks(): string[] {
    const further = this.#count - this.#named.length;
    return further === 0 ? [...this.#named] : [...this.#named, `${further} more lines are skipped`];
  }
}

/** The file may hold anything: one short line without control characters is shown. */
function shown(text: string): string {
  return text.slice(0, 200).replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD');
}
