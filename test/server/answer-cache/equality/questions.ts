/** Random questions out of a world so small that they meet its changes, and that many are asked again. */
import * as fc from 'fast-check';
import type { Endpoints } from '../../../../src/transport/transport.ts';
import { type EdnsParts, requestOf, spelt } from '../requests.ts';
import { namespaces, services } from './changes.ts';
import { externalNames } from './upstream.ts';

const clusterNames = namespaces.flatMap((namespace) => [
  ...services.map((name) => `${name}.${namespace}.svc.cluster.local`),
  ...['_http._tcp.web', '_http._tcp.few', '_http._tcp.many', '_dns._udp.one', 'h0.few', '10-1-0-1.few', 'h0.one'].map(
    (name) => `${name}.${namespace}.svc.cluster.local`,
  ),
  `gone.${namespace}.svc.cluster.local`,
  `${namespace}.svc.cluster.local`,
  `10-1-0-1.${namespace}.pod.cluster.local`,
  `many.${namespace}`,
  ...[
    'one.example',
    'many.example',
    'gone.example',
    'host.corp.example',
    'box.test',
    'box.hosts.test',
    'plain.template.test',
  ].map((name) => `${name}.${namespace}.svc.cluster.local`),
]);

/** Asked as often as all the others together. */
const favourites = [
  'web.a.svc.cluster.local',
  'few.a.svc.cluster.local',
  'many.a.svc.cluster.local',
  'huge.a.svc.cluster.local',
  'ext.a.svc.cluster.local',
  'many.example',
  'alias.example',
  'gone.example',
  'plain.template.test',
];

const names: readonly string[] = [
  ...clusterNames,
  'cluster.local',
  'svc.cluster.local',
  'ns.dns.cluster.local',
  'dns-version.cluster.local',
  'web',
  '1.0.1.10.in-addr.arpa',
  '2.0.1.10.in-addr.arpa',
  '7.0.96.10.in-addr.arpa',
  '0.1.10.in-addr.arpa',
  'box.hosts.test',
  'pair.hosts.test',
  'none.hosts.test',
  '5.2.0.192.in-addr.arpa',
  'localhost',
  'localhost.a.svc.cluster.local',
  '1.0.0.127.in-addr.arpa',
  'plain.template.test',
  'client.template.test',
  'alias.template.test',
  'out.template.test',
  'both.template.test',
  'blocked.test',
  'plain.plain.test',
  'web.old.test',
  'many.old.test',
  'one.moved.test',
  'shop.test',
  'box.to.branch.test',
  'x.any.branch.test',
  'x.any.up.branch.test',
  'gone.branch.test',
  'web.a.out.test',
  'few.a.out.test',
  'out.test',
  'other.zone.test',
  '',
  'com',
  ...externalNames,
];

/** A AAAA SRV TXT PTR SOA NS MX CNAME HTTPS ANY DS, one that has no name, a transfer. */
const type = fc.oneof(
  { weight: 6, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constant(28) },
  { weight: 2, arbitrary: fc.constant(33) },
  { weight: 3, arbitrary: fc.constantFrom(16, 12, 6, 2, 15, 5, 65, 97, 255, 43, 65_280, 252) },
);

/** IN; sometimes ANY, CH, NONE. */
const klass = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constantFrom(255, 3, 254) },
);

const RD = 0x0100;
const AD = 0x0020;
const CD = 0x0010;

/** RD, AD and CD; rarely what a query should not have: AA, TC, Z, RA. */
const flags = fc.oneof(
  { weight: 6, arbitrary: fc.constant(RD) },
  { weight: 4, arbitrary: fc.constantFrom(0, AD, CD, RD | AD, RD | CD, RD | AD | CD) },
  { weight: 1, arbitrary: fc.constantFrom(0x0400 | RD, 0x0200, 0x0040 | RD, 0x0080) },
);

/** EDNS as a kind of client always sends it; cookies, an option that nobody knows, and a wrong version are rare. */
const edns: fc.Arbitrary<EdnsParts | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc.record({
      size: fc.constantFrom(512, 1232, 1400, 4096, 65_535, 100),
      dnssecOk: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<EdnsParts>(
      { size: 1232, options: Uint8Array.of(0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8) },
      { size: 1232, options: Uint8Array.of(0, 11, 0, 0) },
      { size: 1232, options: Uint8Array.of(0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2) },
      { size: 1232, options: Uint8Array.of(0xfd, 0xe9, 0, 1, 9) },
      { size: 1232, version: 1 },
    ),
  },
);

/** What makes two requests the same question. */
export interface Form {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly flags: number;
  readonly edns: EdnsParts | undefined;
  readonly protocol: 'udp' | 'tcp';
}

/** In what two requests for the same may differ. */
export interface Occasion {
  readonly id: number;
  readonly spelling: number;
  /** Takes another UDP size that leaves as much room, where there is one. */
  readonly otherSize: boolean;
  readonly client: Partial<Endpoints>;
  /** Where the request stands in its memory. */
  readonly before: number;
}

const protocol = fc.oneof(
  { weight: 3, arbitrary: fc.constant('udp' as const) },
  { weight: 1, arbitrary: fc.constant('tcp' as const) },
);

const anyForm: fc.Arbitrary<Form> = fc.record({
  name: fc.oneof(fc.constantFrom(...favourites), fc.constantFrom(...names)),
  type,
  class: klass,
  flags,
  edns,
  protocol,
});

/** SRV of headless Services: the addresses of the targets stand beside them, where there is room. */
const ports: fc.Arbitrary<Form> = fc.record({
  name: fc
    .constantFrom('few.a', 'few.b', '_http._tcp.few.a', '_http._tcp.many.a')
    .map((name) => `${name}.svc.cluster.local`),
  type: fc.constant(33),
  class: fc.constant(1),
  flags: fc.constant(RD),
  edns: fc.constantFrom(undefined, { size: 1232 }),
  protocol: fc.constantFrom('udp', 'tcp'),
});

export const form: fc.Arbitrary<Form> = fc.oneof({ weight: 5, arbitrary: anyForm }, { weight: 1, arbitrary: ports });

/** One thing about a question that makes it another. */
export const variation: fc.Arbitrary<Partial<Form>> = fc.oneof(
  fc.record({ type }),
  fc.record({ class: fc.constantFrom(1, 3) }),
  fc.record({ flags: fc.constantFrom(RD, RD | AD, RD | CD, 0) }),
  fc.record({ edns }),
  fc.record({ edns: fc.constantFrom(512, 1232, 4096).map((size) => ({ size })) }),
  fc.record({ protocol: fc.constantFrom('udp' as const, 'tcp' as const) }),
);

export const occasion: fc.Arbitrary<Occasion> = fc.record({
  id: fc.integer({ min: 0, max: 0xffff }),
  spelling: fc.oneof(fc.constant(0), fc.integer()),
  otherSize: fc.boolean(),
  client: fc.constantFrom<Partial<Endpoints>>(
    {},
    { clientAddress: '192.0.2.77', clientPort: 9 },
    { clientFamily: 6, clientAddress: '2001:db8::77' },
  ),
  before: fc.constantFrom(0, 2, 77),
});

function sizeOf(size: number, otherSize: boolean): number {
  if (!otherSize) return size;
  if (size <= 512) return size === 100 ? 512 : 100;
  return size < 4096 ? size : 4096 + 65_535 - size;
}

export function octetsOf(asked: Form, { id, spelling, otherSize }: Occasion): Buffer {
  const { name, edns: own, ...rest } = asked;
  return requestOf({
    ...rest,
    id,
    name: spelt(name, spelling),
    edns: own && { ...own, size: sizeOf(own.size, otherSize) },
  });
}
