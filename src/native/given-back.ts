/**
 * Memory that the process holds without a use for it, and that Linux counts to it until memory is scarce. It is given back when the
 * start is over, and again and again from then on, each in a turn of the event loop of its own:
 *
 *     the program's own file        Once a minute, within a millisecond. More than 100 MiB, of which most that is mapped was needed once:
 *                                   to set up the engine, to read the configuration, to compile what is often run. What is used all the
 *                                   time is mapped again from the page cache. Of 60 MiB after a start, 20 to 35 come back under load.
 *     what the C library has free   Every ten seconds, and as soon as the process has grown by much; within two milliseconds. The engine's
 *                                   threads compile in memory of their own and leave holes there, a list of everything leaves its
 *                                   octets: 10 MiB or so each, which the next one would otherwise come on top of.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { residentMemory } from '../resident-memory.ts';
import { type Native, nativeSupport } from './native.ts';

/** Milliseconds: from one look at whether the start is over, and then at how much there is, to the next, and until it is time anyway. */
const PAUSES = { look: 1_000, program: 60_000, heap: 10_000 };
/** Octets by which the process has grown by much. */
const MUCH = 8 * 1024 * 1024;
/** Times that it is given back then, one look after the other. */
const LOOKS_AFTER = 3;
/** `MADV_DONTNEED` of madvise(2). */
const DO_NOT_NEED = 4;

export interface Mapping {
  /** Addresses of the first octet and of the one behind the last. */
  readonly begin: bigint;
  readonly end: bigint;
}

/** Gives it back again and again, the first time soon after the start is over. Does nothing where the system has no means. */
export function giveBackMemory(isStarted: () => boolean, pauses = PAUSES): void {
  const support = nativeSupport();
  if (support.kind === 'absent') return;
  const { native } = support;
  const waiting = setInterval(() => {
    if (!isStarted()) return;
    clearInterval(waiting);
    const mappings = ownCleanMappings();
    const program = (): void => giveBackProgram(native, mappings);
    program();
    setInterval(program, pauses.program).unref();
    const heap = new Heap(native, pauses.heap);
    setInterval(() => heap.look(), pauses.look).unref();
  }, pauses.look).unref();
}

/** What the C library has free. */
class Heap {
  readonly #native: Native;
  readonly #pause: number;
  /** Milliseconds of the monotonic clock. */
  #givenBack = -Infinity;
  /** Octets of the whole process, the least since it was last given back. */
  #least = Infinity;
  /** Looks at which it is given back still, since what the process has grown for may be free only then. */
  #left = 0;

  constructor(native: Native, pause: number) {
    this.#native = native;
    this.#pause = pause;
  }

  look(): void {
    const resident = residentMemory();
    // Nobody can tell now; there is another look soon.
    if (resident === undefined) return;
    this.#least = Math.min(this.#least, resident);
    if (resident - this.#least >= MUCH) this.#left = LOOKS_AFTER;
    if (this.#left === 0 && performance.now() - this.#givenBack < this.#pause) return;
    this.#left = Math.max(this.#left - 1, 0);
    this.#native.malloc_trim?.(0n);
    this.#givenBack = performance.now();
    this.#least = residentMemory() ?? resident;
  }
}

function giveBackProgram(native: Native, mappings: readonly Mapping[]): void {
  for (const { begin, end } of mappings) native.madvise(begin, end - begin, DO_NOT_NEED);
}

function ownCleanMappings(): readonly Mapping[] {
  try {
    return cleanMappings(readFileSync('/proc/self/smaps', 'utf8'), readlinkSync('/proc/self/exe'));
  } catch {
    // Without /proc nobody can tell which they are.
    return [];
  }
}

const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/;

/**
 * The mappings of a file that can be read from it again: nobody may write to them, and nothing has been written, as a linker does
 * before it takes the right away. They stay for the life of the process. @param smaps as proc_pid_smaps(5) has it
 */
export function cleanMappings(smaps: string, file: string): readonly Mapping[] {
  const mappings: Mapping[] = [];
  let current: Mapping | undefined;
  for (const line of smaps.split('\n')) {
    const [, begin, end, rights, path] = MAPPING.exec(line) ?? [];
    if (begin !== undefined) {
      const isReadOnly = path === file && (rights === 'r-xp' || rights === 'r--p');
      current = isReadOnly ? { begin: BigInt(`0x${begin}`), end: BigInt(`0x${end}`) } : undefined;
    } else if (current !== undefined && /^Anonymous: +0 kB$/.test(line)) {
      mappings.push(current);
      current = undefined;
    }
  }
  return mappings;
}
