/** The `kubernetes` directive: its options and their errors as its manual page lists them. Its answers are the conformance suite's. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { reply } from '../../src/plugins/answer.ts';
import { apiSource } from '../../src/plugins/kubernetes/api-options.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import { readKubernetes } from '../../src/plugins/kubernetes/options.ts';
import type { Plugin } from '../../src/plugins/plugin.ts';
import { loadCorefile } from '../../src/corefile/corefile.ts';
import { Problems } from '../../src/corefile/problems.ts';
import { makeService, makeSlice } from '../cluster/objects.ts';
import { startTestServer } from '../support/server.ts';
import { type TestCluster, cluster, read } from './cluster.ts';
import { problemsOf as pluginProblemsOf, recordsOf } from './support.ts';

const problemsOf = (lines: string, zones = ['cluster.local']): readonly string[] =>
  read(kubernetes, lines, { zones }).problems;

function optionsOf(block: string, warnings = 0) {
  const problems = new Problems();
  const text = `cluster.local in-addr.arpa {\n${block}\n}\n`;
  const [directive] =
    loadCorefile({ kind: 'text', name: 'Corefile', text, folder: '/' }, {}, problems)?.blocks[0]?.directives ?? [];
  if (directive === undefined) throw new Error('no directive');
  const options = readKubernetes(directive, {
    zones: ['cluster.local.', 'in-addr.arpa.'],
    folder: '/etc/nodens',
    problems,
    usesOf: () => [],
  });
  expect(problems.list).toHaveLength(warnings);
  return options;
}

const withOption = (...lines: readonly string[]): string => `kubernetes {\n${lines.join('\n')}\n}`;

describe('options', () => {
  it('have their defaults', () => {
    expect(optionsOf('kubernetes')).toEqual({
      zones: ['cluster.local.', 'in-addr.arpa.'],
      fallthrough: [],
      ttl: 5,
      pods: 'disabled',
      endpointPodNames: false,
      noEndpoints: false,
      ignoreEmptyService: false,
      zonal: false,
      namespaces: undefined,
      namespaceLabels: undefined,
      labels: undefined,
      multicluster: [],
      api: {
        endpoint: undefined,
        tls: undefined,
        kubeconfig: undefined,
        qps: undefined,
        burst: undefined,
        maxInflight: undefined,
        startupTimeout: 5_000,
        snapshot: undefined,
      },
    });
  });

  it('are read', () => {
    const options = optionsOf(
      'kubernetes Other.Test 10.0.0.0/24 ' +
        `{
          ttl 0
          pods verified
          fallthrough in-addr.arpa
          namespaces shop
          namespaces Bank
          labels tier in (front, back), !canary
          endpoint_pod_names
          ignore empty_service
          zonal
          endpoint https://10.0.0.1:6443
          tls cert /keys/key ../ca
          apiserver_qps 1.5
          apiserver_burst 3
          apiserver_max_inflight 7
          startup_timeout 1m30s
          snapshot state 1h30m
        }`,
    );
    expect(options).toMatchObject({
      zones: ['other.test.', '0.0.10.in-addr.arpa.'],
      fallthrough: ['in-addr.arpa.'],
      ttl: 0,
      pods: 'verified',
      endpointPodNames: true,
      ignoreEmptyService: true,
      zonal: true,
      api: {
        endpoint: 'https://10.0.0.1:6443',
        tls: { certificate: '/etc/nodens/cert', key: '/keys/key', ca: '/etc/ca' },
        qps: 1.5,
        burst: 3,
        maxInflight: 7,
        startupTimeout: 90_000,
        snapshot: { path: '/etc/nodens/state', maxAge: 5_400_000 },
      },
    });
    expect([...(options.namespaces ?? [])]).toEqual(['shop', 'bank']);
    expect(options.labels?.text).toBe('tier in (front, back), !canary');
    expect(optionsOf(withOption('fallthrough')).fallthrough).toEqual(['.']);
    expect(optionsOf(withOption('noendpoints', 'ignore')).noEndpoints).toBe(true);
    expect(optionsOf(withOption('kubeconfig admin.conf')).api.kubeconfig).toEqual({ file: '/etc/nodens/admin.conf' });
    expect(optionsOf(withOption('kubeconfig /keys/config prod')).api.kubeconfig).toEqual({
      file: '/keys/config',
      context: 'prod',
    });
    expect(optionsOf(withOption('snapshot /run/nodens/state')).api.snapshot).toEqual({
      path: '/run/nodens/state',
      maxAge: 86_400_000,
    });
    expect(optionsOf(withOption('ttl 3600', 'namespace_labels a=b')).namespaceLabels?.text).toBe('a=b');
  });
});

describe('API options', () => {
  it.each([
    [['endpoint https://10.0.0.1:6443'], { kind: 'endpoint', url: 'https://10.0.0.1:6443', tls: undefined }],
    [['endpoint http://10.0.0.1:8080/k8s'], { kind: 'endpoint', url: 'http://10.0.0.1:8080/k8s', tls: undefined }],
    [['endpoint api:8080'], { kind: 'endpoint', url: 'http://api:8080', tls: undefined }],
    [
      ['tls c k a', 'endpoint api'],
      {
        kind: 'endpoint',
        url: 'https://api',
        tls: { certificate: '/etc/nodens/c', key: '/etc/nodens/k', ca: '/etc/nodens/a' },
      },
    ],
    [['kubeconfig a'], { kind: 'kubeconfig', file: '/etc/nodens/a', context: undefined }],
    [[], { kind: 'in-cluster' }],
  ])('%j', (lines, source) => {
    expect(apiSource(optionsOf(withOption(...lines)).api)).toEqual(source);
  });

  it('kubeconfig goes before endpoint', () => {
    const { api } = optionsOf(withOption('endpoint https://a', 'kubeconfig b c'), 1);
    expect(apiSource(api)).toEqual({ kind: 'kubeconfig', file: '/etc/nodens/b', context: 'c' });
  });

  it('a limit of 0 stands for the limit of the client', () => {
    const { api } = optionsOf(withOption('apiserver_qps 0', 'apiserver_burst 0', 'apiserver_max_inflight 0'));
    expect(api).toMatchObject({ qps: undefined, burst: undefined, maxInflight: undefined });
  });
});

it('endpoints that are not known leave no Service empty', () => {
  expect(optionsOf(withOption('noendpoints', 'ignore empty_service'), 1).ignoreEmptyService).toBe(false);
});

describe('errors of the manual page', () => {
  it.each([
    ['kubernetes\nkubernetes', /^'kubernetes' can be used once per server block/],
    ['kubernetes in-addr.arpa ip6.arpa', /^a zone that is not a reverse zone must be served/],
    ['kubernetes 10.0.0.0/8', /^a zone that is not a reverse zone must be served/],
    [withOption('ttl 3601'), /^ttl must be in range \[0, 3600\]: 3601/],
    [withOption('ttl -1'), /^ttl must be in range \[0, 3600\]: -1/],
    [withOption('pods some'), /^wrong value 'some'/],
    [
      withOption('namespaces a', 'namespace_labels b=c'),
      /^'namespaces' and 'namespace_labels' cannot be used together/,
    ],
    [withOption('zonal', 'noendpoints'), /^'zonal' needs endpoints, and 'noendpoints' leaves them out/],
    [withOption('multicluster clusterset.local'), /^multicluster zone 'clusterset.local.' is not served here/],
    [
      'kubernetes a in-addr.arpa {\nmulticluster in-addr.arpa\n}',
      /^multicluster zone 'in-addr.arpa.' is a reverse zone/,
    ],
    [
      'kubernetes a in-addr.arpa {\nmulticluster a\n}',
      /^PTR records point to names of this cluster, and none of the zones has them/,
    ],
    [withOption('endpoint_pod_name'), /^unknown option of 'kubernetes' 'endpoint_pod_name'/],
    [withOption('resyncperiod 5m'), /^'kubernetes' has no option 'resyncperiod' any more/],
    [withOption('upstream'), /^'kubernetes' has no option 'upstream' any more/],
    [withOption('transfer to *'), /^'kubernetes' has no option 'transfer' any more/],
    [withOption('ttl'), /^'ttl' needs an argument/],
    [withOption('ttl five'), /^'five' is not a whole number/],
    [withOption('tls cert key'), /^'tls' needs 3 arguments, not 2/],
    [withOption('namespaces'), /^'namespaces' needs an argument/],
    [withOption('labels a in b'), /^in 'a in b', at character 6/],
    [withOption('ignore services'), /^wrong value 'services'/],
    [withOption('apiserver_qps many'), /^'many' is not a rate/],
    [withOption('startup_timeout 5'), /^'5' is not a duration/],
    [withOption('apiserver_qps -1'), /^'-1' is not a rate/],
    [withOption('apiserver_burst -1'), /^apiserver_burst is out of range: -1/],
    [withOption('apiserver_max_inflight 1.5'), /^'1.5' is not a whole number/],
    [withOption('endpoint'), /^'endpoint' needs an argument/],
    [withOption('endpoint ftp://a'), /^'ftp:\/\/a' is not the URL of an API server/],
    [withOption('endpoint https://'), /^'https:\/\/' is not the URL of an API server/],
    [withOption('endpoint a:b'), /^'a:b' is not the URL of an API server/],
    [withOption('kubeconfig'), /^'kubeconfig' needs an argument/],
    [withOption('kubeconfig a b c'), /^'kubeconfig' takes at most 2 arguments, not 3/],
    [withOption('snapshot'), /^'snapshot' needs an argument/],
    [withOption('snapshot ""'), /^the name of the file is empty/],
    [withOption('snapshot a 1h b'), /^'snapshot' takes at most 2 arguments, not 3/],
    [withOption('snapshot a 0s'), /^the duration 0s is out of range/],
    [withOption('snapshot a soon'), /^'soon' is not a duration/],
    [withOption('snapshot a', 'snapshot b'), /^the snapshot is kept in \/a already/],
    [withOption('snapshot a {\n}'), /^'snapshot' takes no block/],
    [withOption('snapshoot a'), /^unknown option of 'kubernetes' 'snapshoot'/],
    [withOption('noendpoints yes'), /^'noendpoints' takes no arguments/],
    [withOption('ttl 5 {\n}'), /^'ttl' takes no block/],
  ])('%j', (lines, message) => {
    expect(problemsOf(lines)).toContainEqual(expect.stringMatching(message));
  });

  it('all of one directive are listed in one go', () => {
    expect(problemsOf(withOption('ttl 9999', 'pods some', 'nope'))).toHaveLength(3);
  });

  it.each([
    [['endpoint http://a http://b'], 'only the first endpoint is used'],
    [['tls cert key ca'], "'tls' has no effect without 'endpoint'"],
    [['kubeconfig admin.conf', 'tls cert key ca'], "'tls' has no effect without 'endpoint'"],
    [
      ['kubeconfig admin.conf', 'endpoint https://a', 'tls cert key ca'],
      "'endpoint' has no effect beside 'kubeconfig'",
    ],
    [['multicluster'], "'multicluster' without zones has no effect"],
    [['noendpoints', 'ignore empty_service'], "'ignore empty_service' has no effect with 'noendpoints'"],
  ])('%j is a warning, since CoreDNS starts with it', (lines, warning) => {
    const { setup, problems } = read(kubernetes, withOption(...lines), { zones: ['cluster.local'] });
    expect(problems).toEqual([`warning: ${warning}`]);
    expect(setup).toBeDefined();
  });

  it.each([
    ['pods insecure', 'pods verified', { pods: 'verified' }],
    ['pods verified', 'pods insecure', { pods: 'insecure' }],
    ['ttl 30', 'ttl 5', { ttl: 5 }],
    ['fallthrough', 'fallthrough in-addr.arpa', { fallthrough: ['in-addr.arpa.'] }],
    ['labels a=b', 'labels a=c', { labels: expect.objectContaining({ text: 'a=c' }) }],
    ['namespace_labels a=b', 'namespace_labels a=c', { namespaceLabels: expect.objectContaining({ text: 'a=c' }) }],
    ['zonal', 'zonal', { zonal: true }],
    ['startup_timeout 1s', 'startup_timeout 2s', { api: expect.objectContaining({ startupTimeout: 2_000 }) }],
    ['apiserver_qps 1', 'apiserver_qps 2', { api: expect.objectContaining({ qps: 2 }) }],
  ])('of %j and %j the last counts, with a warning on its line', (first, last, options) => {
    expect(optionsOf(withOption(first, 'endpoint_pod_names', last), 1)).toMatchObject(options);
    const option = last.replace(/ .*/, '');
    const [problem, ...others] = pluginProblemsOf(kubernetes, withOption(first, 'endpoint_pod_names', last));
    expect(problem).toContain(`Corefile:5:1: warning: this '${option}' replaces the one at Corefile:3:1`);
    expect(others).toEqual([]);
  });

  it('of three lines each names the one before', () => {
    expect(problemsOf(withOption('ttl 1', 'ttl 2', 'ttl 3'))).toEqual([
      "warning: this 'ttl' replaces the one at Corefile:3:1",
      "warning: this 'ttl' replaces the one at Corefile:4:1",
    ]);
  });

  it('what adds up may stand again', () => {
    expect(problemsOf(withOption('namespaces a', 'namespaces b'))).toEqual([]);
    expect(problemsOf('kubernetes cluster.local a.test b.test {\nmulticluster a.test\nmulticluster b.test\n}')).toEqual(
      [],
    );
    expect(problemsOf(withOption('endpoint https://a', 'endpoint https://b'))).toEqual([]);
  });
});

function fill({ state }: TestCluster): void {
  state.setNamespace({ name: 'default', labels: {} });
  state.setService(makeService({ clusterIPs: ['10.96.0.10'] }));
  state.setService(makeService({ name: 'db', kind: 'headless' }));
  state.setService(
    makeService({ name: 'alias', kind: 'external-name', externalName: 'web.default.svc.cluster.local' }),
  );
  state.setEndpointSlice(makeSlice({ name: 'db-1', service: 'db', addresses: ['10.244.0.1'] }));
  state.markSynced(['namespaces', 'services', 'endpointslices', 'pods']);
}

const BELOW: Plugin = { name: 'below', answer: () => reply({ rcode: 15 }) };
describe('zones that are outside of those of the block', () => {
  it.each([
    ['kubernetes cluster.local', ['example.org'], "'cluster.local' is outside of 'example.org'"],
    [
      'kubernetes cluster.local 10.0.0.0/24',
      ['example.org', '11.0.0.0/8'],
      "'cluster.local 10.0.0.0/24' are outside of 'example.org 11.in-addr.arpa'",
    ],
  ])('%s', (lines, zones, where) => {
    expect(problemsOf(lines, zones)).toEqual([`warning: no query comes so far: ${where}`]);
  });

  it.each([
    ['kubernetes cluster.local in-addr.arpa ip6.arpa', ['.']],
    ['kubernetes cluster.local in-addr.arpa ip6.arpa', ['cluster.local']],
    ['kubernetes cluster.local 10.96.0.0/12', ['10.0.0.0/8']],
    ['kubernetes .', ['cluster.local']],
    ['kubernetes', ['cluster.local']],
    ['kubernetes cluster.local\nrewrite name suffix .example.org .svc.cluster.local', ['example.org']],
    ['kubernetes cluster.local\nk8s_external example.org', ['example.org']],
    ['kubernetes cluster.local\nipv6 auto', ['example.org']],
    ['kubernetes cluster.local\nsearchpath {\n}', ['example.org']],
  ])('not so: %s', (lines, zones) => {
    expect(problemsOf(lines, zones)).toEqual([]);
  });
});

describe('fallthrough', () => {
  const PASSED = expect.objectContaining({ rcode: 15 });
  const NAME_ERROR = expect.objectContaining({ rcode: 3 });

  it.each([
    ['', [NAME_ERROR, NAME_ERROR]],
    ['fallthrough', [PASSED, PASSED]],
    ['fallthrough in-addr.arpa', [NAME_ERROR, PASSED]],
    ['fallthrough svc.cluster.local', [PASSED, NAME_ERROR]],
    ['fallthrough other.test', [NAME_ERROR, NAME_ERROR]],
  ])('%s', async (option, expected) => {
    const one = await cluster(`kubernetes cluster.local in-addr.arpa {\n${option}\n}`, [BELOW]);
    fill(one);
    expect(['x.default.svc.cluster.local.', '9.0.96.10.in-addr.arpa.'].map((name) => one.ask(name))).toEqual(expected);
    expect(one.ask('web.default.svc.cluster.local.', 'AAAA')).toMatchObject({ rcode: 0 });
    expect(one.ask('www.example.org.')).toEqual(PASSED);
  });
});

describe('classes', () => {
  it.each(['CH', 'HS', 'NONE'])('%s has no names of a cluster, and nobody else is asked for them', async (klass) => {
    const one = await cluster('kubernetes cluster.local {\nfallthrough\n}', [BELOW]);
    fill(one);
    for (const name of ['web.default.svc.cluster.local.', 'x.default.svc.cluster.local.', 'cluster.local.']) {
      expect(one.ask(name, 'A', klass)).toMatchObject({ kind: 'failure', rcode: 5 });
    }
    expect(one.ask('www.example.org.', 'A', klass)).toMatchObject({ rcode: 15 });
  });

  it('ANY is one of them that is IN', async () => {
    const one = await cluster('kubernetes cluster.local', [BELOW]);
    fill(one);
    expect(one.ask('web.default.svc.cluster.local.', 'A', 'ANY')).toMatchObject({ kind: 'reply', rcode: 0 });
  });
});

describe('the store', () => {
  it('is that of the manifests and the selector, and given back at the end', async () => {
    const one = await cluster('kubernetes cluster.local {\nlabels tier=front\n}', [], { fixtures: ['a.yaml', 'b'] });
    expect(one.sources).toMatchObject([{ kind: 'fixture', paths: ['a.yaml', 'b'], labels: { text: 'tier=front' } }]);
    expect(one.leases()).toBe(1);
    one.close();
    expect(one.leases()).toBe(0);
  });

  it('that cannot be opened says why', async () => {
    const { setup } = read(kubernetes, 'kubernetes', { zones: ['cluster.local'] });
    const stores = { acquire: () => Promise.reject(new Error('no such folder')) };
    const { host } = await cluster('kubernetes cluster.local');
    await expect(Promise.resolve(setup?.create({ ...host, stores }))).rejects.toThrow('no such folder');
  });
});

describe('the primary zone', () => {
  it('is the first that is not a reverse zone: PTR records point there', async () => {
    const one = await cluster('kubernetes in-addr.arpa second.test first.test');
    fill(one);
    const answer = one.ask('10.0.96.10.in-addr.arpa.', 'PTR');
    expect(answer.kind === 'reply' && recordsOf(answer.answers)).toEqual([
      '10.0.96.10.in-addr.arpa. 5 IN PTR web.default.svc.second.test.',
    ]);
  });
});

describe('name servers', () => {
  it('bug: a server behind a headless Service of thousands gave them all', async () => {
    const one = await cluster('kubernetes cluster.local', [], { ownAddresses: [Uint8Array.of(10, 1, 2, 3)] });
    fill(one);
    const addresses = Array.from({ length: 900 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    one.state.setService(makeService({ name: 'agents', kind: 'headless' }));
    one.state.setEndpointSlice(makeSlice({ name: 'agents', service: 'agents', addresses }));
    const answer = one.ask('cluster.local.', 'NS');
    if (answer.kind !== 'reply') throw new Error('no reply');
    expect(recordsOf(answer.answers)).toHaveLength(64);
    expect(recordsOf(answer.additional)).toHaveLength(64);
  });
});

describe('ExternalName through the whole server', () => {
  it('crosses blocks, and each block answers for itself', async () => {
    const server = await startTestServer({
      corefile: `
cluster.local {
  kubernetes
}
outside.test {
  hosts {
    192.0.2.7 www.outside.test
    ttl 60
  }
}
second.test {
  kubernetes {
    ttl 9
  }
}
`,
      manifests: [
        ['here', 'web.default.svc.cluster.local'],
        ['there', 'www.outside.test'],
        ['across', 'web.default.svc.second.test'],
        ['refused', 'www.nobody.test'],
      ]
        .map(
          ([name, target]) =>
            `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: ExternalName, externalName: ${target} }\n---\n`,
        )
        .concat('apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { clusterIP: 10.96.0.10 }\n')
        .join(''),
    });
    const ask = async (name: string): Promise<readonly string[]> => {
      const request = packet.encode({
        type: 'query',
        id: 1,
        questions: [{ type: 'A', name: `${name}.default.svc.cluster.local` }],
      });
      const { answers } = packet.decode(Buffer.from((await server.ask(request)) ?? []));
      return answers.map((one) =>
        one.type === 'A' || one.type === 'CNAME' ? `${one.ttl} ${one.type} ${one.data}` : one.type,
      );
    };
    try {
      expect(await ask('here')).toEqual(['5 CNAME web.default.svc.cluster.local', '5 A 10.96.0.10']);
      expect(await ask('there')).toEqual(['5 CNAME www.outside.test', '60 A 192.0.2.7']);
      expect(await ask('across')).toEqual(['5 CNAME web.default.svc.second.test', '9 A 10.96.0.10']);
      expect(await ask('refused')).toEqual(['5 CNAME www.nobody.test']);
    } finally {
      await server.close();
    }
  });
});
