/** What upstreams are sent (RFC 5452 §4, RFC 6840 §5.7, RFC 6891, RFC 9715). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounds } from '../../../src/bounds.ts';
import { Flag, OptionCode } from '../../../src/dns/constants.ts';
import type { Message } from '../../../src/dns/message.ts';
import type { QueryOptions } from '../support.ts';
import { answering, forwarding, fresh, named, replyTo, silent } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const A = '192.0.2.1';

async function sentFor(options: QueryOptions, lines = `forward . ${A}`): Promise<Message> {
  const { resolve, network } = await forwarding(lines, { behaviours: { [A]: answering() } });
  await resolve(named('WwW.example.org.', options));
  const [sent] = network.queries();
  if (sent === undefined) throw new Error('nothing was sent');
  return sent.decoded;
}

describe('a message to an upstream', () => {
  it('keeps RD and CD of the client and sets AD', async () => {
    const all = Flag.RD | Flag.CD | Flag.AD;
    expect((await sentFor({ flags: Flag.RD })).flags).toBe(Flag.RD | Flag.AD);
    expect((await sentFor({ flags: Flag.CD })).flags).toBe(Flag.CD | Flag.AD);
    expect((await sentFor({ flags: all })).flags).toBe(all);
  });

  it('always has an OPT record, with 1232 octets or fewer', async () => {
    expect((await sentFor({})).edns).toMatchObject({ udpSize: 1232, dnssecOk: false, version: 0, options: [] });
    expect((await sentFor({ edns: { udpSize: 4096, dnssecOk: true } })).edns).toMatchObject({
      udpSize: 1232,
      dnssecOk: true,
    });
    const { resolve, network } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering() } });
    const query = fresh();
    query.account.udpSize = 700;
    await resolve(query);
    expect(network.queries()[0]?.decoded.edns?.udpSize).toBe(700);
  });

  it('passes options on that are not for the next hop alone', async () => {
    const { NSID, COOKIE, TCP_KEEPALIVE, PADDING, EXPIRE, CLIENT_SUBNET } = OptionCode;
    const options = [NSID, COOKIE, TCP_KEEPALIVE, PADDING, EXPIRE, CLIENT_SUBNET, 65_001].map((code) => ({
      code,
      data: Uint8Array.of(1, 2),
    }));
    const { edns } = await sentFor({ edns: { options } });
    expect(edns?.options.map(({ code }) => code)).toEqual([CLIENT_SUBNET, 65_001]);
  });

  it('carries no options where there are more than the bound', async () => {
    const data = new Uint8Array(bounds.upstreamOptions);
    expect((await sentFor({ edns: { options: [{ code: 65_001, data }] } })).edns?.options).toEqual([]);
  });

  it("has the question in the client's case", async () => {
    expect((await sentFor({})).question?.name.toString()).toBe('WwW.example.org.');
  });

  it('has ids that cannot be foreseen (CVE-2019-19794)', async () => {
    const { resolveMany, network } = await forwarding(`forward . ${A}`, { behaviours: { [A]: answering() } });
    await resolveMany(64);
    const ids = network.queries().map(({ decoded }) => decoded.id);
    expect(new Set(ids).size).toBeGreaterThan(60);
    const steps = ids.slice(1).map((id, i) => id - (ids[i] ?? 0));
    expect(new Set(steps).size).toBeGreaterThan(55);
  });
});

describe('mix_case', () => {
  const lines = `forward . ${A} {\nmix_case\n}`;
  const LONG = `${'abcdefghij.'.repeat(6)}example.`;

  it('sends letters in random case, each time anew', async () => {
    const { resolve, network } = await forwarding(lines);
    await resolve(named(LONG));
    const names = network.queries().map(({ decoded }) => decoded.question?.name.toString() ?? '');
    expect(names.length).toBeGreaterThan(1);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name.toLowerCase()).toBe(LONG);
  });

  it('takes only a reply that repeats it', async () => {
    const { resolve, metric } = await forwarding(lines, {
      behaviours: {
        [A]: (sent) => {
          const other = replyTo(sent.message);
          other[13] = (other[13] ?? 0) ^ 0x20;
          setTimeout(() => expect(sent.show(other)).toBe(false), 1);
          sent.reply({}, 2);
        },
      },
    });
    expect((await resolve(named(LONG))).answer.kind).toBe('reply');
    expect(metric(`nodens_forward_ignored_replies_total{reason="case",to="${A}:53"}`)).toBe(1);
  });
});

describe('the protocol', () => {
  const protocols = async (lines: string, client: 'udp' | 'tcp'): Promise<readonly string[]> => {
    const { resolve, network } = await forwarding(lines, { behaviours: { [A]: answering() } });
    await resolve(fresh({ client: { protocol: client } }));
    return network.sent.map(({ target }) => target.protocol);
  };

  it('is that of the client', async () => {
    expect(await protocols(`forward . ${A}`, 'udp')).toEqual(['udp']);
    expect(await protocols(`forward . ${A}`, 'tcp')).toEqual(['tcp']);
  });

  it('is TCP with force_tcp, UDP with prefer_udp', async () => {
    expect(await protocols(`forward . ${A} {\nforce_tcp\n}`, 'udp')).toEqual(['tcp']);
    expect(await protocols(`forward . ${A} {\nprefer_udp\n}`, 'tcp')).toEqual(['udp']);
  });

  it('is TLS or HTTPS where the upstream says so, and its settings reach the channel', async () => {
    const lines = `forward . tls://${A}%dns.example https://192.0.2.2 {\nexpire 7s\nmax_age 1m\nmax_idle_conns 3\ndoh_method GET\npolicy sequential\n}`;
    const { resolve, network } = await forwarding(lines, { behaviours: { [A]: silent } });
    await resolve(fresh());
    const ids = network.queries().map(({ target, decoded }) => [target.protocol, decoded.id === 0]);
    expect(ids).toContainEqual(['https', true]);
    expect(network.channels.map(({ target }) => target)).toMatchObject([
      {
        protocol: 'tls',
        to: { address: A, port: 853 },
        tls: { serverName: 'dns.example', ca: undefined },
        idle: 7_000,
        maxAge: 60_000,
        maxIdle: 3,
      },
      { protocol: 'https', to: { port: 443 }, method: 'GET', tls: { serverName: undefined } },
    ]);
  });

  it('source_address is where queries leave from', async () => {
    const { resolve, network } = await forwarding(`forward . ${A} {\nsource_address 127.0.0.9\n}`, {
      behaviours: { [A]: answering() },
    });
    await resolve(fresh());
    expect(network.channels[0]?.target.source).toBe('127.0.0.9');
  });
});
