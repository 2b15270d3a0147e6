/** RFC 6147, DNS64: AAAA records out of A records. */
import { describe, expect, it } from 'vitest';
import { Flag, encode, serving, type Question, type Reply } from './asking.ts';

const corefile = `
. {
    dns64
    any
    hosts {
        192.0.2.1 four.test
        192.0.2.1 both.test
        2001:db8::1 both.test
        2001:db8::6 six.test
        ::ffff:192.0.2.7 mapped.test
        192.0.2.33 ptr.test
        fallthrough
    }
    template IN AAAA soa.test {
        authority "soa.test. 17 IN SOA ns.test. mail.test. 1 60 60 60 5"
    }
    template IN A soa.test {
        answer "{{ .Name }} 300 IN A 192.0.2.2"
    }
    template IN AAAA short.test {
        authority "short.test. 300 IN SOA ns.test. mail.test. 1 60 60 60 60"
    }
    template IN A short.test {
        answer "{{ .Name }} 9 IN A 192.0.2.2"
    }
    template IN AAAA nosoa.test broken.test refused.test {
        match "^nosoa"
        fallthrough
    }
    template IN AAAA broken.test {
        rcode SERVFAIL
    }
    template IN AAAA refused.test {
        rcode NOTIMP
    }
    template IN A nosoa.test broken.test refused.test {
        answer "{{ .Name }} 3600 IN A 192.0.2.2"
    }
    template IN ANY gone.test {
        rcode NXDOMAIN
        authority "gone.test. 60 IN SOA ns.test. mail.test. 1 60 60 60 60"
    }
    template IN A late.test {
        rcode SERVFAIL
    }
    template IN AAAA late.test {
        authority "late.test. 60 IN SOA ns.test. mail.test. 1 60 60 60 60"
    }
    template IN A chain.test {
        match "^chain"
        answer "{{ .Name }} 60 IN CNAME end.test."
    }
    template IN AAAA chain.test {
        match "^chain"
        answer "{{ .Name }} 60 IN CNAME end.test."
        authority "end.test. 60 IN SOA ns.test. mail.test. 1 60 60 60 60"
    }
    template IN A end.test {
        answer "{{ .Name }} 60 IN A 192.0.2.3"
        additional "glue.test. 60 IN A 192.0.2.4"
    }
    template IN AAAA end.test {
        authority "end.test. 60 IN SOA ns.test. mail.test. 1 60 60 60 60"
    }
    template IN A dname.test {
        answer "dname.test. 60 IN DNAME end.test."
        answer "{{ .Name }} 60 IN CNAME end.test."
    }
    template IN AAAA dname.test {
        answer "dname.test. 60 IN DNAME end.test."
        answer "{{ .Name }} 60 IN CNAME end.test."
    }
    template IN AAAA mix.test {
        answer "{{ .Name }} 60 IN AAAA ::ffff:192.0.2.9"
        answer "{{ .Name }} 60 IN AAAA 2001:db8::9"
    }
    template IN AAAA excluded.test {
        answer "{{ .Name }} 60 IN AAAA ::ffff:192.0.2.9"
    }
    template IN A excluded.test {
        answer "{{ .Name }} 60 IN A 192.0.2.9"
    }
}
`;

const { ask } = serving({ corefile, manifests: '' });
const OVER_IPV6 = { clientAddress: '2001:db8::53' };

const over6 = (question: Question): Promise<Reply> => ask(question, OVER_IPV6);
const answers = ({ records }: Reply): readonly string[] =>
  records
    .filter(({ type }) => type !== 'SOA')
    .map(
      (record) =>
        `${record.name} ${record.type} ${'data' in record && typeof record.data === 'string' ? record.data : ''}`,
    );
const ttls = ({ packet }: Reply): readonly unknown[] => packet.answers.map((record) => 'ttl' in record && record.ttl);

describe('RFC 6147', () => {
  it('§5.1.1 AAAA records that there are are the answer', async () => {
    expect(answers(await over6({ ask: 'six.test. AAAA' }))).toEqual(['six.test AAAA 2001:db8::6']);
    expect(answers(await over6({ ask: 'both.test. AAAA' }))).toEqual(['both.test AAAA 2001:db8::1']);
  });

  it('§5.1 without any they are made of A records, in the well-known prefix', async () => {
    const reply = await over6({ ask: 'soa.test. AAAA' });
    expect(reply.rcode).toBe('NOERROR');
    expect(answers(reply)).toEqual(['soa.test AAAA 64:ff9b::c000:202']);
  });

  it('§5.1.2 a name that does not exist is no question for A', async () => {
    expect((await over6({ ask: 'gone.test. AAAA' })).rcode).toBe('NXDOMAIN');
  });

  it.each(['broken.test', 'refused.test'])('§5.1.2 any other response code is like no records: %s', async (name) => {
    const reply = await over6({ ask: `${name}. AAAA` });
    expect(reply.rcode).toBe('NOERROR');
    expect(answers(reply)).toEqual([`${name} AAAA 64:ff9b::c000:202`]);
  });

  it('§5.1.4 records of ::ffff:0:0/96 are left out, and where no other is there, A records take their place', async () => {
    expect(answers(await over6({ ask: 'mix.test. AAAA' }))).toEqual(['mix.test AAAA 2001:db8::9']);
    expect(answers(await over6({ ask: 'excluded.test. AAAA' }))).toEqual(['excluded.test AAAA 64:ff9b::c000:209']);
  });

  it('§5.1.5 aliases stand before what is made for the name at their end', async () => {
    expect(answers(await over6({ ask: 'chain.test. AAAA' }))).toEqual([
      'chain.test CNAME end.test',
      'end.test AAAA 64:ff9b::c000:203',
    ]);
    const dname = await over6({ ask: 'x.dname.test. AAAA' });
    expect(dname.packet.answers.map(({ type }) => type)).toEqual(['DNAME', 'CNAME', 'AAAA']);
  });

  it('§5.1.6 what failed for A is the answer', async () => {
    expect((await over6({ ask: 'late.test. AAAA' })).rcode).toBe('SERVFAIL');
  });

  it('§5.1.7 a record lives no longer than the A record, nor than the SOA of the negative answer, nor than 600 seconds', async () => {
    expect(ttls(await over6({ ask: 'soa.test. AAAA' }))).toEqual([17]);
    expect(ttls(await over6({ ask: 'short.test. AAAA' }))).toEqual([9]);
    expect(ttls(await over6({ ask: 'nosoa.test. AAAA' }))).toEqual([600]);
  });

  it('§5.3.1 a reverse name in the prefix is an alias of the one of the IPv4 address', async () => {
    const name = '1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa';
    const reply = await ask({ ask: `${name}. PTR` });
    expect(answers(reply)).toEqual([`${name} CNAME 33.2.0.192.in-addr.arpa`, '33.2.0.192.in-addr.arpa PTR ptr.test']);
    const other = name.replace('b.9.f.f', 'c.9.f.f');
    expect(answers(await ask({ ask: `${other}. PTR` }))).toEqual([]);
  });

  it('§5.3.2 the additional section is as it was', async () => {
    const { packet } = await over6({ ask: 'end.test. AAAA' });
    expect(packet.additionals).toMatchObject([{ name: 'glue.test', type: 'A', data: '192.0.2.4' }]);
  });

  it('§5.3.3 other types are as they are', async () => {
    expect(answers(await over6({ ask: 'four.test. A' }))).toEqual(['four.test A 192.0.2.1']);
  });

  it('§5.5 a client that checks signatures itself (DO and CD) gets what there is', async () => {
    const edns = { size: 1232, dnssecOk: true } as const;
    const asked = encode({ ask: 'soa.test. AAAA', flags: Flag.RD | Flag.CD, edns });
    expect((await ask(asked, OVER_IPV6)).packet.answers).toEqual([]);
    const reply = await over6({ ask: 'soa.test. AAAA', edns });
    expect(answers(reply)).toEqual(['soa.test AAAA 64:ff9b::c000:202']);
    expect(reply.flags & Flag.AD).toBe(0);
    expect(answers(await over6({ ask: 'soa.test. AAAA', flags: Flag.RD | Flag.CD }))).toHaveLength(1);
  });
});
