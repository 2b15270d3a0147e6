/** One query of a TCP connection, which may have more than one message in reply. */
import { type ReplyCounter, ReplyOnce } from './reply-once.ts';
import { NO_ENDS, StreamExchange } from './stream-exchange.ts';
import type { StreamEnds } from './stream-listener.ts';
import type { MessageSource, ReplyHandle } from './transport.ts';

/** What a query needs of its connection. */
export interface TcpClient extends StreamEnds, ReplyCounter {
  /** Sends the messages of a query in flight one by one, and then ends it. */
  streamReply(source: MessageSource): void;
}

const NOBODY: TcpClient = {
  ...NO_ENDS,
  beginReply: () => {},
  endReply: () => {},
  streamReply: (source) => source.ended(),
};

export class TcpExchange extends StreamExchange {
  client: TcpClient = NOBODY;

  protected get ends(): StreamEnds {
    return this.client;
  }

  protected newHandle(): ReplyHandle {
    return new TcpReplyHandle(this.client);
  }
}

class TcpReplyHandle extends ReplyOnce<TcpClient> {
  stream(source: MessageSource): void {
    if (this.take()) this.client.streamReply(source);
    else source.ended();
  }
}
