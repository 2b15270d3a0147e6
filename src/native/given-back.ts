/**
 * Memory that the process holds without a use for it, and that Linux counts to it until memory is scarce. It is given back when the
 * start is over, and again and again from then on, each in a turn of the event loop of its own:
 *
 *     the program's own file        Once a minute, within a millisecond. More than 100 MiB, of which most that is mapped was needed once:
 *                                   to set up the engine, to read the configuration, to compile what is often run. What is used all the
 *                                   time is mapped again from the page cache. Of 60 MiB after a start, 20 to 35 come back under load.
 *     what the C library has free   Every ten seconds, within two milliseconds. The engine's threads compile in memory of their own, and
 *                                   leave holes there: 10 MiB or so.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { type Native, nativeSupport } from './native.ts';

/** Milliseconds between looks at whether the start is over, and between one time and the next. */
const PAUSES = { start: 3_000, program: 60_000, heap: 10_000 };
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
    const heap = (): void => void native.malloc_trim?.(0n);
    program();
    setImmediate(heap);
    setInterval(program, pauses.program).unref();
    setInterval(heap, pauses.heap).unref();
  }, pauses.start).unref();
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
