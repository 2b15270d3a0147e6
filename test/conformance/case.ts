/**
 * test/conformance/: one suite of questions and answers as data. It is written from the Kubernetes DNS specification and
 * the RFCs, not from the code, and runs over anything that takes a Corefile and manifests and answers DNS messages.
 *
 *     groups/*.ts ──► Group ─► Rule ─► Case ──request.ts──► octets ──► server ──► octets ──┐
 *                                       └──expected text──► compare.ts ◄──actual text── reply.ts (two decoders)
 *
 * This file: how a case is written down.
 *
 *     { ask: 'web.shop.svc.cluster.local A', reply: answers('@ 5 IN A 10.96.0.10') }
 *
 * Records are lines of a zone file. `@` is the question's name, letter for letter. `SERIAL` is the serial of the zone,
 * the time of the last change; `PORT` in a record of `whoami` is the client's port. A section is compared as a multiset
 * unless the case says `ordered`. A reply has an OPT record if the question had one, with what RFC 6891 asks for; an
 * Extended DNS Error (RFC 8914) may explain any answer and is not compared.
 */

/** One area of the specification, on one cluster. */
export interface Group {
  readonly name: string;
  /** What is served unless a rule brings its own. */
  readonly setup: Setup;
  readonly rules: readonly Rule[];
}

/** What a server is started with. */
export interface Setup {
  readonly corefile: string;
  /** YAML documents. */
  readonly manifests: string;
  /** The server's own addresses, as if it ran in a pod; none if left out. */
  readonly ownAddresses?: readonly string[];
}

/** One sentence that must be true, and the questions that show it. */
export interface Rule {
  readonly rule: string;
  /** Where it is not the group's. */
  readonly corefile?: string;
  readonly manifests?: string;
  readonly ownAddresses?: readonly string[];
  /** Its cases are part of the sample that is asked of the real program over real sockets. */
  readonly e2e?: true;
  readonly cases: readonly Case[];
}

interface CaseBase {
  /** What sets this case apart where question and reply do not say it; part of the test's name. */
  readonly note?: string;
  readonly protocol?: 'udp' | 'tcp';
  readonly reply: ExpectedReply | 'none';
}

/** A well-formed question. */
export interface AskCase extends CaseBase {
  /** `NAME TYPE [CLASS]`; the final dot of the name may be left out. */
  readonly ask: string;
  /** The header's flags as in `Flag`; RD alone if left out. */
  readonly flags?: number;
  readonly opcode?: number;
  readonly edns?: AskedEdns;
}

/** Octets as they are, for what no encoder would write. They begin with the id that `header` writes. */
export interface OctetsCase extends CaseBase {
  readonly octets: Uint8Array;
  readonly note: string;
}

export type Case = AskCase | OctetsCase;

/** The OPT record of a question: version 0, no flags, no options unless said. */
export interface AskedEdns {
  readonly size: number;
  readonly version?: number;
  readonly dnssecOk?: true;
  /** The fifteen reserved flag bits (RFC 6891 §6.1.4). */
  readonly z?: number;
  readonly options?: readonly EdnsOption[];
}

/** Code and data in hexadecimal. */
export type EdnsOption = readonly [code: number, data: string];

export interface ExpectedReply {
  /** Mnemonic; `BADVERS` stands for the extended code 16. */
  readonly rcode: string;
  readonly aa: boolean;
  readonly tc?: true;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  /** Sections must come in this order, record by record. */
  readonly ordered?: true;
  /** TC is set and the sections are the beginning of these, all sections taken as one list; implies `ordered`. */
  readonly cut?: true;
  /** Left out: echoed octet for octet. `absent`: a reply of twelve octets. */
  readonly question?: 'absent';
  /** Left out: an OPT record that mirrors the question's, none without one. `any`: not compared. */
  readonly edns?: ExpectedEdns | 'any';
  /** The exact length of the message. */
  readonly octets?: number;
  /** A name that must stand in the message written out, label by label, in this case of letters (RFC 2782: SRV targets). */
  readonly spelledOut?: string;
}

export interface ExpectedEdns {
  readonly size: number;
  readonly dnssecOk?: true;
  readonly options?: readonly EdnsOption[];
}

/** Bits of the header's second word (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
export const Flag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  Z: 0x0040,
  AD: 0x0020,
  CD: 0x0010,
} as const;

/** Where questions come from, unless a transport decides it. */
export const CLIENT_ADDRESS = '192.0.2.53';

/** NOERROR with these records in the answer section, authoritative. */
export function answers(...answer: readonly string[]): ExpectedReply {
  return { rcode: 'NOERROR', aa: true, answer };
}

/** The SOA record of a zone: its own TTL is at most 300 seconds, its minimum is the `ttl` option. */
export function soa(zone = 'cluster.local.', ttl = 5): string {
  return `${zone} ${Math.min(ttl, 300)} IN SOA ns.dns.${zone} hostmaster.${zone} SERIAL 7200 1800 86400 ${ttl}`;
}

/** The name exists and has no record of the type (RFC 2308 §2.2). */
export function nodata(zone?: string, ttl?: number): ExpectedReply {
  return { rcode: 'NOERROR', aa: true, authority: [soa(zone, ttl)] };
}

/** The name does not exist (RFC 2308 §2.1). */
export function nxdomain(zone?: string, ttl?: number): ExpectedReply {
  return { rcode: 'NXDOMAIN', aa: true, authority: [soa(zone, ttl)] };
}

/** The server itself answers with this code and the question alone. */
export function failed(rcode: 'FORMERR' | 'NOTIMP' | 'REFUSED' | 'SERVFAIL' | 'BADVERS'): ExpectedReply {
  return { rcode, aa: false };
}

/** The same, with no question: twelve octets. */
export function headerOnly(rcode: 'FORMERR' | 'NOTIMP' | 'SERVFAIL'): ExpectedReply {
  return { rcode, aa: false, question: 'absent', edns: 'any', octets: 12 };
}
