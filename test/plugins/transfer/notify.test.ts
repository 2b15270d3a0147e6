/** NOTIFY: who is told of a new serial, when, and what becomes of the reply. With a fake clock and a fake network. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import packet from 'dns-packet';
import { Class, Type } from '../../../src/dns/constants.ts';
import { Name } from '../../../src/dns/name.ts';
import type { SoaRRset } from '../../../src/dns/rrset.ts';
import { type NeighbourZone, noNeighbours } from '../../../src/plugins/neighbours.ts';
import type { AttemptListener, Channel, Endpoint, UpstreamTarget } from '../../../src/plugins/network.ts';
import { transfer } from '../../../src/plugins/transfer/transfer.ts';
import { NO_NETWORK, type TestHost, makeHost, serve } from '../support.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const QR = 0x8000;
const NOTIFY = 4 << 11;
const AA = 0x0400;

interface Sent {
  readonly to: string;
  readonly message: Buffer;
  readonly listener: AttemptListener;
  isCancelled: boolean;
}

/** A network on which nothing arrives by itself. */
class Wire {
  readonly sent: Sent[] = [];
  readonly targets: UpstreamTarget[] = [];
  closed = 0;

  channel(target: UpstreamTarget): Channel {
    this.targets.push(target);
    const to = `${target.to.address} ${target.to.port}`;
    return {
      counts: { reused: 0, opened: 0 },
      send: (message, listener) => {
        const one: Sent = { to, message: Buffer.from(message), listener, isCancelled: false };
        this.sent.push(one);
        return { cancel: () => void (one.isCancelled = true) };
      },
      close: () => void this.closed++,
    };
  }

  /** The message that was sent as the number `index`. */
  at(index: number): Sent {
    const sent = this.sent.at(index);
    if (sent === undefined) throw new Error(`only ${this.sent.length} messages were sent`);
    return sent;
  }

  /** The serials that were told, each behind the secondary. */
  get told(): readonly string[] {
    return this.sent.map(({ to, message }) => {
      const [answer] = packet.decode(message).answers;
      return `${to} ${answer?.type === 'SOA' ? answer.data.serial : '?'}`;
    });
  }
}

class Zone implements NeighbourZone {
  readonly name = Name.fromText('example.org.');
  serial: number | undefined = 1;
  watchers = new Set<() => void>();

  contents() {
    if (this.serial === undefined) return undefined;
    const timers = { serial: this.serial, refresh: 7200, retry: 1800, expire: 86_400, minimum: 5 };
    const soa: SoaRRset = {
      owner: this.name,
      type: Type.SOA,
      class: Class.IN,
      ttl: 5,
      kind: 'soa',
      soa: { primary: this.name, mailbox: this.name, ...timers },
    };
    return { soa, records: [] };
  }

  onChange(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  change(serial: number): void {
    this.serial = serial;
    for (const watcher of this.watchers) watcher();
  }
}

interface Serving {
  readonly wire: Wire;
  readonly zone: Zone;
  readonly host: TestHost;
  readonly close: () => void;
}

/** In service with one zone. */
async function serving(lines: string, serial: number | 'unknown' = 1): Promise<Serving> {
  const [wire, zone] = [new Wire(), new Zone()];
  zone.serial = serial === 'unknown' ? undefined : serial;
  const neighbours = { ...noNeighbours(), zones: [zone] };
  const network = { ...NO_NETWORK, channel: (target: UpstreamTarget) => wire.channel(target) };
  const host = makeHost({ neighbours, network });
  const service = await serve(transfer, lines, { host });
  service.running.inService?.();
  return { wire, zone, host, close: () => service.close() };
}

const ONE = 'transfer {\nto 192.0.2.1\n}';
const AT: Endpoint = { address: '192.0.2.1', port: 53 };

/** The reply that a secondary gives to a message. */
function replyTo({ message }: Sent, rcode = 0): Buffer {
  const reply = Buffer.from(message);
  reply.writeUInt16BE(QR | NOTIFY | rcode, 2);
  return reply;
}

function metric(host: TestHost, result: string): number {
  const line = host.metrics
    .render()
    .split('\n')
    .find((one) => one.startsWith('nodens_transfer_notifies_total') && one.includes(`result="${result}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('the message', () => {
  it('asks for the SOA with the opcode NOTIFY and AA, and has the new SOA (RFC 1996 §3.6, §3.7)', async () => {
    const { wire } = await serving(ONE, 42);
    const { message } = wire.at(0);
    expect(message.readUInt16BE(2)).toBe(NOTIFY | AA);
    const decoded = packet.decode(message);
    expect(decoded.questions).toMatchObject([{ name: 'example.org', type: 'SOA', class: 'IN' }]);
    expect(decoded.answers).toMatchObject([{ name: 'example.org', type: 'SOA', data: { serial: 42 } }]);
  });

  it('goes to each single address of `to`, once', async () => {
    const { wire } = await serving(
      'transfer {\nto 192.0.2.1 192.0.2.1:5353 192.0.2.0/24 *\nto 192.0.2.1 2001:db8::1\n}',
    );
    expect(wire.told).toEqual(['192.0.2.1 53 1', '192.0.2.1 5353 1', '2001:db8::1 53 1']);
  });

  it('leaves from `source`, where that is of the family', async () => {
    const { wire } = await serving('transfer {\nto 192.0.2.1 2001:db8::1\nsource 192.0.2.53\n}');
    expect(wire.targets.map(({ protocol, source }) => [protocol, source])).toEqual([
      ['udp', '192.0.2.53'],
      ['udp', undefined],
    ]);
  });

  it('is not about zones of others', async () => {
    const { wire } = await serving('transfer example.net {\nto 192.0.2.1\n}');
    expect(wire.sent).toEqual([]);
  });
});

describe('changes', () => {
  it('are told at once', async () => {
    const { wire, zone } = await serving(ONE);
    vi.advanceTimersByTime(60_000);
    const before = wire.sent.length;
    zone.change(2);
    expect(wire.told.slice(before)).toEqual(['192.0.2.1 53 2']);
  });

  it('are told once in five seconds, the last of them in any case', async () => {
    const { wire, zone } = await serving(ONE);
    wire.at(0).listener.received(replyTo(wire.at(0)), AT);
    for (const serial of [2, 3, 4]) {
      vi.advanceTimersByTime(1_000);
      zone.change(serial);
    }
    expect(wire.told).toEqual(['192.0.2.1 53 1']);
    vi.advanceTimersByTime(2_000);
    expect(wire.told).toEqual(['192.0.2.1 53 1', '192.0.2.1 53 4']);
    wire.at(1).listener.received(replyTo(wire.at(1)), AT);
    vi.advanceTimersByTime(60_000);
    expect(wire.sent).toHaveLength(2);
  });

  it('are told as soon as the content is known', async () => {
    const { wire, zone } = await serving(ONE, 'unknown');
    vi.advanceTimersByTime(20_000);
    expect(wire.sent).toEqual([]);
    zone.serial = 9;
    vi.advanceTimersByTime(5_000);
    expect(wire.told).toEqual(['192.0.2.1 53 9']);
  });
});

describe('a secondary', () => {
  it('that acknowledges is told no more', async () => {
    const { wire, host } = await serving(ONE);
    expect(wire.at(0).listener.received(replyTo(wire.at(0)), AT)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(wire.sent).toHaveLength(1);
    expect(metric(host, 'acknowledged')).toBe(1);
    expect(host.takeLines()).toEqual([]);
  });

  it('that is silent is told again after 1, 2, 4 and 8 seconds, with one line in the log', async () => {
    const { wire, host } = await serving(ONE);
    const counts = [999, 1, 2_000, 4_000, 8_000, 600_000].map((time) => {
      vi.advanceTimersByTime(time);
      return wire.sent.length;
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 5]);
    expect(wire.sent.every(({ isCancelled }) => isCancelled)).toBe(true);
    expect(metric(host, 'silent')).toBe(5);
    expect(host.takeLines()).toEqual([
      '[WARNING] plugin/transfer: 192.0.2.1 port 53 does not answer NOTIFY for example.org.',
    ]);
  });

  it('that stays silent over many changes gets one line in the log, and another after it has answered', async () => {
    const { wire, zone, host } = await serving(ONE);
    for (let serial = 2; serial < 20; serial++) {
      zone.change(serial);
      vi.advanceTimersByTime(5_000);
    }
    expect(host.takeLines()).toHaveLength(1);
    wire.at(-1).listener.received(replyTo(wire.at(-1)), AT);
    zone.change(20);
    vi.advanceTimersByTime(60_000);
    expect(host.takeLines()).toHaveLength(1);
  });

  it('whose network refuses is told again as if it were silent', async () => {
    const { wire } = await serving(ONE);
    wire.at(0).listener.failed({ kind: 'refused', text: 'connection refused' });
    vi.advanceTimersByTime(1_000);
    expect(wire.sent).toHaveLength(2);
  });

  it('that refuses is told no more, and the log says so', async () => {
    const { wire, host } = await serving(ONE);
    wire.at(0).listener.received(replyTo(wire.at(0), 9), AT);
    vi.advanceTimersByTime(60_000);
    expect(wire.sent).toHaveLength(1);
    expect(metric(host, 'refused')).toBe(1);
    expect(host.takeLines()).toEqual([
      '[WARNING] plugin/transfer: 192.0.2.1 port 53 answers NOTIFY for example.org. with NOTAUTH',
    ]);
  });

  it('that refuses with the header alone is understood', async () => {
    const { wire } = await serving(ONE);
    const header = replyTo(wire.at(0), 4).subarray(0, 12);
    header.fill(0, 4);
    expect(wire.at(0).listener.received(header, AT)).toBe(true);
  });

  it.each<[string, (reply: Buffer) => void, Endpoint?]>([
    ['has another id', (reply) => void (reply[0] = (reply[0] ?? 0) ^ 1)],
    ['is no response', (reply) => void reply.writeUInt16BE(NOTIFY, 2)],
    ['has another opcode', (reply) => void reply.writeUInt16BE(QR, 2)],
    ['is about another zone', (reply) => void (reply[13] = 'x'.charCodeAt(0))],
    ['comes from another address', () => undefined, { ...AT, address: '192.0.2.2' }],
    ['comes from another port', () => undefined, { ...AT, port: 54 }],
    ['says nothing but success', (reply) => void reply.writeUInt16BE(0, 4)],
  ])('whose reply %s has not answered', async (_, change, from = AT) => {
    const { wire, host } = await serving(ONE);
    const reply = replyTo(wire.at(0));
    change(reply);
    expect(wire.at(0).listener.received(reply, from)).toBe(false);
    expect(wire.at(0).listener.received(Buffer.alloc(3), from)).toBe(false);
    expect(metric(host, 'acknowledged')).toBe(0);
  });

  it('that is told of a further change hears no more of the one before', async () => {
    const { wire, zone } = await serving(ONE);
    vi.advanceTimersByTime(4_900);
    zone.change(2);
    vi.advanceTimersByTime(100);
    expect(wire.told.at(-1)).toBe('192.0.2.1 53 2');
    const before = wire.sent.length;
    vi.advanceTimersByTime(600_000);
    expect(wire.told.slice(before)).toEqual(Array.from({ length: 4 }, () => '192.0.2.1 53 2'));
  });
});

it('ends with the directive', async () => {
  const { wire, zone, ...service } = await serving(ONE);
  service.close();
  zone.change(2);
  vi.advanceTimersByTime(60_000);
  expect(zone.watchers.size).toBe(0);
  expect(wire.sent).toHaveLength(1);
  expect(wire.at(0).isCancelled).toBe(true);
  expect(wire.closed).toBe(1);
});
