/** DNS over HTTPS: what each request is answered with, over both versions of HTTP, and what a client may make grow. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFERRED, NO_REPLY, type ReplyHandle, type RequestHandler } from '../../src/transport/transport.ts';
import { deadline, openTls } from './clients.ts';
import { echo, openOneHttps, tcpClient } from './fixtures.ts';
import { DNS_MESSAGE, Http1Client, Http2Client, type HttpReply, query, replyOf, target } from './https-clients.ts';

/** Defers every query, and keeps the handles. */
function keeping() {
  const handles: ReplyHandle[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const handler: RequestHandler = (exchange) => {
    handles.push(exchange.defer());
    for (const { count, resolve } of waiting) if (handles.length >= count) resolve();
    return DEFERRED;
  };
  const taken = (count: number): Promise<void> =>
    handles.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve }));
  return { handles, handler, taken };
}

interface Way {
  readonly name: string;
  readonly ask: (port: number, method: string, path: string, options?: AskOptions) => Promise<HttpReply>;
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const ways: readonly Way[] = [
  {
    name: 'HTTP/2',
    ask: (port, method, path, { headers = {}, body } = {}) => {
      const client = new Http2Client(port);
      const stream = client.begin({ ':method': method, ':path': path, ...headers }, body === undefined);
      if (body !== undefined) stream.end(body);
      return replyOf(stream);
    },
  },
  {
    name: 'HTTP/1.1',
    ask: async (port, method, path, { headers = {}, body } = {}) => {
      const client = await Http1Client.overTls(port);
      client.request(method, path, body === undefined ? headers : { ...headers, 'Content-Length': body.length }, body);
      return client.receive();
    },
  },
];

const POST = { 'content-type': DNS_MESSAGE };

describe.each(ways)('over $name', ({ ask }) => {
  it('answers a query in the target of a GET', async () => {
    const { port } = await openOneHttps(echo);
    const message = query();
    const { status, headers, body } = await ask(port, 'GET', target(message));
    expect({ status, body }).toEqual({ status: 200, body: message });
    expect(headers).toMatchObject({
      'content-type': DNS_MESSAGE,
      'content-length': String(message.length),
      'cache-control': 'max-age=0',
    });
  });

  it('answers a query in the body of a POST, of up to 65,535 octets', async () => {
    const { port } = await openOneHttps(echo);
    const longest = Buffer.concat([query(), Buffer.alloc(65_535 - query().length)]);
    for (const body of [query(), longest]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(port, 'POST', '/dns-query', { headers: POST, body })).toMatchObject({ status: 200, body });
    }
  });

  it('answers later, once', async () => {
    const { handles, handler, taken } = keeping();
    const { port } = await openOneHttps(handler);
    const asking = ask(port, 'GET', target(query()));
    await taken(1);
    handles[0]?.send(query('later.test'));
    handles[0]?.send(query('again.test'));
    expect((await asking).body).toEqual(query('later.test'));
  });

  const response = Buffer.from(query());
  response.writeUInt16BE(0x8100, 2);
  const get = (value: string): string => `/dns-query?dns=${value}`;
  const encoded = query().toString('base64url');

  it.each<readonly [string, string, string, AskOptions, number]>([
    ['another path', 'GET', '/', {}, 404],
    ['a path below', 'GET', `/dns-query/?dns=${encoded}`, {}, 404],
    ['another path, with a POST', 'POST', '/other', { headers: POST, body: query() }, 404],
    ['PUT', 'PUT', '/dns-query', { headers: POST, body: query() }, 405],
    ['DELETE', 'DELETE', '/dns-query', {}, 405],
    ['HEAD', 'HEAD', target(query()), {}, 405],
    ['no query', 'GET', '/dns-query', {}, 400],
    ['an empty query', 'GET', get(''), {}, 400],
    ['two queries', 'GET', `${get(encoded)}&dns=${encoded}`, {}, 400],
    ['padded base64url', 'GET', get(`${encoded}=`), {}, 400],
    ['base64 that is not for URLs', 'GET', get('AAA+AAA/'), {}, 400],
    ['base64url of no octets', 'GET', get('AAAAA'), {}, 400],
    ['octets that are no DNS message', 'GET', get('AAAA'), {}, 400],
    ['a header without its question', 'GET', get(query().subarray(0, 12).toString('base64url')), {}, 400],
    ['a response', 'GET', get(response.toString('base64url')), {}, 400],
    ['an empty body', 'POST', '/dns-query', { headers: POST, body: Buffer.alloc(0) }, 400],
    ['a body that is no DNS message', 'POST', '/dns-query', { headers: POST, body: Buffer.alloc(40, 0xff) }, 400],
    ['a body of another type', 'POST', '/dns-query', { headers: { 'content-type': 'text/plain' }, body: query() }, 415],
    ['a body of no type', 'POST', '/dns-query', { body: query() }, 415],
    ['a body that is too long', 'POST', '/dns-query', { headers: POST, body: Buffer.alloc(65_536) }, 413],
    ['a body that is far too long', 'POST', '/dns-query', { headers: POST, body: Buffer.alloc(1_000_000) }, 413],
  ])('%s: %s %s', async (_, method, path, options, status) => {
    let asked = 0;
    const statuses: number[] = [];
    const handler: RequestHandler = (exchange) => {
      asked++;
      return echo(exchange);
    };
    const { port } = await openOneHttps(handler, {}, { responded: (one) => statuses.push(one) });
    // What HEAD is answered with has a length and no body.
    const reply = method === 'HEAD' ? await headOf(port, path) : await ask(port, method, path, options);
    expect(reply.status).toBe(status);
    expect(reply.headers['allow']).toBe(status === 405 ? 'GET, POST' : undefined);
    expect(statuses).toEqual([status]);
    expect(asked).toBe(0);
  });

  it('type and parameters of the content are as HTTP has them', async () => {
    const { port } = await openOneHttps(echo);
    const headers = { 'content-type': 'Application/DNS-Message; charset=x' };
    expect(await ask(port, 'POST', '/dns-query', { headers, body: query() })).toMatchObject({ status: 200 });
    expect(await ask(port, 'GET', `/dns-query?ct=x&dns=${encoded}`)).toMatchObject({ status: 200 });
  });

  it('says 500 where the chain stays silent, at once or later', async () => {
    const { handles, handler, taken } = keeping();
    const silent = await openOneHttps(() => NO_REPLY);
    expect(await ask(silent.port, 'GET', target(query()))).toMatchObject({ status: 500 });
    const { port } = await openOneHttps(handler);
    const asking = ask(port, 'GET', target(query()));
    await taken(1);
    handles[0]?.drop();
    expect(await asking).toMatchObject({ status: 500 });
  });

  it('says 500 where the handler throws, and goes on', async () => {
    const { port, listener, reports } = await openOneHttps(() => {
      throw new Error('a fault');
    });
    expect(await ask(port, 'GET', target(query()))).toMatchObject({ status: 500 });
    expect(await ask(port, 'GET', target(query()))).toMatchObject({ status: 500 });
    expect(listener.counts.failed).toBe(2);
    expect(reports.join()).toContain('a fault');
  });

  it('CVE-2026-32936: dohTarget: a GET that is too long is refused before it is decoded', async () => {
    const { port } = await openOneHttps(echo);
    const long = Buffer.concat([query(), Buffer.alloc(7_000)]);
    expect(await ask(port, 'GET', target(long))).toMatchObject({ status: 414 });
    expect(await ask(port, 'GET', target(long.subarray(0, 6_000)))).toMatchObject({ status: 200 });
  });
});

async function headOf(port: number, path: string): Promise<HttpReply> {
  const client = await Http1Client.overTls(port);
  const { promise, resolve } = Promise.withResolvers<string>();
  client.socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  client.request('HEAD', path);
  const [first = '', ...lines] = (await promise).split('\r\n');
  const allow = lines.find((line) => line.startsWith('allow: '));
  const headers = allow === undefined ? {} : { allow: allow.slice('allow: '.length) };
  return { status: Number(first.split(' ')[1]), headers, body: Buffer.alloc(0) };
}

describe('HTTP/2', () => {
  it('is answered in any order', async () => {
    const { handles, handler, taken } = keeping();
    const { port } = await openOneHttps(handler);
    const client = new Http2Client(port);
    const order: string[] = [];
    const asking = ['a.test', 'b.test', 'c.test'].map(async (name) => {
      await client.get(target(query(name)));
      order.push(name);
    });
    await taken(3);
    for (const [index, name] of [
      [2, 'c.test'],
      [0, 'a.test'],
      [1, 'b.test'],
    ] as const) {
      handles[index]?.send(query(name));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asking[index];
    }
    expect(order).toEqual(['c.test', 'a.test', 'b.test']);
  });

  it('dohStreams: offers no more streams than that', async () => {
    const { port } = await openOneHttps(echo, { dohStreams: 7 });
    const { session } = await new Http2Client(port).settled();
    expect(session.remoteSettings).toMatchObject({ maxConcurrentStreams: 7 });
  });

  it('CVE-2025-47950: streams that are opened and reset have no more work done than those that wait', async () => {
    const { handles, handler } = keeping();
    const { port, listener } = await openOneHttps(handler, { dohStreams: 10 });
    const client = await new Http2Client(port).settled();
    for (let round = 0; round < 50; round++) {
      const streams = Array.from({ length: 10 }, () => client.begin({ ':path': target(query()) }));
      // oxlint-disable-next-line no-await-in-loop -- the server must have seen them
      await Promise.race([pinged(client), client.closed]);
      for (const stream of streams) stream.close(8);
      // oxlint-disable-next-line no-await-in-loop -- and their ends
      await Promise.race([pinged(client), client.closed]);
    }
    expect(handles).toHaveLength(10);
    expect(listener.counts.overBound).toBeGreaterThan(100);
    for (const handle of handles) handle.send(query());
    await expect.poll(async () => (await new Http2Client(port).settled()).session.destroyed).toBe(false);
  });

  it('CVE-2025-47950: who resets streams without an end loses the connection', async () => {
    const { port } = await openOneHttps(echo);
    const client = await new Http2Client(port).settled();
    const flood = setInterval(() => {
      for (let i = 0; i < 100 && !client.session.destroyed && !client.session.closed; i++) {
        client.begin({ ':path': target(query()) }).close(8);
      }
    }, 1);
    onTestFinished(() => clearInterval(flood));
    await client.closed;
    expect((await new Http2Client(port).get(target(query()))).status).toBe(200);
  });

  it('dohHeader, dohFields: a header that is too long, or has too many fields, is not read', async () => {
    const { port, listener } = await openOneHttps(echo, { dohHeader: 2_000, dohFields: 20 });
    const long = { ':path': target(query()), long: 'x'.repeat(4_000) };
    // Before the client has confirmed the settings, and after.
    expect((await replyOf(new Http2Client(port).begin(long))).status).toBe(431);
    const settled = await new Http2Client(port).settled();
    await pinged(settled);
    await expect(replyOf(settled.begin(long))).rejects.toThrow('the stream ended');
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 'x']));
    await expect(replyOf(new Http2Client(port).begin({ ':path': target(query()), ...fields }))).rejects.toThrow(
      'the stream ended',
    );
    expect(listener.counts.requests).toBe(0);
    expect((await new Http2Client(port).get(target(query()))).status).toBe(200);
  });

  it('ends in an orderly way after as many requests as one connection may carry', async () => {
    const { port } = await openOneHttps(echo, { tcpQueries: 3 });
    const client = new Http2Client(port);
    for (let i = 0; i < 3; i++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await client.get(target(query()))).status).toBe(200);
    }
    await client.closed;
  });
});

/** Resolves when the server has taken everything that was sent before. */
function pinged({ session }: Http2Client): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) resolve();
    else session.ping(() => resolve());
  });
}

describe('HTTP/1.1', () => {
  it('is spoken without TLS where there is none', async () => {
    const { port } = await openOneHttps(echo, {}, { tls: false });
    const client = await Http1Client.plain(port);
    client.request('GET', target(query()));
    expect(await client.receive()).toMatchObject({ status: 200, body: query() });
  });

  it('is spoken where a client offers nothing by ALPN', async () => {
    const { port } = await openOneHttps(echo);
    const { socket } = openTls(port);
    onTestFinished(() => void socket.destroy());
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')));
    socket.once('secureConnect', () => socket.write(`GET ${target(query())} HTTP/1.1\r\nHost: x\r\n\r\n`));
    expect(await promise).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('keeps its connection, and answers requests that are sent ahead in their order', async () => {
    const { handles, handler, taken } = keeping();
    const { port } = await openOneHttps(handler);
    const client = await Http1Client.overTls(port);
    for (const name of ['a.test', 'b.test']) client.request('GET', target(query(name)));
    await taken(2);
    handles[1]?.send(query('b.test'));
    handles[0]?.send(query('a.test'));
    expect((await client.receive()).body).toEqual(query('a.test'));
    expect((await client.receive()).body).toEqual(query('b.test'));
  });

  it('dohStreams: one request more than may wait is refused', async () => {
    const { handler, taken } = keeping();
    const { port, listener } = await openOneHttps(handler, { dohStreams: 2 });
    const client = await Http1Client.overTls(port);
    for (let i = 0; i < 3; i++) client.request('GET', target(query()));
    await taken(2);
    await expect.poll(() => listener.counts.overBound).toBe(1);
    expect(listener.counts.requests).toBe(2);
  });

  it('dohHeader: a header that is too long is refused', async () => {
    const { port, listener } = await openOneHttps(echo, { dohHeader: 2_000 });
    const client = await Http1Client.overTls(port);
    client.request('GET', target(query()), { long: 'x'.repeat(4_000) });
    expect((await client.receive()).status).toBe(431);
    expect(listener.counts.requests).toBe(0);
  });

  it.each(['no HTTP at all\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /dns-query HTTP/1.1\r\n\r\n', '\0\0\0'])(
    'nonsense is refused: %j',
    async (text) => {
      const { port, reports } = await openOneHttps(echo);
      const client = await Http1Client.overTls(port);
      client.send(text);
      client.socket.end();
      expect((await client.receive()).status).toBe(400);
      expect(reports).toEqual([]);
    },
  );
});

describe('octets without sense', () => {
  const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const frame = fc
    .tuple(fc.nat(11), fc.nat(255), fc.nat(0x7fff_ffff), fc.uint8Array({ maxLength: 40 }))
    .map(([type, flags, stream, payload]) => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream, 5);
      return Buffer.concat([head, payload]);
    });

  it.each([
    ['frames of HTTP/2', 'h2', fc.array(frame, { maxLength: 20 }).map((frames) => Buffer.concat([PREFACE, ...frames]))],
    ['anything in place of HTTP/2', 'h2', fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets))],
    [
      'anything in place of HTTP/1.1',
      'http/1.1',
      fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets)),
    ],
  ])('%s end a connection and nothing else', async (_, protocol, octets) => {
    const { port, listener, reports } = await openOneHttps(echo);
    await fc.assert(
      fc.asyncProperty(octets, async (sent) => {
        const { socket } = openTls(port, { ALPNProtocols: [protocol], allowHalfOpen: false });
        socket.resume();
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.end(sent);
        await closed;
      }),
      { numRuns: 60 },
    );
    expect((await new Http2Client(port).get(target(query()))).status).toBe(200);
    expect(reports).toEqual([]);
    expect(listener.counts.failed).toBe(0);
  });
});

describe('time', () => {
  it('dohRequest: a body that takes too long is answered with 408, over HTTP/2 without harm to other streams', async () => {
    const { port, listener } = await openOneHttps(echo, { dohRequest: 60, tcpLinger: 60 });
    const client = new Http2Client(port);
    const slow = client.begin({ ':path': '/dns-query', ':method': 'POST', 'content-type': DNS_MESSAGE }, false);
    const trickle = setInterval(() => !slow.destroyed && slow.write(Buffer.of(0)), 10);
    onTestFinished(() => clearInterval(trickle));
    expect((await replyOf(slow)).status).toBe(408);
    expect((await client.get(target(query()))).status).toBe(200);
    expect(listener.counts.cutOff).toBe(1);
  });

  it('dohRequest: the same over HTTP/1.1, where it costs the connection', async () => {
    const { port } = await openOneHttps(echo, { dohRequest: 60, tcpLinger: 60 });
    const client = await Http1Client.overTls(port);
    client.request('POST', '/dns-query', { 'Content-Type': DNS_MESSAGE, 'Content-Length': 100 }, 'x');
    expect(await client.receive()).toMatchObject({ status: 408, headers: { connection: 'close' } });
    await client.closed;
  });

  it('dohRequest: a body that nobody wants any more is not read without an end', async () => {
    const { port } = await openOneHttps(echo, { dohRequest: 100 });
    const client = await Http1Client.overTls(port);
    client.request('POST', '/dns-query', { 'Content-Type': 'text/plain', 'Content-Length': 1_000_000 }, 'x');
    expect((await client.receive()).status).toBe(415);
    await client.closed;
  });

  it('ends a connection without a request, also where octets of a header come now and then', async () => {
    const { port, listener } = await openOneHttps(echo, { tcpFirstQuery: 60, tcpLinger: 60 });
    const [silent, slow] = [await Http1Client.overTls(port), await Http1Client.overTls(port)];
    slow.send('GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => slow.send('a: b\r\n'), 10);
    onTestFinished(() => clearInterval(trickle));
    const session = new Http2Client(port);
    await Promise.all([silent.closed, slow.closed, session.closed]);
    expect(listener.counts).toMatchObject({ cutOff: 3, requests: 0 });
  });

  it('ends a connection that idles, and not one whose query is in flight', async () => {
    const { handles, handler, taken } = keeping();
    const { port } = await openOneHttps(handler, { tcpIdle: 60, tcpLinger: 60 });
    const client = new Http2Client(port);
    const asking = client.get(target(query()));
    await taken(1);
    const other = await Http1Client.overTls(port);
    other.request('GET', '/elsewhere');
    expect((await other.receive()).status).toBe(404);
    await other.closed;
    handles[0]?.send(query());
    expect((await asking).status).toBe(200);
    await client.closed;
  });

  it('lets go of a client that asks on after its connection was ended', async () => {
    const { port, listener } = await openOneHttps(echo, { tcpFirstQuery: 60, tcpLinger: 60 }, { tls: false });
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.resume();
    await once(socket, 'end', deadline());
    socket.write(`GET ${target(query())} HTTP/1.1\r\nHost: x\r\n\r\n`);
    // What is written to a connection that is gone is answered with a reset.
    const knocking = setInterval(() => socket.write('\r\n'), 20);
    onTestFinished(() => clearInterval(knocking));
    const [error] = await once(socket, 'error', deadline());
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) });
    expect(listener.counts.requests).toBe(0);
  });

  it('cuts off a client that does not read', async () => {
    const { port, listener } = await openOneHttps(() => 60_000, { tcpWrite: 100 });
    const client = await new Http2Client(port, { settings: { initialWindowSize: 0 } }).settled();
    client.begin({ ':path': target(query()) });
    await client.closed;
    expect(listener.counts.cutOff).toBe(1);
  });

  it('cuts off a client that lets replies pile up', async () => {
    const { port, listener } = await openOneHttps(() => 60_000, { tcpUnsent: 1_000_000, tcpUnsentCutOff: 300_000 });
    const client = await new Http2Client(port, { settings: { initialWindowSize: 0 } }).settled();
    for (let i = 0; i < 10; i++) client.begin({ ':path': target(query()) });
    await client.closed;
    expect(listener.counts).toMatchObject({ overBound: 1, requests: 5 });
  });
});

describe('bounds', () => {
  it('CVE-2025-68151: dohConnections: one connection more is closed at once, before any handshake', async () => {
    const { port, listener } = await openOneHttps(echo, { dohConnections: 2 });
    const kept = [new Http2Client(port), new Http2Client(port)];
    await Promise.all(kept.map((client) => client.settled()));
    const further = await tcpClient(port);
    await Promise.race([further.ended, further.closed]);
    expect(listener.counts.overBound).toBe(1);
    for (const client of kept) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await client.get(target(query()))).status).toBe(200);
    }
  });

  it('CVE-2025-68151: dohBodies: all bodies of a connection together are bounded', async () => {
    const { port, listener } = await openOneHttps(echo, { dohBodies: 100_000 });
    const client = await new Http2Client(port).settled();
    const begin = () => client.begin({ ':path': '/dns-query', ':method': 'POST', 'content-type': DNS_MESSAGE }, false);
    const [first, second] = [begin(), begin()];
    first.write(Buffer.alloc(60_000));
    await pinged(client);
    second.write(Buffer.alloc(60_000));
    expect((await replyOf(second)).status).toBe(503);
    expect(listener.counts.overBound).toBe(1);
    first.end();
    expect((await replyOf(first)).status).toBe(400);
    expect((await client.post(query())).status).toBe(200);
  });
});

describe('a listener that stops', () => {
  it('lets answers in flight leave, over both versions', async () => {
    const { handles, handler, taken } = keeping();
    const { port, listener } = await openOneHttps(handler);
    const [second, first] = [new Http2Client(port), await Http1Client.overTls(port)];
    const asking = second.get(target(query('h2.test')));
    await taken(1);
    first.request('GET', target(query('h1.test')));
    await taken(2);
    const stopping = listener.stop(60_000);
    handles[0]?.send(query('h2.test'));
    handles[1]?.send(query('h1.test'));
    expect((await asking).body).toEqual(query('h2.test'));
    expect(await first.receive()).toMatchObject({ body: query('h1.test'), headers: { connection: 'close' } });
    await stopping;
  });

  it('ends connections that idle, and waits for nobody longer than it is told', async () => {
    const { handler, taken } = keeping();
    const { port, listener } = await openOneHttps(handler);
    const idle = [await new Http2Client(port).settled(), await Http1Client.overTls(port)];
    const busy = new Http2Client(port);
    const stream = busy.begin({ ':path': target(query()) });
    await taken(1);
    await listener.stop(50);
    await Promise.all([...idle, busy].map(({ closed }) => closed));
    expect(stream.destroyed).toBe(true);
  });

  it('closes at once where it is closed', async () => {
    const { handles, handler, taken } = keeping();
    const { port, listener } = await openOneHttps(handler);
    const client = new Http2Client(port);
    client.begin({ ':path': target(query()) });
    await taken(1);
    await listener.close();
    await client.closed;
    expect(() => handles[0]?.send(query())).not.toThrow();
  });
});
