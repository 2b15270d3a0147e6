/**
 * The wait for a cluster at start, as CoreDNS has it: for so long and no longer, since a server that says SERVFAIL for the
 * cluster still answers for the rest of the world. A reload waits too, but never goes on without: what is served now knows
 * the names that would then be unknown.
 */
import type { Resource } from '../../cluster/cluster.ts';
import { NOBODY } from '../../cluster/facts.ts';
import type { StoreLease } from '../../cluster/stores.ts';
import { formatDuration } from '../../corefile/duration.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Host } from '../plugin.ts';

/** Milliseconds. */
export const DEFAULT_STARTUP_TIMEOUT = 5_000;
/** Milliseconds between two lines of the log that say what is waited for. */
const TELL_INTERVAL = 500;
/** The longest that a timer can wait, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * Resolves when none of the resources is unknown, or so many milliseconds later.
 * @throws Error in a reload that they are unknown then
 */
export async function waitForCluster(
  lease: StoreLease,
  needed: readonly Resource[],
  timeout: number,
  { isReload, logger }: Pick<Host, 'isReload' | 'logger'>,
): Promise<void> {
  const log = logger('kubernetes');
  // Without any wait no other cluster could ever be reloaded.
  const wait = isReload === true ? Math.max(timeout, DEFAULT_STARTUP_TIMEOUT) : timeout;
  if (wait === 0 ? isKnown(lease, needed) : await becomesKnown(lease.known, wait, log)) return;
  if (isReload === true) {
    const trouble = `the Kubernetes API has not told everything after ${formatDuration(wait)}`;
    throw new Error(`plugin/kubernetes: ${trouble}: names that are known now would become unknown`);
  }
  log.warning('starting server with unsynced Kubernetes API');
}

/** Whether there is something to answer from, be it from a snapshot. */
export function isKnown({ state }: Pick<StoreLease, 'state'>, needed: readonly Resource[]): boolean {
  return state.standing(NOBODY, needed) !== 'unknown';
}

async function becomesKnown(known: Promise<void>, wait: number, log: Logger): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const end = setTimeout(() => over.resolve(false), Math.min(wait, LONGEST_WAIT));
  const telling = setInterval(() => log.info('waiting for Kubernetes API before starting server'), TELL_INTERVAL);
  try {
    return await Promise.race([known.then(() => true), over.promise]);
  } finally {
    clearTimeout(end);
    clearInterval(telling);
  }
}
