/**
 * The replies of one TCP connection on their way out: in as few writes as can be, and each within its time.
 *
 *     add      in the turn that takes the queries ──► FrameWriter, shared by all connections ──┐
 *     addLate  of deferred queries                ──► frames of their own ─────────────────────┴──► write ──► socket
 *
 * The shared frames are written before the turn is over, so that they are never those of two connections.
 */
import type { Socket } from 'node:net';
import { FRAME_MESSAGE, type FrameWriter, framed } from './frames.ts';
import type { Serving } from './serving.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Where replies go; TLS has never taken a block by the time that writing returns. */
export interface ReplySocket {
  readonly socket: Socket;
  readonly isSecure: boolean;
}

export class TcpReplies {
  readonly #socket: Socket;
  readonly #isSecure: boolean;
  readonly #serving: Serving;
  readonly #frames: FrameWriter;
  readonly #onLeft: () => void;
  /** Octets of the shared frames that are this connection's: all of them, or none. */
  #framesOctets = 0;
  #late: Buffer[] = [];
  #lateOctets = 0;
  #deadline = NEVER;
  #dropped = false;

  /** @param onLeft is called when the system has taken a block that was written */
  constructor({ socket, isSecure }: ReplySocket, serving: Serving, frames: FrameWriter, onLeft: () => void) {
    this.#socket = socket;
    this.#isSecure = isSecure;
    this.#serving = serving;
    this.#frames = frames;
    this.#onLeft = onLeft;
  }

  /** When what has been written must have left, as of `performance.now()`; infinite where nothing waits. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Octets that the system has not taken yet, written or not. */
  get unsent(): number {
    return this.#framesOctets + this.#lateOctets + this.#socket.writableLength;
  }

  /** Adds a copy of the first `length` octets of a message. It must be written in the same turn of the event loop. */
  add(message: Buffer, length: number): void {
    if (this.#dropped) return;
    if (!this.#frames.fits(length)) this.#writeFrames();
    this.#frames.add(message, length);
    this.#framesOctets = this.#frames.length;
  }

  /** Adds a copy of a message, to be written when it suits. */
  addLate(message: Uint8Array): void {
    if (message.length > FRAME_MESSAGE) {
      this.#serving.counts.overBound++;
      return;
    }
    const frame = framed(message);
    this.#late.push(frame);
    this.#lateOctets += frame.length;
  }

  /** Writes everything that was added. */
  write(): void {
    if (this.#lateOctets > 0) this.#writeLate();
    if (this.#framesOctets > 0) this.#writeFrames();
  }

  /** Forgets what was not written; from now on no reply is taken and nothing has a deadline. */
  drop(): void {
    this.#dropped = true;
    this.#deadline = NEVER;
    this.#late = [];
    this.#lateOctets = 0;
    if (this.#framesOctets > 0) this.#takeFrames();
  }

  #writeLate(): void {
    const block = Buffer.concat(this.#late, this.#lateOctets);
    this.#late = [];
    this.#lateOctets = 0;
    this.#send(block);
  }

  #writeFrames(): void {
    const block = this.#takeFrames();
    if (this.#isSecure || this.#socket.writableLength > 0) {
      this.#send(copyOf(block));
      return;
    }
    this.#send(block);
    if (this.#socket.writableLength > 0) this.#frames.giveUp();
  }

  #takeFrames(): Buffer {
    this.#framesOctets = 0;
    return this.#frames.take();
  }

  #send(block: Buffer): void {
    this.#socket.write(block, this.#left);
    if (this.#socket.writableLength > 0 && this.#deadline === NEVER) this.#deadline = this.#limit();
  }

  /** A block has left. The next one, if any, has its own time. */
  readonly #left = (): void => {
    if (this.#dropped) return;
    this.#deadline = this.#socket.writableLength > 0 ? this.#limit() : NEVER;
    this.#onLeft();
  };

  #limit(): number {
    return performance.now() + this.#serving.limits.tcpWrite;
  }
}

/** A copy that takes no more memory than it has octets, since it may wait long. */
function copyOf(block: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(block.length);
  block.copy(copy);
  return copy;
}
