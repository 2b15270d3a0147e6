/** A stream of octets as lines: the events of a watch are one JSON text each, with a line feed behind it. */
import { Unreadable } from './failure.ts';
import { Unfinished } from './unfinished.ts';

const LINE_FEED = 0x0a;

export class LineCutter {
  readonly #limit: number;
  readonly #unfinished = new Unfinished();

  /** @param limit octets of one line */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets of a line that has not ended. */
  get pending(): number {
    return this.#unfinished.length;
  }

  /**
   * The lines that end in this chunk, without their line feed; empty ones are left out. They are views into the chunk.
   * @throws Unreadable where a line is longer than the limit
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      const line = this.#ended(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  #ended(rest: Buffer): Buffer {
    if (this.#unfinished.length === 0) {
      if (rest.length > this.#limit) throw tooLong(this.#limit);
      return rest;
    }
    this.#hold(rest);
    return this.#unfinished.take();
  }

  #hold(part: Buffer): void {
    if (this.#unfinished.length + part.length > this.#limit) throw tooLong(this.#limit);
    this.#unfinished.add(part);
  }
}

function tooLong(limit: number): Unreadable {
  return new Unreadable(`the API server sends a line of more than ${limit} octets`);
}
