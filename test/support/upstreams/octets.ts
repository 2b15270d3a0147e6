/**
 * Queries and replies as octets, by hand: upstreams in tests share no code with `src/`, so that both cannot be wrong in
 * the same way.
 */

/** Type numbers that tests use. */
export const types = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, OPT: 41 } as const;

export interface ParsedQuery {
  readonly id: number;
  /** Presentation form in the case that came, with final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends. */
  readonly end: number;
  /** Whether there is an OPT record: queries have nothing else behind their question. */
  readonly edns: boolean;
}

export function uint16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]));
}

/** The wire form of a name without escapes. */
export function wireName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.from([0]),
  ]);
}

export interface QueryOptions {
  readonly id?: number;
  readonly type?: number;
  /** UDP size of an OPT record; none where it is left out. */
  readonly edns?: number;
}

/** A query with RD set. */
export function query(name: string, { id = 0x1234, type = types.A, edns }: QueryOptions = {}): Buffer {
  const opt =
    edns === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0]), uint16(types.OPT, edns, 0, 0, 0)]);
  return Buffer.concat([uint16(id, 0x0100, 1, 0, 0, edns === undefined ? 0 : 1), wireName(name), uint16(type, 1), opt]);
}

/** @throws Error where it is no query with one question */
export function parseQuery(octets: Buffer): ParsedQuery {
  const labels: string[] = [];
  let at = 12;
  for (let length = octets.readUInt8(at); length !== 0; length = octets.readUInt8(at)) {
    labels.push(octets.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  at++;
  return {
    id: octets.readUInt16BE(0),
    name: `${labels.join('.')}.`,
    type: octets.readUInt16BE(at),
    class: octets.readUInt16BE(at + 2),
    end: at + 4,
    edns: octets.readUInt16BE(10) > 0,
  };
}

export interface ReplyOptions {
  readonly rcode?: number;
  readonly truncated?: boolean;
  /** Records of the answer section, as `record` makes them. */
  readonly answers?: readonly Buffer[];
  readonly authority?: readonly Buffer[];
}

/** A reply to a query: its id and question, QR, RD and RA. */
export function reply(asked: Buffer, options: ReplyOptions = {}): Buffer {
  const { rcode = 0, truncated = false, answers = [], authority = [] } = options;
  const { id, end } = parseQuery(asked);
  const flags = 0x8180 | (truncated ? 0x0200 : 0) | rcode;
  const head = uint16(id, flags, 1, answers.length, authority.length, 0);
  return Buffer.concat([head, asked.subarray(12, end), ...answers, ...authority]);
}

/** A record of class IN. */
export function record(owner: Buffer, type: number, ttl: number, data: Buffer): Buffer {
  return Buffer.concat([owner, uint16(type, 1, ttl >> 16, ttl & 0xffff, data.length), data]);
}

/** A pointer to the question's name. */
export const QUESTION_NAME = uint16(0xc00c);

/** An A record owned by the question's name. */
export function a(address: string, ttl = 30): Buffer {
  return record(QUESTION_NAME, types.A, ttl, Buffer.from(address.split('.').map(Number)));
}

/** The octets of a message behind their length, as in a stream. */
export function frame(message: Buffer): Buffer {
  return Buffer.concat([uint16(message.length), message]);
}
