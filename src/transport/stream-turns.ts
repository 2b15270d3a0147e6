/**
 * Turns of the event loop for replies of many messages: making one takes milliseconds, so that all connections together make
 * as many in one turn as fit into a bounded time, and at least one. In: what is to be done. Out: its call, in a later turn.
 */
import { Turns } from '../turns.ts';

/** Milliseconds of work in one turn. */
const TURN = 2;

export const streamTurns = new Turns((waiting) => {
  const end = performance.now() + TURN;
  do waiting.shift()?.();
  while (waiting.length > 0 && performance.now() < end);
});
