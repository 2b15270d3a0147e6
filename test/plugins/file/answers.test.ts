/** What `file` answers: with what the chain and the server around it do. The zone's own answers are compared in knot.test.ts. */
import { describe, expect, it } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import { parseRecord } from '../../../src/dns/presentation.ts';
import { type Answer, failure, reply } from '../../../src/plugins/answer.ts';
import type { Resolver } from '../../../src/plugins/query.ts';
import { explain } from '../../../src/plugins/reasons.ts';
import { PASSED_ON, type QueryOptions, type Service, ask, makeHost, makeQuery, textOf } from '../support.ts';
import { EVERYTHING, useFolder } from './zones.ts';

const folder = useFolder();

const look = (service: Service, name: string, type = 'A', options?: QueryOptions): ReturnType<typeof textOf> =>
  textOf(ask(service.plugin, makeQuery(name, type, options)));

const NAME_SERVERS = ['example.test. 300 IN NS ns1.example.test.', 'example.test. 300 IN NS ns2.elsewhere.example.'];
const SOA = 'example.test. 60 IN SOA ns1.example.test. hostmaster.example.test. 2026010101 7200 1800 86400 60';

/** A server around the plugin that answers every look-up so, and writes down what it was asked. */
function around(answer: Answer): Resolver & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    server: 'dns://:53',
    asked,
    resolve: (query) => {
      asked.push(query.name.toString());
      return answer;
    },
  };
}

function record(text: string): Extract<ReturnType<typeof parseRecord>, { kind: 'record' }>['set'] {
  const parsed = parseRecord(text, { origin: Name.root, ttl: 5 });
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.set;
}

describe('file', () => {
  it('puts the name servers of the zone behind records, as CoreDNS does, and nothing behind themselves', async () => {
    const service = await folder.zone(EVERYTHING);
    expect(look(service, 'mail.example.test.')).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: ['mail.example.test. 300 IN A 192.0.2.25'],
      authority: NAME_SERVERS,
      additional: [],
    });
    expect(look(service, 'example.test.', 'NS')).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: NAME_SERVERS,
      authority: [],
      additional: ['ns1.example.test. 300 IN A 192.0.2.1', 'ns1.example.test. 300 IN AAAA 2001:db8::1'],
    });
  });

  it('says why there is nothing, with the SOA and the smaller of its TTL and its minimum (RFC 2308 §3)', async () => {
    const service = await folder.zone(EVERYTHING);
    const noName = ask(service.plugin, makeQuery('nothing.example.test.', 'A'));
    expect(textOf(noName)).toMatchObject({ rcode: 'NXDOMAIN', aa: true, authority: [SOA] });
    expect(noName).toMatchObject({ explanation: { word: 'no_such_name' } });
    const noData = ask(service.plugin, makeQuery('www.example.test.', 'MX'));
    expect(textOf(noData)).toMatchObject({ rcode: 'NOERROR', aa: true, answers: [], authority: [SOA] });
    expect(noData).toMatchObject({ explanation: { word: 'no_such_type' } });
    const short = await folder.zone('@ 20 SOA ns h 1 2 3 4 60\n');
    expect(look(short, 'x.example.test.')).toMatchObject({
      authority: [expect.stringMatching(/^example\.test\. 20 IN SOA /)],
    });
  });

  it('passes on what is in none of its zones, and other classes', async () => {
    const service = await folder.zone(EVERYTHING);
    expect(look(service, 'test.')).toEqual(textOf(PASSED_ON));
    expect(look(service, 'notexample.test.')).toEqual(textOf(PASSED_ON));
    expect(look(service, 'www.example.test.', 'A', { class: 'CH' })).toEqual(textOf(PASSED_ON));
  });

  it('refuses transfers, which are for `transfer`', async () => {
    const service = await folder.zone(EVERYTHING);
    for (const type of ['AXFR', 'IXFR']) expect(look(service, 'example.test.', type)).toBe('REFUSED');
  });

  it('may be replayed, and rests on its file whatever it answers', async () => {
    const service = await folder.zone(EVERYTHING, 'fallthrough');
    expect(service.plugin.replayable).toBe(true);
    for (const name of ['www.example.test.', 'nothing.example.test.', 'x.sub.example.test.']) {
      const query = makeQuery(name, 'A');
      ask(service.plugin, query);
      expect(query.account.facts, name).toHaveLength(1);
      expect(query.replaying.allowed).toBe(true);
    }
  });

  it('serves one file for several zones, each with itself as the origin', async () => {
    folder.write('db', '@ 60 SOA ns h 1 2 3 4 5\nwww A 192.0.2.1\nabsolute.a.test. A 192.0.2.2\n');
    const service = await folder.serve('file db a.test b.test');
    expect(look(service, 'www.a.test.')).toMatchObject({ answers: ['www.a.test. 60 IN A 192.0.2.1'] });
    expect(look(service, 'www.b.test.')).toMatchObject({ answers: ['www.b.test. 60 IN A 192.0.2.1'] });
    expect(look(service, 'absolute.a.test.')).toMatchObject({ answers: ['absolute.a.test. 60 IN A 192.0.2.2'] });
    expect(service.host.takeLines()).toEqual([
      `[WARNING] plugin/file: line 3 of ${folder.path('db')}: absolute.a.test. is not in the zone b.test., and is left out`,
    ]);
  });

  it('serves several files, the zones of the block where a line names none, and the root', async () => {
    folder.write('a', '@ 60 SOA ns h 1 2 3 4 5\nwww A 192.0.2.1\n');
    folder.write('b', '@ 60 SOA ns h 1 2 3 4 5\nwww A 192.0.2.2\n');
    const service = await folder.serve('file a sub.test\nfile b', { zones: ['.'] });
    expect(look(service, 'www.sub.test.')).toMatchObject({ answers: ['www.sub.test. 60 IN A 192.0.2.1'] });
    expect(look(service, 'www.')).toMatchObject({ answers: ['www. 60 IN A 192.0.2.2'] });
    expect(look(service, 'example.')).toMatchObject({ rcode: 'NXDOMAIN' });
  });
});

describe('file, fallthrough', () => {
  const zone = '@ 60 SOA ns h 1 2 3 4 5\nwww A 192.0.2.1\nalias CNAME nothing\nb.a A 192.0.2.2\nsub NS ns\n';

  it('passes names on that do not exist, and only those', async () => {
    const service = await folder.zone(zone, 'fallthrough');
    expect(look(service, 'nothing.example.test.')).toEqual(textOf(PASSED_ON));
    expect(look(service, 'www.example.test.', 'MX')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(look(service, 'a.example.test.')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(look(service, 'x.sub.example.test.')).toMatchObject({ rcode: 'NOERROR', aa: false });
    expect(look(service, 'alias.example.test.')).toMatchObject({ rcode: 'NXDOMAIN' });
  });

  it('does so within its zones', async () => {
    const service = await folder.zone(zone, 'fallthrough a.example.test');
    expect(look(service, 'x.a.example.test.')).toEqual(textOf(PASSED_ON));
    expect(look(service, 'xa.example.test.')).toMatchObject({ rcode: 'NXDOMAIN' });
  });
});

describe('file, aliases that lead out of the zone', () => {
  const address = record('www.elsewhere.example. 5 IN A 192.0.2.7');
  const soa = record('elsewhere.example. 5 IN SOA a. b. 1 2 3 4 5');

  it.each([
    ['outside.example.test.', ['www.elsewhere.example.']],
    ['x.away.example.test.', ['x.elsewhere.example.']],
    ['tocut.example.test.', ['host.sub.example.test.']],
  ])('%s: the whole server is asked for the target', async (name, asked) => {
    const service = await folder.zone(EVERYTHING);
    const resolver = around(reply({ answers: [address] }));
    const answer = look(service, name, 'A', { resolver });
    expect(resolver.asked).toEqual(asked);
    expect(answer).toMatchObject({ rcode: 'NOERROR', aa: true, authority: NAME_SERVERS });
    expect(answer).toMatchObject({ answers: expect.arrayContaining(['www.elsewhere.example. 5 IN A 192.0.2.7']) });
  });

  it('the alias alone is not followed', async () => {
    const service = await folder.zone(EVERYTHING);
    expect(look(service, 'outside.example.test.', 'CNAME')).toMatchObject({
      answers: ['outside.example.test. 300 IN CNAME www.elsewhere.example.'],
    });
  });

  it('a failure is that of the whole, behind the alias (RFC 6604 §3)', async () => {
    const service = await folder.zone(EVERYTHING);
    const resolver = around(failure(Rcode.SERVFAIL, explain('upstreamsSilent'), 'silent'));
    const answer = ask(service.plugin, makeQuery('outside.example.test.', 'A', { resolver }));
    expect(textOf(answer)).toMatchObject({
      rcode: 'SERVFAIL',
      answers: ['outside.example.test. 300 IN CNAME www.elsewhere.example.'],
    });
    expect(answer).toMatchObject({ explanation: { word: 'upstreams_silent' } });
  });

  it.each([
    ['by this server', failure(Rcode.REFUSED, explain('noServerBlock'))],
    ['by an upstream', reply({ rcode: Rcode.REFUSED, explanation: explain('noServerBlock') })],
  ])(
    'what is refused %s leaves the alias as the answer: who asks may ask for its target elsewhere',
    async (_, refusal) => {
      const service = await folder.zone(EVERYTHING);
      const answer = ask(service.plugin, makeQuery('outside.example.test.', 'A', { resolver: around(refusal) }));
      expect(textOf(answer)).toMatchObject({
        rcode: 'NOERROR',
        aa: true,
        answers: ['outside.example.test. 300 IN CNAME www.elsewhere.example.'],
        authority: NAME_SERVERS,
      });
      expect(answer).toMatchObject({ explanation: { word: 'no_server_block' } });
    },
  );

  it('what is missing there is missing here, with the SOA of there', async () => {
    const service = await folder.zone(EVERYTHING);
    const resolver = around(reply({ rcode: Rcode.NXDOMAIN, authority: [soa] }));
    expect(look(service, 'outside.example.test.', 'A', { resolver })).toEqual({
      rcode: 'NXDOMAIN',
      aa: true,
      answers: ['outside.example.test. 300 IN CNAME www.elsewhere.example.'],
      authority: ['elsewhere.example. 5 IN SOA a. b. 1 2 3 4 5'],
      additional: [],
    });
  });

  it('silence stays silence', async () => {
    const service = await folder.zone(EVERYTHING);
    expect(look(service, 'outside.example.test.', 'A', { resolver: around({ kind: 'silence' }) })).toBe('silence');
  });

  it('aliases within the zone cost a look-up each, and there are so many for one query', async () => {
    const chain = Array.from({ length: 30 }, (_, i) => `c${i} CNAME c${i + 1}\n`).join('');
    const service = await folder.zone(`@ 60 SOA ns h 1 2 3 4 5\n${chain}c30 A 192.0.2.1\n`);
    expect(look(service, 'c20.example.test.')).toMatchObject({ rcode: 'NOERROR', answers: { length: 11 } });
    const long = ask(service.plugin, makeQuery('c0.example.test.', 'A'));
    expect(long).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { word: 'too_many_lookups' } });
  });

  it('an alias that leads back to itself is said to', async () => {
    const service = await folder.zone(EVERYTHING);
    for (const name of ['loop.example.test.', 'self.example.test.']) {
      expect(ask(service.plugin, makeQuery(name, 'A')), name).toMatchObject({
        rcode: Rcode.NOERROR,
        explanation: { word: 'endless_zone_alias' },
      });
    }
  });
});

describe('file, zones within zones', () => {
  const parent = '@ 60 SOA ns h 1 2 3 4 5\nsub NS ns.sub\nsub DS 1 13 2 00\nns.sub A 192.0.2.53\nto CNAME www.sub\n';
  const child = '@ 60 SOA ns h 9 2 3 4 5\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.9\n';

  it('the longest zone answers, and the one above it for DS (RFC 4035 §3.1.4.1)', async () => {
    folder.write('parent', parent);
    folder.write('child', child);
    const service = await folder.serve('file parent example.test\nfile child sub.example.test');
    expect(look(service, 'sub.example.test.', 'DS')).toMatchObject({
      aa: true,
      answers: [expect.stringMatching(/^sub\.example\.test\. 60 IN DS/)],
    });
    expect(look(service, 'sub.example.test.', 'SOA')).toMatchObject({
      answers: [expect.stringMatching(/^sub\.example\.test\. 60 IN SOA .* 9 2 3 4 5$/)],
    });
  });

  it('alone, the child says that it has no DS', async () => {
    folder.write('child', child);
    const service = await folder.serve('file child sub.example.test');
    expect(look(service, 'sub.example.test.', 'DS')).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authority: [expect.stringMatching(/^sub\.example\.test\. 5 IN SOA/)],
    });
  });

  it('an alias from one to the other goes through the server', async () => {
    folder.write('parent', parent);
    folder.write('child', child);
    const service = await folder.serve('file parent example.test\nfile child sub.example.test');
    const resolver: Resolver = { server: '', resolve: (query) => ask(service.plugin, query) };
    expect(look(service, 'to.example.test.', 'A', { resolver })).toMatchObject({
      answers: ['to.example.test. 60 IN CNAME www.sub.example.test.', 'www.sub.example.test. 60 IN A 192.0.2.9'],
    });
  });

  it('an alias to a name that is delegated to elsewhere ends with the referral', async () => {
    const service = await folder.zone(parent);
    const resolver: Resolver = { server: '', resolve: (query) => ask(service.plugin, query) };
    expect(look(service, 'to.example.test.', 'A', { resolver })).toEqual({
      rcode: 'NOERROR',
      aa: true,
      answers: ['to.example.test. 60 IN CNAME www.sub.example.test.'],
      authority: ['sub.example.test. 60 IN NS ns.sub.example.test.'],
      additional: ['ns.sub.example.test. 60 IN A 192.0.2.53'],
    });
  });
});

describe('file, what others see of it', () => {
  it('offers each zone to its neighbours, without the SOA, the apex first', async () => {
    folder.write('db', '@ 60 SOA ns h 7 2 3 4 5\nwww A 192.0.2.1\nwww A 192.0.2.2\n@ NS ns\n');
    const service = await folder.serve('file db a.test b.test');
    expect(service.host.neighbours.zones.map(({ name }) => name.toString())).toEqual(['a.test.', 'b.test.']);
    const contents = service.host.neighbours.zones[0]?.contents();
    expect(contents?.soa.soa.serial).toBe(7);
    expect([...(contents?.records ?? [])].map(({ owner, type }) => `${owner.toString()} ${type}`)).toEqual([
      'a.test. 2',
      'www.a.test. 1',
    ]);
  });

  it('tells how many records there are and the serial, until the block is closed', async () => {
    const host = makeHost();
    folder.write('db', '@ 60 SOA ns h 7 2 3 4 5\nwww A 192.0.2.1\n');
    const service = await folder.serve('file db a.test', { host });
    expect(host.metrics.render()).toContain('nodens_file_records{zone="a.test."} 2\n');
    expect(host.metrics.render()).toContain('nodens_file_serial{zone="a.test."} 7\n');
    service.close();
    expect(host.metrics.render()).not.toContain('nodens_file_records{');
  });
});
