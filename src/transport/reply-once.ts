/** The right to answer one query of a connection later: whatever is done with it first ends the query, and the rest does nothing. */
import type { ReplyHandle } from './transport.ts';

/** Who counts the queries in flight. */
export interface ReplyCounter {
  /** Counts one more query in flight. */
  beginReply(): void;
  /** Ends one query in flight, with the reply, which is borrowed, or without. */
  endReply(message: Uint8Array | undefined): void;
}

export class ReplyOnce<Client extends ReplyCounter> implements ReplyHandle {
  protected readonly client: Client;
  #isOpen = true;

  constructor(client: Client) {
    this.client = client;
    client.beginReply();
  }

  send(message: Uint8Array): void {
    if (this.take()) this.client.endReply(message);
  }

  drop(): void {
    if (this.take()) this.client.endReply(undefined);
  }

  /** True once. */
  protected take(): boolean {
    const isFirst = this.#isOpen;
    this.#isOpen = false;
    return isFirst;
  }
}
