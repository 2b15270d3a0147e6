/**
 * One query of a TCP connection as the handler sees it, and the right to answer it later. Queries of all connections of a
 * listener pass through one exchange, since a handler keeps it only until it returns.
 */
import { FRAME_MESSAGE } from './frames.ts';
import { type ReplyCounter, ReplyOnce } from './reply-once.ts';
import type { OpenExchange } from './serving.ts';
import type { StreamEnds } from './stream-listener.ts';
import type { Family, MessageSource, ReplyHandle } from './transport.ts';

/** What a query needs of its connection. */
export interface TcpClient extends StreamEnds, ReplyCounter {
  /** Sends the messages of a query in flight one by one, and then ends it. */
  streamReply(source: MessageSource): void;
}

const NOBODY: TcpClient = {
  clientFamily: 4,
  clientAddress: '',
  clientPort: 0,
  localAddress: '',
  localPort: 0,
  beginReply: () => {},
  endReply: () => {},
  streamReply: (source) => source.ended(),
};

export class TcpExchange implements OpenExchange {
  readonly protocol = 'tcp';
  readonly reply = Buffer.alloc(FRAME_MESSAGE);
  octets: Uint8Array = Buffer.alloc(0);
  start = 0;
  end = 0;
  settled = false;
  client: TcpClient = NOBODY;
  deferred: ReplyHandle | undefined = undefined;

  get clientFamily(): Family {
    return this.client.clientFamily;
  }

  get clientAddress(): string {
    return this.client.clientAddress;
  }

  get clientPort(): number {
    return this.client.clientPort;
  }

  get localAddress(): string {
    return this.client.localAddress;
  }

  get localPort(): number {
    return this.client.localPort;
  }

  defer(): ReplyHandle {
    const handle = new TcpReplyHandle(this.client);
    this.deferred = handle;
    return handle;
  }
}

class TcpReplyHandle extends ReplyOnce<TcpClient> {
  stream(source: MessageSource): void {
    if (this.take()) this.client.streamReply(source);
    else source.ended();
  }
}
