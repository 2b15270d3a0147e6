/**
 * RFC 8906, a failure to communicate: every test that section 8 has for a server, as its zone `cluster.local` must pass
 * it, with the outcome that the section expects, over UDP unless the test is about TCP.
 */
import { describe, expect, it } from 'vitest';
import { header, message } from '../conformance/octets.ts';
import { shop } from '../conformance/groups/shop.ts';
import { Flag, type Reply, serving } from './asking.ts';

const { ask } = serving(shop);

const SOA = 'cluster.local. SOA';
/** A name with more addresses than fit into 512 octets. */
const LARGE = 'many.shop.svc.cluster.local. A';
const OPCODE_15 = 15;
const UNKNOWN_OPTION = 100;
const NSID = 3;
const CLIENT_SUBNET = 8;
const EXPIRE = 9;
const COOKIE = 10;
const DO = 0x8000;
const SIZE = 1232;

const withMany = serving({
  corefile: shop.corefile,
  manifests: `
apiVersion: v1
kind: Service
metadata: { name: many, namespace: shop }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: many-x, namespace: shop, labels: { kubernetes.io/service-name: many } }
addressType: IPv4
ports: [{ name: http, port: 80 }]
endpoints:
${Array.from({ length: 100 }, (_, i) => `  - { addresses: [10.0.1.${i}] }`).join('\n')}
`,
});

/** NOERROR with the SOA record in the answer section and AA. */
function expectSoa(reply: Reply): void {
  expect(reply.rcode).toBe('NOERROR');
  expect(reply.packet.answers).toMatchObject([{ name: 'cluster.local', type: 'SOA' }]);
  expect(reply.flags & Flag.AA).toBe(Flag.AA);
}

/** An OPT record of version 0. */
function expectEdns(reply: Reply): void {
  expect(reply.opt).toMatchObject({ ednsVersion: 0 });
}

/** BADVERS with an OPT record of version 0, neither SOA nor AA, and the question. */
function expectBadVersion(reply: Reply): void {
  expect(reply.rcode).toBe('BADVERS');
  expect(reply.records).toEqual([]);
  expect(reply.flags & Flag.AA).toBe(0);
  expect(reply.packet.questions).toHaveLength(1);
  expectEdns(reply);
}

function optionsOf(reply: Reply): readonly number[] {
  return reply.opt?.options.map(({ code }) => code) ?? [];
}

describe('RFC 8906 §8.1, basic DNS', () => {
  it('§8.1.1 the server is configured for the zone: NOERROR, the SOA record, AA', async () => {
    const reply = await ask({ ask: SOA, flags: 0 });
    expectSoa(reply);
    expect(reply.opt).toBeUndefined();
  });

  it('§8.1.2 an unknown type: NOERROR, an empty answer section, AA', async () => {
    const reply = await ask({ ask: 'cluster.local. TYPE1000', flags: 0 });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.packet.answers).toEqual([]);
    expect(reply.flags & Flag.AA).toBe(Flag.AA);
  });

  it('§8.1.3.1 CD=1: the answer as ever', async () => {
    expectSoa(await ask({ ask: SOA, flags: Flag.CD }));
  });

  it('§8.1.3.2 AD=1: the answer as ever', async () => {
    expectSoa(await ask({ ask: SOA, flags: Flag.AD }));
  });

  it('§8.1.3.3 the reserved bit: the answer as ever, and the bit is not copied', async () => {
    const reply = await ask({ ask: SOA, flags: Flag.Z });
    expectSoa(reply);
    expect(reply.flags & Flag.Z).toBe(0);
  });

  it('§8.1.3.4 a recursive query: the answer as ever, and RD is copied', async () => {
    const reply = await ask({ ask: SOA, flags: Flag.RD });
    expectSoa(reply);
    expect(reply.flags & Flag.RD).toBe(Flag.RD);
    expect((await ask({ ask: SOA, flags: 0 })).flags & Flag.RD).toBe(0);
  });

  it.each([
    ['a header alone', message(header({ flags: OPCODE_15 << 11, questions: 0 }))],
    ['a header and octets of another format', message(header({ flags: OPCODE_15 << 11 }), Buffer.alloc(40, 0xff))],
  ])('§8.1.4 an unknown opcode, %s: NOTIMP, no SOA record, AA clear', async (_, octets) => {
    const reply = await ask(octets);
    expect(reply.rcode).toBe('NOTIMP');
    expect(reply.records).toEqual([]);
    expect(reply.flags & Flag.AA).toBe(0);
    expect((reply.flags >> 11) & 0xf).toBe(OPCODE_15);
  });

  it('§8.1.5 TCP: the answer as ever', async () => {
    expectSoa(await ask({ ask: SOA, flags: 0 }, { protocol: 'tcp' }));
  });
});

describe('RFC 8906 §8.2, extended DNS', () => {
  it('§8.2.1 minimal EDNS: the answer, with an OPT record of version 0', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE } });
    expectSoa(reply);
    expectEdns(reply);
  });

  it('§8.2.2 version 1: BADVERS with an OPT record of version 0, no SOA record, AA clear', async () => {
    expectBadVersion(await ask({ ask: SOA, flags: 0, edns: { size: SIZE, version: 1 } }));
  });

  it('§8.2.3 an unknown option: the answer without the option', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, options: [[UNKNOWN_OPTION, '']] } });
    expectSoa(reply);
    expectEdns(reply);
    expect(optionsOf(reply)).toEqual([]);
  });

  it('§8.2.4 unknown flags: the answer without the flags', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, z: 0x40 } });
    expectSoa(reply);
    expectEdns(reply);
    expect(reply.opt?.flags).toBe(0);
  });

  it('§8.2.5 version 1 with unknown flags: BADVERS without the flags', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, version: 1, z: 0x40 } });
    expectBadVersion(reply);
    expect(reply.opt?.flags).toBe(0);
  });

  it('§8.2.6 version 1 with an unknown option: BADVERS without the option', async () => {
    const edns = { size: SIZE, version: 1, options: [[UNKNOWN_OPTION, '']] } as const;
    const reply = await ask({ ask: SOA, flags: 0, edns });
    expectBadVersion(reply);
    expect(optionsOf(reply)).toEqual([]);
  });

  it('§8.2.7 a truncated response: NOERROR with TC and an OPT record of version 0, within the size', async () => {
    const reply = await withMany.ask({ ask: LARGE, flags: 0, edns: { size: 512, dnssecOk: true } });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.flags & Flag.TC).toBe(Flag.TC);
    expectEdns(reply);
    expect(reply.octets.length).toBeLessThanOrEqual(512);
  });

  it('§8.2.7 what was truncated is whole over TCP, with an OPT record too', async () => {
    const edns = { size: 512, dnssecOk: true } as const;
    const reply = await withMany.ask({ ask: LARGE, flags: 0, edns }, { protocol: 'tcp' });
    expect(reply.packet.answers).toHaveLength(100);
    expect(reply.flags & Flag.TC).toBe(0);
    expectEdns(reply);
  });

  it('§8.2.8 DO=1: the answer, with an OPT record of version 0 and DO copied', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, dnssecOk: true } });
    expectSoa(reply);
    expectEdns(reply);
    expect(reply.opt?.flags).toBe(DO);
  });

  it('§8.2.9 bug: version 1 with DO=1 was BADVERS without DO, which the answer to version 0 has', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, version: 1, dnssecOk: true } });
    expectBadVersion(reply);
    expect(reply.opt?.flags).toBe(DO);
  });

  it('§8.2.10 several known options: the answer', async () => {
    const options = [
      [NSID, ''],
      [CLIENT_SUBNET, '00010000'],
      [EXPIRE, ''],
      [COOKIE, '0102030405060708'],
    ] as const;
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE, options } });
    expectSoa(reply);
    expectEdns(reply);
    // RFC 7871 §7.2.2: a server that does not use the option leaves it out.
    expect(optionsOf(reply)).not.toContain(CLIENT_SUBNET);
  });
});

describe('RFC 8906 §8.3, when EDNS is not supported', () => {
  it('§8.3 does not concern this server: no option or flag is needed for an OPT record to come back', async () => {
    const edns = [
      { size: SIZE },
      { size: SIZE, dnssecOk: true },
      { size: SIZE, options: [[COOKIE, '0102030405060708']] },
    ] as const;
    for (const one of edns) {
      // oxlint-disable-next-line no-await-in-loop -- three questions
      expectEdns(await ask({ ask: SOA, flags: 0, edns: one }));
    }
  });
});

describe('RFC 8906 §3, queries that others leave without an answer', () => {
  it('§3.2.7 EDNS over TCP: as over UDP, of version 0 and 1', async () => {
    const reply = await ask({ ask: SOA, flags: 0, edns: { size: SIZE } }, { protocol: 'tcp' });
    expectSoa(reply);
    expectEdns(reply);
    expectBadVersion(await ask({ ask: SOA, flags: 0, edns: { size: SIZE, version: 1 } }, { protocol: 'tcp' }));
  });

  it.each([1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])('§3.1.4 opcode %i is answered NOTIMP', async (opcode) => {
    expect((await ask({ ask: SOA, flags: 0, opcode })).rcode).toBe('NOTIMP');
  });

  it.each(['TYPE0', 'TYPE62', 'TYPE99', 'TYPE128', 'TYPE249', 'TYPE258', 'TYPE4096', 'TYPE65280', 'TYPE65535'])(
    '§3.1.2 a query for %s is answered NOERROR or NXDOMAIN, as the name is there or not',
    async (type) => {
      expect((await ask({ ask: `web.shop.svc.cluster.local. ${type}`, flags: 0 })).rcode).toBe('NOERROR');
      expect((await ask({ ask: `missing.shop.svc.cluster.local. ${type}`, flags: 0 })).rcode).toBe('NXDOMAIN');
    },
  );
});
