import { describe, expect, it } from 'vitest';
import { ask, Stream } from './client.ts';
import { listAt } from './json.ts';
import { service } from './objects.ts';
import { running } from './running.ts';
import type { ApiServer } from './server.ts';

const SERVICES = '/api/v1/services';
const WATCH = `${SERVICES}?watch=1`;

async function three(): Promise<ApiServer> {
  const server = await running();
  for (const name of ['a', 'b', 'c']) server.put(service(`a/${name}`, {}, { text: 'äöü€😀' }));
  return server;
}

describe('a body that is cut', () => {
  it.each([
    ['reset', 'ECONNRESET'],
    ['unfinished', 'ECONNRESET'],
    ['end', 'end'],
  ] as const)('ends by %s after so many octets', async (how, end) => {
    const server = await three();
    server.faults.add({ kind: 'cut', at: { octets: 100 }, how }, { times: 1 });
    const stream = await Stream.open(server, SERVICES);
    expect(await stream.end()).toBe(end);
    expect(stream.rest).toHaveLength(100);
    expect(listAt((await ask(server, SERVICES)).json, 'items')).toHaveLength(3);
  });

  it.each([
    ['reset', 'ECONNRESET'],
    ['unfinished', 'ECONNRESET'],
    ['end', 'end'],
  ] as const)('ends by %s in the middle of a line', async (how, end) => {
    const server = await three();
    server.faults.add({ kind: 'cut', at: { lines: 2, into: 17 }, how }, { verb: 'watch' });
    const stream = await Stream.open(server, WATCH);
    expect(await stream.told(2)).toEqual(['ADDED a/a', 'ADDED a/b']);
    expect(await stream.end()).toBe(end);
    expect(stream.rest).toBe('{"type":"ADDED","object'.slice(0, 17));
  });

  it.each([
    ['after its header', { octets: 0 }, 0, ''],
    ['after a line', { lines: 2 }, 2, ''],
    ['in a line', { lines: 1, into: 9 }, 1, '{"type":"'],
  ] as const)('falls silent %s', async (_where, at, lines, rest) => {
    const server = await three();
    server.faults.add({ kind: 'cut', at, how: 'stall' }, { times: 1 });
    const stream = await Stream.open(server, WATCH);
    expect(await stream.told(lines)).toHaveLength(lines);
    await stream.octets(rest.length);
    server.put(service('a/d'));
    const other = await Stream.open(server, WATCH);
    expect(await other.told(4)).toHaveLength(4);
    expect([stream.isOpen, stream.rest]).toEqual([true, rest]);
    expect(server.openWatches()).toBe(2);
    stream.close();
    await server.until(() => server.openWatches() === 1);
  });

  it.each([
    ['reset', 'ECONNRESET'],
    ['unfinished', 'ECONNRESET'],
    ['end', 'end'],
  ] as const)('may be an open watch, which ends by %s', async (how, end) => {
    const server = await three();
    const stream = await Stream.open(server, WATCH);
    const other = await Stream.open(server, '/api/v1/pods?watch=1');
    expect(await stream.told(3)).toHaveLength(3);
    server.cutWatches(how, 'services', '{"type":"ADD');
    expect(await stream.end()).toBe(end);
    expect(stream.rest).toBe('{"type":"ADD');
    expect(other.isOpen).toBe(true);
    await server.until(() => server.openWatches() === 1);
  });

  it('may be an open watch, which falls silent', async () => {
    const server = await three();
    const [stream, other] = await Promise.all([
      Stream.open(server, WATCH),
      Stream.open(server, '/api/v1/pods?watch=1'),
    ]);
    expect(await stream.told(3)).toHaveLength(3);
    server.cutWatches('stall', 'services');
    server.put(service('a/d'));
    server.inject('{"type":"MARK"}\n');
    expect(await other.event()).toEqual({ type: 'MARK' });
    expect([stream.isOpen, stream.rest]).toEqual([true, '']);
  });
});

describe('a body in pieces', () => {
  it.each([1, 7, 300])('of up to %i octets says the same', async (longest) => {
    const server = await three();
    const whole = await ask(server, SERVICES);
    server.faults.add({ kind: 'pieces', longest, seed: longest });
    const split = await Stream.open(server, SERVICES);
    expect(await split.end()).toBe('end');
    expect(Buffer.from(split.rest, 'latin1').toString()).toBe(whole.text);
    expect(Math.max(...split.chunks)).toBeLessThanOrEqual(longest);
    const stream = await Stream.open(server, WATCH);
    expect(await stream.told(3)).toEqual(['ADDED a/a', 'ADDED a/b', 'ADDED a/c']);
    server.put(service('a/d'));
    expect(await stream.told(1)).toEqual(['ADDED a/d']);
  });

  it('is split in the same places for the same seed', async () => {
    const server = await three();
    server.faults.add({ kind: 'pieces', longest: 50, seed: 3 });
    const runs = await Promise.all([Stream.open(server, SERVICES), Stream.open(server, SERVICES)]);
    await Promise.all(runs.map((run) => run.end()));
    expect(runs[0].chunks).toEqual(runs[1].chunks);
  });

  it('can be cut as well', async () => {
    const server = await three();
    server.faults.add({ kind: 'pieces', longest: 5, seed: 1 });
    server.faults.add({ kind: 'cut', at: { lines: 1, into: 3 }, how: 'reset' });
    const stream = await Stream.open(server, WATCH);
    expect(await stream.told(1)).toEqual(['ADDED a/a']);
    expect(await stream.end()).toBe('ECONNRESET');
    expect(stream.rest).toBe('{"t');
  });
});

describe('a body that is throttled', () => {
  it('comes no faster than it may', async () => {
    const server = await three();
    const { text } = await ask(server, SERVICES);
    const octets = Buffer.byteLength(text);
    server.faults.add({ kind: 'throttle', octetsPerSecond: octets * 5 });
    const begin = performance.now();
    const slow = await ask(server, SERVICES);
    expect(slow.text).toBe(text);
    // A fifth of a second, less the first tick, for which there is credit.
    expect(performance.now() - begin).toBeGreaterThan(150);
  });
});
