/**
 * One test for each finding in other DNS servers that concerns what is built here, named after it: what went wrong there
 * must not go wrong here. They run over the whole pipeline or a real listener, not over the part that is thought to matter.
 */
import dnsPacket from 'dns-packet';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Name } from '../../src/dns/name.ts';
import { openTcp } from '../../src/transport/tcp.ts';
import { NO_REPLY } from '../../src/transport/transport.ts';
import { type TestServer, startTestServer } from '../support/server.ts';
import { octets, uint16 } from './octets.ts';

const manifests = `
apiVersion: v1
kind: Service
metadata: { name: nginx }
spec: { clusterIP: 10.96.0.80, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: google, namespace: com }
spec: { clusterIP: 10.96.0.81, ports: [{ port: 80 }] }
`;

const corefile = `
closed.test {
  template ANY ANY {
    rcode REFUSED
  }
}
. {
  template IN A open.test {
    answer "{{ .Name }} 60 IN A 192.0.2.1"
  }
  searchpath {
    short_names
  }
  kubernetes cluster.local
}
`;

const CH = 3;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ corefile, manifests });
});
afterAll(() => server.close());

async function rcodeOf(question: Buffer): Promise<string | undefined> {
  const reply = await server.ask(question);
  return reply && dnsPacket.decode(Buffer.from(reply)).rcode;
}

function query(name: string, type = 'A'): Buffer {
  return dnsPacket.encode({ id: 1, type: 'query', flags: 0, questions: [{ name, type }] });
}

describe('CVE-2026-33489: zones are matched by labels, not by characters', () => {
  it.each([
    ['a.closed.test', 'REFUSED'],
    ['A.CLOSED.Test', 'REFUSED'],
    ['closed.test', 'REFUSED'],
    // `notclosed.test` ends like the zone but is not in it: it goes to the root block, where nobody has it.
    ['notclosed.test', 'SERVFAIL'],
    ['a.notclosed.test', 'SERVFAIL'],
    ['a.open.test', 'NOERROR'],
    ['a.notopen.test', 'SERVFAIL'],
  ])('%s: %s', async (name, rcode) => {
    expect(await rcodeOf(query(name))).toBe(rcode);
  });

  it('even where a label holds the octets of the zone in wire form', async () => {
    const header = [1, 0, 1, 0, 0, 0].flatMap(uint16);
    const request = octets(header, '\x0dx\x06closed\x04test\0', uint16(1), uint16(1));
    expect(Name.fromText(String.raw`x\006closed\004test`).isAtOrBelow(Name.fromText('closed.test'))).toBe(false);
    expect(await rcodeOf(request)).toBe('SERVFAIL');
  });
});

describe('GHSA-h828-v5pv-33qx: a namespace that is named like a top-level domain captures no name of the Internet', () => {
  it('short names are completed, but none whose last label is one', async () => {
    expect(await rcodeOf(query('nginx.default'))).toBe('NOERROR');
    expect(await rcodeOf(query('google.com.svc.cluster.local'))).toBe('NOERROR');
    // Nobody below `searchpath` has the name, which is what a forwarder would be asked for.
    expect(await rcodeOf(query('google.com'))).toBe('SERVFAIL');
  });
});

describe('CoreDNS #8272: a class is part of the question', () => {
  it('another class than IN gets no answer of IN', async () => {
    const request = query('nginx.default.svc.cluster.local');
    request.writeUInt16BE(CH, request.length - 2);
    expect(await rcodeOf(query('nginx.default.svc.cluster.local'))).toBe('NOERROR');
    expect(await rcodeOf(request)).toBe('REFUSED');
  });
});

describe('CVE-2026-62309 and CVE-2026-62994: no short or empty message ends the server', () => {
  it.each(['udp', 'tcp'] as const)('every prefix of a query is answered or dropped over %s', async (protocol) => {
    const whole = query('nginx.default.svc.cluster.local');
    for (let length = 0; length <= whole.length; length++) {
      // One after another: each may disturb the next.
      // oxlint-disable-next-line no-await-in-loop
      const reply = await server.ask(whole.subarray(0, length), { protocol });
      expect(reply === undefined).toBe(length < 12);
    }
  });

  it('28 octets of a PROXY header are no query', async () => {
    const proxy = octets('\r\n\r\n\0\r\nQUIT\n', [0x21, 0x12], uint16(12), '\0'.repeat(12));
    expect(proxy).toHaveLength(28);
    const reply = await server.ask(proxy);
    expect(reply === undefined || dnsPacket.decode(Buffer.from(reply)).answers.length === 0).toBe(true);
  });

  it('a zone transfer that is asked for with no records to give is refused, not begun', async () => {
    expect(await rcodeOf(query('cluster.local', 'AXFR'))).not.toBe('NOERROR');
  });
});

describe('CVE-2017-15133: idle TCP connections do not exhaust the server', () => {
  it('one that sends nothing, or an octet now and then, is cut off', async () => {
    const listener = await openTcp({
      address: '127.0.0.1',
      port: 0,
      handler: () => NO_REPLY,
      report: () => undefined,
      limits: { tcpFirstQuery: 100, tcpIdle: 100 },
    });
    const { port } = listener.bound[0] ?? { port: 0 };
    const clients = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    const closed = clients.map((client) => {
      client.on('error', () => undefined).resume();
      return once(client, 'close', { signal: AbortSignal.timeout(10_000) });
    });
    const trickle = setInterval(() => clients[1]?.write('\x7f'), 20);
    await Promise.all(closed);
    clearInterval(trickle);
    expect(listener.counts.cutOff).toBe(2);
    await listener.close();
  });
});
