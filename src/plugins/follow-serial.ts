/**
 * Changes of a zone that is made from a cluster's state. The state tells nobody that it changes: whoever wants to know looks at
 * the serial now and then.
 */
import type { SerialSource } from '../dns/rrset.ts';

/** Milliseconds between two looks: the serial itself counts seconds. */
const LOOK_INTERVAL = 1_000;

/** Calls back when the serial is another, until the function that this gives is called. */
export function followSerial(source: SerialSource, changed: () => void): () => void {
  let { serial } = source;
  const timer = setInterval(() => {
    if (source.serial === serial) return;
    serial = source.serial;
    changed();
  }, LOOK_INTERVAL).unref();
  return () => clearInterval(timer);
}
