/** The body of a response as chunks, with a deadline on silence: a connection may be half open for ever. */
import type { Readable } from 'node:stream';
import { WatchFailure } from './failure.ts';

/**
 * The chunks of a body until it ends. Whoever stops early destroys it.
 * @param silence milliseconds between chunks, asked for anew at each
 * @throws WatchFailure after so long a silence; the stream's error where it broke
 */
export async function* chunksOf(body: Readable, silence: number | (() => number)): AsyncGenerator<Buffer> {
  const limit = typeof silence === 'number' ? () => silence : silence;
  let waits = limit();
  const silent = (): void => {
    body.destroy(new WatchFailure(`the API server has said nothing for ${Math.round(waits / 1000)} s`));
  };
  let timer = setTimeout(silent, waits);
  try {
    for await (const chunk of body) {
      if (chunk instanceof Buffer) yield chunk;
      if (limit() === waits) {
        timer.refresh();
      } else {
        clearTimeout(timer);
        timer = setTimeout(silent, (waits = limit()));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
