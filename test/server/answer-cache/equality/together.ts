/** Requests that have arrived together, as a socket hands them on: their replies are written one behind the other. */
import { bounds } from '../../../../src/bounds.ts';
import type { Batch, OpenExchange } from '../../../../src/transport/serving.ts';
import { exchangeOf } from '../requests.ts';
import type { Arriving, Came } from './side.ts';

interface Arrived {
  readonly request: Uint8Array;
  readonly exchange: OpenExchange & { reply: Uint8Array };
  /** Of a reply that comes later: undefined where there is none after all. */
  later: Promise<Buffer | undefined> | undefined;
  /** The number of its reply, where that was there at once. */
  reply: number | undefined;
  length: number;
  settled: boolean;
}

export class TogetherBatch implements Batch {
  readonly #rooms: readonly Buffer[];
  readonly #all: readonly Arrived[];

  constructor(all: readonly Arriving[]) {
    this.#rooms = all.map(() => Buffer.alloc(bounds.udpMessage, 0xa5));
    this.#all = all.map(arrivedOf);
  }

  exchangeAt(place: number, reply: number): OpenExchange {
    const { exchange } = this.#at(place);
    const room = this.#rooms[reply];
    if (room === undefined) throw new RangeError(`there is no room for reply ${reply}`);
    exchange.reply = room;
    return exchange;
  }

  answered(place: number, reply: number, length: number): void {
    const arrived = this.#at(place);
    arrived.settled = arrived.exchange.settled;
    if (length > 0) Object.assign(arrived, { reply, length });
  }

  /** What came for each; the replies that were there at once are looked at when all have been written. */
  came(): Promise<readonly Came[]> {
    const now = this.#all.map(({ reply, length }) =>
      reply === undefined ? undefined : Buffer.from(this.#rooms[reply]?.subarray(0, length) ?? []),
    );
    for (const { request, exchange } of this.#all) {
      const { octets, start, end } = exchange;
      if (!Buffer.from(request).equals(octets.subarray(start, end))) throw new Error('a request was written to');
    }
    return Promise.all(
      this.#all.map(async ({ later, settled }, place) => ({ reply: (await later) ?? now[place], settled })),
    );
  }

  #at(place: number): Arrived {
    const arrived = this.#all[place];
    if (arrived === undefined) throw new RangeError(`there is no request ${place}`);
    return arrived;
  }
}

function arrivedOf({ request, ends, before }: Arriving): Arrived {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const handle = { send: (message: Uint8Array) => resolve(Buffer.from(message)), drop: () => resolve(undefined) };
  const exchange: Arrived['exchange'] = {
    ...exchangeOf(request, { ends, before, behind: before }),
    deferred: undefined,
    defer: () => {
      arrived.later = promise;
      exchange.deferred = handle;
      return handle;
    },
  };
  const arrived: Arrived = { request, exchange, later: undefined, reply: undefined, length: 0, settled: false };
  return arrived;
}
