/**
 * One query of a connection as the handler sees it, and the right to answer it later. Queries of all connections of a
 * listener pass through one exchange, since a handler keeps it only until it returns.
 */
import { FRAME_MESSAGE } from './frames.ts';
import type { OpenExchange } from './serving.ts';
import type { StreamEnds } from './stream-listener.ts';
import { type Family, type ReplyHandle, UNREAD } from './transport.ts';

/** Of an exchange before its first query. */
export const NO_ENDS: StreamEnds = {
  clientFamily: 4,
  clientAddress: '',
  clientPort: 0,
  localAddress: '',
  localPort: 0,
};

export abstract class StreamExchange implements OpenExchange {
  readonly protocol = 'tcp';
  readonly reply = Buffer.alloc(FRAME_MESSAGE);
  octets: Uint8Array = Buffer.alloc(0);
  start = 0;
  end = 0;
  settled = false;
  place = UNREAD;
  deferred: ReplyHandle | undefined = undefined;

  get clientFamily(): Family {
    return this.ends.clientFamily;
  }

  get clientAddress(): string {
    return this.ends.clientAddress;
  }

  get clientPort(): number {
    return this.ends.clientPort;
  }

  get localAddress(): string {
    return this.ends.localAddress;
  }

  get localPort(): number {
    return this.ends.localPort;
  }

  defer(): ReplyHandle {
    const handle = this.newHandle();
    this.deferred = handle;
    return handle;
  }

  /** Of the query's connection. */
  protected abstract get ends(): StreamEnds;

  protected abstract newHandle(): ReplyHandle;
}
