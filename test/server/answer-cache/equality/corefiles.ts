/** Corefiles for one address, put together from directives that change answers or count them. */
import * as fc from 'fast-check';
import type { Order } from './replies.ts';

export interface Directives {
  readonly ttl: number;
  readonly pods: string;
  readonly loadbalance: string;
  readonly cache: string;
  readonly bufsize: boolean;
  readonly prometheus: boolean;
  readonly log: string;
  readonly extras: readonly string[];
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

/** Each of them is there in one of two Corefiles. */
const EXTRAS = [
  'errors',
  'local',
  'searchpath {\ncomplete\nsearch hosts.test\nshort_names a\n}',
  'autopath . RESOLV2',
  'file BRANCH branch.test {\nreload 0\n}',
  'cancel',
  'loop',
  'transfer cluster.local {\nto *\n}',
  'hosts HOSTS hosts.test {\n192.0.2.6 box.hosts.test\nttl 60\nreload 20ms\nfallthrough\n}',
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
  'acl {\nblock type AAAA\nfilter type TXT\n}',
  'acl example {\nfilter type A net 203.0.113.0/24\nallow\n}',
  'acl few.a.svc.cluster.local {\nblock\n}',
  'header {\nresponse set ra\nresponse clear aa\n}',
  'minimal',
  'any',
  'nsid here',
  'chaos 1 somebody',
  'dns64 {\nallow_ipv4\n}',
  'ipv6 filter',
  "view some {\nexpr type() == 'A' || name() startsWith 'w' || incidr(client_ip(), '192.0.2.0/24')\n}",
  'k8s_external out.test {\nheadless\n}',
  'metadata',
];

/** Answers that are for one client alone, which may keep all others of the block from being given again. */
const OF_THE_CLIENT = template('TXT', '^client', '{{ .Name }} 60 IN TXT {{ .Remote }} {{ .Question.Name }}');

function template(type: string, match: string, ...answers: readonly string[]): readonly string[] {
  const records = answers.map((answer) => `answer "${answer}"`).join('\n');
  return [`template IN ${type} template.test {\nmatch "${match}"\n${records}\nfallthrough\n}`];
}

const chosenExtras = fc
  .tuple(fc.subarray(EXTRAS), fc.subarray(POLICIES, { maxLength: 3 }), fc.nat(9))
  .map(([some, policies, chance]) => [...some, ...policies, ...(chance === 9 ? OF_THE_CLIENT : [])]);

export const directives: fc.Arbitrary<Directives> = fc.record({
  ttl: fc.constantFrom(5, 30),
  pods: fc.constantFrom('insecure', 'verified', 'disabled'),
  loadbalance: fc.constantFrom(...LOADBALANCE),
  cache: fc.constantFrom(...CACHES),
  bufsize: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  prometheus: fc.boolean(),
  log: fc.constantFrom(...LOGS),
  extras: chosenExtras,
});

/** How replies are put in order. */
export function orderOf({ loadbalance }: Directives): Order {
  return { drawn: loadbalance !== '', preferred: loadbalance === PREFER ? '0a02' : '' };
}

export function corefileOf({ ttl, pods, loadbalance, cache, bufsize, prometheus, log, extras }: Directives): string {
  const lines = [
    ...(prometheus ? ['prometheus 127.0.0.1:0'] : []),
    ...(bufsize ? ['bufsize 800'] : []),
    log,
    ...extras,
    `kubernetes cluster.local in-addr.arpa ip6.arpa {\nttl ${ttl}\npods ${pods}\nfallthrough in-addr.arpa ip6.arpa\n}`,
    'forward . 198.51.100.1',
    cache,
    loadbalance,
  ];
  const other = 'zone.test {\ntemplate IN ANY {\nanswer "{{ .Name }} 60 IN A 192.0.2.61"\n}\n}';
  return `. {\n${lines.filter((line) => line !== '').join('\n')}\n}\n${other}\n`;
}
