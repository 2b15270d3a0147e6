/** RFC 6604: which response code and which flags a reply has behind aliases. */
import { describe, expect, it } from 'vitest';
import { Flag } from './asking.ts';
import { answersOf, servingZone } from './zone-file.ts';

const { ask } = servingZone(
  'example',
  `$TTL 60
@ SOA ns hostmaster 1 7200 1800 86400 60
@ NS ns
ns A 192.0.2.53
here A 192.0.2.1
to-here CNAME here
to-missing CNAME missing
to-other-type CNAME ns
far CNAME to-to-missing
to-to-missing CNAME to-missing
redirected DNAME nowhere
redirected-here DNAME @
out-to-missing CNAME missing.other.
out-to-here CNAME here.other.
out-to-failure CNAME here.broken.
out-to-refused CNAME here.refused.
`,
  `other {
  template IN A {
    match ^here
    answer "{{ .Name }} 5 IN A 192.0.2.9"
    fallthrough
  }
  template IN ANY {
    rcode NXDOMAIN
    authority "other. 5 IN SOA ns.other. h.other. 1 2 3 4 5"
  }
}
broken {
  template IN ANY {
    rcode SERVFAIL
  }
}
`,
);

describe('RFC 6604', () => {
  it.each([
    ['to-here.example. A', 'NOERROR', 2],
    ['to-other-type.example. AAAA', 'NOERROR', 1],
    ['to-missing.example. A', 'NXDOMAIN', 1],
    ['far.example. A', 'NXDOMAIN', 3],
    ['x.redirected.example. A', 'NXDOMAIN', 2],
    ['here.redirected-here.example. A', 'NOERROR', 3],
    ['out-to-here.example. A', 'NOERROR', 2],
    ['out-to-missing.example. A', 'NXDOMAIN', 1],
    ['out-to-failure.example. A', 'SERVFAIL', 1],
  ])('§3 %s has the response code of the last name, %s, behind its aliases', async (question, rcode, answers) => {
    const reply = await ask({ ask: question });
    expect(reply.rcode).toBe(rcode);
    expect(answersOf(reply)).toHaveLength(answers);
  });

  it.each(['to-missing.example. A', 'out-to-missing.example. A', 'out-to-failure.example. A'])(
    '§2.1 AA is of the first name: %s',
    async (question) => {
      expect((await ask({ ask: question })).flags & Flag.AA).toBe(Flag.AA);
    },
  );

  it('an alias whose target is refused is an answer without it: whoever asks may ask for the target elsewhere', async () => {
    const reply = await ask({ ask: 'out-to-refused.example. A' });
    expect(reply.rcode).toBe('NOERROR');
    expect(answersOf(reply)).toHaveLength(1);
  });

  it('§3 the SOA is that of the zone in which the last name is missing (RFC 2308 §2.1)', async () => {
    const own = await ask({ ask: 'to-missing.example. A' });
    expect(own.packet.authorities).toMatchObject([{ type: 'SOA', name: 'example' }]);
    const other = await ask({ ask: 'out-to-missing.example. A' });
    expect(other.packet.authorities).toMatchObject([{ type: 'SOA', name: 'other' }]);
  });
});
