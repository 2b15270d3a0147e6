/**
 * libuv's handles for polling (`uv_poll_t`), which wake the event loop when a socket is ready. The loop knows where a handle stands
 * until it has closed it, at the end of one of its turns, so their memory and callbacks are kept for the life of the process and
 * used again.
 */
import { UV_READABLE, UV_WRITABLE } from './layout.ts';
import { type Native, NULL } from '../../native/native.ts';

/** Who is told of a socket. */
export interface PollTarget {
  /** @param status 0, or libuv's error, after which polling has ended */
  ready(status: number, isReadable: boolean, isWritable: boolean): void;
  /** `ready` threw. Must not throw. */
  failed(error: unknown): void;
}

export class PollHandles {
  readonly #native: Native;
  readonly #free: PollHandle[] = [];

  constructor(native: Native) {
    this.#native = native;
  }

  /** A handle for an open socket; undefined where libuv refuses it. */
  take(socket: number, target: PollTarget): PollHandle | undefined {
    const handle = this.#free.pop() ?? new PollHandle(this.#native);
    if (handle.open(socket, target)) return handle;
    this.#free.push(handle);
    return undefined;
  }

  /** Ends polling at once; the socket may be closed then. Resolves when the loop has forgotten the handle. */
  async release(handle: PollHandle): Promise<void> {
    handle.close();
    // The handle is closed at the end of this turn, or of the next where that has begun; the second turn from now is behind it.
    await turn();
    await turn();
    this.#free.push(handle);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class PollHandle {
  readonly #native: Native;
  /** Referenced for as long as libuv may look at it. */
  readonly #memory: ArrayBuffer;
  readonly #address: bigint;
  readonly #callback: bigint;
  #target: PollTarget | undefined;

  constructor(native: Native) {
    this.#native = native;
    this.#memory = new ArrayBuffer(native.pollHandleSize);
    this.#address = native.addressOf(this.#memory);
    this.#callback = native.pollCallback((status, events) => {
      const target = this.#target;
      if (target === undefined) return;
      // What is thrown into C ends the process.
      try {
        target.ready(status, (events & UV_READABLE) !== 0, (events & UV_WRITABLE) !== 0);
      } catch (error) {
        target.failed(error);
      }
    });
  }

  open(socket: number, target: PollTarget): boolean {
    if (this.#native.uv_poll_init(this.#native.loop, this.#address, socket) !== 0) return false;
    this.#target = target;
    return true;
  }

  /** Waits for datagrams, and for room to send where that is wanted; false where libuv refuses. */
  wait(forRoom: boolean): boolean {
    const events = forRoom ? UV_READABLE | UV_WRITABLE : UV_READABLE;
    return this.#native.uv_poll_start(this.#address, events, this.#callback) === 0;
  }

  /** Whether what is waited for keeps the program from ending; it does until something else is said. */
  keepsAlive(isAwaited: boolean): void {
    if (isAwaited) this.#native.uv_ref(this.#address);
    else this.#native.uv_unref(this.#address);
  }

  close(): void {
    this.#target = undefined;
    this.#native.uv_close(this.#address, NULL);
  }
}
