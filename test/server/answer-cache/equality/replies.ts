/**
 * Whether two replies say the same. To the octet; only where addresses are in an order left to chance, that order may differ, and where
 * a reply shows but some of them, which ones. Where such a reply has addresses of several owners, its records are compared rather than
 * its octets, and where it shows but some of those, nothing behind the question.
 */
import { Flag, Type } from '../../../../src/dns/constants.ts';
import { type Message, readHeader, readMessage } from '../../../../src/dns/message.ts';
import { formatRecord } from '../../../../src/dns/presentation-format.ts';
import { type AddressRRset, type RRset, recordCount } from '../../../../src/dns/rrset.ts';

export function decode(octets: Uint8Array): Message {
  const header = readHeader(octets);
  const read = header && readMessage(octets, header);
  if (read?.kind !== 'message') throw new Error('a reply does not decode');
  return read.message;
}

/** Where the data of each record of the answer section begins, with its type and length. */
export function answerData(
  octets: Buffer,
): readonly { readonly type: number; readonly at: number; readonly length: number }[] {
  let at = 12;
  const skipName = (): void => {
    for (;;) {
      const length = octets.readUInt8(at);
      if (length >= 0xc0) {
        at += 2;
        return;
      }
      at += 1 + length;
      if (length === 0) return;
    }
  };
  for (let left = octets.readUInt16BE(4); left > 0; left--) {
    skipName();
    at += 4;
  }
  return Array.from({ length: octets.readUInt16BE(6) }, () => {
    skipName();
    const type = octets.readUInt16BE(at);
    const length = octets.readUInt16BE(at + 8);
    const data = { type, at: at + 10, length };
    at += 10 + length;
    return data;
  });
}

function isAddress(set: RRset): set is AddressRRset {
  return set.kind === 'address';
}

/** All address records are in the answer section, and have one owner and type. */
function hasOnlyOneSet({ answerRecords, authorityRecords, additionalRecords }: Message): boolean {
  if ([...authorityRecords, ...additionalRecords].some(isAddress)) return false;
  if (answerRecords.some(({ type }) => type === Type.MX)) return false;
  const sets = answerRecords.filter(isAddress);
  return new Set(sets.map(({ owner, type }) => `${owner.key} ${type}`)).size <= 1;
}

/** The addresses of the answer section in hexadecimal digits. */
export function addressesOf(reply: Buffer): readonly string[] {
  return answerData(reply)
    .filter(({ type }) => type === Type.A || type === Type.AAAA)
    .map(({ at, length }) => reply.toString('hex', at, at + length));
}

/** How many addresses are in the additional section, whoever's they are. */
export function glueOf(reply: Buffer | undefined): number {
  return reply === undefined ? 0 : decode(reply).additionalRecords.filter(isAddress).length;
}

/** The reply with zeros in the place of addresses. */
function masked(reply: Buffer): Buffer {
  const copy = Buffer.from(reply);
  for (const { type, at, length } of answerData(reply)) {
    if (type === Type.A || type === Type.AAAA) copy.fill(0, at, at + length);
  }
  return copy;
}

/** The records as they stand, but for those that are in an order left to chance: these are sorted, and stand at the end. */
function texts(sets: readonly RRset[]): readonly string[] {
  const textsOf = (set: RRset): readonly string[] =>
    Array.from({ length: recordCount(set) }, (_, i) => formatRecord(set, i) ?? '');
  const isDrawn = (set: RRset): boolean => isAddress(set) || set.type === Type.MX;
  const still = sets.filter((set) => !isDrawn(set)).flatMap(textsOf);
  return [...still, ...sets.filter(isDrawn).flatMap(textsOf).toSorted()];
}

function isTruncated(reply: Buffer): boolean {
  return (reply.readUInt16BE(2) & Flag.TC) !== 0;
}

/** What may differ in what was drawn. */
export type Verdict = 'same' | 'different' | 'sample';

/** How addresses and exchanges were put in order. */
export interface Order {
  /** In one that is left to chance. */
  readonly drawn: boolean;
  /** Addresses that begin like this, in hexadecimal digits, come first; empty for none. */
  readonly preferred: string;
}

/** `sample`: the same but for the addresses that are shown. */
export function compare(one: Buffer | undefined, other: Buffer | undefined, { drawn, preferred }: Order): Verdict {
  if (one === undefined || other === undefined) return one === other ? 'same' : 'different';
  if (one.equals(other)) return 'same';
  if (!drawn) return 'different';
  const [a, b] = [decode(one), decode(other)];
  if (hasOnlyOneSet(a) && hasOnlyOneSet(b)) {
    if (!masked(one).equals(masked(other))) return 'different';
    const groups = (reply: Buffer): string =>
      addressesOf(reply)
        .map((address) => (preferred !== '' && address.startsWith(preferred) ? 'first' : 'later'))
        .join();
    if (groups(one) !== groups(other)) return 'different';
    const equal = addressesOf(one).toSorted().join() === addressesOf(other).toSorted().join();
    if (equal) return 'same';
    return isTruncated(one) ? 'sample' : 'different';
  }
  // Records of several owners change places, and with them the octets of names that point to others.
  const rest = ({ id, flags, question, edns }: Message): string =>
    JSON.stringify({ id, flags, name: question?.name.toString(), edns });
  if (rest(a) !== rest(b)) return 'different';
  if (isTruncated(one)) return 'same';
  const sections = ({ answerRecords, authorityRecords, additionalRecords }: Message): string =>
    JSON.stringify([answerRecords, authorityRecords, additionalRecords].map(texts));
  return sections(a) === sections(b) ? 'same' : 'different';
}
