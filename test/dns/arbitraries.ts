/** Names, RRsets and messages for property tests: every kind of record, names that share suffixes, and both of odd shape. */
import * as fc from 'fast-check';
import { Class, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import type { OutgoingEdns, OutgoingMessage } from '../../src/dns/writer.ts';

const octet = fc.integer({ min: 0, max: 255 });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** RFC 2181 §8 */
const ttl = fc.integer({ min: 0, max: 0x7fff_ffff });

/** What a label is made of: any octet at all, or letters, digits and hyphens, which every decoder shows as they are. */
export type Alphabet = 'octets' | 'host';

const hostCharacters = Array.from('abcxyzABCXYZ0189-_');

function label(alphabet: Alphabet): fc.Arbitrary<string> {
  const unit =
    alphabet === 'host' ? fc.constantFrom(...hostCharacters) : octet.map((value) => String.fromCharCode(value));
  return fc.oneof(
    { weight: 8, arbitrary: fc.string({ unit, minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.string({ unit, minLength: 60, maxLength: 63 }) },
  );
}

/** Names of which many end alike; up to the longest. */
export function anyName(alphabet: Alphabet = 'octets'): fc.Arbitrary<Name> {
  const suffix = fc.constantFrom('.', 'local', 'cluster.local', 'svc.Cluster.local', 'ns.svc.cluster.LOCAL');
  const labels = fc.oneof(
    { weight: 8, arbitrary: fc.array(label(alphabet), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom('a', 'B'), { minLength: 100, maxLength: 116 }) },
  );
  return fc
    .tuple(labels, suffix)
    .map(([front, end]) => Name.fromLabels(front, Name.fromText(end)))
    .filter((name) => name !== undefined);
}

function octets(most: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ maxLength: most });
}

/** RRsets of every kind, of no record up to a dozen. */
export function anyRRset(alphabet: Alphabet = 'octets'): fc.Arbitrary<RRset> {
  const name = anyName(alphabet);
  const header = <T extends number>(
    type: T,
  ): Record<'owner', fc.Arbitrary<Name>> & { type: fc.Arbitrary<T> } & {
    class: fc.Arbitrary<number>;
    ttl: fc.Arbitrary<number>;
  } => ({ owner: name, type: fc.constant(type), class: fc.constant(Class.IN), ttl });
  const some = { maxLength: 12 };
  const text =
    alphabet === 'host' ? fc.string({ maxLength: 20 }).map((value) => new Uint8Array(Buffer.from(value))) : octets(255);
  const kinds: fc.Arbitrary<RRset>[] = [
    ...[4, 16].map((size) =>
      fc.record({
        ...header(size === 4 ? Type.A : Type.AAAA),
        kind: fc.constant('address' as const),
        octets: fc
          .array(fc.uint8Array({ minLength: size, maxLength: size }), some)
          .map((addresses) => new Uint8Array(Buffer.concat(addresses))),
      }),
    ),
    ...[Type.CNAME, Type.NS, Type.PTR].map((type) =>
      fc.record({ ...header(type), kind: fc.constant('name' as const), targets: fc.array(name, some) }),
    ),
    fc.record({
      ...header(Type.SRV),
      kind: fc.constant('srv' as const),
      services: fc.array(fc.record({ priority: uint16, weight: uint16, port: uint16, target: name }), some),
    }),
    fc.record({
      ...header(Type.TXT),
      kind: fc.constant('text' as const),
      texts: fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), some),
    }),
    fc.record({
      ...header(Type.MX),
      kind: fc.constant('mx' as const),
      exchanges: fc.array(fc.record({ preference: uint16, exchange: name }), some),
    }),
    fc.record({
      ...header(Type.SOA),
      kind: fc.constant('soa' as const),
      soa: fc.record({
        primary: name,
        mailbox: name,
        serial: uint32,
        refresh: uint32,
        retry: uint32,
        expire: uint32,
        minimum: uint32,
      }),
    }),
  ];
  if (alphabet === 'octets') {
    kinds.push(
      fc.record({ ...header(Type.DNAME), kind: fc.constant('name' as const), targets: fc.array(name, some) }),
      fc.record({
        ...header(65_280),
        class: uint16,
        kind: fc.constant('opaque' as const),
        data: fc.array(octets(300), some),
      }),
    );
  }
  return fc.oneof(...kinds);
}

const edns: fc.Arbitrary<OutgoingEdns> = fc.record({
  udpSize: uint16,
  dnssecOk: fc.boolean(),
  options: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ code: fc.integer({ min: 100, max: 0xffff }), data: octets(120) }), {
        maxLength: 4,
      }),
    },
  ),
});

/** Replies with a question, whose owners are the question's name more often than not. */
export function anyMessage(alphabet: Alphabet = 'octets'): fc.Arbitrary<OutgoingMessage> {
  const section = fc.array(anyRRset(alphabet), { maxLength: 3 });
  return fc
    .record({
      id: uint16,
      flags: fc.constantFrom(0x8000, 0x8400, 0x8500, 0x8180),
      rcode: fc.constantFrom(0, 3, 5),
      question: fc.record({ name: anyName(alphabet), type: fc.constant(Type.A), class: fc.constant(Class.IN) }),
      answers: section,
      authority: section,
      additional: section,
      edns: fc.option(edns, { nil: undefined }),
      below: fc.array(fc.constantFrom('same', 'below', 'other'), { minLength: 9, maxLength: 9 }),
    })
    .map(({ below, ...message }) => ({
      ...message,
      answers: message.answers.map((set, i) => ({ ...set, owner: moved(set.owner, message.question.name, below[i]) })),
    }));
}

function moved(owner: Name, question: Name, where: string | undefined): Name {
  if (where === 'same') return question;
  return where === 'below' ? (Name.fromLabels(['web-0'], question) ?? question) : owner;
}
