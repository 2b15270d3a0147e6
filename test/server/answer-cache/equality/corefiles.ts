/** Corefiles for one address, put together from directives that change answers or count them. */
import * as fc from 'fast-check';
import type { Order } from './replies.ts';

export interface Directives {
  readonly ttl: number;
  readonly pods: string;
  readonly loadbalance: string;
  readonly cache: string;
  readonly bufsize: string;
  readonly prometheus: boolean;
  readonly log: string;
  readonly extras: readonly string[];
  /** Options of kubernetes. */
  readonly kubernetes: readonly string[];
  /** For whom a block of the same address stands before the other, or nothing. */
  readonly before: string;
}

const PREFER = 'loadbalance round_robin {\nprefer 10.2.0.0/16\n}';
const WEIGHTED = 'loadbalance weighted WEIGHTS {\nreload 0\n}';
const LOADBALANCE = ['', '', 'loadbalance', 'loadbalance', PREFER, WEIGHTED];

const CACHES = [
  '',
  'cache 30',
  'cache 30',
  'cache',
  'cache {\nprefetch 4 1m 90%\n}',
  'cache {\nserve_stale 1h immediate\nprefetch 3 1m 70%\n}',
  'cache {\nserve_stale 1h verify\nservfail 2s\n}',
  'cache {\nkeepttl\nsuccess 3 20 0\ndenial 2 10\n}',
];

const LOGS = ['', '', '', '', '', 'log', 'log . {\nclass denial error\n}', 'log hosts.test example'];

const NAMES_OF_OTHERS = '192.0.2.7 gone.b.svc.cluster.local one.b.svc.cluster.local';

/** Each of them is there in one of two Corefiles; of those of one name, where that may stand once only, one. */
const EXTRAS = [
  'errors',
  'local',
  'searchpath {\ncomplete\nsearch hosts.test\nshort_names a\n}',
  'searchpath {\ncomplete\nsearch corp.example\nshort_names a\n}',
  'autopath . RESOLV2',
  'file BRANCH branch.test {\nreload 0\n}',
  'cancel',
  'loop',
  'transfer cluster.local {\nto *\n}',
  'hosts HOSTS hosts.test {\n192.0.2.6 box.hosts.test\nttl 60\nreload 20ms\nfallthrough\n}',
  `hosts {\n${NAMES_OF_OTHERS}\nfallthrough\n}`,
  ...template('ANY', '^plain', '{{ .Name }} 60 IN A 192.0.2.60'),
  ...template('A', '^alias', '{{ .Name }} 60 IN CNAME web.a.svc.cluster.local.'),
  ...template('A', '^out', '{{ .Name }} 60 IN CNAME many.example.'),
  ...template('A', '^both', '{{ .Name }} 60 IN CNAME one.example.', '{{ .Name }} 60 IN CNAME brief.example.'),
  'template ANY ANY blocked.test {\nrcode NXDOMAIN\nauthority "blocked.test. 60 IN SOA ns.blocked.test. x.blocked.test. 1 60 60 60 60"\nederror 15 "blocked"\n}',
];

/** Up to three of them are there: they change questions and answers, or say who gets any. */
const POLICIES = [
  'rewrite name suffix .old.test .a.svc.cluster.local answer auto',
  'rewrite name exact shop.test web.a.svc.cluster.local answer auto',
  'rewrite name regex (.*)\\.moved\\.test {1}.example answer name (.*)\\.example {1}.moved.test',
  'rewrite type MX A',
  'rewrite ttl suffix .example 5-20',
  'rewrite ttl exact web.a.svc.cluster.local 7',
  'rewrite rcode suffix .test NXDOMAIN NOERROR',
  'rewrite ttl suffix .example -9',
  'rewrite class CH IN',
  'rewrite cname exact one.example. brief.example.',
  'rewrite name suffix .plain.test .template.test answer auto',
  'rewrite edns0 local set 65001 0xab',
  'acl {\nblock type AAAA\nfilter type TXT\n}',
  'acl example {\nfilter type A net 203.0.113.0/24\nallow\n}',
  'acl few.a.svc.cluster.local {\nblock\n}',
  'header {\nquery clear rd\n}',
  'header {\nresponse set ra\nresponse clear aa\n}',
  'minimal',
  'any',
  'nsid here',
  'chaos 1 somebody',
  'dns64',
  'dns64 {\nallow_ipv4\n}',
  'dns64 {\ntranslate_all\nallow_ipv4\n}',
  'ipv6 filter',
  "view some {\nexpr type() == 'A' || name() startsWith 'w' || incidr(client_ip(), '192.0.2.0/24')\n}",
  "view others {\nexpr do() || type() in ['A', 'SRV']\n}",
  'k8s_external out.test {\nheadless\n}',
  'metadata',
];

/** Answers that are for one client alone, which may keep all others of the block from being given again. */
const OF_THE_CLIENT = template('TXT', '^client', '{{ .Name }} 60 IN TXT {{ .Remote }} {{ .Question.Name }}');

const KUBERNETES = ['fallthrough', 'ignore empty_service', 'noendpoints', 'namespaces a', 'endpoint_pod_names'];
const REVERSE = 'fallthrough in-addr.arpa ip6.arpa';

const BEFORE = [
  'view secure {\nexpr do()\n}',
  "view near {\nexpr incidr(client_ip(), '192.0.2.0/24')\n}",
  "metadata\nview web {\nexpr name() startsWith 'many' || metadata('kubernetes/service') == 'web'\n}",
];

function template(type: string, match: string, ...answers: readonly string[]): readonly string[] {
  const records = answers.map((answer) => `answer "${answer}"`).join('\n');
  return [`template IN ${type} template.test {\nmatch "${match}"\n${records}\nfallthrough\n}`];
}

/** May stand several times in a block. */
const REPEATED: ReadonlySet<string> = new Set(['rewrite', 'template', 'file']);

function withoutSecond(all: readonly string[]): readonly string[] {
  const name = (text: string): string => text.split(/\s/, 1)[0] ?? '';
  const first = new Map(all.map((text) => [REPEATED.has(name(text)) ? text : name(text), text]));
  return [...first.values()];
}

const chosenExtras = fc
  .tuple(fc.shuffledSubarray(EXTRAS), fc.shuffledSubarray(POLICIES, { maxLength: 3 }), fc.nat(9))
  .map(([some, policies, chance]) => withoutSecond([...some, ...policies, ...(chance === 9 ? OF_THE_CLIENT : [])]));

export const directives: fc.Arbitrary<Directives> = fc.record({
  ttl: fc.constantFrom(5, 30),
  pods: fc.constantFrom('insecure', 'verified', 'disabled'),
  loadbalance: fc.constantFrom(...LOADBALANCE),
  cache: fc.constantFrom(...CACHES),
  bufsize: fc.constantFrom('', '', '', 'bufsize 800', 'bufsize 600'),
  prometheus: fc.boolean(),
  log: fc.constantFrom(...LOGS),
  extras: chosenExtras,
  kubernetes: fc.oneof(fc.constant([]), fc.subarray(KUBERNETES, { maxLength: 3 })),
  before: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(...BEFORE) }),
});

/** How replies are put in order. */
export function orderOf({ loadbalance }: Directives): Order {
  return { drawn: loadbalance !== '', preferred: loadbalance === PREFER ? '0a02' : '' };
}

export function corefileOf(of: Directives): string {
  const blocks = [...(of.before === '' ? [] : [blockBefore(of)]), mainBlock(of), OTHER_ZONE];
  return blocks.map(({ zone, lines }) => `${zone} {\n${lines.filter(Boolean).join('\n')}\n}\n`).join('');
}

interface Block {
  readonly zone: string;
  readonly lines: readonly string[];
}

const OTHER_ZONE: Block = {
  zone: 'zone.test',
  lines: ['template IN ANY {\nanswer "{{ .Name }} 60 IN A 192.0.2.61"\n}'],
};

function mainBlock(of: Directives): Block {
  const options = [`ttl ${of.ttl}`, `pods ${of.pods}`, ...of.kubernetes];
  if (!of.kubernetes.includes('fallthrough')) options.push(REVERSE);
  return {
    zone: '.',
    lines: [
      metricsOf(of),
      of.bufsize,
      of.log,
      ...of.extras,
      `kubernetes cluster.local in-addr.arpa ip6.arpa {\n${options.join('\n')}\n}`,
      'forward . 198.51.100.1',
      of.cache,
      of.loadbalance,
    ],
  };
}

/** Answers the same names with other TTLs, and out of a cache of its own. */
function blockBefore(of: Directives): Block {
  return {
    zone: '.',
    lines: [
      metricsOf(of),
      of.before,
      'kubernetes cluster.local in-addr.arpa {\nttl 9\nfallthrough in-addr.arpa\n}',
      'cache 20',
      'forward . 198.51.100.1',
    ],
  };
}

function metricsOf({ prometheus }: Directives): string {
  return prometheus ? 'prometheus 127.0.0.1:0' : '';
}
