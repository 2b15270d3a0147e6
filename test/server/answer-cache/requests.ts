/** Requests as octets, made by hand so that a test can make them wrong in any place, and the exchange that a transport would hand on. */
import { type Endpoints, type Exchange, type ReplyHandle, UNREAD } from '../../../src/transport/transport.ts';

export interface EdnsParts {
  readonly size: number;
  readonly dnssecOk?: boolean;
  readonly version?: number;
  /** The options, encoded. */
  readonly options?: Uint8Array;
}

export interface RequestParts {
  readonly id?: number;
  /** Header flags; RD if left out. */
  readonly flags?: number;
  /** Without the final dot; empty for the root. Each character is one octet. */
  readonly name: string;
  readonly type?: number;
  readonly class?: number;
  readonly edns?: EdnsParts | undefined;
}

/** A name in wire form, whatever its labels' lengths are. */
export function wireName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  const parts = labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...parts, Buffer.of(0)]);
}

export function uint16(value: number): Buffer {
  return Buffer.of(value >>> 8, value & 0xff);
}

export function optRecord({ size, dnssecOk = false, version = 0, options = new Uint8Array(0) }: EdnsParts): Buffer {
  const fixed = Buffer.of(0, 0, 41, size >>> 8, size & 0xff, 0, version, dnssecOk ? 0x80 : 0, 0);
  return Buffer.concat([fixed, uint16(options.length), options]);
}

export function requestOf({ id = 1, flags = 0x0100, name, type = 1, class: klass = 1, edns }: RequestParts): Buffer {
  const counts = [1, 0, 0, edns === undefined ? 0 : 1];
  return Buffer.concat([
    ...[id, flags, ...counts].map(uint16),
    wireName(name),
    uint16(type),
    uint16(klass),
    edns === undefined ? Buffer.alloc(0) : optRecord(edns),
  ]);
}

/** The same letters in capitals where a bit of the mask is set, over and over. */
export function spelt(name: string, mask: number): string {
  return Array.from(name, (letter, i) => (((mask >>> (i & 31)) & 1) === 1 ? letter.toUpperCase() : letter)).join('');
}

export const ENDS: Endpoints = {
  protocol: 'udp',
  clientFamily: 4,
  clientAddress: '192.0.2.1',
  clientPort: 40_000,
  localAddress: '192.0.2.53',
  localPort: 53,
};

const NO_HANDLE: ReplyHandle = { send: () => undefined, drop: () => undefined };

export interface TestExchange extends Exchange {
  settled: boolean;
}

export interface ExchangeParts {
  readonly ends?: Partial<Endpoints>;
  /** Octets before and behind the request in the memory that holds it. */
  readonly before?: number;
  readonly behind?: number;
  readonly handle?: ReplyHandle;
}

/** The request within a larger memory, and room for a reply in which something else stands. */
export function exchangeOf(request: Uint8Array, parts: ExchangeParts = {}): TestExchange {
  const { ends = {}, before = 0, behind = 0, handle = NO_HANDLE } = parts;
  const octets = Buffer.alloc(before + request.length + behind, 0x5a);
  octets.set(request, before);
  const all = { ...ENDS, ...ends };
  return {
    ...all,
    octets,
    start: before,
    end: before + request.length,
    reply: Buffer.alloc(all.protocol === 'tcp' ? 65_535 : 4096, 0xa5),
    settled: false,
    place: UNREAD,
    defer: () => handle,
  };
}
