/** `loop`: the questions that the server asks itself, and what it does when one of them comes back. */
import packet from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rcode } from '../../src/dns/constants.ts';
import { type Answer, failure } from '../../src/plugins/answer.ts';
import { loop } from '../../src/plugins/loop/loop.ts';
import { ownEndpoints } from '../../src/plugins/loop/own-endpoints.ts';
import type { AttemptListener, Endpoint, Network, UpstreamTarget } from '../../src/plugins/network.ts';
import { explain } from '../../src/plugins/reasons.ts';
import { expectProblem } from './problems.ts';
import { PASSED_ON, type Service, ask, makeHost, makeQuery, next, problemsOf, serve } from './support.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was sent, and the right to answer it. */
interface Sent {
  readonly to: Endpoint;
  readonly protocol: string;
  readonly message: ReturnType<typeof packet.decode>;
  readonly octets: Buffer;
  readonly listener: AttemptListener;
  cancelled: boolean;
}

class TestNetwork implements Network {
  readonly sent: Sent[] = [];
  open = 0;

  channel({ to, protocol }: UpstreamTarget) {
    this.open++;
    return {
      counts: { reused: 0, opened: 0 },
      send: (message: Uint8Array, listener: AttemptListener) => {
        const octets = Buffer.from(message);
        const one = { to, protocol, message: packet.decode(octets), octets, listener, cancelled: false };
        this.sent.push(one);
        return { cancel: () => void (one.cancelled = true) };
      },
      close: () => void this.open--,
    };
  }

  httpStatus(): Promise<number> {
    return Promise.reject(new Error('no network was expected to be used'));
  }
}

interface Watching extends Service {
  readonly network: TestNetwork;
  /** The message that was sent last. */
  readonly last: () => Sent;
  /** The name that was asked for last. */
  readonly name: () => string;
  /** Time passes for timers and clock alike. */
  readonly pass: (milliseconds: number) => void;
}

async function watching(servers = ['dns://:53'], zones = ['.']): Promise<Watching> {
  const network = new TestNetwork();
  const block = { zones, servers, view: '', plugins: [], fingerprintFrom: () => '' };
  const service = await serve(loop, 'loop', { host: makeHost({ network, block }) });
  service.running.inService?.();
  const last = (): Sent => {
    const sent = network.sent.at(-1);
    if (sent === undefined) throw new Error('nothing was sent');
    return sent;
  };
  const pass = (milliseconds: number): void => {
    for (let left = milliseconds; left > 0; left -= 100) {
      service.host.clock.advance(100);
      vi.advanceTimersByTime(100);
    }
  };
  return { ...service, network, last, name: () => `${last().message.questions[0]?.name ?? ''}.`, pass };
}

/** The reply to what was sent, with these changes. */
function replyTo({ octets }: Sent, change: (reply: Buffer) => Buffer = (reply) => reply): Buffer {
  const reply = Buffer.from(octets);
  reply[2] = (reply[2] ?? 0) | 0x80;
  return change(reply);
}

const SECOND = 1_000;

describe('loop', () => {
  it('asks the server itself for the HINFO record of a name that nobody can guess', async () => {
    const { network, last, name } = await watching(['dns://:1053'], ['example.org.', '.']);
    expect(network.sent).toHaveLength(1);
    expect(last()).toMatchObject({ to: { address: '127.0.0.1', port: 1053 }, protocol: 'udp' });
    expect(last().message).toMatchObject({ type: 'query', flag_rd: true, questions: [{ type: 'HINFO', class: 'IN' }] });
    // 128 bits in two labels.
    expect(name()).toMatch(/^[0-9a-f]{16}\.[0-9a-f]{16}\.example\.org\.$/);
  });

  it('CVE-2026-26018: never asks for one name twice, and no other HINFO question is taken for its own', async () => {
    const names = new Set<string>();
    for (let i = 0; i < 20; i++) {
      // oxlint-disable-next-line no-await-in-loop
      const service = await watching();
      names.add(service.name());
      for (let seen = 0; seen < 3; seen++) {
        expect(ask(service.plugin, makeQuery('0123456789abcdef.0123456789abcdef.', 'HINFO'))).toBe(PASSED_ON);
        expect(ask(service.plugin, makeQuery(service.name(), 'A'))).toBe(PASSED_ON);
      }
      expect(service.host.fatalMessages).toEqual([]);
      service.close();
    }
    expect(names.size).toBe(20);
  });

  it('says that it is fatal when its question comes by a second time', async () => {
    const { plugin, host, name, network } = await watching(['dns://:1053'], ['.']);
    const options = { client: { clientAddress: '192.0.2.53', clientPort: 55_953 } };
    const first = makeQuery(name(), 'HINFO', options);
    expect(ask(plugin, first)).toBe(PASSED_ON);
    expect(first.account.replaying.allowed).toBe(false);
    expect(host.fatalMessages).toEqual([]);
    expect(ask(plugin, makeQuery(name(), 'HINFO', options))).toEqual(
      failure(Rcode.SERVFAIL, explain('forwardingLoop')),
    );
    expect(host.fatalMessages).toEqual([
      `plugin/loop: Loop (192.0.2.53:55953 -> :1053) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${name()}"`,
    ]);
    expect(network.sent).toHaveLength(1);
  });

  it('sees it in whatever spelling an upstream sends it back (0x20), and while the first is waiting', async () => {
    const { plugin, host, name } = await watching(['dns://[2001:db8::1]:53']);
    const pending = new Promise<Answer>(() => {});
    const waiting = plugin.answer(makeQuery(name(), 'HINFO'), next(pending));
    expect(waiting).toBe(pending);
    ask(plugin, makeQuery(name().toUpperCase(), 'HINFO', { client: { clientAddress: '2001:db8::9' } }));
    expect(host.fatalMessages[0]).toContain('Loop ([2001:db8::9]:52988 -> [2001:db8::1]:53)');
  });

  it('finds a loop that shows only at a later try', async () => {
    const { plugin, host, name, pass } = await watching();
    const earlier = name();
    pass(2 * SECOND);
    expect(name()).not.toBe(earlier);
    // An answer to the first try that is late.
    ask(plugin, makeQuery(earlier, 'HINFO'));
    ask(plugin, makeQuery(name(), 'HINFO'));
    expect(host.fatalMessages).toEqual([]);
    ask(plugin, makeQuery(earlier, 'HINFO'));
    expect(host.fatalMessages).toHaveLength(1);
  });

  it('passes everything on at once, and what it did not ask for may be replayed', async () => {
    const { plugin } = await watching();
    const query = makeQuery('example.org.', 'HINFO');
    expect(ask(plugin, query)).toBe(PASSED_ON);
    expect(query.replaying.allowed).toBe(true);
    expect(plugin.replayable).toBe(true);
  });
});

describe('loop, its time', () => {
  it('turns itself off two seconds after a reply', async () => {
    const { plugin, host, network, last, name, pass } = await watching();
    expect(last().listener.received(replyTo(last()), last().to)).toBe(true);
    pass(1.9 * SECOND);
    expect(network.open).toBe(1);
    ask(plugin, makeQuery(name(), 'HINFO'));
    pass(0.1 * SECOND);
    expect(network.open).toBe(0);
    expect(ask(plugin, makeQuery(name(), 'HINFO'))).toBe(PASSED_ON);
    expect(host.fatalMessages).toEqual([]);
    expect(network.sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tries again with a new name, for 30 seconds', async () => {
    const { network, pass } = await watching();
    pass(60 * SECOND);
    expect(network.sent).toHaveLength(15);
    expect(new Set(network.sent.map(({ message }) => message.questions[0]?.name)).size).toBe(15);
    expect(network.sent.every(({ cancelled }) => cancelled)).toBe(true);
    expect(network.open).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tries again a second after a failure, over the other family too where it serves all addresses', async () => {
    const { network, last, pass } = await watching();
    last().listener.failed({ kind: 'refused', text: 'connection refused' });
    expect(network.sent).toHaveLength(1);
    pass(SECOND);
    expect(network.sent.map(({ to }) => to.address)).toEqual(['127.0.0.1', '::1']);
  });

  it.each<[string, (reply: Buffer) => Buffer, number]>([
    ['of another id', (reply) => ((reply[0] = (reply[0] ?? 0) ^ 1), reply), 53],
    ['that is a query', (reply) => ((reply[2] = (reply[2] ?? 0) & 0x7f), reply), 53],
    ['to another name', (reply) => ((reply[13] = 0x78), reply), 53],
    ['that is cut off', (reply) => reply.subarray(0, 11), 53],
    ['from another port', (reply) => reply, 54],
  ])('goes on waiting after a reply %s', async (_, change, port) => {
    const { network, last, pass } = await watching();
    expect(last().listener.received(replyTo(last(), change), { ...last().to, port })).toBe(false);
    pass(2 * SECOND);
    expect(network.sent).toHaveLength(2);
  });

  it('ends with the plugin', async () => {
    const service = await watching();
    const { network, last } = service;
    service.close();
    expect(last().cancelled).toBe(true);
    expect(network.open).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin where the port is the system’s choice, and says so in a debug line', async () => {
    const { network, plugin, host } = await watching(['dns://:0']);
    expect(network.sent).toEqual([]);
    expect(host.takeLines()).toEqual(['[DEBUG] plugin/loop: not looked for: the port is known to the system alone']);
    expect(ask(plugin, makeQuery('x.', 'HINFO'))).toBe(PASSED_ON);
  });

  it('does not begin where no name fits below the zone', async () => {
    const zone = `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(40)}.`;
    const { network } = await watching(['dns://:53'], [zone]);
    expect(network.sent).toEqual([]);
    expect(network.open).toBe(0);
  });
});

describe('the server’s own address', () => {
  it.each([
    ['dns://:53', ['127.0.0.1', '::1']],
    ['dns://0.0.0.0:53', ['127.0.0.1']],
    ['dns://[::]:53', ['::1']],
    ['dns://10.0.0.1:53', ['10.0.0.1']],
    ['dns://[2001:db8::53]:53', ['2001:db8::53']],
    ['dns://[fe80::1%eth0]:53', ['fe80::1%eth0']],
  ])('%s', (server, addresses) => {
    expect(ownEndpoints(server)).toEqual(addresses.map((address) => ({ address, port: 53 })));
  });

  it.each(['dns://:0', 'dns://127.0.0.1:0', ''])('none of %j', (server) => {
    expect(ownEndpoints(server)).toEqual([]);
  });
});

describe('loop in a Corefile', () => {
  it.each([
    ['loop twice', "'loop' takes no arguments"],
    ['loop {\n}', "'loop' takes no block"],
    ['loop\nloop', "'loop' can be used once per server block, and stands at Corefile:2:1 already"],
  ])('%s is reported', (lines, message) => {
    expectProblem(problemsOf(loop, lines), message);
  });
});
