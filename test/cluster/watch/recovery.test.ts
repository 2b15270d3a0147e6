/**
 * Each thing that an API server does on its bad days, while a resource is listed and while it is watched: the store comes
 * back in step by itself, says what it was in one line, and nothing that never stopped existing is ever missing.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureInStream } from '../../../src/cluster/watch/failure.ts';
import type { Fault } from '../../apiserver/faults.ts';
import { namespace, service } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import type { ApiServer, ApiServerOptions } from '../../apiserver/server.ts';
import { IMPATIENT, type Watching, servicesOf, watching } from './watching.ts';

/** A fault, and what the line about it says. */
type Day = readonly [name: string, fault: Fault, says: RegExp];

const SILENCE = /has said nothing for|does not answer within|does not accept a connection/;
const BROKE =
  /connection to the API server broke|breaks off the connection|ended the list before|closed the connection|broke/;
const UNREADABLE = /no JSON|in the middle of an event|no object|breaks off or is no JSON|of the type/;

const everyDay: readonly Day[] = [
  ['resets the connection', { kind: 'reset-connection' }, /breaks the connection/],
  ['accepts and says nothing', { kind: 'silent-connection' }, SILENCE],
  ['reads the request and never answers', { kind: 'no-answer' }, SILENCE],
  ['answers 500', { kind: 'status', code: 500 }, /answers with 500/],
  ['answers 503', { kind: 'status', code: 503 }, /answers with 503/],
  ['answers 401', { kind: 'status', code: 401 }, /does not know who we are \(401\)/],
  ['answers 403', { kind: 'status', code: 403 }, /forbids it \(403\).*ClusterRole/],
  ['answers 429', { kind: 'status', code: 429, retryAfter: 0 }, /too much to do \(429\)/],
  ['answers 404', { kind: 'status', code: 404 }, /answers with 404/],
  ['sends what is no JSON', { kind: 'text', text: ['<html>\n'], place: 'instead', after: 'end' }, UNREADABLE],
  ['sends JSON that is no event', { kind: 'text', text: ['[1]\n'], place: 'instead', after: 'end' }, /./],
  ['cuts the connection within a line', { kind: 'cut', at: { octets: 90 }, how: 'reset' }, BROKE],
  ['ends without the last chunk', { kind: 'cut', at: { octets: 90 }, how: 'unfinished' }, BROKE],
  ['ends as if all had been said', { kind: 'cut', at: { octets: 90 }, how: 'end' }, UNREADABLE],
  ['stalls within a line', { kind: 'cut', at: { octets: 90 }, how: 'stall' }, SILENCE],
];

/** What can be done to a stream of events, listed or watched. */
const streams: readonly Day[] = [
  // The first time it is in the nature of watches; the second time in a moment is told.
  ['says 410 in the stream', { kind: 'gone', as: 'event' }, /no longer has the history/],
  ['says 410 as a status', { kind: 'gone', as: 'status' }, /no longer has the history/],
  [
    'sends an event of a type that nobody knows',
    { kind: 'text', text: ['{"type":"SURPRISE","object":{}}\n'], place: 'first', after: 'go-on' },
    UNREADABLE,
  ],
  [
    'sends an ERROR event',
    {
      kind: 'text',
      text: ['{"type":"ERROR","object":{"code":500,"message":"etcd"}}\n'],
      place: 'first',
      after: 'go-on',
    },
    /answers with 500: etcd/,
  ],
  [
    'sends a line without an end',
    { kind: 'text', text: endless('x'.repeat(10_000)), place: 'first', after: 'go-on' },
    /line of more than 100000 octets/,
  ],
];

function endless(text: string): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      for (;;) yield text;
    },
  };
}

/** What is wrong in the stream and does no harm: nothing is said, nothing is lost. */
const harmless: readonly (readonly [string, Fault])[] = [
  ['cuts everything into pieces', { kind: 'pieces', longest: 7, seed: 1 }],
  ['tells each event twice', { kind: 'telling', how: 'twice' }],
  ['tells events in the wrong order', { kind: 'telling', how: 'swapped' }],
  ['sends empty lines', { kind: 'text', text: ['\n\n'], place: 'first', after: 'go-on' }],
  [
    'deletes what nobody heard of, and what has no name',
    {
      kind: 'text',
      text: [
        '{"type":"DELETED","object":{"metadata":{"name":"unheard","namespace":"shop"}}}\n',
        '{"type":"DELETED","object":null}\n{"type":"ADDED"}\n{"type":"MODIFIED","object":7}\n',
      ],
      place: 'first',
      after: 'go-on',
    },
  ],
];

const LIMITS = { ...IMPATIENT, watchObject: 100_000 };
const BEFORE = ['shop/first', 'shop/second'];

async function shop(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await running({ isSecure: false, ...options });
  server.put(namespace('shop'));
  for (const path of BEFORE) server.put(service(path));
  return server;
}

/** Looks at the state after each turn of the event loop: names that never stopped existing are always there. */
function guard({ state }: Watching, names: readonly string[]): { check(): void } {
  const missing: string[] = [];
  const timer = setInterval(() => {
    for (const path of names) {
      const [namespaceName = '', name = ''] = path.split('/');
      if (state.heldService(namespaceName, name) === undefined) missing.push(path);
    }
  }, 0);
  return {
    check() {
      clearInterval(timer);
      expect(missing).toEqual([]);
    },
  };
}

function expectSaid(lines: readonly string[], says: RegExp): void {
  expect(lines.filter((line) => line.startsWith('warning services')).join('\n')).toMatch(says);
}

describe.each([
  ['by a stream', 'on'],
  ['in pages', 'gated'],
] as const)('while a resource is listed %s, an API server that', (_how, streamingLists) => {
  // With pages, the first request is the one that learns that there are no streams.
  const scope = streamingLists === 'on' ? {} : ({ verb: 'list' } as const);
  const days =
    streamingLists === 'on' ? [...everyDay, ...streams.filter(([, fault]) => fault.kind !== 'gone')] : everyDay;

  it.each(days)('%s is asked again', async (_name, fault, says) => {
    const server = await shop({ settings: { streamingLists } });
    const isConnection = fault.kind === 'reset-connection' || fault.kind === 'silent-connection';
    server.faults.add(fault, isConnection ? { times: 2 } : { resource: 'services', ...scope, times: 2 });
    const watched = await watching(server, { resources: ['services'], limits: LIMITS });
    await watched.inStep;
    expect(servicesOf(watched.state)).toEqual(BEFORE);
    expectSaid(watched.lines, says);
  });

  const noHarm = harmless.filter(([, { kind }]) => streamingLists === 'on' || kind !== 'text');

  it.each(noHarm)('%s does no harm', async (_name, fault) => {
    const server = await shop({ settings: { streamingLists } });
    server.faults.add(fault, { resource: 'services' });
    const watched = await watching(server, { resources: ['services'], limits: LIMITS });
    await watched.inStep;
    expect(servicesOf(watched.state)).toEqual(BEFORE);
  });

  it('has a list again after one that broke off halfway, and nothing of the first remains that is gone', async () => {
    const server = await shop({ settings: { streamingLists, watchSeconds: 1800 } });
    for (let i = 0; i < 700; i++) server.put(service(`shop/many-${i}`));
    server.faults.add(
      { kind: 'cut', at: { octets: 100_000 }, how: 'reset' },
      { resource: 'services', ...scope, times: 1 },
    );
    const watched = await watching(server, { resources: ['services'] });
    await watched.until(() => watched.lines.some((line) => line.startsWith('warning services')), 'the list breaks off');
    server.delete('services', 'shop', 'many-0');
    await watched.inStep;
    await watched.until(() => servicesOf(watched.state).length === 701, 'one of them is gone');
    expect(servicesOf(watched.state)).not.toContain('shop/many-0');
  });
});

describe('while a resource is watched, an API server that', () => {
  it.each([...everyDay, ...streams])(
    '%s is asked again from where it was, or listed anew',
    async (_name, fault, says) => {
      const server = await shop();
      const watched = await watching(server, { resources: ['services'], limits: LIMITS });
      await watched.inStep;
      await server.until(() => server.openWatches('services') === 1);
      const guarded = guard(watched, BEFORE);
      const isConnection = fault.kind === 'reset-connection' || fault.kind === 'silent-connection';
      server.faults.add(fault, isConnection ? { times: 2 } : { resource: 'services', times: 2 });
      if (isConnection) server.dropConnections();
      else server.cutWatches('end', 'services');
      server.put(service('shop/third'));
      server.delete('services', 'shop', 'gone-before');
      await watched.until(() => servicesOf(watched.state).length === 3, 'the third Service');
      server.put(service('shop/fourth'));
      await watched.until(() => servicesOf(watched.state).length === 4, 'the fourth Service');
      guarded.check();
      expectSaid(watched.lines, says);
      await watched.until(
        () => watched.lines.some((line) => /in step again after/.test(line)),
        'it says that it is over',
      );
    },
  );

  it.each(harmless)('%s does no harm', async (_name, fault) => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'], limits: LIMITS });
    await watched.inStep;
    const guarded = guard(watched, BEFORE);
    server.faults.add(fault, { resource: 'services' });
    server.cutWatches('end', 'services');
    for (const path of ['shop/third', 'shop/fourth', 'shop/fifth', 'shop/sixth']) server.put(service(path));
    server.delete('services', 'shop', 'third');
    server.bookmark();
    await watched.until(() => servicesOf(watched.state).length === 5, 'the changes');
    guarded.check();
  });
});

describe('a watch', () => {
  it('goes on from the last event after each end, without another list', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'] });
    await watched.inStep;
    for (let i = 0; i < 5; i++) {
      // oxlint-disable-next-line no-await-in-loop
      await server.until(() => server.openWatches('services') === 1);
      server.put(service(`shop/new-${i}`));
      server.cutWatches('end', 'services');
      server.put(service(`shop/between-${i}`));
    }
    await watched.until(() => servicesOf(watched.state).length === 12, 'all of them');
    expect(watched.lists).toEqual([{ resource: 'services', cause: 'start' }]);
  });

  it('lists anew after 410, keeps what is still there and loses what is gone', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'] });
    await watched.inStep;
    await server.until(() => server.openWatches('services') === 1);
    const guarded = guard(watched, ['shop/first']);
    server.dropConnections();
    server.put(service('shop/third'));
    server.delete('services', 'shop', 'second');
    server.forgetHistory();
    await watched.until(() => servicesOf(watched.state).join() === 'shop/first,shop/third', 'the new list');
    guarded.check();
    expect(watched.lists.map(({ cause }) => cause)).toEqual(['start', 'gone']);
    expect(watched.lines.filter((line) => /history/.test(line))).toEqual([]);
  });

  it('lists anew when events cannot be read time and again', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'] });
    await watched.inStep;
    server.faults.add(
      { kind: 'text', text: ['{\n'], place: 'first', after: 'go-on' },
      { resource: 'services', times: 3 },
    );
    server.cutWatches('end', 'services');
    await watched.until(() => watched.lists.length === 2, 'a list');
    expect(watched.lists[1]).toEqual({ resource: 'services', cause: 'unreadable' });
  });

  it('never stops, however often it fails', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services'] });
    await watched.inStep;
    const stop = server.faults.add({ kind: 'status', code: 503 }, { resource: 'services' });
    server.cutWatches('reset', 'services');
    const asked = (): number => server.requests.length;
    const before = asked();
    await watched.until(() => asked() > before + 30, 'thirty tries');
    stop();
    server.put(service('shop/third'));
    await watched.until(() => servicesOf(watched.state).length === 3, 'the third Service');
    expect(watched.lines.filter((line) => line.startsWith('warning'))).toHaveLength(2);
  });

  it('does not wait for the end of an error that never comes', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.writeHead(503, { 'Content-Length': 100 });
      response.write('too busy');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.closeAllConnections());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const watched = await watching({ url: `http://127.0.0.1:${port}` }, { resources: ['services'], limits: IMPATIENT });
    await watched.until(() => asked >= 3, 'three tries');
    expect(watched.lines[0]).toMatch(/answers with 503: too busy/);
    server.close();
  });

  it('is not sent away for longer than a few minutes, whatever the server asks for', () => {
    const status = (seconds: unknown) => ({ code: 429, details: { retryAfterSeconds: seconds } });
    expect(failureInStream(status(7), 300_000).retryAfter).toBe(7_000);
    for (const seconds of [86_400, 1e300, Infinity]) {
      expect(failureInStream(status(seconds), 300_000).retryAfter).toBe(300_000);
    }
    for (const seconds of [-1, 0, 'soon', null]) {
      expect(failureInStream(status(seconds), 300_000).retryAfter).toBeUndefined();
    }
  });

  it('asks as the API wants to be asked', async () => {
    const server = await shop();
    const watched = await watching(server, { resources: ['services', 'pods'], labels: 'tier in (web, api)' });
    await watched.inStep;
    server.cutWatches('end');
    await server.until(() => server.requests.length >= 4);
    const of = (resource: string, from: number) =>
      server.requests.filter(({ path }) => path === `/api/v1/${resource}`)[from]?.query;
    const seconds = expect.stringMatching(/^[345]\d\d$/);
    const phases = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown';
    const asked = (query: URLSearchParams | undefined): unknown => Object.fromEntries(query ?? []);
    expect(asked(of('services', 0))).toEqual({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      timeoutSeconds: seconds,
      labelSelector: 'tier in (web, api)',
    });
    expect(asked(of('pods', 1))).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: expect.stringMatching(/^\d+$/),
      timeoutSeconds: seconds,
      labelSelector: 'tier in (web, api)',
      fieldSelector: phases,
    });
  });
});
