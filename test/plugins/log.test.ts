import { describe, expect, it } from 'vitest';
import { Flag, Rcode } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import { parseRecord } from '../../src/dns/presentation.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { type Answer, failure, reply } from '../../src/plugins/answer.ts';
import { log } from '../../src/plugins/log/log.ts';
import type { Next } from '../../src/plugins/plugin.ts';
import { expectProblem } from './problems.ts';
import {
  type QueryOptions,
  type Service,
  ask,
  configure,
  makeHost,
  makeQuery,
  next,
  problemsOf,
  serve,
} from './support.ts';
import { explain } from '../../src/plugins/reasons.ts';

function record(text: string): RRset {
  const parsed = parseRecord(text, { origin: Name.root, ttl: 5 });
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.set;
}

const SERVICE = 'svc1.testns.svc.cluster.local.';
const positive = reply({ answers: [record(`${SERVICE} 5 IN A 10.96.0.10`)] });
const soa = record('cluster.local. SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 2 3 4 5');
const nodata = reply({ authority: [soa] });
const nxdomain = reply({ rcode: Rcode.NXDOMAIN, authority: [soa] });
const servfail = failure(Rcode.SERVFAIL, explain('internalError'), 'x');

/** The one line for a query with this answer, without its level; undefined where nothing is logged. */
function lineFor(
  service: Service,
  answer: Answer,
  name: string = SERVICE,
  type = 'A',
  options: QueryOptions = {},
): string | undefined {
  ask(service.plugin, makeQuery(name, type, options), next(answer));
  const lines = service.host.takeLines();
  expect(lines.length).toBeLessThanOrEqual(1);
  return lines[0]?.replace(/^\[INFO\] /, '');
}

async function printed(
  format: string,
  answer: Answer = positive,
  options: QueryOptions & { name?: string; type?: string } = {},
) {
  const service = await serve(log, `metadata\nkubernetes\nlog . "${format.replaceAll('"', '\\"')}"`);
  const { metadata } = service.host.neighbours;
  metadata.set('kubernetes/namespace', ({ name }) => name.toString());
  metadata.set('kubernetes/service', () => 'a\n[INFO] b\u009bc');
  metadata.set('kubernetes/endpoint', () => '');
  return lineFor(service, answer, options.name ?? SERVICE, options.type ?? 'A', options);
}

describe('log', () => {
  it('writes the common format as CoreDNS does', async () => {
    const service = await serve(log, 'log');
    const slow: Next = {
      answer() {
        service.host.clock.advance(0.195673);
        return positive;
      },
    };
    expect(ask(service.plugin, makeQuery(SERVICE, 'A'), slow)).toBe(positive);
    expect(service.host.takeLines()).toEqual([
      '[INFO] 127.0.0.1:52988 - 58857 "A IN svc1.testns.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 92 0.000195673s',
    ]);
  });

  it('writes the line once an answer that comes later is known', async () => {
    const { plugin, host } = await serve(log, 'log . "{rcode} {duration}"');
    const later = Promise.withResolvers<Answer>();
    const outcome = plugin.answer(makeQuery(SERVICE, 'A'), next(later.promise));
    expect(host.takeLines()).toEqual([]);
    host.clock.advance(1500);
    later.resolve(nxdomain);
    expect(await outcome).toBe(nxdomain);
    expect(host.takeLines()).toEqual(['[INFO] NXDOMAIN 1.5s']);
  });

  it.each<[string, string, Answer, boolean]>([
    ['log', SERVICE, positive, false],
    ['log', SERVICE, nxdomain, false],
    ['log . {\n  class denial error\n}', SERVICE, positive, true],
    ['log . {\n  class denial error\n}', SERVICE, nxdomain, false],
    ['log example.org', SERVICE, positive, true],
    ['log example.org', 'www.example.org.', positive, false],
    ['log example.org {\n  class error\n}\nlog', 'www.example.org.', positive, true],
  ])('lets an answer be replayed that has no line: %s, %s', async (lines, name, answer, allowed) => {
    const { plugin, host } = await serve(log, lines);
    const query = makeQuery(name, 'A');
    ask(plugin, query, next(answer));
    expect(plugin.replayable).toBe(true);
    expect(query.replaying.allowed).toBe(allowed);
    expect(host.takeLines()).toHaveLength(allowed ? 0 : 1);
  });

  it('lets no name forge a line or a field', async () => {
    expect(await printed('"{type} {name}"', positive, { name: 'a\\010[INFO]\\032x\\"y.', type: 'TXT' })).toBe(
      '"TXT a\\010[info]\\032x\\"y."',
    );
  });
});

describe('log, placeholders', () => {
  it.each<[string, string, Answer, QueryOptions & { name?: string; type?: string }]>([
    [
      '{type} {class} {name}',
      'TYPE65280 CH example.org.',
      positive,
      { name: 'Example.ORG.', type: 'TYPE65280', class: 'CH' },
    ],
    ['{remote}:{port} {local} {proto}', '127.0.0.1:52988 127.0.0.53 udp', positive, {}],
    [
      '{remote}:{port} {local} {proto} {>bufsize}',
      '[2001:db8::1]:1 [::1] tcp 65535',
      positive,
      { client: { clientAddress: '2001:db8::1', clientPort: 1, localAddress: '::1', protocol: 'tcp' } },
    ],
    ['{size} {>do} {>bufsize}', '58 true 1232', positive, { edns: { dnssecOk: true } }],
    [
      '{size} {>bufsize}',
      '70 512',
      positive,
      { edns: { udpSize: 100, options: [{ code: 10, data: new Uint8Array(8) }] } },
    ],
    ['{rcode} {>rflags} {rsize}', 'SERVFAIL qr,rd 47', servfail, {}],
    ['{rcode} {>rflags} {rsize}', 'NOERROR qr 47', reply({ authoritative: false }), { flags: 0 }],
    [
      '{rcode} {>rflags}',
      'NOERROR qr,aa,rd,ra,cd',
      reply({ recursionAvailable: true }),
      { flags: Flag.RD | Flag.CD | Flag.AD },
    ],
    ['{rcode} {>rflags}', '23 qr,aa', reply({ rcode: 23 }), { flags: 0 }],
    ['{rcode} {>rflags} {rsize}', '- - 0', { kind: 'silence' }, {}],
    ['{>id} {>opcode}', '58857 4', positive, { flags: 0x2000 }],
    ['{/log/class} {/log/type}', 'success NOERROR', positive, {}],
    ['{/log/class} {/log/type}', 'denial NODATA', nodata, {}],
    ['{/log/class} {/log/type}', 'error SERVERERROR', servfail, {}],
    ['{/kubernetes/zone}', '-', positive, {}],
    ['{/kubernetes/namespace} {/kubernetes/endpoint}', `${SERVICE} -`, positive, {}],
    // Nobody forges a line.
    ['{/kubernetes/service}', 'a [INFO] b c', positive, {}],
    ['{unknown} {} {/} {>none}', '{unknown} {} {/} {>none}', positive, {}],
    ['{"name":"{name}","rcode":"{rcode}"}', `{"name":"${SERVICE}","rcode":"NOERROR"}`, positive, {}],
    ['{duration}', '0s', positive, {}],
    ['a\nb\t{type}', 'a b A', positive, {}],
    [
      '{combined}',
      '127.0.0.1:52988 - 58857 "A IN svc1.testns.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 92 0s "0"',
      positive,
      {},
    ],
    [
      '{common} x',
      '127.0.0.1:52988 - 58857 "A IN svc1.testns.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 92 0s x',
      positive,
      {},
    ],
  ])('%j', async (format, line, answer, options) => {
    expect(await printed(format, answer, options)).toBe(line);
  });

  it('counts replies uncompressed, names written out', async () => {
    const mixed = reply({
      answers: [record('a.example. CNAME b.example.'), record('b.example. MX 10 c.example.')],
      additional: [record('c.example. TXT "12345"'), record('_x.example. SRV 0 0 1 c.example.')],
    });
    // 12 + 15 | 11+10+11 | 11+10+2+11 | 11+10+6 | 12+10+6+11
    expect(await printed('{rsize}', mixed, { name: 'a.example.' })).toBe(String(12 + 15 + 32 + 34 + 27 + 39));
  });
});

describe('log, names', () => {
  it('uses the first log whose name covers the query, and only that', async () => {
    const service = await serve(
      log,
      'log cluster.local Example.ORG "1 {name}"\nlog org. "2 {name}"\nlog svc.cluster.local "3 {name}"',
    );
    expect(lineFor(service, positive, 'a.svc.cluster.local.')).toBe('1 a.svc.cluster.local.');
    expect(lineFor(service, positive, 'EXAMPLE.org.')).toBe('1 example.org.');
    expect(lineFor(service, positive, 'notexample.org.')).toBe('2 notexample.org.');
    expect(lineFor(service, positive, 'example.com.')).toBeUndefined();
  });

  it('a covered name whose class is not wanted is not looked for in the next log', async () => {
    const service = await serve(log, 'log a. "1" {\n  class error\n}\nlog . "2 {name}"');
    expect(lineFor(service, positive, 'x.a.')).toBeUndefined();
    expect(lineFor(service, positive, 'x.b.')).toBe('2 x.b.');
  });

  it('takes the last argument for a format only behind a name', async () => {
    const one = configure(log, 'log "{type} {name}"');
    expectProblem(
      one.problems,
      'warning: a single argument is a name, not a format',
      `did you mean 'log . "{type} {name}"'?`,
    );
    const host = makeHost();
    const running = await one.setup?.create(host);
    if (running?.plugin === undefined) throw new Error('not set up');
    ask(running.plugin, makeQuery(SERVICE, 'A'), next(positive));
    expect(host.takeLines()).toEqual([]);

    const names = await serve(log, 'log a. b.');
    expect(lineFor(names, positive, 'x.b.')).toMatch(/^127\.0\.0\.1:52988 - 58857 "A IN x\.b\. udp/);
  });
});

describe('log, class', () => {
  const transfer = { name: SERVICE, type: 'AXFR', options: {} };
  const notify = { name: SERVICE, type: 'A', options: { flags: 0x2000 } };
  const plain = { name: SERVICE, type: 'A', options: {} };

  it.each([
    ['success', 'data', positive, plain],
    ['success', 'nothing and no SOA', reply({}), plain],
    ['success', 'a referral', reply({ authoritative: false, authority: [record('x. NS y.')] }), plain],
    ['denial', 'NODATA', nodata, plain],
    ['denial', 'NXDOMAIN', nxdomain, plain],
    ['error', 'SERVFAIL', servfail, plain],
    ['error', 'REFUSED', failure(Rcode.REFUSED, explain('internalError')), plain],
    ['error', 'silence', { kind: 'silence' } as const, plain],
    ['error', 'a transfer', positive, transfer],
    ['error', 'NOTIFY', positive, notify],
  ])('%s: %s', async (klass, _, answer, { name, type, options }) => {
    const services = await Promise.all(
      ['success', 'denial', 'error', 'all'].map(async (wanted) => ({
        wanted,
        service: await serve(log, `log . "{name}" {\n  class ${wanted}\n}`),
      })),
    );
    for (const { wanted, service } of services) {
      const line = lineFor(service, answer, name, type, options);
      expect(line, wanted).toBe(wanted === klass || wanted === 'all' ? SERVICE : undefined);
    }
  });

  it('adds up over its arguments and lines', async () => {
    const service = await serve(log, 'log . {\n  class denial\n  class error error\n}');
    expect(lineFor(service, positive)).toBeUndefined();
    expect(lineFor(service, nxdomain)).toContain('NXDOMAIN');
    expect(lineFor(service, servfail)).toContain('SERVFAIL');
  });
});

describe('log in a Corefile', () => {
  it.each([
    ['log {\n  class\n}', "'class' needs an argument"],
    ['log {\n  class denied\n}', 'expected: one of all, success, denial, error'],
    ['log {\n  clas all\n}', "did you mean 'class'?"],
    ['log a..b', 'Corefile:2:5: '],
    ['log . "{/kubernetes/namespace}"', "warning: 'kubernetes/namespace' is empty, as nothing collects metadata"],
    ['log . "{/geoip/city}"', "warning: nothing gives a value for 'geoip/city'"],
    ['metadata\nlog . "{/kubernetes/client-label/app}"', 'warning: labels of pods are not kept'],
  ])('%s', (lines, message) => {
    expectProblem(problemsOf(log, lines), message);
  });
});
