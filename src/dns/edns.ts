/**
 * EDNS(0): what an OPT record says (RFC 6891) and the options that are understood here, among them Extended DNS Errors
 * (RFC 8914).
 */
import { OptionCode } from './constants.ts';

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/**
 * True for options that are meant for the next hop alone (RFC 5001, 7314, 7828, 7830, 7873): what is forwarded leaves them
 * out, and so no answer depends on them.
 */
export function isHopByHop({ code }: EdnsOption): boolean {
  switch (code) {
    case OptionCode.NSID:
    case OptionCode.EXPIRE:
    case OptionCode.COOKIE:
    case OptionCode.TCP_KEEPALIVE:
    case OptionCode.PADDING:
      return true;
    default:
      return false;
  }
}

export interface Edns {
  /** The sender's UDP payload size as it stands in the OPT record, not yet raised to 512 or cut. */
  readonly udpSize: number;
  readonly version: number;
  /** The upper eight bits of the response code. */
  readonly extendedRcode: number;
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** An Extended DNS Error: why an answer is as it is. */
export interface ExtendedError {
  /** INFO-CODE of RFC 8914 §4 or its registry. */
  readonly code: number;
  readonly text: string;
}

/** The option that carries an Extended DNS Error. */
export function extendedErrorOption(error: ExtendedError): EdnsOption {
  const text = Buffer.from(error.text, 'utf8');
  const data = new Uint8Array(2 + text.length);
  data[0] = error.code >> 8;
  data[1] = error.code & 0xff;
  data.set(text, 2);
  return { code: OptionCode.EDE, data };
}

/** Octets of the OPT record that carries these options: 11 of record and 4 per option beside its data. */
export function optRecordSize(options: readonly EdnsOption[]): number {
  return options.reduce((sum, option) => sum + 4 + option.data.length, 11);
}

/** A UDP payload below this counts as this (RFC 6891 §6.2.3); it is also the limit without EDNS (RFC 1035 §2.3.4). */
export const MIN_UDP_PAYLOAD = 512;
