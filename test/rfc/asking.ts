/**
 * test/rfc/: one file for each document that the server claims to follow, one test for each rule, the section in its title.
 * What the Kubernetes DNS specification says about answers stands in test/conformance; here it is about messages,
 * connections and upstreams.
 *
 * This file: questions to the whole pipeline, and replies as dns-packet reads them, which shares no code with the server.
 */
import packet, { type DataRecord, type DecodedPacket, type OptRecord, type ResourceRecord } from 'dns-packet';
import { afterAll } from 'vitest';
import type { AskCase, Setup } from '../conformance/case.ts';
import { requestOf } from '../conformance/request.ts';
import { type AskOptions, type TestServer, startTestServer } from '../support/server.ts';

export { Flag } from '../conformance/case.ts';

export type Question = Omit<AskCase, 'reply' | 'note' | 'protocol'>;

export interface Reply {
  readonly octets: Buffer;
  readonly packet: DecodedPacket;
  /** The second word of the header, QR included. */
  readonly flags: number;
  /** With the upper bits of the OPT record: `BADVERS` for 16. */
  readonly rcode: string;
  readonly opt: OptRecord | undefined;
  /** Records without the OPT record. */
  readonly records: readonly DataRecord[];
}

const HEADER_OCTETS = 12;

/** The octets of a question with the id of this suite and RD, unless it says otherwise. */
export function encode(question: Question): Buffer {
  return requestOf({ ...question, reply: 'none' });
}

/** Throws where the message does not decode, or where octets are left after the last record. */
export function readReply(octets: Uint8Array): Reply {
  const message = Buffer.from(octets);
  const decoded = packet.decode(message);
  if (message.length > HEADER_OCTETS && packet.decode.bytes !== message.length) {
    throw new Error(`${message.length - packet.decode.bytes} octets after the last record`);
  }
  const opts = decoded.additionals.filter(isOpt);
  if (opts.length > 1) throw new Error(`${opts.length} OPT records`);
  const [opt] = opts;
  return {
    octets: message,
    packet: decoded,
    flags: message.readUInt16BE(2),
    rcode: opt?.extendedRcode === 1 && decoded.rcode === 'NOERROR' ? 'BADVERS' : decoded.rcode,
    opt,
    records: [...decoded.answers, ...decoded.authorities, ...decoded.additionals].filter((one) => !isOpt(one)),
  };
}

function isOpt(record: ResourceRecord): record is OptRecord {
  return record.type === 'OPT';
}

/** The question section as it stands in a message, of which it is the only question. */
export function questionOctets(message: Buffer): Buffer {
  let at = HEADER_OCTETS;
  for (let length = message[at] ?? 0; length !== 0; length = message[at] ?? 0) at += length + 1;
  return message.subarray(HEADER_OCTETS, at + 5);
}

export interface Asking {
  /** Throws where there is no reply. */
  readonly ask: (question: Question | Uint8Array, options?: AskOptions) => Promise<Reply>;
  /** Undefined where there is no reply. */
  readonly exchange: (octets: Uint8Array, options?: AskOptions) => Promise<Buffer | undefined>;
}

/** A server for all tests of a file, started with the first question and closed after the last. */
export function serving(setup: Setup): Asking {
  let started: Promise<TestServer> | undefined;
  const server = (): Promise<TestServer> => (started ??= startTestServer(setup));
  afterAll(async () => (await started)?.close());
  const exchange = async (octets: Uint8Array, options?: AskOptions): Promise<Buffer | undefined> => {
    const reply = await (await server()).ask(octets, options);
    return reply && Buffer.from(reply);
  };
  return {
    exchange,
    ask: async (question, options) => {
      const reply = await exchange(question instanceof Uint8Array ? question : encode(question), options);
      if (reply === undefined) throw new Error('no reply');
      return readReply(reply);
    },
  };
}
