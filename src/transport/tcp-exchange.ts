/**
 * One query of a TCP connection as the handler sees it, and the right to answer it later. Queries of all connections of a
 * listener pass through one exchange, since a handler keeps it only until it returns.
 */
import { FRAME_MESSAGE } from './frames.ts';
import type { OpenExchange } from './serving.ts';
import type { Family, ReplyHandle } from './transport.ts';

/** What a query needs of its connection. */
export interface TcpClient {
  readonly clientFamily: Family;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Counts one more query in flight. */
  beginReply(): void;
  /** Ends one query in flight, with the reply, which is borrowed, or without. */
  endReply(message: Uint8Array | undefined): void;
}

const NOBODY: TcpClient = {
  clientFamily: 4,
  clientAddress: '',
  clientPort: 0,
  localAddress: '',
  localPort: 0,
  beginReply: () => {},
  endReply: () => {},
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

class TcpReplyHandle implements ReplyHandle {
  readonly #client: TcpClient;
  #open = true;

  constructor(client: TcpClient) {
    this.#client = client;
    client.beginReply();
  }

  send(message: Uint8Array): void {
    this.#finish(message);
  }

  drop(): void {
    this.#finish(undefined);
  }

  #finish(message: Uint8Array | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#client.endReply(message);
  }
}
