/** What becomes of a plugin's outcome: later, never, an exception. The conformance suite holds what the replies say. */
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { FactCounters } from '../../src/cluster/facts.ts';
import { Class, Rcode, Type } from '../../src/dns/constants.ts';
import { Name } from '../../src/dns/name.ts';
import type { RRset } from '../../src/dns/rrset.ts';
import { type Answer, type Outcome, reply } from '../../src/plugins/answer.ts';
import type { Next, Plugin } from '../../src/plugins/plugin.ts';
import type { Account, Query } from '../../src/plugins/query.ts';
import { explainAs } from '../../src/plugins/reasons.ts';
import { linkChain } from '../../src/server/chain.ts';
import { AnswerCounts } from '../../src/server/answer-counts.ts';
import { Responder, panicText } from '../../src/server/responder.ts';
import { Router } from '../../src/server/router.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { DEFERRED, type Exchange, NO_REPLY, type ReplyHandle, UNREAD } from '../../src/transport/transport.ts';
import { startTestServer } from '../support/server.ts';

type Answering = (query: Query, next: Next) => Outcome;

interface Asked {
  /** What the handler returned. */
  readonly length: number;
  /** The reply: of this tick, or the one that came later; undefined where there is none. */
  readonly reply: Promise<Buffer | undefined>;
  readonly request: Uint8Array;
}

interface AskOptions {
  readonly protocol?: 'udp' | 'tcp';
  readonly request?: Uint8Array;
  /** In place of a handle's `send`. */
  readonly send?: (message: Uint8Array) => void;
}

/** A responder over one root block with this plugin. */
function serving(answer: Answering, further: readonly Plugin[] = []) {
  const panics: unknown[] = [];
  const metrics = new Metrics();
  const plugin: Plugin = { name: 'test', replayable: true, answer };
  const router = new Router(
    [{ zone: Name.root, chain: linkChain([plugin, ...further]), anyClass: false }],
    'dns://:53',
  );
  const responder = new Responder({
    resolver: router,
    facts: new FactCounters(),
    counts: new AnswerCounts(metrics, router.server),
    panic: (error) => panics.push(error),
    idle: bounds.tcpIdle,
  });
  const ask = ({ protocol = 'udp', request = requestOf({}), send }: AskOptions = {}): Asked => {
    const ends = {
      protocol,
      clientFamily: 4 as const,
      clientAddress: '192.0.2.1',
      clientPort: 4,
      localAddress: '192.0.2.2',
      localPort: 53,
    };
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const handle: ReplyHandle = {
      send: send ?? ((message) => resolve(Buffer.from(message))),
      drop: () => resolve(undefined),
    };
    const room = new Uint8Array(protocol === 'tcp' ? 65_535 : 4_096);
    const exchange: Exchange = {
      ...ends,
      octets: request,
      start: 0,
      end: request.length,
      reply: room,
      settled: false,
      place: UNREAD,
      defer: () => handle,
    };
    const length = responder.respond(exchange);
    if (length !== DEFERRED) resolve(length === NO_REPLY ? undefined : Buffer.from(room.subarray(0, length)));
    return { length, reply: promise, request };
  };
  return { ask, panics, metrics };
}

function requestOf({
  options,
  udpSize = 1232,
  padding = 0,
}: {
  options?: boolean;
  udpSize?: number;
  padding?: number;
}): Uint8Array {
  const opt = {
    type: 'OPT' as const,
    name: '.' as const,
    udpPayloadSize: udpSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: padding === 0 ? [] : [{ code: 12, data: Buffer.alloc(padding) }],
  };
  const additionals = options === true ? [opt] : [];
  return new Uint8Array(
    packet.encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'web.test' }], additionals }),
  );
}

const record = (owner: Name): RRset => ({
  owner,
  type: Type.A,
  class: Class.IN,
  ttl: 5,
  kind: 'address',
  octets: Uint8Array.of(10, 0, 0, 1),
});

const answered: Answering = (query) => reply({ answers: [record(query.name)] });

/** An answer whose octets cannot be written. */
const unwritable: Answering = (query) => {
  const set: RRset = { ...record(query.name), kind: 'address', octets: new Uint8Array(4) };
  Object.defineProperty(set, 'octets', {
    get: () => {
      throw new Error('no octets');
    },
  });
  return reply({ answers: [set] });
};

const later =
  (answer: Answering): Answering =>
  async (query, next): Promise<Answer> => {
    await new Promise(setImmediate);
    return answer(query, next);
  };

const rcodeOf = (message: Buffer | undefined): number | undefined =>
  message === undefined ? undefined : message.readUInt8(3) & 15;

/** Fails where something was rejected and nobody had asked: it would end the program. */
async function withoutStrayRejection(action: () => Promise<void>): Promise<void> {
  const stray: unknown[] = [];
  const note = (reason: unknown): void => void stray.push(reason);
  process.on('unhandledRejection', note);
  try {
    await action();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(stray).toEqual([]);
}

describe('an answer', () => {
  it('that is there is written in the same tick', async () => {
    const { length, reply: now } = serving(answered).ask();
    expect(length).toBeGreaterThan(12);
    expect(packet.decode((await now) ?? Buffer.alloc(0)).answers).toMatchObject([{ type: 'A', data: '10.0.0.1' }]);
  });

  it('that comes later is deferred, and the same octets', async () => {
    const now = await serving(answered).ask({ request: requestOf({ options: true }) }).reply;
    const deferred = serving(later(answered)).ask({ request: requestOf({ options: true }) });
    expect(deferred.length).toBe(DEFERRED);
    // The request's octets belong to the transport again as soon as the handler has returned.
    deferred.request.fill(0xff);
    expect(await deferred.reply).toEqual(now);
  });

  it('that comes later is cut to what the client takes', async () => {
    const many: Answering = (query) => {
      const octets = Uint8Array.from({ length: 4 * 200 }, (_, i) => i & 255);
      return reply({ answers: [{ ...record(query.name), kind: 'address', octets }] });
    };
    const udp = await serving(later(many)).ask().reply;
    expect(udp?.length).toBeLessThanOrEqual(512);
    expect((udp?.readUInt8(2) ?? 0) & 2).toBe(2);
    const tcp = await serving(later(many)).ask({ protocol: 'tcp' }).reply;
    expect(tcp?.readUInt16BE(6)).toBe(200);
  });

  it('that is silence sends nothing, now or later', async () => {
    const silent: Answering = () => ({ kind: 'silence' });
    const now = serving(silent).ask();
    expect([now.length, await now.reply]).toEqual([NO_REPLY, undefined]);
    const deferred = serving(later(silent)).ask();
    expect([deferred.length, await deferred.reply]).toEqual([DEFERRED, undefined]);
  });

  it('of many that wait comes to the one who asked', async () => {
    const { ask } = serving(later(answered));
    const asked = Array.from({ length: 50 }, (_, i) => {
      const request = requestOf({});
      new DataView(request.buffer).setUint16(0, 1_000 + i);
      return ask({ request });
    });
    const replies = await Promise.all(asked.map((one) => one.reply));
    expect(replies.map((one) => one?.readUInt16BE(0))).toEqual(asked.map((_, i) => 1_000 + i));
  });
});

describe('an exception', () => {
  const throwing: Answering = () => {
    throw new Error('broken plugin');
  };
  const rejecting: Answering = later(throwing);

  it.each([
    ['in the same tick', throwing, 'broken plugin'],
    ['later', rejecting, 'broken plugin'],
    ['bug: in the octets of an answer', unwritable, 'no octets'],
    ['bug: in the octets of an answer that came later', later(unwritable), 'no octets'],
  ])('%s is SERVFAIL, is told, and the next query is answered', async (_, answer, message) => {
    await withoutStrayRejection(async () => {
      let broken = true;
      const { ask, panics } = serving((query, next) => (broken ? answer(query, next) : answered(query, next)));
      const failed = await ask({ request: requestOf({ options: true }) }).reply;
      expect(rcodeOf(failed)).toBe(Rcode.SERVFAIL);
      const { questions, answers, additionals } = packet.decode(failed ?? Buffer.alloc(0));
      expect(questions).toMatchObject([{ name: 'web.test', type: 'A' }]);
      expect(answers).toEqual([]);
      expect(additionals).toHaveLength(1);
      expect(panics).toMatchObject([{ message }]);
      broken = false;
      expect(rcodeOf(await ask().reply)).toBe(Rcode.NOERROR);
    });
  });

  it('bug: in sending an answer that came later ended the program', async () => {
    await withoutStrayRejection(async () => {
      const { ask, panics } = serving(later(answered));
      const { promise: sent, resolve } = Promise.withResolvers<undefined>();
      const asked = ask({
        send: () => {
          resolve(undefined);
          throw new Error('socket is gone');
        },
      });
      await sent;
      expect(await asked.reply).toBeUndefined();
      expect(panics).toMatchObject([{ message: 'socket is gone' }]);
    });
  });

  it('is counted, as what no chain has counted', async () => {
    const { ask, metrics } = serving(throwing);
    await ask().reply;
    const series = 'coredns_dns_responses_total{plugin="",rcode="SERVFAIL",server="dns://:53",view="",zone="dropped"}';
    expect(metrics.render()).toContain(`${series} 1\n`);
  });

  it('is one line of the log', () => {
    const question = { name: Name.fromText(String.raw`a\010b.test`), type: Type.A, class: Class.IN };
    const error = new Error('x');
    error.stack = 'Error: x\n    at y\n    at z';
    expect(panicText(error, question)).toBe(
      String.raw`Recovered from panic for a\010b.test. A: Error: x\n    at y\n    at z`,
    );
    expect(panicText('just text', question)).toContain('just text');
  });
});

describe('a query that comes to no chain', () => {
  it('is counted with its reply, and one that does is not', async () => {
    const { ask, metrics } = serving(answered);
    await ask().reply;
    expect(metrics.render()).not.toContain('dropped');
    const chaos = packet.encode({ type: 'query', id: 7, questions: [{ type: 'TXT', name: 'web.test', class: 'CH' }] });
    expect(rcodeOf(await ask({ request: new Uint8Array(chaos), protocol: 'tcp' }).reply)).toBe(Rcode.REFUSED);
    const where = 'server="dns://:53",';
    const rendered = metrics.render();
    expect(rendered).toContain(
      `coredns_dns_requests_total{family="1",proto="tcp",${where}type="TXT",view="",zone="dropped"} 1\n`,
    );
    expect(rendered).toContain(
      `coredns_dns_responses_total{plugin="",rcode="REFUSED",${where}view="",zone="dropped"} 1\n`,
    );
  });
});

describe('look-ups on the way', () => {
  /** Goes after one name after another, for ever. */
  const endless =
    (wait: boolean, seen: string[]): Answering =>
    (query) => {
      seen.push(query.name.toString());
      const next = Name.fromText(`n${seen.length}.test`);
      const onward = (): Outcome => query.lookup(next, query.type);
      return wait ? Promise.resolve().then(onward) : onward();
    };

  it.each([
    ['in the same tick', false],
    ['later', true],
  ])('that never end are ended by their budget, %s: SERVFAIL', async (_, wait) => {
    const seen: string[] = [];
    const { ask, panics } = serving(endless(wait, seen));
    expect(rcodeOf(await ask().reply)).toBe(Rcode.SERVFAIL);
    expect(seen).toHaveLength(1 + bounds.lookupsPerQuery);
    expect(panics).toEqual([]);
    await ask().reply;
    expect(seen).toHaveLength(2 * (1 + bounds.lookupsPerQuery));
  });

  it('share one budget, however they branch', async () => {
    let count = 0;
    const branching: Answering = (query) => {
      count++;
      for (let i = 0; i < 3; i++) void query.lookup(Name.fromText(`n${count}.test`), query.type);
      return reply({});
    };
    await serving(branching).ask().reply;
    expect(count).toBe(1 + bounds.lookupsPerQuery);
  });

  it('of aliases that never end leave the aliases alone', async () => {
    const server = await startTestServer({
      corefile: `test {\ntemplate IN A {\nanswer "{{ .Name }} 5 IN CNAME x.{{ .Name }}"\n}\n}\n`,
    });
    try {
      const message = packet.decode(Buffer.from((await server.ask(requestOf({ options: true, udpSize: 4096 }))) ?? []));
      expect(message.rcode).toBe('NOERROR');
      expect(message.answers.map(({ type }) => type)).toEqual(Array(1 + bounds.lookupsPerQuery).fill('CNAME'));
    } finally {
      await server.close();
    }
  });

  it('of ExternalNames that lead to each other from zone to zone end too', async () => {
    const external = (name: string, target: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: ExternalName, externalName: ${target} }\n---\n`;
    const server = await startTestServer({
      corefile: 'one.test {\nkubernetes\n}\ntwo.test {\nkubernetes\n}\n',
      manifests: external('ping', 'pong.default.svc.two.test') + external('pong', 'ping.default.svc.one.test'),
    });
    try {
      const request = packet.encode({
        type: 'query',
        id: 1,
        questions: [{ type: 'A', name: 'ping.default.svc.one.test' }],
      });
      const message = packet.decode(Buffer.from((await server.ask(request, { protocol: 'tcp' })) ?? []));
      expect(message.rcode).toBe('NOERROR');
      expect(message.answers).toHaveLength(1 + bounds.lookupsPerQuery);
    } finally {
      await server.close();
    }
  });
});

describe('the verdict on replaying', () => {
  const verdict = async (replayableBelow: boolean): Promise<boolean | undefined> => {
    let account: Account | undefined;
    const below: Plugin = { name: 'below', ...(replayableBelow ? { replayable: true } : {}), answer: () => reply({}) };
    const { ask } = serving(
      (query, next) => {
        account ??= query.account;
        return query.name.labelCount === 1 ? next.answer(query) : query.lookup(Name.fromText('x'), query.type);
      },
      [below],
    );
    await ask().reply;
    return account?.replaying.allowed;
  };

  it('is that of all plugins that the query or its look-ups entered', async () => {
    expect(await verdict(true)).toBe(true);
    expect(await verdict(false)).toBe(false);
  });
});

describe('EDNS', () => {
  const explained: Answering = () => reply({ explanation: explainAs('configured', { code: 15, text: 'blocked' }) });
  const optionsOf = (message: Buffer | undefined): readonly { readonly code: number; readonly data: Buffer }[] => {
    const [opt] = packet.decode(message ?? Buffer.alloc(0)).additionals;
    return opt?.type === 'OPT'
      ? opt.options.map((option) => ({ code: option.code, data: Buffer.from(option.data) }))
      : [];
  };

  it('an extended error goes to clients that speak it', async () => {
    const [option] = optionsOf(await serving(explained).ask({ request: requestOf({ options: true }) }).reply);
    expect(option?.code).toBe(15);
    expect(option?.data.toString('latin1')).toBe('\0\x0fblocked');
  });

  it('and to nobody else', async () => {
    const message = await serving(explained).ask({ request: requestOf({}) }).reply;
    expect(message?.readUInt16BE(10)).toBe(0);
    expect(message?.includes('blocked')).toBe(false);
  });

  it('options that leave no room are left out, and the answer is not', async () => {
    const request = requestOf({ options: true, udpSize: 512, padding: 3_000 });
    const message = await serving(answered).ask({ request }).reply;
    expect(message?.length).toBeLessThan(512);
    expect(message?.readUInt16BE(6)).toBe(1);
    expect(optionsOf(message)).toEqual([]);
  });

  it('a reply never is longer than its transport takes, whatever is echoed', async () => {
    const request = requestOf({ options: true, padding: 65_000 });
    const message = await serving(answered).ask({ request, protocol: 'tcp' }).reply;
    expect(message?.length).toBeLessThanOrEqual(65_535);
    const udp = await serving(answered).ask({ request: requestOf({ options: true, udpSize: 65_535, padding: 4_000 }) })
      .reply;
    expect(udp?.length).toBeLessThanOrEqual(bounds.udpMessage);
  });
});
