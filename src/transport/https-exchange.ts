/** One query over HTTPS. There is one reply and no more, so that the handle has no `stream`. */
import { type ReplyCounter, ReplyOnce } from './reply-once.ts';
import { NO_ENDS, StreamExchange } from './stream-exchange.ts';
import type { StreamEnds } from './stream-listener.ts';
import type { ReplyHandle } from './transport.ts';

/** What a query needs of its request. */
export interface HttpsClient extends ReplyCounter {
  readonly ends: StreamEnds;
}

const NOBODY: HttpsClient = {
  ends: NO_ENDS,
  beginReply: () => {},
  endReply: () => {},
};

export class HttpsExchange extends StreamExchange {
  client: HttpsClient = NOBODY;

  protected get ends(): StreamEnds {
    return this.client.ends;
  }

  protected newHandle(): ReplyHandle {
    return new ReplyOnce(this.client);
  }
}
