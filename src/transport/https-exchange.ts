/**
 * One query over HTTPS as the handler sees it, and the right to answer it later. There is one reply and no more, so that the
 * handle has no `stream`. Queries of all connections of a listener pass through one exchange, as over TCP.
 */
import { FRAME_MESSAGE } from './frames.ts';
import { type ReplyCounter, ReplyOnce } from './reply-once.ts';
import type { OpenExchange } from './serving.ts';
import type { StreamEnds } from './stream-listener.ts';
import type { Family, ReplyHandle } from './transport.ts';

/** What a query needs of its request. */
export interface HttpsClient extends ReplyCounter {
  readonly ends: StreamEnds;
}

const NOBODY: HttpsClient = {
  ends: { clientFamily: 4, clientAddress: '', clientPort: 0, localAddress: '', localPort: 0 },
  beginReply: () => {},
  endReply: () => {},
};

export class HttpsExchange implements OpenExchange {
  readonly protocol = 'tcp';
  readonly reply = Buffer.alloc(FRAME_MESSAGE);
  octets: Uint8Array = Buffer.alloc(0);
  start = 0;
  end = 0;
  settled = false;
  client: HttpsClient = NOBODY;
  deferred: ReplyHandle | undefined = undefined;

  get clientFamily(): Family {
    return this.client.ends.clientFamily;
  }

  get clientAddress(): string {
    return this.client.ends.clientAddress;
  }

  get clientPort(): number {
    return this.client.ends.clientPort;
  }

  get localAddress(): string {
    return this.client.ends.localAddress;
  }

  get localPort(): number {
    return this.client.ends.localPort;
  }

  defer(): ReplyHandle {
    const handle = new ReplyOnce(this.client);
    this.deferred = handle;
    return handle;
  }
}
