/**
 * dns/: the wire format of DNS messages and nothing else. Octets in, values out, and back; no sockets, no files, no
 * Kubernetes. What enters here is what an RFC about messages, names or records says; nothing here imports from another room.
 *
 *     octets ──reader──► Message ┐                  ┌ OutgoingMessage ──writer──► octets
 *                                ├─ name, rrset, edns ┤
 *     text ───presentation─────► ┘                  └ … ──presentation──► text
 *
 * | document | what of it | where |
 * |---|---|---|
 * | RFC 1035, 2181, 4343 | header, question, records, names, case, compression | message, reader, writer, compressor, name |
 * | RFC 2308 | NODATA, NXDOMAIN, the SOA's minimum | rrset |
 * | RFC 2782 | SRV, targets never compressed | reader, writer |
 * | RFC 3597 | unknown types as opaque octets | reader, writer |
 * | RFC 6672 | DNAME, targets never compressed | writer |
 * | RFC 6891 | EDNS(0): one OPT, its size, version and flags | edns, message, writer |
 * | RFC 8914 | Extended DNS Errors | edns |
 *
 * This file: a received message as a value, and the reader that makes it.
 */
import { type Flag, Type } from './constants.ts';
import type { Edns } from './edns.ts';
import { uint16At } from './octets.ts';
import type { Question } from './question.ts';
import { WireReader } from './reader.ts';
import { NO_RECORDS, type RRset } from './rrset.ts';

/** Octets of the fixed header (RFC 1035 §4.1.1). */
export const HEADER_OCTETS = 12;

export interface Header {
  readonly id: number;
  /** The second 16-bit word: QR, opcode, AA, TC, RD, RA, Z, AD, CD, RCODE; see `Flag`. */
  readonly flags: number;
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

export interface Message extends Header {
  /** The first question; undefined where the message ends before it. */
  readonly question: Question | undefined;
  readonly answerRecords: readonly RRset[];
  readonly authorityRecords: readonly RRset[];
  /** Without the OPT record, which is `edns`. */
  readonly additionalRecords: readonly RRset[];
  readonly edns: Edns | undefined;
}

export type ReadOutcome =
  | { readonly kind: 'message'; readonly message: Message }
  /** Something did not decode; `question` is there if it had been read by then. */
  | { readonly kind: 'malformed'; readonly question: Question | undefined };

/** Reads the header; undefined where fewer than twelve octets are there. */
export function readHeader(octets: Uint8Array): Header | undefined {
  if (octets.length < HEADER_OCTETS) return undefined;
  return {
    id: uint16At(octets, 0),
    flags: uint16At(octets, 2),
    questions: uint16At(octets, 4),
    answers: uint16At(octets, 6),
    authorities: uint16At(octets, 8),
    additionals: uint16At(octets, 10),
  };
}

/** The opcode within a header's flags. */
export function opcodeOf(flags: number): number {
  return (flags >> 11) & 0xf;
}

/**
 * Reads what follows the header. A message that ends at a record boundary before all announced records came counts the
 * missing ones as absent; octets after the last record are ignored. Names and record data are copied: nothing of the
 * result refers to `octets`.
 */
export function readMessage(octets: Uint8Array, header: Header): ReadOutcome {
  const reader = new WireReader(octets, HEADER_OCTETS);
  let question: Question | undefined;
  for (let i = 0; i < header.questions && !reader.atEnd; i++) {
    const next = reader.question();
    if (next === undefined) return { kind: 'malformed', question };
    question ??= next;
  }
  const answerRecords = readSection(reader, header.answers);
  const authorityRecords = answerRecords && readSection(reader, header.authorities);
  const additional = authorityRecords && readAdditional(reader, header.additionals);
  if (additional === undefined || answerRecords === undefined || authorityRecords === undefined) {
    return { kind: 'malformed', question };
  }
  return {
    kind: 'message',
    message: {
      id: header.id,
      flags: header.flags,
      questions: header.questions,
      answers: header.answers,
      authorities: header.authorities,
      additionals: header.additionals,
      question,
      answerRecords,
      authorityRecords,
      additionalRecords: additional.records,
      edns: additional.edns,
    },
  };
}

function readSection(reader: WireReader, count: number): readonly RRset[] | undefined {
  let records: RRset[] | undefined;
  for (let i = 0; i < count && !reader.atEnd; i++) {
    const record = reader.record();
    // An OPT record outside the additional section is an error (RFC 6891 §6.1.1).
    if (record === undefined || record.kind === 'opt') return undefined;
    // Most sections have one: an array that is made with it takes a third of the memory of one that grows to it.
    if (records === undefined) records = [record];
    else records.push(record);
  }
  return records ?? NO_RECORDS;
}

interface AdditionalSection {
  readonly records: readonly RRset[];
  readonly edns: Edns | undefined;
}

const NO_ADDITIONAL: AdditionalSection = { records: NO_RECORDS, edns: undefined };

function readAdditional(reader: WireReader, count: number): AdditionalSection | undefined {
  if (count === 0) return NO_ADDITIONAL;
  const records: RRset[] = [];
  let edns: Edns | undefined;
  for (let i = 0; i < count && !reader.atEnd; i++) {
    const record = reader.record();
    if (record === undefined) return undefined;
    if (record.kind !== 'opt') {
      records.push(record);
      continue;
    }
    // A second OPT record makes the message malformed (RFC 6891 §6.1.1).
    if (edns !== undefined) return undefined;
    edns = record.edns;
  }
  return { records, edns };
}

/** True where the flag is set in a header's flags. */
export function hasFlag(flags: number, flag: (typeof Flag)[keyof typeof Flag]): boolean {
  return (flags & flag) !== 0;
}

/** True for the types that ask for a zone transfer (RFC 5936, RFC 1995). */
export function isTransfer(type: number): boolean {
  return type === Type.AXFR || type === Type.IXFR;
}
