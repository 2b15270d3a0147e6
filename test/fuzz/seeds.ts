/** What the fuzzer starts from: valid queries of every kind for the names of the fixture, and packets made to do harm. */
import dnsPacket from 'dns-packet';

export const corefile = `
whoami.test {
  errors
  whoami
}
. {
  errors {
    consolidate 1h ".*"
  }
  hosts hosts.test {
    192.0.2.10 www.hosts.test
    2001:db8::10 www.hosts.test
    fallthrough
  }
  template IN TXT template.test {
    answer "{{ .Name }} 60 IN TXT \\"{{ .Name }}\\""
  }
  local
  searchpath {
    complete
    short_names
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
    ttl 5
  }
}
`;

/** Asked again and again: its answer is known. */
export const controlName = 'nginx.default.svc.cluster.local';

const names = [
  controlName,
  'dual.default.svc.cluster.local',
  'web.default.svc.cluster.local',
  'web-0.web.default.svc.cluster.local',
  'many.default.svc.cluster.local',
  'outside.default.svc.cluster.local',
  'cart.shop.svc.cluster.local',
  '_http._tcp.web.default.svc.cluster.local',
  '_http._tcp.many.default.svc.cluster.local',
  '_tcp.web.default.svc.cluster.local',
  '10-244-0-1.default.pod.cluster.local',
  '*.default.svc.cluster.local',
  'absent.default.svc.cluster.local',
  'svc.cluster.local',
  'cluster.local',
  'ns.dns.cluster.local',
  'dns-version.cluster.local',
  '80.0.96.10.in-addr.arpa',
  '1.0.244.10.in-addr.arpa',
  '0.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa',
  '10.in-addr.arpa',
  'nginx',
  'nginx.default',
  'cart.shop.svc',
  'whoami.test',
  'www.hosts.test',
  'a.template.test',
  'localhost',
  'example.org',
  '.',
];

const types = ['A', 'AAAA', 'SRV', 'TXT', 'PTR', 'CNAME', 'NS', 'SOA', 'MX', 'ANY', 'DS', 'AXFR', 'IXFR', 'HTTPS'];

const RECURSION_DESIRED = 0x0100;
const OPCODE_SHIFT = 11;
const NOTIFY = 4;

const edns = [
  { size: 1232, flags: 0, options: [] },
  { size: 4096, flags: 0x8000, options: [{ code: 10, data: Buffer.alloc(8, 7) }] },
  { size: 512, flags: 0, options: [{ code: 12, data: Buffer.alloc(300) }] },
  {
    size: 0xffff,
    flags: 0xffff,
    options: [
      { code: 3, data: Buffer.alloc(0) },
      { code: 8, data: Buffer.alloc(8) },
    ],
  },
] as const;

export function query(name: string, type: string, flags = RECURSION_DESIRED): Buffer {
  return dnsPacket.encode({ id: 0, type: 'query', flags, questions: [{ name, type }] });
}

function queryWithEdns(name: string, type: string, index: number): Buffer {
  const { size, flags, options } = edns[index % edns.length] ?? edns[0];
  return dnsPacket.encode({
    id: 0,
    type: 'query',
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: size, extendedRcode: 0, ednsVersion: 0, flags, options }],
  });
}

/** Every second letter a capital, as resolvers do that guard against forged replies. */
function mixedCase(name: string): string {
  return name.replaceAll(/[a-z]/g, (letter, at: number) => (at % 2 === 0 ? letter.toUpperCase() : letter));
}

function message(counts: readonly number[], body: Buffer | string, flags = RECURSION_DESIRED): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(flags, 2);
  counts.forEach((count, i) => header.writeUInt16BE(count, 4 + 2 * i));
  return Buffer.concat([header, typeof body === 'string' ? Buffer.from(body, 'latin1') : body]);
}

const A_IN = '\0\x01\0\x01';

/** Shapes that have hurt DNS software. */
function harmful(): readonly Buffer[] {
  const chain = Buffer.alloc(2 * 1000);
  for (let i = 0; i < 1000; i++) chain.writeUInt16BE(0xc000 | (i === 0 ? 12 : 12 + 5 + 11 + 2 * (i - 1)), 2 * i);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(chain.length);
  const chained = Buffer.concat([
    Buffer.from(`\0${A_IN}\0\0\x0a\0\x01\0\0\0\0`, 'latin1'),
    length,
    chain,
    Buffer.from([0xc0 | ((12 + 5 + 11 + 2 * 999) >> 8), (12 + 5 + 11 + 2 * 999) & 0xff]),
    Buffer.from('\0\x01\0\x01\0\0\0\0\0\0', 'latin1'),
  ]);
  return [
    message([1, 0, 0, 0], `\xc0\x0c${A_IN}`),
    message([1, 0, 0, 0], `\x01a\xc0\x0c${A_IN}`),
    message([1, 0, 0, 0], `\xc0\0${A_IN}`),
    message([1, 0, 0, 0], `${'\x01a'.repeat(127)}\0${A_IN}`),
    message([1, 0, 0, 0], `${'\x01a'.repeat(128)}\0${A_IN}`),
    message([1, 0, 0, 0], `${`\x3f${'A'.repeat(63)}`.repeat(3)}\x3d${'A'.repeat(61)}\0${A_IN}`),
    message([1, 0, 0, 0], `\x05a.b\0c\x03svc\x07cluster\x05local\0${A_IN}`),
    message([1, 0, 0, 2], chained),
    message([1, 0, 0, 1], `\0${A_IN}\0\0\x29\x10\0\0\0\0\0\x02\0${'\0\x0c\0\0'.repeat(128)}`),
    message([1, 0, 0, 1], `\0${A_IN}\0\0\x29\x10\0\0\x01\0\0\0\0`),
    message([1, 0, 0, 2], `\0${A_IN}${'\0\0\x29\x10\0\0\0\0\0\0\0'.repeat(2)}`),
    message([1, 0, 0, 0], ''),
    message([0xffff, 0xffff, 0xffff, 0xffff], `\0${A_IN}`),
    message(
      [1, 1, 0, 0],
      `\x07cluster\x05local\0\0\x06\0\x01\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x16\xc0\x0c\xc0\x0c${'\0'.repeat(18)}`,
    ),
    Buffer.alloc(0),
    Buffer.alloc(11),
    Buffer.alloc(12),
  ];
}

export const seeds: readonly Buffer[] = [
  ...names.flatMap((name) => types.map((type) => query(name, type))),
  ...names.flatMap((name, i) => types.map((type, j) => queryWithEdns(mixedCase(name), type, i + j))),
  ...names.map((name) => query(name, 'SOA', NOTIFY << OPCODE_SHIFT)),
  ...harmful(),
];
