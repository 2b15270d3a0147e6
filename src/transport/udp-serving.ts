/** What the sockets of one UDP listener are and share beside the handler, whichever way they work. */
import type { ReplyRoom } from './reply-room.ts';
import type { Serving } from './serving.ts';
import type { ReplyHandle } from './transport.ts';

export class UdpServing {
  readonly serving: Serving;
  /** The addresses of the listener's own sockets: a datagram from one of them, and from its port, is never answered. */
  readonly own = new Set<string>();
  stopping = false;
  /** Where sockets of `node:dgram` write the replies of a batch; made as they are needed, used by one socket at a time. */
  rooms: ReplyRoom[] = [];
  #inFlight = 0;

  constructor(serving: Serving) {
    this.serving = serving;
  }

  /** Replies that were deferred and have not left. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes a place among the replies in flight; false where there is none. */
  beginReply(): boolean {
    if (this.#inFlight >= this.serving.limits.udpInFlight) {
      this.serving.counts.overBound++;
      this.serving.counts.overInFlight++;
      return false;
    }
    this.#inFlight++;
    return true;
  }

  endReply(): void {
    this.#inFlight--;
  }
}

/** A socket of a listener. */
export interface UdpEndpoint {
  /** The bound address in the system's own spelling, a link-local one with its scope. */
  readonly address: string;
  readonly port: number;
  /** True while a request has not been answered, or the system has not taken all replies. */
  readonly isBusy: boolean;
  /** Closes at once; replies that are sent later vanish. */
  close(): Promise<void>;
}

/**
 * Opens a socket of a listener, which calls `broke` where it has ended by itself. Rejects with the system's error, which has
 * `code`, `address` and `port`.
 */
export type OpenUdpEndpoint = (
  address: string,
  port: number,
  shared: UdpServing,
  broke: () => void,
) => Promise<UdpEndpoint>;

/** A socket as deferred replies see it; a client is whatever it knows its clients by. */
export interface LateSender<Client> {
  /** Sends a borrowed message; harmless when the socket is closed. */
  sendLater(message: Uint8Array, client: Client): void;
}

export class UdpReplyHandle<Client> implements ReplyHandle {
  readonly #shared: UdpServing;
  readonly #sender: LateSender<Client>;
  readonly #client: Client;
  /** Whether the handle still has its place among the replies in flight. */
  #open: boolean;

  constructor(shared: UdpServing, sender: LateSender<Client>, client: Client) {
    this.#shared = shared;
    this.#sender = sender;
    this.#client = client;
    this.#open = shared.beginReply();
  }

  send(message: Uint8Array): void {
    if (this.#finish()) this.#sender.sendLater(message, this.#client);
  }

  drop(): void {
    this.#finish();
  }

  /** Gives the place back; false where there was none, or no longer. */
  #finish(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#shared.endReply();
    return true;
  }
}
