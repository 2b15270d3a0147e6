/**
 * How many zones may be on their way at once, in all and to one client: each holds what it lists until its client has read it.
 */
import { bounds } from '../../bounds.ts';
import type { Closable } from '../plugin.ts';

export class TransferSlots implements Closable {
  #running = 0;
  readonly #perClient = new Map<string, number>();

  /** Transfers that are under way. */
  get running(): number {
    return this.#running;
  }

  /** @param client its address */
  hasRoom(client: string): boolean {
    return this.#running < bounds.transfers && (this.#perClient.get(client) ?? 0) < bounds.transfersPerClient;
  }

  /** Takes a place; gives the function that gives it back, or undefined where there is none. */
  take(client: string): (() => void) | undefined {
    if (!this.hasRoom(client)) return undefined;
    this.#count(client, 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#count(client, -1);
      isHeld = false;
    };
  }

  #count(client: string, change: 1 | -1): void {
    this.#running += change;
    const count = (this.#perClient.get(client) ?? 0) + change;
    if (count > 0) this.#perClient.set(client, count);
    else this.#perClient.delete(client);
  }

  /** Nothing is held here but numbers. */
  close(): void {}
}
