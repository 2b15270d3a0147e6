/**
 * The replies of one TCP connection that are several messages each: zone transfers. A message is made when those before it
 * have left, so that a connection holds one of them, however much its client has asked for.
 *
 *     add ──► waiting for a turn ──► next message ──► TcpReplies ──► it has left ──► waiting for a turn …
 *                                        ├─ none is left: `finished`
 *                                        └─ the whole is worthless: `cut`
 */
import { streamTurns } from './stream-turns.ts';
import type { TcpReplies } from './tcp-replies.ts';
import { CUT_OFF, type MessageSource, NO_REPLY } from './transport.ts';

export interface StreamListener {
  /** A message was added to the replies, to be written. */
  written(): void;
  /** The last message of a reply has been handed over. */
  finished(): void;
  /** The client must be told at once that what it got is not whole. */
  cut(): void;
}

export class TcpStreams {
  readonly #replies: TcpReplies;
  readonly #target: Uint8Array;
  readonly #listener: StreamListener;
  /** Those that are not over yet; the first one has the next turn. */
  #sources: MessageSource[] = [];
  #hasTurn = false;

  /** @param target where messages are made, shared by all connections: what stands in it is copied in the same tick */
  constructor(replies: TcpReplies, target: Uint8Array, listener: StreamListener) {
    this.#replies = replies;
    this.#target = target;
    this.#listener = listener;
  }

  add(source: MessageSource): void {
    this.#sources.push(source);
    this.goOn();
  }

  /** To be called when something has left: makes the next message when nothing waits before it. */
  goOn(): void {
    if (this.#hasTurn || this.#sources.length === 0 || this.#replies.unsent > 0) return;
    this.#hasTurn = true;
    streamTurns.enter(() => {
      this.#hasTurn = false;
      this.#makeNext();
    });
  }

  /** Ends all of them: the connection is gone. */
  drop(): void {
    const sources = this.#sources;
    this.#sources = [];
    for (const source of sources) source.ended();
  }

  #makeNext(): void {
    // Meanwhile the connection may have gone, or other replies have been written.
    const [source] = this.#sources;
    if (source === undefined || this.#replies.unsent > 0) return;
    const length = source.next(this.#target);
    if (length === CUT_OFF) {
      this.#listener.cut();
      return;
    }
    this.#sources.shift();
    if (length === NO_REPLY) {
      source.ended();
      this.#listener.finished();
    } else {
      this.#sources.push(source);
      this.#replies.addLate(this.#target.subarray(0, length));
      this.#listener.written();
    }
    this.goOn();
  }
}
