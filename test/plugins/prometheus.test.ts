/** `prometheus`: what it counts of each query, where it serves it, and what it does not take. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { Rcode, typeOf } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { parseRecord } from '../../src/dns/presentation.ts';
import { type Answer, failure, reply, whenAnswered } from '../../src/plugins/answer.ts';
import type { Host, Next, Plugin } from '../../src/plugins/plugin.ts';
import { prometheus } from '../../src/plugins/prometheus/prometheus.ts';
import { DROPPED, QueryMetrics } from '../../src/plugins/prometheus/report.ts';
import { Query, type Resolver } from '../../src/plugins/query.ts';
import { linkChain } from '../../src/server/chain.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { expectProblem } from './problems.ts';
import { redo } from './replay.ts';
import { type TestHost, ask, makeHost, makeQuery, next, problemsOf, serve } from './support.ts';
import { explain } from '../../src/plugins/reasons.ts';

const ADDRESS = '127.0.0.1 9153 /metrics';

/** `host.block` of these zones, with the plugins of a usual chain. */
function blockOf(zones: readonly string[], servers: readonly string[] = ['dns://:53']): Host['block'] {
  return { zones, servers, view: '', plugins: ['prometheus', 'whoami'], fingerprintFrom: (plugin) => plugin };
}

/** What a scrape gives: the value of each series. */
function scrape(host: TestHost, at = ADDRESS): ReadonlyMap<string, number> {
  const lines = host.http.get(at)?.().body.split('\n') ?? [];
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** The series of one metric, without its name. */
function seriesOf(host: TestHost, name: string): Readonly<Record<string, number>> {
  const own = [...scrape(host)].filter(([series]) => series.startsWith(`${name}{`));
  return Object.fromEntries(own.map(([series, value]) => [series.slice(name.length), value]));
}

const parsed = parseRecord('a.test. 5 IN A 192.0.2.1', { origin: Name.root, ttl: 5 });
if (parsed.kind === 'error') throw new Error(parsed.message);
const positive = reply({ answers: [parsed.set] });

/** A plugin that gives this answer, as the last of a chain. */
const writer = (name: string, answer: Answer): Plugin => ({ name, answer: () => answer });

const WHERE = 'server="dns://:53"';

describe('prometheus, what is counted', () => {
  it('is each query, its answer, both sizes and the time between them', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    const slow: Next = {
      answer() {
        host.clock.advance(3);
        return positive;
      },
    };
    expect(ask(plugin, makeQuery('a.test.', 'A', { edns: { dnssecOk: true } }), slow)).toBe(positive);
    expect(seriesOf(host, 'coredns_dns_requests_total')).toEqual({
      [`{family="1",proto="udp",${WHERE},type="A",view="",zone="."}`]: 1,
    });
    expect(seriesOf(host, 'coredns_dns_do_requests_total')).toEqual({ [`{${WHERE},view="",zone="."}`]: 1 });
    // Header, name, type and class; and an address record with its owner name written out.
    const sizes = `{proto="udp",${WHERE},view="",zone="."}`;
    expect(seriesOf(host, 'coredns_dns_request_size_bytes_sum')).toEqual({ [sizes]: 12 + 8 + 4 });
    expect(seriesOf(host, 'coredns_dns_response_size_bytes_sum')).toEqual({ [sizes]: 12 + 8 + 4 + 8 + 10 + 4 });
    expect(seriesOf(host, 'coredns_dns_request_duration_seconds_sum')).toEqual({
      [`{${WHERE},view="",zone="."}`]: 0.003,
    });
  });

  it('has the buckets of CoreDNS', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    ask(plugin, makeQuery('a.test.', 'A'));
    const limits = (name: string): readonly string[] =>
      Object.keys(seriesOf(host, `${name}_bucket`)).map((series) => /le="([^"]*)"/.exec(series)?.[1] ?? '');
    expect(limits('coredns_dns_request_duration_seconds')).toEqual(
      '0.00025 0.0005 0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 +Inf'.split(
        ' ',
      ),
    );
    for (const name of ['coredns_dns_request_size_bytes', 'coredns_dns_response_size_bytes']) {
      expect(limits(name)).toEqual('0 100 200 300 400 511 1023 2047 4095 8291 16000 32000 48000 64000 +Inf'.split(' '));
    }
  });

  it('is told apart by protocol, address family and type, of which a client cannot make more', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    const types = 'A AAAA CNAME DNSKEY DS MX NSEC NSEC3 NS PTR RRSIG SOA SRV TXT HTTPS SVCB IXFR AXFR ANY'.split(' ');
    for (const type of [...types, 'HINFO', 'CAA', 'TYPE0', 'TYPE65280', 'TYPE65535']) {
      ask(plugin, makeQuery('x.', type));
    }
    ask(plugin, makeQuery('x.', 'A', { client: { protocol: 'tcp', clientFamily: 6 } }));
    const label = (type: string): string => `{family="1",proto="udp",${WHERE},type="${type}",view="",zone="."}`;
    expect(seriesOf(host, 'coredns_dns_requests_total')).toEqual({
      ...Object.fromEntries(types.map((type) => [label(type), 1])),
      [label('other')]: 5,
      [`{family="2",proto="tcp",${WHERE},type="A",view="",zone="."}`]: 1,
    });
    expect(seriesOf(host, 'coredns_dns_request_size_bytes_count')).toMatchObject({
      [`{proto="tcp",${WHERE},view="",zone="."}`]: 1,
    });
  });

  it('belongs to the longest zone of the block that the name is in, and to the address that was asked', async () => {
    const zones = ['test.', 'a.test.', '10.in-addr.arpa.'];
    const host = makeHost({ block: blockOf(zones, ['dns://:53', 'dns://192.0.2.53:53']) });
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    const resolver = { server: 'dns://192.0.2.53:53', resolve: () => positive };
    for (const name of ['X.A.Test.', 'a.test.', 'b.test.', 'ba.test.', '1.10.in-addr.arpa.']) {
      ask(plugin, makeQuery(name, 'A'));
    }
    ask(plugin, makeQuery('a.test.', 'A', { resolver }));
    const label = (zone: string, server = 'dns://:53'): string => `{server="${server}",view="",zone="${zone}"}`;
    expect(seriesOf(host, 'coredns_dns_request_duration_seconds_count')).toEqual({
      [label('a.test.')]: 2,
      [label('test.')]: 2,
      [label('10.in-addr.arpa.')]: 1,
      [label('a.test.', 'dns://192.0.2.53:53')]: 1,
    });
  });

  it('names the plugin that wrote the reply, and none where the server does', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    const passing: Plugin = { name: 'errors', answer: (query, below) => below.answer(query) };
    const through = (last: Plugin): void => {
      void linkChain([plugin, passing, last])?.answer(makeQuery('a.test.', 'A'));
    };
    through(writer('kubernetes', positive));
    through(writer('kubernetes', reply({ rcode: Rcode.NXDOMAIN })));
    through(writer('forward', reply({ rcode: 4000 })));
    through(writer('forward', reply({ rcode: 4001 })));
    through(writer('forward', failure(Rcode.SERVFAIL, explain('internalError'), 'no upstream answered')));
    through(writer('forward', { kind: 'silence' }));
    const label = (rcode: string, name: string): string =>
      `{plugin="${name}",rcode="${rcode}",${WHERE},view="",zone="."}`;
    expect(seriesOf(host, 'coredns_dns_responses_total')).toEqual({
      [label('NOERROR', 'kubernetes')]: 1,
      [label('NXDOMAIN', 'kubernetes')]: 1,
      [label('other', 'forward')]: 2,
      [label('SERVFAIL', '')]: 1,
      [label('NOERROR', '')]: 1,
    });
  });

  it('takes the size of a failure for the question alone, and of a silence for 0', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    ask(plugin, makeQuery('a.test.', 'A'), next(failure(Rcode.SERVFAIL, explain('internalError'))));
    ask(plugin, makeQuery('a.test.', 'A'), next({ kind: 'silence' }));
    expect(Object.values(seriesOf(host, 'coredns_dns_response_size_bytes_sum'))).toEqual([24]);
    expect(Object.values(seriesOf(host, 'coredns_dns_response_size_bytes_bucket')).slice(0, 2)).toEqual([1, 2]);
  });

  it('waits for an answer that comes later, and counts none that never comes', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    let arrive = (_answer: Answer): void => undefined;
    const outcome = plugin.answer(makeQuery('a.test.', 'A'), next(new Promise((resolve) => void (arrive = resolve))));
    expect(seriesOf(host, 'coredns_dns_responses_total')).toEqual({});
    host.clock.advance(1500);
    arrive(positive);
    expect(await outcome).toBe(positive);
    expect(Object.values(seriesOf(host, 'coredns_dns_responses_total'))).toEqual([1]);
    expect(Object.values(seriesOf(host, 'coredns_dns_request_duration_seconds_sum'))).toEqual([1.5]);

    const broken = plugin.answer(makeQuery('a.test.', 'A'), next(Promise.reject(new Error('broken'))));
    await expect(broken).rejects.toThrow('broken');
    expect(Object.values(seriesOf(host, 'coredns_dns_responses_total'))).toEqual([1]);
  });

  it('goes on from where it was after a reload', async () => {
    const host = makeHost();
    const before = await serve(prometheus, 'prometheus', { host });
    ask(before.plugin, makeQuery('a.test.', 'A'));
    const after = await serve(prometheus, 'prometheus', { host });
    before.close();
    ask(after.plugin, makeQuery('a.test.', 'A'));
    expect(Object.values(seriesOf(host, 'coredns_dns_requests_total'))).toEqual([2]);
  });

  it('adds up, whatever is asked', async () => {
    const queries = fc.array(
      fc.record({
        name: fc.constantFrom('x.a.test.', 'b.test.', 'test.'),
        type: fc.constantFrom('A', 'SRV', 'TYPE300'),
        protocol: fc.constantFrom('udp' as const, 'tcp' as const),
        clientFamily: fc.constantFrom(4 as const, 6 as const),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(queries, async (asked) => {
        const host = makeHost({ block: blockOf(['test.', 'a.test.']) });
        const { plugin } = await serve(prometheus, 'prometheus', { host });
        for (const { name, type, ...client } of asked) ask(plugin, makeQuery(name, type, { client }));
        const total = (name: string): number => Object.values(seriesOf(host, name)).reduce((sum, one) => sum + one, 0);
        for (const name of ['requests_total', 'responses_total', 'request_size_bytes_count']) {
          expect(total(`coredns_dns_${name}`)).toBe(asked.length);
        }
        expect(total('coredns_dns_response_size_bytes_count')).toBe(asked.length);
        expect(total('coredns_dns_request_duration_seconds_count')).toBe(asked.length);
        const tcp = Object.entries(seriesOf(host, 'coredns_dns_requests_total')).filter(([series]) =>
          series.includes('proto="tcp"'),
        );
        expect(tcp.reduce((sum, [, value]) => sum + value, 0)).toBe(
          asked.filter(({ protocol }) => protocol === 'tcp').length,
        );
      }),
      { numRuns: 30 },
    );
  });
});

/** One client's query after another that all have the same answer. */
interface Repeated {
  readonly type: string;
  readonly protocol: 'udp' | 'tcp';
  readonly dnssecOk: boolean;
  readonly answer: Answer;
  readonly plugin: string;
  readonly clients: readonly { readonly clientFamily: 4 | 6; readonly size: number; readonly duration: number }[];
}

/** The metrics when each of the queries went down the chain, or when only the first did. */
async function countedBy(way: 'chain' | 'replay', repeated: readonly Repeated[]): Promise<string> {
  const host = makeHost({ block: blockOf(['.', 'test.']) });
  const { plugin } = await serve(prometheus, 'prometheus', { host });
  for (const { type, protocol, dnssecOk, answer, plugin: name, clients } of repeated) {
    let first: Query | undefined;
    for (const { clientFamily, size, duration } of clients) {
      if (first !== undefined && way === 'replay') {
        redo(first, { clientFamily, requestSize: size, duration });
        continue;
      }
      const slow: Plugin = {
        name,
        replayable: true,
        answer() {
          host.clock.advance(duration);
          return answer;
        },
      };
      const { question, request, client, account } = makeQuery('a.test.', type, {
        client: { protocol, clientFamily },
        edns: { dnssecOk },
      });
      const query = new Query(question, request, size, client, account, { server: 'dns://:53', resolve: () => answer });
      void linkChain([plugin, slow])?.answer(query);
      expect(query.replaying.allowed).toBe(true);
      first ??= query;
    }
  }
  return host.metrics.render();
}

describe('prometheus, an answer that is given again', () => {
  const answers: readonly Answer[] = [
    positive,
    reply({ rcode: Rcode.NXDOMAIN }),
    reply({ rcode: 4000 }),
    reply({ rcode: 4001 }),
    failure(Rcode.SERVFAIL, explain('internalError')),
    { kind: 'silence' },
  ];
  const clients = fc.record({
    clientFamily: fc.constantFrom(4 as const, 6 as const),
    size: fc.integer({ min: 17, max: 700 }),
    duration: fc.integer({ min: 0, max: 20 }),
  });
  const repeated: fc.Arbitrary<Repeated> = fc.record({
    type: fc.constantFrom('A', 'AAAA', 'TYPE300'),
    protocol: fc.constantFrom('udp' as const, 'tcp' as const),
    dnssecOk: fc.boolean(),
    answer: fc.constantFrom(...answers),
    plugin: fc.constantFrom('kubernetes', 'forward'),
    clients: fc.array(clients, { minLength: 1, maxLength: 5 }),
  });

  it('is counted as the first one was, by every metric', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(repeated, { maxLength: 6 }), async (queries) => {
        expect(await countedBy('replay', queries)).toBe(await countedBy('chain', queries));
      }),
      { numRuns: 60 },
    );
  });

  it('makes no series of its own', async () => {
    const host = makeHost();
    const { plugin } = await serve(prometheus, 'prometheus', { host });
    const query = makeQuery('a.test.', 'A', { edns: { dnssecOk: true } });
    ask(plugin, query, next(positive));
    const before = [...scrape(host).keys()];
    redo(query);
    expect([...scrape(host).keys()]).toEqual(before);
    redo(query, { clientFamily: 6, requestSize: 40, duration: 1 });
    expect(seriesOf(host, 'coredns_dns_requests_total')).toEqual({
      [`{family="1",proto="udp",${WHERE},type="A",view="",zone="."}`]: 2,
      [`{family="2",proto="udp",${WHERE},type="A",view="",zone="."}`]: 1,
    });
  });

  it('is counted with the look-ups that it took, those without an answer included', async () => {
    const counted = async (way: 'chain' | 'replay'): Promise<string> => {
      const host = makeHost();
      const { plugin } = await serve(prometheus, 'prometheus', { host });
      const alias: Plugin = {
        name: 'alias',
        replayable: true,
        answer: (query) =>
          query.name.labelCount === 0
            ? failure(Rcode.REFUSED, explain('noServerBlock'))
            : whenAnswered(query.lookup(Name.root, query.type), () => positive),
      };
      const chain = linkChain([plugin, alias]);
      const resolver: Resolver = {
        server: 'dns://:53',
        resolve: (query) => chain?.answer(query) ?? positive,
      };
      const queries = [1, 2, 3].map(() => makeQuery('a.test.', 'A', { resolver }));
      const [first] = queries;
      for (const query of queries) {
        if (way === 'chain' || query === first) void resolver.resolve(query);
        else if (first !== undefined) redo(first, { clientFamily: 4, requestSize: query.requestSize, duration: 0 });
      }
      return host.metrics.render();
    };
    const text = await counted('replay');
    expect(text).toBe(await counted('chain'));
    expect(text).toContain(`coredns_dns_responses_total{plugin="",rcode="REFUSED",${WHERE},view="",zone="."} 3`);
  });

  it('is counted by the same object as all others that differ in nothing that has a label', async () => {
    const { plugin } = await serve(prometheus, 'prometheus');
    const effectOf = (name: string, type: string, answer: Answer): unknown => {
      const query = makeQuery(name, type);
      ask(plugin, query, next(answer));
      return query.replaying.effects[0];
    };
    const one = effectOf('a.test.', 'TYPE300', reply({ rcode: 4000 }));
    expect(effectOf('b.test.', 'TYPE301', reply({ rcode: 4001 }))).toBe(one);
    expect(effectOf('a.test.', 'A', reply({ rcode: 4000 }))).not.toBe(one);
  });
});

describe('prometheus, replies made before a block was chosen', () => {
  it('are counted by the server as of the zone dropped', () => {
    const metrics = new Metrics();
    const counts = new QueryMetrics(metrics).at('dns://:53', DROPPED, '');
    const asker = { protocol: 'udp', clientFamily: 6 } as const;
    counts.request(asker, typeOf('A') ?? 0, false, 24);
    counts.response(asker, Rcode.REFUSED, '', 24, 0);
    const text = metrics.render();
    expect(text).toContain(
      `coredns_dns_requests_total{family="2",proto="udp",${WHERE},type="A",view="",zone="dropped"} 1\n`,
    );
    expect(text).toContain(
      `coredns_dns_responses_total{plugin="",rcode="REFUSED",${WHERE},view="",zone="dropped"} 1\n`,
    );
    expect(text).not.toContain('coredns_dns_do_requests_total');
  });
});

describe('prometheus, plugins in service', () => {
  it('are told for each address and zone until the block is closed', async () => {
    const host = makeHost({ block: blockOf(['.', 'test.'], ['dns://:53', 'dns://:54']) });
    const service = await serve(prometheus, 'prometheus', { host });
    const series = seriesOf(host, 'coredns_plugin_enabled');
    expect(Object.keys(series)).toHaveLength(8);
    expect(series['{name="whoami",server="dns://:54",view="",zone="test."}']).toBe(1);
    service.close();
    expect(seriesOf(host, 'coredns_plugin_enabled')).toEqual({});
  });

  it('are told within the bound of series, one beyond it being left out', async () => {
    const zones = Array.from({ length: bounds.metricSeries }, (_, n) => `z${n}.`);
    const host = makeHost({ block: blockOf(zones) });
    await serve(prometheus, 'prometheus', { host });
    expect(Object.keys(seriesOf(host, 'coredns_plugin_enabled'))).toHaveLength(bounds.metricSeries);
    expect(scrape(host).get('nodens_metrics_left_out_total')).toBe(2);
  });
});

describe('prometheus, where it serves', () => {
  it.each([
    ['prometheus', ADDRESS],
    ['prometheus localhost:9999', '127.0.0.1 9999 /metrics'],
    ['prometheus :9153', '* 9153 /metrics'],
    ['prometheus 0.0.0.0:9153', '0.0.0.0 9153 /metrics'],
    ['prometheus 10.0.0.1:1', '10.0.0.1 1 /metrics'],
    ['prometheus [::1]:65535', '::1 65535 /metrics'],
    ['prometheus :9153 {\n  runtime_metrics\n}', '* 9153 /metrics'],
  ])('%s', async (lines, at) => {
    const { host } = await serve(prometheus, lines);
    expect([...host.http.keys()]).toEqual([at]);
    const page = host.http.get(at)?.();
    expect(page).toMatchObject({ status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(page?.body).toContain('# TYPE nodens_metrics_left_out_total counter\n');
  });
});

describe('prometheus, what is wrong', () => {
  it.each([
    ['prometheus 9153', ["'9153' is no address with a port", "did you mean ':9153'?"]],
    ['prometheus 10.0.0.1', ["'10.0.0.1' is no address with a port", "did you mean '10.0.0.1:9153'?"]],
    ['prometheus ::1', ["'::1' is no address with a port", "did you mean '[::1]:9153'?"]],
    ['prometheus [::1]', ["'[::1]' is no address with a port"]],
    ['prometheus http://:9153', ['is no address with a port', 'an IP address and a port such as 127.0.0.1:9153']],
    ['prometheus example.test:9153', ["'example.test' is no IP address"]],
    ['prometheus 300.1.1.1:9153', ["'300.1.1.1' is no IP address"]],
    ['prometheus [10.0.0.1]:9153', ["'10.0.0.1' is no IPv6 address"]],
    ['prometheus :65536', ['the port 65536 is above 65535']],
    ['prometheus :9153 :9154', ["'prometheus' takes at most 1 argument, not 2"]],
    ['prometheus {\n  tls web.yaml\n}', ["'tls' of 'prometheus' is not supported", 'a proxy that speaks TLS']],
    ['prometheus {\n  runtime_metrics all\n}', ["'runtime_metrics' takes no arguments"]],
    ['prometheus {\n  runtime_metric\n}', ["unknown option of 'prometheus'", "did you mean 'runtime_metrics'?"]],
    ['prometheus\nprometheus :9153', ["'prometheus' can be used once per server block, and stands at Corefile:2:1"]],
  ])('%s', (lines, messages) => {
    expectProblem(problemsOf(prometheus, lines), ...messages);
  });
});
