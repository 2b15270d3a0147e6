/**
 * The body of one response, and every way in which it can come to a bad end. All that lists and watches send goes through
 * here:
 *
 *     text → cut at a place → split into pieces, throttled → HTTP chunks
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Ending, type Position, randomNumbers, TakenFaults } from './faults.ts';

/** Octets that wait while a body is slowed down, before its source is told to wait. */
const QUEUED = 65_536;
const LINE_FEED = 0x0a;
/** How long a reset waits for a client that does not read what was written before. */
const PATIENCE_MILLISECONDS = 1000;
const TICK_MILLISECONDS = 10;
/** Pieces that are written before other events have their turn. */
const PIECES_IN_A_ROW = 64;

export class Body {
  readonly #response: ServerResponse;
  /** Below TLS, for resets. */
  readonly #socket: Socket;
  readonly #faults: TakenFaults;
  readonly #isShaped: boolean;
  readonly #queue: Buffer[] = [];
  #queuedOctets = 0;
  #isPumping = false;
  #octets = 0;
  #lines = 0;
  #sinceLine = 0;
  /** What has been decided about the end; nothing is taken after that. */
  #ending: Ending | undefined;
  #drained: () => void = () => {};
  #closed: () => void = () => {};

  constructor(response: ServerResponse, socket: Socket, faults: TakenFaults = new TakenFaults([])) {
    this.#response = response;
    this.#socket = socket;
    this.#faults = faults;
    this.#isShaped = faults.get('pieces') !== undefined || faults.get('throttle') !== undefined;
    response.on('drain', () => this.#drained());
    response.on('close', () => {
      this.#closed();
      this.#drained();
    });
    response.on('error', () => {});
  }

  get isOpen(): boolean {
    return this.#ending === undefined && !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** Called when more may be written, and when nothing can be any more. */
  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  onClose(closed: () => void): void {
    this.#closed = closed;
  }

  /** Resolves when more may be written, and when nothing can be any more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.isOpen) resolve();
      else this.#drained = resolve;
    });
  }

  /** False if the writer should wait for `onDrain`. */
  write(data: string | Buffer): boolean {
    if (!this.isOpen) return false;
    const cut = this.#faults.get('cut');
    if (cut === undefined) return this.#send(data);
    const octets = Buffer.from(data);
    const length = this.#lengthTo(cut.at, octets);
    if (length === undefined) return this.#send(octets);
    if (length > 0) this.#send(octets.subarray(0, length));
    this.cut(cut.how);
    return false;
  }

  /** The octets of `data` that come before a place; undefined if it lies further on. */
  #lengthTo(place: Position, data: Buffer): number | undefined {
    for (let i = 0; i < data.length; i++) {
      if ('octets' in place ? this.#octets >= place.octets : this.#isAt(place.lines, place.into ?? 0)) return i;
      this.#octets++;
      this.#sinceLine++;
      if (data[i] === LINE_FEED) {
        this.#lines++;
        this.#sinceLine = 0;
      }
    }
    return undefined;
  }

  #isAt(lines: number, into: number): boolean {
    return this.#lines > lines || (this.#lines === lines && this.#sinceLine >= into);
  }

  #send(data: string | Buffer): boolean {
    if (!this.#isShaped) return this.#response.write(data);
    const octets = Buffer.from(data);
    this.#queue.push(octets);
    this.#queuedOctets += octets.length;
    if (!this.#isPumping) void this.#pump();
    return this.#queuedOctets < QUEUED;
  }

  /** Ends well, once all is written. */
  end(): void {
    if (this.isOpen) this.cut('end');
  }

  /** Ends in this way, once all that was written before is on its way. */
  cut(how: Ending): void {
    if (!this.isOpen) return;
    this.#ending = how;
    if (!this.#isPumping) this.#finish();
    this.#drained();
  }

  #finish(): void {
    switch (this.#ending) {
      case undefined:
      case 'stall':
        return;
      case 'end':
        this.#response.end();
        return;
      case 'reset':
        this.#whenPassedOn((socket) => {
          const reset = (): void => void this.#socket.resetAndDestroy();
          const tired = setTimeout(reset, PATIENCE_MILLISECONDS);
          socket.once('close', () => clearTimeout(tired));
          socket.write('', reset);
        });
        return;
      case 'unfinished':
        this.#whenPassedOn((socket) => socket.end());
        return;
    }
  }

  /** HTTP gathers the writes of one tick; they are passed on to the socket before this acts on it. */
  #whenPassedOn(act: (socket: Socket) => void): void {
    this.#response.flushHeaders();
    setImmediate(() => {
      if (this.#response.socket !== null) act(this.#response.socket);
    });
  }

  /** Writes what is queued in its own time. */
  async #pump(): Promise<void> {
    this.#isPumping = true;
    const pieces = this.#pieces();
    const perTick = ((this.#faults.get('throttle')?.octetsPerSecond ?? Infinity) * TICK_MILLISECONDS) / 1000;
    let credit = perTick;
    let count = 0;
    for (const piece of pieces) {
      credit -= piece.length;
      const mayGoOn = this.#response.write(piece);
      /* oxlint-disable no-await-in-loop -- one after the other is the point */
      if (!mayGoOn) await new Promise<void>((resolve) => this.#response.once('drain', resolve).once('close', resolve));
      while (credit <= 0) {
        await new Promise((resolve) => setTimeout(resolve, TICK_MILLISECONDS));
        credit += perTick;
      }
      // What is written in one tick is one chunk of HTTP and one record of TLS.
      const isTurn = ++count % PIECES_IN_A_ROW === 0;
      await new Promise<void>((resolve) => (isTurn ? setImmediate(resolve) : process.nextTick(resolve)));
      /* oxlint-enable no-await-in-loop */
      if (this.#response.destroyed) break;
    }
    this.#isPumping = false;
    this.#finish();
    this.#drained();
  }

  *#pieces(): Generator<Buffer> {
    const split = this.#faults.get('pieces');
    const random = randomNumbers(split?.seed ?? 0);
    // A throttled body is written in small pieces, so that it flows rather than jumps.
    const longest = split?.longest ?? 4096;
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      for (let from = 0; from < data.length;) {
        const length = split === undefined ? longest : 1 + Math.floor(random() * longest);
        const piece = data.subarray(from, from + length);
        from += piece.length;
        this.#queuedOctets -= piece.length;
        yield piece;
      }
    }
  }
}
