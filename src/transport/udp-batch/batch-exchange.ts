/** The one exchange of a socket, pointed at each datagram of a batch in turn. */
import type { OpenExchange } from '../serving.ts';
import { type Family, type ReplyHandle, UNREAD } from '../transport.ts';

/** What an exchange needs of its socket, about the datagram in a slot. */
export interface BatchClients {
  readonly family: Family;
  readonly port: number;
  clientAddress(slot: number): string;
  clientPort(slot: number): number;
  localAddress(slot: number): string;
  defer(slot: number): ReplyHandle;
}

export class BatchExchange implements OpenExchange {
  readonly protocol = 'udp';
  readonly octets: Uint8Array;
  readonly #clients: BatchClients;
  start = 0;
  end = 0;
  reply: Uint8Array;
  settled = false;
  place = UNREAD;
  slot = 0;
  deferred: ReplyHandle | undefined = undefined;

  /** @param octets the memory of all requests */
  constructor(octets: Uint8Array, clients: BatchClients) {
    this.octets = octets;
    this.reply = octets.subarray(0, 0);
    this.#clients = clients;
  }

  get clientFamily(): Family {
    return this.#clients.family;
  }

  get clientAddress(): string {
    return this.#clients.clientAddress(this.slot);
  }

  get clientPort(): number {
    return this.#clients.clientPort(this.slot);
  }

  get localAddress(): string {
    return this.#clients.localAddress(this.slot);
  }

  get localPort(): number {
    return this.#clients.port;
  }

  defer(): ReplyHandle {
    const handle = this.#clients.defer(this.slot);
    this.deferred = handle;
    return handle;
  }
}
