/** Pieces of DNS messages for requests that no encoder would write; `message` puts them together. */

/** The id of every request of this suite. */
export const REQUEST_ID = 0x4e64;

/** What differs from an ordinary query with one question and RD set. */
export interface HeaderFields {
  readonly flags?: number;
  readonly questions?: number;
  readonly answers?: number;
  readonly authorities?: number;
  readonly additionals?: number;
}

export function message(...pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces);
}

/** Spaces in the text are for the reader. */
export function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** Big-endian words of 16 bits. */
export function words(...values: readonly number[]): Uint8Array {
  const octets = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => octets.writeUInt16BE(value, i * 2));
  return octets;
}

export function header(fields: HeaderFields = {}): Uint8Array {
  const { flags = 0x0100, questions = 1, answers = 0, authorities = 0, additionals = 0 } = fields;
  return words(REQUEST_ID, flags, questions, answers, authorities, additionals);
}

/** A name in wire form, uncompressed. No limits are checked: labels may be as long as one octet can say. */
export function wireName(text: string): Uint8Array {
  const labels = text.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    hex('00'),
  ]);
}

/** A question of class IN. */
export function question(name: string, type: number): Uint8Array {
  return message(wireName(name), words(type, 1));
}

/** A record of class IN and TTL 0, its data length as it is or as it is claimed to be. */
export function record(name: string, type: number, data: Uint8Array, claimedLength = data.length): Uint8Array {
  return message(wireName(name), words(type, 1, 0, 0, claimedLength), data);
}

/** An OPT record without options; `owner` is the root in a proper one. */
export function opt(size: number, owner = '.'): Uint8Array {
  return message(wireName(owner), words(41, size, 0, 0, 0));
}
