/** RFC 4592, wildcards: the zone and all examples of section 2.2.1, and what sections 2, 3 and 4 say beside them. */
import { describe, expect, it } from 'vitest';
import { answersOf, servingZone } from './zone-file.ts';

const { ask } = servingZone(
  'example',
  `$ORIGIN example.
example.                 3600 IN  SOA   ns.example.com. hostmaster.example. 1 7200 1800 86400 3600
example.                 3600     NS    ns.example.com.
example.                 3600     NS    ns.example.net.
*.example.               3600     TXT   "this is a wildcard"
*.example.               3600     MX    10 host1.example.
sub.*.example.           3600     TXT   "this is not a wildcard"
host1.example.           3600     A     192.0.2.1
_ssh._tcp.host1.example. 3600     SRV   0 0 22 host1.example.
_ssh._tcp.host2.example. 3600     SRV   0 0 22 host2.example.
subdel.example.          3600     NS    ns.example.com.
subdel.example.          3600     NS    ns.example.net.
`,
);

describe('RFC 4592 §2.2.1', () => {
  it.each([
    ['host3.example. MX', ['host3.example MX {"preference":10,"exchange":"host1.example"}']],
    ['foo.bar.example. TXT', ['foo.bar.example TXT this is a wildcard']],
  ])('%s is synthesized from *.example.', async (question, answers) => {
    const reply = await ask({ ask: question });
    expect(reply.rcode).toBe('NOERROR');
    expect(answersOf(reply)).toEqual(answers);
  });

  it('host3.example. A: no error, but no data, as the wildcard has no A', async () => {
    const reply = await ask({ ask: 'host3.example. A' });
    expect(reply.rcode).toBe('NOERROR');
    expect(answersOf(reply)).toEqual([]);
    expect(reply.packet.authorities).toMatchObject([{ type: 'SOA', name: 'example' }]);
  });

  it.each([
    ['host1.example. MX', 'NOERROR', 'host1.example. exists'],
    ['sub.*.example. MX', 'NOERROR', 'sub.*.example. exists'],
    ['_telnet._tcp.host1.example. SRV', 'NXDOMAIN', '_tcp.host1.example. exists without data'],
    ['ghost.*.example. MX', 'NXDOMAIN', '*.example. exists'],
  ])('%s is not synthesized (%s): %s', async (question, rcode) => {
    const reply = await ask({ ask: question });
    expect(reply.rcode).toBe(rcode);
    expect(answersOf(reply)).toEqual([]);
    expect(reply.packet.authorities).toMatchObject([{ type: 'SOA', name: 'example' }]);
  });

  it('host.subdel.example. A is not synthesized: subdel.example. is a cut', async () => {
    const reply = await ask({ ask: 'host.subdel.example. A' });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.flags & 0x400).toBe(0);
    expect(answersOf(reply)).toEqual([]);
    expect(reply.packet.authorities).toMatchObject([
      { type: 'NS', name: 'subdel.example', data: 'ns.example.com' },
      { type: 'NS', name: 'subdel.example', data: 'ns.example.net' },
    ]);
  });
});

describe('RFC 4592 §2 and §3', () => {
  it.each(['host2.example.', '_tcp.host1.example.', '_tcp.host2.example.'])(
    '§2.2.2 the empty non-terminal %s exists: no data, and nothing is synthesized',
    async (name) => {
      const reply = await ask({ ask: `${name} TXT` });
      expect(reply.rcode).toBe('NOERROR');
      expect(answersOf(reply)).toEqual([]);
    },
  );

  it('§2.1.1 only a leftmost label that is a single asterisk is a wildcard', async () => {
    expect(answersOf(await ask({ ask: 'sub.*.example. TXT' }))).toEqual(['sub.*.example TXT this is not a wildcard']);
    expect((await ask({ ask: 'sub.x.example. TXT' })).packet.answers).toMatchObject([{ name: 'sub.x.example' }]);
    expect(answersOf(await ask({ ask: 'sub.x.example. TXT' }))).toEqual(['sub.x.example TXT this is a wildcard']);
  });

  it('§2.3 a question for the asterisk itself is one for that name', async () => {
    expect(answersOf(await ask({ ask: '*.example. TXT' }))).toEqual(['*.example TXT this is a wildcard']);
  });

  it.each([
    ['host3.example.', '*.example.'],
    ['_telnet._tcp.host1.example.', undefined],
    ['_dns._udp.host2.example.', undefined],
    ['_telnet._tcp.host3.example.', '*.example.'],
    ['_chat._udp.host3.example.', '*.example.'],
    ['foobar.*.example.', undefined],
  ])('§3.3.1 %s has the source of synthesis %s', async (name, source) => {
    const reply = await ask({ ask: `${name} TXT` });
    expect(reply.rcode).toBe(source === undefined ? 'NXDOMAIN' : 'NOERROR');
    expect(answersOf(reply)).toEqual(source === undefined ? [] : [`${name.slice(0, -1)} TXT this is a wildcard`]);
  });
});

describe('RFC 4592 §4', () => {
  const special = servingZone(
    'example',
    `$TTL 60
@ SOA ns hostmaster 1 7200 1800 86400 60
*.alias CNAME target
target A 192.0.2.1
*.self CNAME x.self
*.srv SRV 0 0 80 target
*.delegated NS ns.elsewhere.test.
*.redirected DNAME target
*.signed DS 1 13 2 00
a.*.empty A 192.0.2.2
`,
  );

  it('§4.4 a CNAME at a wildcard is followed from the name that was asked for', async () => {
    expect(answersOf(await special.ask({ ask: 'x.alias.example. A' }))).toEqual([
      'x.alias.example CNAME target.example',
      'target.example A 192.0.2.1',
    ]);
  });

  it('§4.4 one that leads back below its own wildcard ends', async () => {
    const reply = await special.ask({ ask: 'y.self.example. A' });
    expect(answersOf(reply)).toEqual(['y.self.example CNAME x.self.example', 'x.self.example CNAME x.self.example']);
  });

  it('§4.6 an SRV at a wildcard is synthesized, with the addresses of its target', async () => {
    const reply = await special.ask({ ask: '_http._tcp.srv.example. SRV' });
    expect(answersOf(reply)).toEqual([
      '_http._tcp.srv.example SRV {"priority":0,"weight":0,"port":80,"target":"target.example"}',
    ]);
    expect(reply.packet.additionals).toMatchObject([{ type: 'A', name: 'target.example', data: '192.0.2.1' }]);
  });

  it('§4.2 an NS at a wildcard is no cut for the names that it stands for', async () => {
    const reply = await special.ask({ ask: 'x.delegated.example. A' });
    expect(reply.flags & 0x400).toBe(0x400);
    expect(answersOf(reply)).toEqual([]);
  });

  it('§4.5 nor does a DNAME at a wildcard redirect what is below them', async () => {
    expect((await special.ask({ ask: 'a.x.redirected.example. A' })).packet.answers).toEqual([]);
  });

  it('§4.7 a DS at a wildcard is data like any other', async () => {
    expect((await special.ask({ ask: 'x.signed.example. DS' })).packet.answers).toMatchObject([{ type: 'DS' }]);
  });

  it('§4.9 an empty non-terminal that is a wildcard gives no data rather than a name error', async () => {
    const reply = await special.ask({ ask: 'x.empty.example. A' });
    expect(reply.rcode).toBe('NOERROR');
    expect(answersOf(reply)).toEqual([]);
  });
});
