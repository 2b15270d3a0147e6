/** `forward` over real sockets: to daemons that people run, and to servers that one hopes not to meet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rcode } from '../../../src/dns/constants.ts';
import { type Answer, rcodeOfAnswer } from '../../../src/plugins/answer.ts';
import { forward } from '../../../src/plugins/forward/forward.ts';
import { openNetwork } from '../../../src/transport/client/network.ts';
import { describeWith } from '../../e2e/needs.ts';
import { type DaemonName, lacking } from '../../support/daemon.ts';
import {
  type Behaviour,
  RIGHT,
  closes,
  cnameLoop,
  emptyFrame,
  failing,
  formerrToEdns,
  forgeries,
  forging,
  fromElsewhere,
  garbageThenRight,
  halfAFrame,
  largest,
  octetAtATime,
  resets,
  right,
  silent,
  both,
  truncatedForEver,
  truncatedOverUdp,
} from '../../support/upstreams/behaviours.ts';
import { type Daemon, MANY, startDaemon } from '../../support/upstreams/daemons.ts';
import { SERVER_NAME, authority, keyPairs } from '../../support/upstreams/certificates.ts';
import { type HostileUpstream, openTlsUpstream, openUpstream } from '../../support/upstreams/hostile.ts';
import { next, PASSED_ON, recordsOf, serve } from '../support.ts';
import { fresh, makeForwardHost, named } from './support.ts';

const network = openNetwork();
const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
  network.close();
});

async function asking(lines: string): Promise<(name?: string, protocol?: 'udp' | 'tcp') => Promise<Answer>> {
  const service = await serve(forward, lines, { host: makeForwardHost(network) });
  closing.push(() => service.close());
  return async (name, protocol = 'udp') =>
    service.plugin.answer(
      name === undefined ? fresh({ client: { protocol } }) : named(name, { client: { protocol } }),
      next(PASSED_ON),
    );
}

function answersOf(answer: Answer): readonly string[] {
  return answer.kind === 'reply' ? recordsOf(answer.answers) : [];
}

describe.each<DaemonName>(['unbound', 'knotd', 'dnsmasq'])('%s as the upstream', (name) => {
  describeWith(`answers (${name})`, lacking(name), () => {
    let daemon: Daemon;
    let ask: Awaited<ReturnType<typeof asking>>;
    beforeAll(async () => {
      daemon = await startDaemon(name);
      ask = await asking(`forward . 127.0.0.1:${daemon.port}`);
    });
    afterAll(() => daemon.stop());

    it.each(['udp', 'tcp'] as const)('over %s', async (protocol) => {
      expect(answersOf(await ask('www.example.test.', protocol))).toEqual(['www.example.test. 300 IN A 192.0.2.1']);
      expect(answersOf(await ask('alias.example.test.', protocol))).toHaveLength(2);
      expect(rcodeOfAnswer(await ask('nothing.example.test.', protocol))).toBe(Rcode.NXDOMAIN);
    });

    it('with more than a datagram carries', async () => {
      const answer = await ask('many.example.test.');
      expect(answersOf(answer)).toHaveLength(MANY);
      expect(answer).toMatchObject({ truncated: false });
    });
  });
});

describe('TLS and HTTPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'forward-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.pem'), authority);
  writeFileSync(join(folder, 'client.pem'), keyPairs.client.cert);
  writeFileSync(join(folder, 'client.key'), keyPairs.client.key);
  const trusting = (name: string): string => `{\ntls ${folder}/ca.pem\ntls_servername ${name}\n}`;

  describeWith('unbound', lacking('unbound'), () => {
    let daemon: Daemon;
    beforeAll(async () => {
      daemon = await startDaemon('unbound');
    });
    afterAll(() => daemon.stop());

    it.each(['tls', 'https'] as const)('answers over %s', async (scheme) => {
      const port = scheme === 'tls' ? daemon.tlsPort : daemon.httpsPort;
      const ask = await asking(`forward . ${scheme}://127.0.0.1:${port} ${trusting(SERVER_NAME)}`);
      expect(answersOf(await ask('www.example.test.'))).toEqual(['www.example.test. 300 IN A 192.0.2.1']);
      expect(answersOf(await ask('many.example.test.'))).toHaveLength(MANY);
    });

    it('answers over HTTPS with GET', async () => {
      const options = trusting(SERVER_NAME).replace('}', 'doh_method GET\n}');
      const ask = await asking(`forward . https://127.0.0.1:${daemon.httpsPort} ${options}`);
      expect(answersOf(await ask('www.example.test.'))).toHaveLength(1);
    });
  });

  it('show the client certificate, and send the name', async () => {
    const upstream = await openTlsUpstream({ behaviour: right, asksCertificate: true });
    const files = `${folder}/client.pem ${folder}/client.key ${folder}/ca.pem`;
    const ask = await asking(`forward . tls://127.0.0.1%${SERVER_NAME}:${upstream.port} {\ntls ${files}\n}`);
    expect(answersOf(await ask())).toEqual([expect.stringContaining(RIGHT)]);
    expect(upstream.clients).toMatchObject([{ serverName: SERVER_NAME, certificate: expect.stringMatching(/./) }]);
    await upstream.close();
  });

  it.each([
    ['another name', 'other.example', {}],
    ['a certificate that has expired', SERVER_NAME, { certificate: keyPairs.expired }],
    ['a certificate of a stranger', SERVER_NAME, { certificate: keyPairs.stranger }],
  ])('fail on %s', async (_, name, options) => {
    const upstream = await openTlsUpstream({ behaviour: right, ...options });
    const ask = await asking(`forward . tls://127.0.0.1:${upstream.port} ${trusting(name)}`);
    expect(await ask()).toMatchObject({ kind: 'failure', explanation: { word: 'upstreams_unreachable' } });
    expect(upstream.queries).toHaveLength(0);
    await upstream.close();
  });

  it('fail within 1.8 s where the handshake stalls', async () => {
    const upstream = await openTlsUpstream({ behaviour: right, accepting: 'stall' });
    const ask = await asking(`forward . tls://127.0.0.1:${upstream.port} ${trusting(SERVER_NAME)}`);
    const started = performance.now();
    expect(await ask()).toMatchObject({ kind: 'failure', explanation: { code: 22 } });
    expect(performance.now() - started).toBeLessThan(1_800);
    await upstream.close();
  });
});

describe('a hostile upstream', () => {
  let upstream: HostileUpstream;
  let ask: Awaited<ReturnType<typeof asking>>;
  beforeAll(async () => {
    upstream = await openUpstream({ behaviour: right });
    ask = await asking(`forward . 127.0.0.1:${upstream.port} {\nmix_case\n}`);
  });
  afterAll(() => upstream.close());

  const over = (protocol: 'udp' | 'tcp', behaviour: Behaviour): Promise<Answer> => {
    upstream.behaviour = behaviour;
    return ask(undefined, protocol);
  };

  it.each(Object.keys(forgeries).filter((key): key is keyof typeof forgeries => key in forgeries))(
    'cannot end the wait with a reply of %s',
    async (forgery) => {
      const answer = await over('udp', both(forging(forgery), right));
      expect(answersOf(answer)).toEqual([expect.stringContaining(RIGHT)]);
    },
  );

  it.each([
    ['from another port first', both(fromElsewhere, right)],
    ['garbage first', garbageThenRight],
    ['truncated over UDP', truncatedOverUdp],
    ['no EDNS', formerrToEdns],
  ])('is understood: %s', async (_, behaviour) => {
    expect(answersOf(await over('udp', behaviour))).toEqual([expect.stringContaining(RIGHT)]);
  });

  it.each([
    ['an octet at a time', octetAtATime(1)],
    ['64 KiB', largest],
  ])('is understood over TCP: %s', async (_, behaviour) => {
    expect(await over('tcp', behaviour)).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('that truncates for ever gives a truncated answer', async () => {
    expect(await over('udp', truncatedForEver)).toMatchObject({ kind: 'reply', truncated: true });
  });

  it('may answer with a loop of aliases, which is passed on as it is', async () => {
    expect(await over('udp', cnameLoop)).toMatchObject({ kind: 'reply', rcode: Rcode.NOERROR });
  });

  it('may fail, and that is passed on', async () => {
    expect(await over('udp', failing(Rcode.REFUSED))).toMatchObject({ kind: 'reply', rcode: Rcode.REFUSED });
  });

  it.each([
    ['resets', resets],
    ['closes', closes],
    ['sends half a message', halfAFrame],
    ['sends an empty message', emptyFrame],
    ['is silent', silent],
  ])('that %s over TCP costs less than 1.8 s and gives SERVFAIL with a reason', async (_, behaviour) => {
    const started = performance.now();
    const answer = await over('tcp', behaviour);
    expect(performance.now() - started).toBeLessThan(1_800);
    expect(answer).toMatchObject({ kind: 'failure', rcode: Rcode.SERVFAIL, explanation: { code: expect.any(Number) } });
  });

  it('that is gone gives SERVFAIL at once', async () => {
    const gone = await openUpstream({ behaviour: right });
    const { port } = gone;
    await gone.close();
    const askGone = await asking(`forward . 127.0.0.1:${port}`);
    const started = performance.now();
    expect(await askGone()).toMatchObject({ kind: 'failure', explanation: { word: 'upstreams_unreachable' } });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('sees each query leave from another port', async () => {
    upstream.behaviour = right;
    const before = upstream.clientPorts.length;
    await Promise.all(Array.from({ length: 16 }, () => ask()));
    expect(new Set(upstream.clientPorts.slice(before)).size).toBeGreaterThan(12);
  });
});
