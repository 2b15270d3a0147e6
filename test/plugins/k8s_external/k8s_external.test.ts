/** `k8s_external`: each sentence of its page that speaks of answers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/dns/address.ts';
import { Rcode } from '../../../src/dns/constants.ts';
import { type Answer, reply } from '../../../src/plugins/answer.ts';
import { k8sExternal } from '../../../src/plugins/k8s_external/k8s_external.ts';
import { kubernetes } from '../../../src/plugins/kubernetes/kubernetes.ts';
import type { Plugin } from '../../../src/plugins/plugin.ts';
import { makeService, makeSlice } from '../../cluster/objects.ts';
import { chained } from '../chained.ts';
import { answered, recordsOf, textOf } from '../support.ts';
import { type External, external } from './support.ts';

const HTTP = { name: 'http', protocol: 'tcp', number: 80 };
const DNS = { name: 'dns', protocol: 'udp', number: 53 };

function fill({ state }: External): void {
  state.setNamespace({ name: 'default', labels: {} });
  state.setNamespace({ name: 'shop', labels: {} });
  state.setService(makeService({ name: 'plain', clusterIPs: ['10.0.0.9'], ports: [HTTP] }));
  state.setService(
    makeService({
      clusterIPs: ['10.0.0.1'],
      ports: [HTTP, DNS],
      externalAddresses: ['203.0.113.1', '203.0.113.2', '2001:db8::1'],
    }),
  );
  state.setService(makeService({ namespace: 'shop', name: 'also', externalAddresses: ['203.0.113.1'] }));
  state.setService(makeService({ name: 'named', ports: [HTTP], externalAddresses: ['lb.example.net'] }));
  state.setService(makeService({ namespace: 'gone', externalAddresses: ['203.0.113.7'] }));
  state.setService(makeService({ name: 'head', kind: 'headless', ports: [HTTP] }));
  state.setEndpointSlice(
    makeSlice({
      name: 'head-1',
      service: 'head',
      ports: [HTTP],
      addresses: ['10.1.0.1', '10.1.0.2'],
      hostnames: ['one', ''],
    }),
  );
}

/** The negative answers of a zone: response code and why. */
function negative(answer: Answer): readonly string[] {
  if (answer.kind !== 'reply') throw new Error(JSON.stringify(textOf(answer)));
  expect(answer.answers).toEqual([]);
  expect(answer.authoritative).toBe(true);
  expect(recordsOf(answer.authority)).toEqual([expect.stringContaining(' SOA ns1.')]);
  return [answer.rcode === Rcode.NXDOMAIN ? 'NXDOMAIN' : 'NODATA', answer.explanation?.word ?? ''];
}

/** Says what it was asked. */
const passedTo: Plugin = {
  name: 'below',
  replayable: true,
  answer: ({ name, type }) =>
    reply({
      answers:
        type === 1 && name.toString() === 'lb.example.net.'
          ? [{ owner: name, type, class: 1, ttl: 60, kind: 'address', octets: Uint8Array.of(198, 51, 100, 7) }]
          : [],
      rcode: name.toString() === 'lb.example.net.' ? Rcode.NOERROR : Rcode.REFUSED,
    }),
};

let served: External;

beforeEach(async () => {
  served = await external('k8s_external example.org 113.0.203.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa', {
    below: [passedTo],
  });
  fill(served);
});

describe('the name of a Service', () => {
  it('stands for its external addresses, by family, in the case of the question', () => {
    expect(textOf(served.ask('Web.default.example.org'))).toEqual(
      answered('Web.default.example.org. 5 IN A 203.0.113.1', 'Web.default.example.org. 5 IN A 203.0.113.2'),
    );
    expect(textOf(served.ask('web.default.example.org', 'AAAA'))).toEqual(
      answered('web.default.example.org. 5 IN AAAA 2001:db8::1'),
    );
  });

  it('has no data of other types', () => {
    for (const type of ['TXT', 'MX', 'PTR', 'SOA', 'NS', 'HTTPS', 'CNAME']) {
      expect(negative(served.ask('web.default.example.org', type))).toEqual(['NODATA', 'no_such_type']);
    }
    expect(negative(served.ask('also.shop.example.org', 'AAAA'))).toEqual(['NODATA', 'no_such_type']);
  });

  it('does not exist without an external address, nor does what is below it', () => {
    expect(negative(served.ask('plain.default.example.org'))).toEqual(['NXDOMAIN', 'no_external_address']);
    expect(negative(served.ask('_http._tcp.plain.default.example.org', 'SRV'))).toEqual([
      'NXDOMAIN',
      'no_external_address',
    ]);
    expect(negative(served.ask('head.default.example.org'))).toEqual(['NXDOMAIN', 'no_external_address']);
    expect(negative(served.ask('none.default.example.org'))).toEqual(['NXDOMAIN', 'no_such_service']);
  });

  it('does not exist in a namespace that does not, whose own name does not either', () => {
    expect(negative(served.ask('web.gone.example.org'))).toEqual(['NXDOMAIN', 'no_such_namespace']);
    expect(negative(served.ask('gone.example.org'))).toEqual(['NXDOMAIN', 'no_such_namespace']);
    expect(negative(served.ask('default.example.org'))).toEqual(['NODATA', 'no_such_type']);
  });

  it('has no `svc` label', () => {
    expect(negative(served.ask('web.default.svc.example.org'))).toEqual(['NXDOMAIN', 'no_such_namespace']);
  });

  it('has nothing below it but its ports: a label more is another name', () => {
    expect(negative(served.ask('x.web.default.example.org'))).toEqual(['NXDOMAIN', 'no_such_endpoint']);
    expect(negative(served.ask('_tcp.web.default.example.org'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(served.ask('a.b.c.web.default.example.org'))).toEqual(['NXDOMAIN', 'no_such_name']);
  });

  it('follows its Service without a wait', () => {
    const { state, ask, query } = served;
    const before = query('plain.default.example.org').query;
    expect(before.account.holds).toBe(true);
    state.setService(makeService({ name: 'plain', externalAddresses: ['203.0.113.9'] }));
    expect(before.account.holds).toBe(false);
    expect(textOf(ask('plain.default.example.org'))).toEqual(answered('plain.default.example.org. 5 IN A 203.0.113.9'));
  });

  it('may be given again to whoever asks the same', () => {
    expect(served.query('web.default.example.org').query.replaying.allowed).toBe(true);
  });
});

describe('SRV records', () => {
  const targets = [
    'web.default.example.org. 5 IN A 203.0.113.1',
    'web.default.example.org. 5 IN A 203.0.113.2',
    'web.default.example.org. 5 IN AAAA 2001:db8::1',
  ];

  it('name each port, with the time to live of these zones and one weight, whose sum is about 100', () => {
    expect(textOf(served.ask('web.default.example.org', 'SRV'))).toEqual({
      ...answered(
        'web.default.example.org. 5 IN SRV 0 16 80 web.default.example.org.',
        'web.default.example.org. 5 IN SRV 0 16 53 web.default.example.org.',
      ),
      additional: targets,
    });
  });

  it('are there for one port and protocol, and not for others', () => {
    expect(textOf(served.ask('_http._tcp.web.default.example.org', 'SRV'))).toEqual({
      ...answered('_http._tcp.web.default.example.org. 5 IN SRV 0 33 80 web.default.example.org.'),
      additional: targets,
    });
    expect(negative(served.ask('_http._udp.web.default.example.org', 'SRV'))).toEqual(['NXDOMAIN', 'no_such_port']);
  });

  it('point at the host name of a load balancer, since no target may be an alias', () => {
    expect(textOf(served.ask('_http._tcp.named.default.example.org', 'SRV'))).toEqual(
      answered('_http._tcp.named.default.example.org. 5 IN SRV 0 100 80 lb.example.net.'),
    );
  });
});

describe('the host name of a load balancer', () => {
  it('is a CNAME with what the server itself says about it', () => {
    expect(textOf(served.ask('named.default.example.org'))).toEqual(
      answered('named.default.example.org. 5 IN CNAME lb.example.net.', 'lb.example.net. 60 IN A 198.51.100.7'),
    );
    const alone = answered('named.default.example.org. 5 IN CNAME lb.example.net.');
    expect(textOf(served.ask('named.default.example.org', 'CNAME'))).toEqual(alone);
    expect(textOf(served.ask('named.default.example.org', 'AAAA'))).toEqual(alone);
  });

  it('stands alone where the look-up of it fails', () => {
    served.state.setService(makeService({ name: 'named', externalAddresses: ['other.example.net'] }));
    expect(textOf(served.ask('named.default.example.org'))).toEqual(
      answered('named.default.example.org. 5 IN CNAME other.example.net.'),
    );
  });

  it('gives way to addresses, and only the first of several counts', () => {
    const { state, ask } = served;
    state.setService(makeService({ name: 'named', externalAddresses: ['a.example.net', '203.0.113.3'] }));
    expect(textOf(ask('named.default.example.org'))).toEqual(answered('named.default.example.org. 5 IN A 203.0.113.3'));
    state.setService(makeService({ name: 'named', externalAddresses: ['a.example.net', 'b.example.net'] }));
    expect(textOf(ask('named.default.example.org', 'CNAME'))).toEqual(
      answered('named.default.example.org. 5 IN CNAME a.example.net.'),
    );
  });

  it('does not lead to itself, nor round and round', () => {
    const { state, ask } = served;
    state.setService(makeService({ name: 'named', externalAddresses: ['x.named.default.example.org'] }));
    expect(negative(ask('named.default.example.org'))).toEqual(['NODATA', 'endless_alias']);
    state.setService(makeService({ name: 'named', externalAddresses: ['other.default.example.org'] }));
    state.setService(makeService({ name: 'other', externalAddresses: ['named.default.example.org'] }));
    const answer = ask('named.default.example.org');
    expect(answer.kind === 'reply' && answer.answers.length).toBeLessThan(20);
  });

  it('that is no name is none', () => {
    served.state.setService(makeService({ name: 'named', externalAddresses: ['a..b'] }));
    expect(negative(served.ask('named.default.example.org'))).toEqual(['NXDOMAIN', 'no_external_address']);
  });
});

describe('`headless`', () => {
  it('shows headless Services by their ready endpoints, and each of those by its own name', async () => {
    const one = await external('k8s_external example.org {\nheadless\n}');
    fill(one);
    expect(textOf(one.ask('head.default.example.org'))).toEqual(
      answered('head.default.example.org. 5 IN A 10.1.0.1', 'head.default.example.org. 5 IN A 10.1.0.2'),
    );
    expect(textOf(one.ask('one.head.default.example.org'))).toEqual(
      answered('one.head.default.example.org. 5 IN A 10.1.0.1'),
    );
    expect(textOf(one.ask('_http._tcp.head.default.example.org', 'SRV'))).toEqual({
      ...answered(
        '_http._tcp.head.default.example.org. 5 IN SRV 0 50 80 one.head.default.example.org.',
        '_http._tcp.head.default.example.org. 5 IN SRV 0 50 80 10-1-0-2.head.default.example.org.',
      ),
      additional: [
        'one.head.default.example.org. 5 IN A 10.1.0.1',
        '10-1-0-2.head.default.example.org. 5 IN A 10.1.0.2',
      ],
    });
    expect(negative(one.ask('two.head.default.example.org'))).toEqual(['NXDOMAIN', 'no_such_endpoint']);
    expect(negative(one.ask('plain.default.example.org'))).toEqual(['NXDOMAIN', 'no_external_address']);
    one.state.removeEndpointSlice('default', 'head-1');
    expect(negative(one.ask('head.default.example.org'))).toEqual(['NXDOMAIN', 'no_ready_endpoints']);
  });

  it('leaves a headless Service with an external address to that', async () => {
    const one = await external('k8s_external example.org {\nheadless\n}');
    fill(one);
    one.state.setService(makeService({ name: 'head', kind: 'headless', externalAddresses: ['203.0.113.4'] }));
    expect(textOf(one.ask('head.default.example.org'))).toEqual(
      answered('head.default.example.org. 5 IN A 203.0.113.4'),
    );
    expect(negative(one.ask('one.head.default.example.org'))).toEqual(['NXDOMAIN', 'no_such_endpoint']);
  });

  it('has no effect where the cluster is served without endpoints', async () => {
    const one = await external('k8s_external example.org {\nheadless\n}\nkubernetes cluster.local {\nnoendpoints\n}');
    fill(one);
    expect(negative(one.ask('head.default.example.org'))).toEqual(['NXDOMAIN', 'endpoints_not_served']);
  });
});

describe('reverse names', () => {
  it('give each Service that has the address, in the first zone, in the order of the names', () => {
    expect(textOf(served.ask('1.113.0.203.in-addr.arpa', 'PTR'))).toEqual(
      answered(
        '1.113.0.203.in-addr.arpa. 5 IN PTR web.default.example.org.',
        '1.113.0.203.in-addr.arpa. 5 IN PTR also.shop.example.org.',
      ),
    );
  });

  it('do not exist for the addresses of hidden Services and of nobody', () => {
    expect(negative(served.ask('7.113.0.203.in-addr.arpa', 'PTR'))).toEqual(['NXDOMAIN', 'no_such_address']);
    expect(negative(served.ask('99.113.0.203.in-addr.arpa', 'PTR'))).toEqual(['NXDOMAIN', 'no_such_address']);
    expect(negative(served.ask('x.default.113.0.203.in-addr.arpa', 'A'))).toEqual(['NXDOMAIN', 'no_such_name']);
  });

  it('exist for every type, and so do the names above them (RFC 8020)', () => {
    expect(negative(served.ask('1.113.0.203.in-addr.arpa', 'A'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(served.ask('0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', 'PTR'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(served.ask('1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', 'PTR'))).toEqual(['NXDOMAIN', 'no_such_address']);
  });

  it('follow their Services without a wait', () => {
    const { state, query, ask } = served;
    const gone = query('2.113.0.203.in-addr.arpa', 'PTR').query;
    const above = query('0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', 'PTR').query;
    const come = query('5.113.0.203.in-addr.arpa', 'PTR').query;
    state.setService(makeService({ externalAddresses: ['203.0.113.5'] }));
    expect([gone, above, come].map(({ account }) => account.holds)).toEqual([false, false, false]);
    expect(negative(ask('2.113.0.203.in-addr.arpa', 'PTR'))).toEqual(['NXDOMAIN', 'no_such_address']);
    state.removeService('default', 'web');
    expect(negative(ask('5.113.0.203.in-addr.arpa', 'PTR'))).toEqual(['NXDOMAIN', 'no_such_address']);
  });
});

describe('the apex', () => {
  const own = parseAddress('10.1.0.2');

  it('has SOA and NS, and no data of other types', async () => {
    const one = await external('k8s_external example.org', {
      ownAddresses: [Uint8Array.of(192, 0, 2, 53)],
      now: () => 1_700_000_000_000,
    });
    fill(one);
    expect(textOf(one.ask('example.org', 'SOA'))).toEqual(
      answered('example.org. 5 IN SOA ns1.dns.example.org. hostmaster.dns.example.org. 1700000000 7200 1800 86400 5'),
    );
    expect(textOf(one.ask('EXAMPLE.org', 'NS'))).toEqual({
      ...answered('example.org. 5 IN NS ns1.dns.example.org.'),
      additional: ['ns1.dns.example.org. 5 IN A 192.0.2.53'],
    });
    expect(negative(one.ask('example.org'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(one.ask('dns.example.org'))).toEqual(['NODATA', 'no_such_type']);
    expect(textOf(one.ask('NS1.dns.example.org'))).toEqual(answered('NS1.dns.example.org. 5 IN A 192.0.2.53'));
    expect(negative(one.ask('ns1.dns.example.org', 'AAAA'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(one.ask('x.dns.example.org'))).toEqual(['NXDOMAIN', 'no_such_name']);
  });

  it('is served at the external addresses of the Service in front of the server', async () => {
    if (own === undefined) throw new Error('no address');
    const one = await external('k8s_external example.org', { ownAddresses: [own] });
    fill(one);
    one.state.setEndpointSlice(makeSlice({ name: 'web-1', addresses: ['10.1.0.2'] }));
    expect(textOf(one.ask('ns1.dns.example.org'))).toEqual(
      answered('ns1.dns.example.org. 5 IN A 203.0.113.1', 'ns1.dns.example.org. 5 IN A 203.0.113.2'),
    );
    expect(textOf(one.ask('ns1.dns.example.org', 'AAAA'))).toEqual(
      answered('ns1.dns.example.org. 5 IN AAAA 2001:db8::1'),
    );
    const { query } = one.query('ns1.dns.example.org');
    one.state.setService(makeService({ externalAddresses: ['203.0.113.8'] }));
    expect(query.account.holds).toBe(false);
  });

  it('has another label with `apex`, and another time to live with `ttl`', async () => {
    const one = await external('k8s_external example.org {\napex Meta\nttl 30\n}', {
      ownAddresses: [Uint8Array.of(192, 0, 2, 53)],
    });
    fill(one);
    expect(textOf(one.ask('ns1.meta.example.org'))).toEqual(answered('ns1.meta.example.org. 30 IN A 192.0.2.53'));
    expect(negative(one.ask('ns1.dns.example.org'))).toEqual(['NXDOMAIN', 'no_such_namespace']);
    expect(textOf(one.ask('_http._tcp.web.default.example.org', 'SRV'))).toMatchObject({
      answers: [expect.stringContaining(' 30 IN SRV')],
    });
    expect(textOf(one.ask('example.org', 'SOA'))).toMatchObject({
      answers: [expect.stringMatching(/^example.org. 30 .* 30$/)],
    });
  });
});

describe('the serial', () => {
  const serialOf = ({ ask }: External): number => {
    const answer = ask('example.org', 'SOA');
    const [set] = answer.kind === 'reply' ? answer.answers : [];
    return set?.kind === 'soa' ? set.soa.serial : -1;
  };

  it('is the time of the last change of a Service with external addresses, and of endpoints with `headless`', async () => {
    let now = 1_000;
    const [plain, headless] = await Promise.all([
      external('k8s_external example.org', { now: () => now * 1000 }),
      external('k8s_external example.org {\nheadless\n}', { now: () => now * 1000 }),
    ]);
    const serials = (): readonly number[] => [serialOf(plain), serialOf(headless)];
    const both = (change: (one: External) => void): void => [plain, headless].forEach(change);
    expect(serials()).toEqual([0, 0]);
    both(fill);
    expect(serials()).toEqual([1_000, 1_000]);
    now = 2_000;
    both(({ state }) => state.setService(makeService({ name: 'plain', clusterIPs: ['10.0.0.8'] })));
    expect(serials()).toEqual([1_000, 2_000]);
    now = 3_000;
    both(({ state }) => state.setService(makeService({ name: 'plain', externalAddresses: ['203.0.113.9'] })));
    expect(serials()).toEqual([3_000, 3_000]);
    now = 4_000;
    both(({ state }) => state.removeService('default', 'plain'));
    expect(serials()).toEqual([4_000, 4_000]);
    now = 5_000;
    both(({ state }) => state.removeEndpointSlice('default', 'head-1'));
    expect(serials()).toEqual([4_000, 5_000]);
  });
});

it.each([
  ['IN', 'NOERROR'],
  ['ANY', 'NOERROR'],
  ['CH', 'REFUSED'],
])('has records of class IN alone: a question of class %s is %s', async (klass, rcode) => {
  const one = await chained(
    'kubernetes cluster.local\nk8s_external example.org',
    [k8sExternal, kubernetes],
    [passedTo],
  );
  one.state.setNamespace({ name: 'default', labels: {} });
  one.state.setService(makeService({ externalAddresses: ['203.0.113.1'] }));
  one.state.markSynced(['namespaces', 'services', 'endpointslices']);
  const answer = await one.answer(one.query('web.default.example.org.', 'A', { class: klass }));
  expect(textOf(answer)).toMatchObject({ rcode });
});

describe('`fallthrough`', () => {
  it('passes on names that do not exist, and nothing of the apex', async () => {
    const one = await external('k8s_external example.org {\nfallthrough default.example.org\n}', { below: [passedTo] });
    fill(one);
    expect(textOf(one.ask('none.default.example.org'))).toMatchObject({ rcode: 'REFUSED' });
    expect(negative(one.ask('web.default.example.org', 'TXT'))).toEqual(['NODATA', 'no_such_type']);
    expect(negative(one.ask('web.gone.example.org'))).toEqual(['NXDOMAIN', 'no_such_namespace']);
    const all = await external('k8s_external example.org {\nfallthrough\n}', { below: [passedTo] });
    fill(all);
    expect(textOf(all.ask('web.gone.example.org'))).toMatchObject({ rcode: 'REFUSED' });
    expect(negative(all.ask('x.dns.example.org'))).toEqual(['NXDOMAIN', 'no_such_name']);
  });
});

describe('beside `kubernetes`', () => {
  it('names of the cluster and of nobody go to the next plugin', () => {
    expect(textOf(served.ask('web.default.svc.cluster.local'))).toEqual(
      answered('web.default.svc.cluster.local. 5 IN A 10.0.0.1'),
    );
    expect(textOf(served.ask('elsewhere.test'))).toMatchObject({ rcode: 'REFUSED' });
  });

  it('zones are matched by labels, not by characters: CVE-2026-33489', () => {
    for (const name of ['web.default.notexample.org', 'web.default.example.org.test', 'org', 'example.organic']) {
      expect(textOf(served.ask(name))).toMatchObject({ rcode: 'REFUSED' });
    }
  });

  it('namespaces that it hides are hidden here, in both directions', async () => {
    const one = await external(
      'k8s_external example.org 113.0.203.in-addr.arpa\nkubernetes cluster.local {\nnamespaces shop\n}',
    );
    fill(one);
    expect(negative(one.ask('web.default.example.org'))).toEqual(['NXDOMAIN', 'no_shown_namespace']);
    expect(textOf(one.ask('1.113.0.203.in-addr.arpa', 'PTR'))).toEqual(
      answered('1.113.0.203.in-addr.arpa. 5 IN PTR also.shop.example.org.'),
    );
  });

  it('zones are not transferred without `transfer`', () => {
    expect(textOf(served.ask('example.org', 'AXFR'))).toBe('REFUSED');
  });
});

describe('while the cluster is not known', () => {
  it('nothing is said of Services, nor where the name server is; the SOA is there', async () => {
    const one = await external('k8s_external example.org 113.0.203.in-addr.arpa {\nfallthrough\nheadless\n}', {
      isUnknown: true,
      below: [passedTo],
      ownAddresses: [Uint8Array.of(192, 0, 2, 53)],
    });
    const unknown = 'SERVFAIL the cluster has not been listed completely yet';
    for (const name of ['web.default.example.org', 'default.example.org', 'ns1.dns.example.org']) {
      expect(textOf(one.ask(name))).toBe(unknown);
    }
    expect(textOf(one.ask('1.113.0.203.in-addr.arpa', 'PTR'))).toBe(unknown);
    expect(textOf(one.ask('example.org', 'SOA'))).toMatchObject({ rcode: 'NOERROR' });
    expect(textOf(one.ask('example.org', 'NS'))).toEqual(answered('example.org. 5 IN NS ns1.dns.example.org.'));
    const before = one.query('web.default.example.org').query;
    one.state.markSynced(['namespaces']);
    expect(before.account.holds).toBe(false);
    expect(textOf(one.ask('gone.example.org'))).toMatchObject({ rcode: 'REFUSED' });
    fill(one);
    expect(textOf(one.ask('web.default.example.org'))).toBe(unknown);
    one.state.markSynced(['services']);
    expect(textOf(one.ask('web.default.example.org'))).toMatchObject({ rcode: 'NOERROR' });
    expect(textOf(one.ask('head.default.example.org'))).toBe(unknown);
    one.state.markSynced(['endpointslices']);
    expect(textOf(one.ask('head.default.example.org'))).toMatchObject({ rcode: 'NOERROR' });
  });

  it('a snapshot is served for a short time, and says so', async () => {
    const one = await external('k8s_external example.org {\nttl 300\n}', { isUnknown: true });
    fill(one);
    one.state.mark(['namespaces', 'services', 'endpointslices'], 'stale');
    const answer = one.ask('web.default.example.org');
    expect(textOf(answer)).toMatchObject({ answers: [expect.stringContaining(' 30 IN A'), expect.anything()] });
    expect(answer.kind === 'reply' && answer.explanation?.word).toBe('stale_cluster');
    const none = one.ask('none.default.example.org');
    expect(none.kind === 'reply' && none.explanation?.word).toBe('stale_cluster_negative');
  });
});
