/** RFC 2782, SRV records, out of a zone file. */
import { describe, expect, it } from 'vitest';
import { Flag } from './asking.ts';
import { answersOf, servingZone } from './zone-file.ts';

// The zone of the example at the end of the document.
const { ask } = servingZone(
  'example.com',
  `$ORIGIN example.com.
$TTL 60
@               SOA server root 1995032001 3600 3600 604800 86400
                NS  server
                NS  ns1.ip-provider.net.
                NS  ns2.ip-provider.net.
_foobar._tcp    SRV 0 1 9 old-slow-box
                SRV 0 3 9 new-fast-box
                SRV 1 0 9 sysadmins-box
                SRV 1 0 9 server
server          A   172.30.79.10
old-slow-box    A   172.30.79.11
sysadmins-box   A   172.30.79.12
new-fast-box    A   172.30.79.13
new-fast-box    AAAA 2001:db8::13
*._tcp          SRV 0 0 0 .
*._udp          SRV 0 0 0 .
`,
);

const manyTargets = servingZone(
  'example.net',
  `$TTL 60
@ SOA server root 1 3600 3600 604800 86400
$GENERATE 1-40 _many._tcp SRV 0 0 80 host-$
$GENERATE 1-40 host-$ A 192.0.2.$
`,
);

describe('RFC 2782', () => {
  it('all targets come with priority, weight and port, in the order of the file', async () => {
    expect(answersOf(await ask({ ask: '_foobar._tcp.example.com. SRV' }))).toEqual([
      '_foobar._tcp.example.com SRV {"priority":0,"weight":1,"port":9,"target":"old-slow-box.example.com"}',
      '_foobar._tcp.example.com SRV {"priority":0,"weight":3,"port":9,"target":"new-fast-box.example.com"}',
      '_foobar._tcp.example.com SRV {"priority":1,"weight":0,"port":9,"target":"sysadmins-box.example.com"}',
      '_foobar._tcp.example.com SRV {"priority":1,"weight":0,"port":9,"target":"server.example.com"}',
    ]);
  });

  it('Target: the addresses of the targets are in the additional section, each once', async () => {
    const { packet } = await ask({ ask: '_foobar._tcp.example.com. SRV' });
    expect(packet.additionals.map((record) => [record.name, record.type])).toEqual([
      ['old-slow-box.example.com', 'A'],
      ['new-fast-box.example.com', 'A'],
      ['new-fast-box.example.com', 'AAAA'],
      ['sysadmins-box.example.com', 'A'],
      ['server.example.com', 'A'],
    ]);
  });

  it('Target: names in the data are not compressed', async () => {
    const { octets } = await ask({ ask: '_foobar._tcp.example.com. SRV' });
    expect(octets.includes(Buffer.from('\x0cold-slow-box\x07example\x03com\x00', 'latin1'))).toBe(true);
  });

  it('a target of "." says that the service is not there', async () => {
    const reply = await ask({ ask: '_smtp._tcp.example.com. SRV' });
    expect(answersOf(reply)).toEqual(['_smtp._tcp.example.com SRV {"priority":0,"weight":0,"port":0,"target":"."}']);
    expect(reply.packet.additionals).toEqual([]);
  });

  it('addresses that do not fit over UDP set TC, and all are there over TCP', async () => {
    const overUdp = await manyTargets.ask({ ask: '_many._tcp.example.net. SRV' });
    expect(overUdp.flags & Flag.TC).toBe(Flag.TC);
    const overTcp = await manyTargets.ask({ ask: '_many._tcp.example.net. SRV' }, { protocol: 'tcp' });
    expect([overTcp.flags & Flag.TC, overTcp.packet.answers.length, overTcp.packet.additionals.length]).toEqual([
      0, 40, 40,
    ]);
  });
});
