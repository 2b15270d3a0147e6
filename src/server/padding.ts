/**
 * Padding of replies (RFC 7830) after the policy of RFC 8467 §4.1: a reply to a query that was padded has a multiple of 468
 * octets, so that its length says next to nothing about what it holds. Only where nobody but the client reads it: elsewhere it
 * would be octets for nothing.
 */
import { OptionCode } from '../dns/constants.ts';
import type { EdnsOption } from '../dns/edns.ts';
import { putUint16, uint16At } from '../dns/octets.ts';

const BLOCK = 468;
/** The fixed part of an option: code and length. */
const OPTION_HEADER = 4;
/** From the beginning of an OPT record to the length of its data. */
const BEFORE_LENGTH = 9;
const OPT_HEADER = 11;

/** What a reply is written with that is to be padded; it must be the last option. */
export const NO_PADDING: EdnsOption = { code: OptionCode.PADDING, data: new Uint8Array(0) };

/**
 * Fills the padding of a message that ends with its OPT record and that with `NO_PADDING`; any other stays as it is.
 *
 * @param message of which the first `length` octets are written
 * @param room octets that it may have
 * @param opt where the OPT record begins; 0 where there is none
 * @returns its length now
 */
export function pad(message: Uint8Array, length: number, room: number, opt: number): number {
  if (opt === 0 || length < opt + OPT_HEADER + OPTION_HEADER) return length;
  const at = length - OPTION_HEADER;
  if (uint16At(message, at) !== OptionCode.PADDING || uint16At(message, at + 2) !== 0) return length;
  const added = Math.min((BLOCK - (length % BLOCK)) % BLOCK, Math.min(room, message.length) - length);
  if (added <= 0) return length;
  message.fill(0, length, length + added);
  putUint16(message, at + 2, added);
  putUint16(message, opt + BEFORE_LENGTH, uint16At(message, opt + BEFORE_LENGTH) + added);
  return length + added;
}
