/** Messages by hand: octets from the pieces that a test writes down. */
import { type ReadOutcome, readHeader, readMessage } from '../../src/dns/message.ts';
import type { Message } from '../../src/dns/message.ts';

/** A piece of a message: octets, or text whose characters stand for octets. */
export type Piece = readonly number[] | string;

export function octets(...pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece))),
  );
}

export function uint16(value: number): readonly number[] {
  return [value >> 8, value & 0xff];
}

/** A pointer to an offset of the message (RFC 1035 §4.1.4). */
export function pointer(target: number): readonly number[] {
  return uint16(0xc000 | target);
}

/** A header with these counts: questions, answers, authorities, additionals. */
export function header(...counts: readonly [number, number, number, number]): readonly number[] {
  return [...uint16(0x1234), ...uint16(0), ...counts.flatMap(uint16)];
}

/** A record behind its owner: type, class IN, TTL 5, length and data. */
export function record(type: number, data: readonly number[] | string): readonly number[] {
  const bytes = [...octets(data)];
  return [...uint16(type), ...uint16(1), 0, 0, 0, 5, ...uint16(bytes.length), ...bytes];
}

export function read(message: Uint8Array): ReadOutcome {
  const head = readHeader(message);
  if (head === undefined) throw new Error('shorter than a header');
  return readMessage(message, head);
}

/** The message, for tests in which it must decode. */
export function readWhole(message: Uint8Array): Message {
  const outcome = read(message);
  if (outcome.kind !== 'message') throw new Error('the message does not decode');
  return outcome.message;
}
