/**
 * The message writer: a reply as octets, compressed, cut to a limit section by section.
 *
 *     ┌────────┬──────────┬─────────┬───────────┬────────────┬─────┐
 *     │ header │ question │ answers │ authority │ additional │ OPT │   the OPT's room is kept free from the start
 *     └────────┴──────────┴─────────┴───────────┴────────────┴─────┘
 *                  ▲ names that end like the question's point here, so that the client's spelling comes back, unless a
 *                    name behind it has more of them; those of a zone transfer point to what is written alike alone
 *
 * The first record that does not fit is taken back, ends the filling and sets TC. Before that happens, Extended DNS Errors
 * give up their room (RFC 8914 §3).
 */
import { NameCompressor } from './compressor.ts';
import { Flag, OptionCode, Rcode, Type } from './constants.ts';
import { type EdnsOption, optRecordSize } from './edns.ts';
import { Marks } from './marks.ts';
import { HEADER_OCTETS } from './message.ts';
import type { Question } from './question.ts';
import type { Name } from './name.ts';
import { uint16At } from './octets.ts';
import { type AddressRRset, type Mx, type RRset, type Soa, type SoaRRset, type Srv, addressSize } from './rrset.ts';

/** What the OPT record of a reply says. */
export interface OutgoingEdns {
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface OutgoingMessage {
  readonly id: number;
  /** Header flags without TC and without the response code. */
  readonly flags: number;
  /** All twelve bits; what does not fit in the header goes to the OPT record. Without one, a larger code is SERVFAIL. */
  readonly rcode: number;
  readonly question: Question | undefined;
  readonly answers: readonly RRset[];
  readonly authority: readonly RRset[];
  readonly additional: readonly RRset[];
  readonly edns: OutgoingEdns | undefined;
}

/** Records that are written over several messages. */
export interface RecordSource {
  /** What comes next; undefined where this message gets no more. */
  readonly current: RRset | undefined;
  /** So many records of it have been written, possibly none: the message had no room for the next one. */
  taken(records: number): void;
}

/** type, class, TTL and data length of a record */
const FIXED_RECORD_OCTETS = 10;
/** A record's TTL stands so many octets before its data. */
const TTL_BEFORE_DATA = 6;
/** The serial of an SOA stands so many octets before the record's end. */
const SERIAL_BEFORE_END = 20;
/** type and class of a question */
const FIXED_QUESTION_OCTETS = 4;
/** Below this a loop is faster than a call. */
const SHORT_NAME = 64;
/** The response codes that the header has room for. */
const HEADER_RCODES = 0xf;
/** The DO bit among the flags of an OPT record (RFC 3225 §3). */
const DNSSEC_OK = 0x8000;

export class MessageWriter {
  #target: Uint8Array = new Uint8Array(0);
  /** The same memory, for strings. */
  #buffer: Buffer = Buffer.alloc(0);
  /**
   * Where the next octet goes. It may run past `#limit` within one record, which is then taken back; what stands behind
   * the limit by then is never sent, and behind the target's end nothing is written.
   */
  #at = 0;
  /** Records end here at the latest. */
  #limit = 0;
  /** A record did not fit: nothing more is put in. */
  #full = false;
  /** The section that is written now. */
  #part: 'answers' | 'authority' | 'additional' = 'answers';
  readonly #compressor = new NameCompressor();
  /** Of the message that was written last. */
  readonly marks = new Marks();

  /**
   * Writes `message` to `target` from offset 0, at most `limit` octets and no more than `target` holds; all of `target`
   * may be written over. Gives the number of octets written; TC is set in them if anything was left out. A limit below
   * the 512 octets of RFC 1035 §4.2.1 may cost the question and the OPT record too; below 12, nothing is written: 0.
   */
  write(target: Uint8Array, limit: number, message: OutgoingMessage): number {
    const end = Math.min(limit, target.length);
    if (end < HEADER_OCTETS) return 0;
    this.#setTarget(target);
    const written = this.#fill(end, message, message.edns);
    if (!this.#full) return written;
    const unexplained = withoutExplanation(message.edns);
    return unexplained === message.edns ? written : this.#fill(end, message, unexplained);
  }

  /**
   * Writes one of several messages that carry a list of records together (RFC 5936 §2.2): in place of `message.answers` as
   * many records of `source` as there is room for. TC is not set: what has no room goes into the next message.
   */
  writeBatch(target: Uint8Array, limit: number, message: OutgoingMessage, source: RecordSource): number {
    const end = Math.min(limit, target.length);
    if (end < HEADER_OCTETS) return 0;
    this.#setTarget(target);
    return this.#fill(end, message, message.edns, source);
  }

  #fill(end: number, message: OutgoingMessage, wanted: OutgoingEdns | undefined, source?: RecordSource): number {
    this.#at = HEADER_OCTETS;
    this.#full = false;
    this.marks.reset();

    const question = fittingQuestion(message.question, end);
    if (source === undefined) this.#compressor.begin(question?.name);
    else this.#compressor.beginKeepingCase(question?.name);
    if (question !== undefined) this.#question(question);
    else this.#full = message.question !== undefined;
    const edns = fittingEdns(wanted, end - this.#at);
    this.#limit = end - (edns === undefined ? 0 : optRecordSize(edns.options));

    this.#part = 'answers';
    const answers = source === undefined ? this.#section(message.answers) : this.#batch(source);
    this.#part = 'authority';
    const authority = this.#section(message.authority);
    this.#part = 'additional';
    const isReached = !this.#full;
    const additional = this.#section(message.additional);
    if (isReached) this.marks.endGlue(additional, this.#full);
    const rcode = edns === undefined && message.rcode > HEADER_RCODES ? Rcode.SERVFAIL : message.rcode;
    if (edns !== undefined) this.#opt(edns, rcode);

    const written = this.#at;
    this.#at = 0;
    this.#uint16(message.id);
    this.#uint16(message.flags | (this.#full && source === undefined ? Flag.TC : 0) | (rcode & HEADER_RCODES));
    this.#uint16(question === undefined ? 0 : 1);
    this.#uint16(answers);
    this.#uint16(authority);
    this.#uint16(additional + (edns === undefined ? 0 : 1));
    return written;
  }

  /** Most replies are written to the same place as the last one. */
  #setTarget(target: Uint8Array): void {
    if (target === this.#target) return;
    this.#target = target;
    this.#buffer = target instanceof Buffer ? target : Buffer.from(target.buffer, target.byteOffset, target.length);
  }

  #question(question: Question): void {
    this.#name(question.name, question.name.octetLength);
    this.#uint16(question.type);
    this.#uint16(question.class);
  }

  /** Gives the number of records that were put in. */
  #section(sets: readonly RRset[]): number {
    let count = 0;
    for (const set of sets) {
      if (this.#full) break;
      count += this.#rrset(set);
    }
    return count;
  }

  /** The same for a source. */
  #batch(source: RecordSource): number {
    let count = 0;
    for (let set = source.current; set !== undefined && !this.#full; set = source.current) {
      const written = this.#rrset(set);
      source.taken(written);
      count += written;
    }
    return count;
  }

  #rrset(set: RRset): number {
    switch (set.kind) {
      case 'address':
        return this.#addresses(set);
      case 'name':
        // The target of a DNAME is never compressed (RFC 6672 §2.5), nor is any name of a type younger than RFC 1035.
        return set.type === Type.DNAME
          ? this.#records(set, set.targets, (target) => this.#uncompressed(target))
          : this.#records(set, set.targets, (target) => this.#compressed(target));
      case 'srv':
        return this.#records(set, set.services, (srv) => this.#srv(srv));
      case 'text':
        return this.#records(set, set.texts, (strings) => this.#text(strings));
      case 'mx':
        return this.#records(set, set.exchanges, (mx) => this.#mx(mx));
      case 'soa':
        return this.#soaRecord(set);
      case 'opaque':
        return this.#records(set, set.data, (data) => this.#octets(data));
    }
  }

  /** Writes one record per item while they fit; gives how many did. */
  #records<T>(set: RRset, items: readonly T[], writeData: (item: T) => void): number {
    let count = 0;
    for (const item of items) {
      const start = this.#at;
      this.#recordHeader(set, 0);
      const dataStart = this.#at;
      writeData(item);
      if (!this.#keep(start)) break;
      const length = this.#at - dataStart;
      this.#target[dataStart - 2] = length >> 8;
      this.#target[dataStart - 1] = length;
      if (set.aging === true) this.marks.noteAging(dataStart - TTL_BEFORE_DATA);
      count++;
    }
    return count;
  }

  /** The same for addresses, of which there are many. */
  #addresses(set: AddressRRset): number {
    const size = addressSize(set.type);
    let count = 0;
    for (let i = 0; i + size <= set.octets.length; i += size) {
      const start = this.#at;
      this.#recordHeader(set, size);
      const target = this.#target;
      const dataStart = this.#at;
      let at = dataStart;
      for (let j = i; j < i + size; j++) target[at++] = set.octets[j] ?? 0;
      this.#at = at;
      if (!this.#keep(start)) break;
      if (this.#part === 'answers') this.marks.noteAddress(dataStart);
      else if (this.#part === 'additional') this.#noteGlue(start, dataStart);
      if (set.aging === true) this.marks.noteAging(dataStart - TTL_BEFORE_DATA);
      count++;
    }
    return count;
  }

  #noteGlue(start: number, dataStart: number): void {
    const ownerEnd = dataStart - FIXED_RECORD_OCTETS;
    this.marks.noteGlue(start, this.#at, uint16At(this.#target, ownerEnd - 2));
  }

  #soaRecord(set: SoaRRset): number {
    const count = this.#records(set, [set.soa], this.#writeSoa);
    // The serial and what stands behind it are five numbers of 32 bits at the end of the record.
    if (count > 0 && set.serialSource !== undefined)
      this.marks.noteSerial(this.#at - SERIAL_BEFORE_END, set.serialSource);
    return count;
  }

  /** Takes the record that began at `start` back if it does not fit. */
  #keep(start: number): boolean {
    if (this.#at <= this.#limit) return true;
    this.#at = start;
    this.#full = true;
    return false;
  }

  #recordHeader(set: RRset, dataLength: number): void {
    this.#compressed(set.owner);
    const target = this.#target;
    const at = this.#at;
    const { type, ttl } = set;
    target[at] = type >> 8;
    target[at + 1] = type;
    target[at + 2] = set.class >> 8;
    target[at + 3] = set.class;
    target[at + 4] = ttl >>> 24;
    target[at + 5] = ttl >>> 16;
    target[at + 6] = ttl >>> 8;
    target[at + 7] = ttl;
    target[at + 8] = dataLength >> 8;
    target[at + 9] = dataLength;
    this.#at = at + FIXED_RECORD_OCTETS;
  }

  /** A name as owner or in the data of NS, CNAME, PTR, SOA and MX (RFC 1035 §3.3, RFC 3597 §4). */
  #compressed(name: Name): void {
    const { octets, pointer } = this.#compressor.place(name, this.#at);
    if (octets > 0) this.#name(name, octets);
    if (pointer !== undefined) this.#uint16(pointer);
  }

  /** A name that is not compressed, and that others may point to. */
  #uncompressed(name: Name): void {
    this.#compressor.remember(name, this.#at);
    this.#name(name, name.octetLength);
  }

  #mx(mx: Mx): void {
    this.#uint16(mx.preference);
    this.#compressed(mx.exchange);
  }

  /** RFC 2782: the target is not compressed, and so stands in its own case. */
  #srv(srv: Srv): void {
    this.#uint16(srv.priority);
    this.#uint16(srv.weight);
    this.#uint16(srv.port);
    this.#uncompressed(srv.target);
  }

  #text(strings: readonly Uint8Array[]): void {
    for (const string of strings) {
      this.#uint8(string.length);
      this.#octets(string);
    }
  }

  /** Made once: nearly every negative reply has such a record. */
  readonly #writeSoa = (soa: Soa): void => this.#soa(soa);

  #soa(soa: Soa): void {
    this.#compressed(soa.primary);
    this.#compressed(soa.mailbox);
    this.#uint32(soa.serial);
    this.#uint32(soa.refresh);
    this.#uint32(soa.retry);
    this.#uint32(soa.expire);
    this.#uint32(soa.minimum);
  }

  /** RFC 6891 §6.1.2. Its room was kept free, so that it always fits. */
  #opt(edns: OutgoingEdns, rcode: number): void {
    this.marks.opt = this.#at;
    this.#uint8(0);
    this.#uint16(Type.OPT);
    this.#uint16(edns.udpSize);
    this.#uint8(rcode >> 4);
    this.#uint8(0);
    this.#uint16(edns.dnssecOk ? DNSSEC_OK : 0);
    this.#uint16(optRecordSize(edns.options) - optRecordSize([]));
    for (const option of edns.options) {
      this.#uint16(option.code);
      this.#uint16(option.data.length);
      this.#octets(option.data);
    }
  }

  /** The first octets of a name's wire form. */
  #name(name: Name, octets: number): void {
    const start = this.#at;
    this.#at = start + octets;
    if (this.#at > this.#target.length) return;
    const { written } = name;
    if (octets > SHORT_NAME) {
      this.#buffer.write(written, start, octets, 'latin1');
      return;
    }
    const target = this.#target;
    for (let i = 0; i < octets; i++) target[start + i] = written.charCodeAt(i);
  }

  #octets(octets: Uint8Array): void {
    const end = this.#at + octets.length;
    if (end <= this.#target.length) this.#target.set(octets, this.#at);
    this.#at = end;
  }

  #uint8(value: number): void {
    this.#target[this.#at++] = value;
  }

  #uint16(value: number): void {
    this.#target[this.#at] = value >> 8;
    this.#target[this.#at + 1] = value;
    this.#at += 2;
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16);
    this.#uint16(value);
  }
}

/** The question, unless the message has no room for it. */
function fittingQuestion(question: Question | undefined, end: number): Question | undefined {
  if (question === undefined) return undefined;
  return HEADER_OCTETS + question.name.octetLength + FIXED_QUESTION_OCTETS <= end ? question : undefined;
}

/** Options that the room is too small for are left out: they are echoes of what the client sent, or comments. */
function fittingEdns(edns: OutgoingEdns | undefined, room: number): OutgoingEdns | undefined {
  if (edns === undefined || optRecordSize(edns.options) <= room) return edns;
  return optRecordSize([]) <= room ? { ...edns, options: [] } : undefined;
}

/** RFC 8914 §3: what explains an answer is left out before anything of the answer is. */
function withoutExplanation(edns: OutgoingEdns | undefined): OutgoingEdns | undefined {
  if (edns === undefined || !edns.options.some(isExplanation)) return edns;
  return { ...edns, options: edns.options.filter((option) => !isExplanation(option)) };
}

function isExplanation({ code }: EdnsOption): boolean {
  return code === OptionCode.EDE;
}
