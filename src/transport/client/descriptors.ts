/**
 * How many file descriptors the process may have: each socket, connection and open file takes one. Asked once, when this
 * module is loaded: to ask takes a descriptor too, and it is told when there is none left.
 */
import { readFileSync } from 'node:fs';

/** In decimal digits, or `unlimited`; undefined where the system is no Linux. */
const limit: string | undefined = readLimit();

/** For a person: that there is none left, and what to raise. */
export const NO_DESCRIPTOR_LEFT =
  limit === undefined
    ? 'the process has no file descriptor left (raise the limit with ulimit -n or LimitNOFILE)'
    : `the process has no file descriptor left (limit ${limit}; raise it with ulimit -n or LimitNOFILE)`;

function readLimit(): string | undefined {
  try {
    // The soft limit, which is the first of the two, is the one that holds.
    return /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
