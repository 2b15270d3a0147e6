/**
 * Turns of the event loop for replies of many messages: making one takes milliseconds, so that all connections together make
 * as many in one turn as fit into a bounded time, and at least one. In: what is to be done. Out: its call, in a later turn.
 */

/** Milliseconds of work in one turn. */
const TURN = 2;

const waiting: (() => void)[] = [];
let isScheduled = false;

/** Calls `work` once, behind whatever asked earlier. It must not throw. */
export function inTurn(work: () => void): void {
  waiting.push(work);
  schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(run);
}

function run(): void {
  isScheduled = false;
  const end = performance.now() + TURN;
  do waiting.shift()?.();
  while (waiting.length > 0 && performance.now() < end);
  if (waiting.length > 0) schedule();
}
