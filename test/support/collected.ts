/** Whether memory is given back: the garbage collector by force, within this process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Resolves when all of them have been collected; rejects where something still holds one. */
export async function collected(objects: readonly WeakRef<object>[]): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- a WeakRef holds its object until the end of the turn in which it was made
    await new Promise(setImmediate);
    collectGarbage();
    if (objects.every((one) => one.deref() === undefined)) return;
  }
  const held = objects.filter((one) => one.deref() !== undefined).length;
  throw new Error(`something still holds ${held} of ${objects.length} objects`);
}

/** Octets of all that is reached. */
export function heldOctets(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** @throws Error where Node.js gives no access to it */
export function collectGarbage(): void {
  if (typeof collect !== 'function') throw new Error('no garbage collector');
  collect();
}
