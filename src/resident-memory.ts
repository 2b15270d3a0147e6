/**
 * Octets of the process that are in RAM. Undefined where the system does not say: it is read from a file of /proc, for which there may be
 * no file descriptor left.
 */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
