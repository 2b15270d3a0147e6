/**
 * Questions and replies as octets, quickly: thousands of them a second go through one process with everything else. Shares no
 * code with `src/`. A reply becomes the text that `expected.ts` gives.
 */
import { answerText } from './expected.ts';

const HEADER = 12;
const TYPES: Readonly<Record<string, number>> = { A: 1, SRV: 33 };
const [A, CNAME, SRV, OPT] = [1, 5, 33, 41];
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const EXTENDED_ERROR = 15;
/** RFC 8914 */
const STALE_ANSWER = 3;
const STALE_NXDOMAIN = 19;

/** A question with RD and an OPT record; its id is 0. */
export function requestOctets(name: string, type: 'A' | 'SRV'): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]);
  const question = [...labels, 0, 0, TYPES[type] ?? 0, 0, 1];
  return Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, ...question, 0, 0, OPT, 0x10, 0, 0, 0, 0, 0, 0, 0]);
}

export interface ReadReply {
  readonly rcode: string;
  /** As `answerText` writes it. */
  readonly text: string;
  /** Says that it is from a snapshot (Extended DNS Error 3 or 19). */
  readonly isStale: boolean;
  /** Stale, and with the code that belongs to the other kind of answer. */
  readonly hasWrongCode: boolean;
}

/** @throws RangeError where the reply breaks off */
export function readReply(reply: Buffer): ReadReply {
  const rcode = RCODES[(reply[3] ?? 0) & 0xf] ?? `RCODE${(reply[3] ?? 0) & 0xf}`;
  const answers = reply.readUInt16BE(6);
  const all = answers + reply.readUInt16BE(8) + reply.readUInt16BE(10);
  const records: string[] = [];
  let code: number | undefined;
  let at = skipName(reply, HEADER) + 4;
  for (let i = 0; i < all; i++) {
    at = skipName(reply, at);
    const type = reply.readUInt16BE(at);
    const length = reply.readUInt16BE(at + 8);
    at += 10;
    if (i < answers) records.push(recordText(reply, type, at));
    else if (type === OPT) code = extendedError(reply, at, at + length) ?? code;
    at += length;
  }
  const isStale = code === STALE_ANSWER || code === STALE_NXDOMAIN;
  const hasWrongCode = isStale && (code === STALE_ANSWER) !== answers > 0;
  return { rcode, text: answerText(rcode, records), isStale, hasWrongCode };
}

function skipName(octets: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const length = octets.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += length + 1;
    if (length === 0) return at;
  }
}

function nameText(octets: Buffer, from: number): string {
  const labels: string[] = [];
  let at = from;
  for (let steps = 0; steps < 256; steps++) {
    const length = octets.readUInt8(at);
    if (length === 0) return labels.join('.');
    if (length >= 0xc0) {
      at = octets.readUInt16BE(at) & 0x3fff;
    } else {
      labels.push(octets.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
  }
  throw new RangeError('a name without an end');
}

function recordText(octets: Buffer, type: number, at: number): string {
  switch (type) {
    case A:
      return `A ${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
    case CNAME:
      return `CNAME ${nameText(octets, at)}`;
    case SRV: {
      const port = octets.readUInt16BE(at + 4);
      // Endpoints without hostnames are named after their address; a Service with a cluster IP is its own target.
      const [first = ''] = nameText(octets, at + 6).split('.');
      return /^\d+-\d+-\d+-\d+$/.test(first) ? `SRV ${port} ${first.replaceAll('-', '.')}` : `SRV ${port}`;
    }
    default:
      return `TYPE${type}`;
  }
}

function extendedError(octets: Buffer, from: number, end: number): number | undefined {
  for (let at = from; at + 4 <= end; at += 4 + octets.readUInt16BE(at + 2)) {
    if (octets.readUInt16BE(at) === EXTENDED_ERROR) return octets.readUInt16BE(at + 4);
  }
  return undefined;
}
