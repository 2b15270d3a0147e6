/**
 * Sockets that may be taken from who holds them, oldest first. Links stand in the holders themselves, so that entering and
 * leaving cost nothing that grows with their number.
 */

/** Each stands in at most one queue. */
export interface SocketHolder {
  /** Of `performance.now()`. */
  readonly since: number;
  /** Gives the socket back, in this call, and leaves the queue. */
  yieldSocket(): void;
  older: SocketHolder | undefined;
  newer: SocketHolder | undefined;
}

export class SocketQueue {
  #oldest: SocketHolder | undefined;
  #newest: SocketHolder | undefined;

  get oldest(): SocketHolder | undefined {
    return this.#oldest;
  }

  enter(holder: SocketHolder): void {
    const before = this.#newest;
    holder.older = before;
    this.#newest = holder;
    if (before === undefined) this.#oldest = holder;
    else before.newer = holder;
  }

  /** @param holder one that has entered and not left */
  leave(holder: SocketHolder): void {
    const { older, newer } = holder;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    holder.older = undefined;
    holder.newer = undefined;
  }
}
