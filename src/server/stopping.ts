/**
 * How a stop goes: how long everything is still answered after the signal, and when the server may let go.
 *
 *     signal ──── lame duck ────┬─── on until nothing has come for 2 s ───┬── in flight ──┬── plugins ──┐ end
 *                               └─ at the latest: whole − stopGrace − stopFinish ─┘   stopGrace    stopFinish
 *
 * A client's packets do not stop when the server is told to: each node learns in its own time that a pod is about to go,
 * and until then sends it what is asked there. So the server looks whether questions come, and ends when they do not.
 *
 * Nothing here costs a query anything: sockets count what they take anyway, and the counts are looked at.
 */
import { bounds } from '../bounds.ts';
import { formatDuration } from '../corefile/duration.ts';
import type { LameDuck } from '../plugins/plugin.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Generation } from './generation.ts';
import { type ListenerPair, type Listeners, listenersOf } from './listeners.ts';

/** Milliseconds between two looks at the counts, and looks without anything new after which it is quiet: 2 s. */
const LOOK = 100;
const QUIET_LOOKS = 20;

/** The parts of a stop in milliseconds from the signal. */
interface StopTimes {
  /** Everything is answered for this long in any case; 0 where the stop is at once. */
  readonly lameDuck: number;
  /** Everything is answered for this long at most. */
  readonly answering: number;
  /** The sockets and stores are closed by then. */
  readonly whole: number;
}

/** @param lameDuck what plugins ask for; undefined where none does, and the stop is at once */
function stopTimes(lameDuck: LameDuck | undefined): StopTimes {
  const rest = bounds.stopGrace + bounds.stopFinish;
  if (lameDuck === undefined) return { lameDuck: 0, answering: 0, whole: rest };
  const whole = Math.max(lameDuck.within, lameDuck.time + rest);
  return { lameDuck: lameDuck.time, answering: whole - rest, whole };
}

/** What has come to all sockets so far. */
interface Traffic {
  readonly requests: number;
  readonly connections: number;
}

function trafficOf(pairs: readonly ListenerPair[]): Traffic {
  let [requests, connections] = [0, 0];
  for (const { counts } of pairs.flatMap(listenersOf)) {
    requests += counts.requests;
    connections += counts.connections;
  }
  return { requests, connections };
}

/** Why answering ended: nothing came any more, the time was over, or somebody would not wait. */
type Ending = 'silence' | 'limit' | 'cut short';

/** How a lame duck ended. */
interface Late {
  readonly ending: Ending;
  /** Requests until the lame-duck time was over, since the sockets were opened. */
  readonly atLameDuckEnd: number;
}

interface AnsweringOptions {
  readonly times: StopTimes;
  readonly traffic: () => Traffic;
  /** Cuts it short. */
  readonly signal: AbortSignal;
  /** Milliseconds, never going backwards. */
  readonly now: () => number;
}

/**
 * Resolves when nothing needs to be answered any more: the lame-duck time is over and nothing has come for two seconds, or
 * the time for answering is over. Silence is counted in looks and not by the clock: a loop that was held up has not seen
 * what waits for it.
 */
function answerOn({ times, traffic, signal, now }: AnsweringOptions): Promise<Late> {
  const began = now();
  let seen = traffic();
  let quiet = 0;
  let atLameDuckEnd: number | undefined;
  return new Promise((resolve) => {
    const end = (ending: Ending): void => {
      clearInterval(looking);
      signal.removeEventListener('abort', cut);
      resolve({ ending, atLameDuckEnd: atLameDuckEnd ?? traffic().requests });
    };
    const cut = (): void => end('cut short');
    const look = (): void => {
      const is = traffic();
      quiet = is.requests === seen.requests && is.connections === seen.connections ? quiet + 1 : 0;
      seen = is;
      const elapsed = now() - began;
      if (elapsed < times.lameDuck) return;
      atLameDuckEnd ??= is.requests;
      if (quiet >= QUIET_LOOKS) end('silence');
      else if (elapsed >= times.answering) end('limit');
    };
    const looking = setInterval(look, LOOK);
    signal.addEventListener('abort', cut);
    if (signal.aborted) cut();
  });
}

/** What of a server takes part in its stop. */
export interface StoppingParts {
  readonly generation: Pick<Generation, 'lameDuck' | 'stopping' | 'stopped'>;
  readonly listeners: Pick<Listeners, 'pairs' | 'stop'>;
  readonly log: Logger;
  /** Milliseconds, never going backwards. */
  readonly now: () => number;
  /** Cuts the stop short: somebody closes everything at once. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when the sockets for DNS are closed and plugins have written what they keep, or had the time for it; or when it
 * is cut short.
 */
export async function stopCleanly({ generation, listeners, log, now, signal }: StoppingParts): Promise<void> {
  const began = now();
  const isCut = (): boolean => signal.aborted;
  const { lameDuck } = generation;
  const times = stopTimes(lameDuck);
  const { pairs } = listeners;
  const traffic = (): Traffic => trafficOf(pairs);
  const before = traffic().requests;
  generation.stopping();
  const late = lameDuck && (await answerOn({ times, traffic, signal, now }));
  if (isCut()) return;
  await listeners.stop(bounds.stopGrace);
  if (isCut()) return;
  if (late !== undefined) tell(log, times, late, { before, all: traffic().requests });
  await within(times.whole - (now() - began), generation.stopped(), signal);
}

/** @param requests since the sockets were opened: until the signal, and until the end */
function tell(
  log: Logger,
  { lameDuck }: StopTimes,
  { ending, atLameDuckEnd }: Late,
  { before, all }: { readonly before: number; readonly all: number },
): void {
  const after = `${all - atLameDuckEnd} of them after the lame-duck time of ${formatDuration(lameDuck)}`;
  const served = `${all - before} late queries served, ${after}`;
  if (ending === 'silence') log.info(`${served}; none came for ${formatDuration(LOOK * QUIET_LOOKS)}`);
  else log.warning(`${served}; they still came when the time for them was over ('stop_within' of health)`);
}

/** Waits for `work`, at most so many milliseconds, and not when it is cut short. */
async function within(milliseconds: number, work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, milliseconds));
  signal.addEventListener('abort', () => resolve());
  await Promise.race([work, over]);
  clearTimeout(timer);
}
