/**
 * Channels to upstreams that do anything, with bounds so low that all of them are reached, and listeners that send, cancel
 * and close while they are told: each attempt is told once at most, and nothing stays behind.
 */
import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { FrameReader, framed } from '../../../src/transport/frames.ts';
import type { Attempt, Channel } from '../../../src/transport/client/upstream.ts';
import { query, reply } from '../../support/upstreams/octets.ts';
import { targetOf, testNetwork, until } from './support.ts';

const SEED = Number(process.env['NODENS_SEED'] ?? 1);
/** NODENS_LONGER=20 plays so many times as much. */
const ATTEMPTS = 1_500 * Number(process.env['NODENS_LONGER'] ?? 1);

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An attempt as its listener knows it. */
interface Asked {
  readonly channel: Channel | undefined;
  readonly attempt: () => Attempt | undefined;
  /** Nothing may be told any more. */
  over: boolean;
}

const toEnd: (() => unknown)[] = [];
afterEach(() => {
  for (const end of toEnd.splice(0)) end();
});

/** What one connection of the upstream does with the messages that come. */
function misbehave(socket: Socket, random: () => number): void {
  const frames = new FrameReader();
  const character = Math.floor(random() * 8);
  let left = 1 + Math.floor(random() * 6);
  socket.on('error', () => {});
  const later = (act: () => void, within: number): void => {
    setTimeout(() => {
      if (!socket.destroyed) act();
    }, random() * within);
  };
  if (character === 0) later(() => socket.resetAndDestroy(), 60);
  socket.on('data', (chunk: Buffer) => {
    if (character === 1) return;
    frames.push(chunk);
    for (let message = frames.next(); message !== undefined; message = frames.next()) {
      const answer = framed(reply(Buffer.from(message)));
      left--;
      if (left < 0 && character === 2) socket.end();
      else if (left < 0 && character === 3) socket.resetAndDestroy();
      else if (left < 0 && character === 4) later(() => socket.write(Uint8Array.of(0, 0)), 5);
      else if (left === 0 && character === 5) later(() => socket.end(answer), 5);
      else if (character === 6) later(() => socket.write(answer.subarray(0, 9)), 5);
      else later(() => socket.write(answer), 40);
    }
  });
}

async function openUpstream(random: () => number): Promise<number> {
  const server: Server = createServer((socket) => {
    toEnd.push(() => socket.destroy());
    misbehave(socket, random);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const datagrams = createSocket('udp4');
  datagrams.bind(port, '127.0.0.1');
  await once(datagrams, 'listening');
  let ended = false;
  datagrams.on('message', (message, from) => {
    if (random() < 0.3) return;
    setTimeout(() => {
      if (!ended) datagrams.send(reply(message), from.port, from.address);
    }, random() * 40);
  });
  toEnd.push(
    () => server.close(),
    () => {
      ended = true;
      datagrams.close();
    },
  );
  return port;
}

it('each attempt is told once at most, and nothing stays behind', async () => {
  const random = randomFrom(SEED);
  const port = await openUpstream(random);
  const network = testNetwork({
    limits: { upstreamSockets: 24, upstreamConnections: 5, upstreamInFlight: 6, upstreamOctets: 2_000 },
  });
  const targets = [
    targetOf('udp', port),
    targetOf('tcp', port, { idle: 30, maxIdle: 2 }),
    targetOf('tcp', port, { maxAge: 50, connectTimeout: 200 }),
  ];
  const channels: Channel[] = targets.map((target) => network.channel(target));
  const open = new Set<Asked>();
  let told = 0;
  let sent = 0;
  const disturb = (): void => {
    const luck = random();
    if (luck < 0.2) send();
    else if (luck < 0.4) cancelAny();
    else if (luck < 0.41) reopenAny();
  };
  const cancelAny = (): void => {
    for (const one of open) {
      if (random() < 0.3) continue;
      one.over = true;
      open.delete(one);
      one.attempt()?.cancel();
      return;
    }
  };
  /** Those that wait on the channel end without a word. */
  const reopenAny = (): void => {
    const i = Math.floor(random() * channels.length);
    const [before, target] = [channels[i], targets[i]];
    if (before === undefined || target === undefined) return;
    channels[i] = network.channel(target);
    for (const one of open) {
      if (one.channel !== before) continue;
      one.over = true;
      open.delete(one);
    }
    before.close();
  };
  const send = (): void => {
    if (sent >= ATTEMPTS) return;
    const channel = channels[Math.floor(random() * channels.length)];
    const message = query(`n${sent}.example.`, { id: sent++ & 0xff });
    let returned = false;
    let attempt: Attempt | undefined;
    const one: Asked = { channel, attempt: () => attempt, over: false };
    const end = (): void => {
      expect(returned).toBe(true);
      expect(one.over).toBe(false);
      one.over = true;
      open.delete(one);
      told++;
      disturb();
    };
    open.add(one);
    attempt = channel?.send(message, {
      received(octets) {
        expect(one.over).toBe(false);
        if (Buffer.compare(octets.subarray(12, 30), message.subarray(12, 30)) !== 0) return false;
        end();
        return true;
      },
      failed: end,
    });
    returned = true;
    if (random() < 0.8) {
      setTimeout(() => {
        one.over = true;
        if (open.delete(one)) attempt?.cancel();
      }, random() * 250);
    }
  };
  for (let round = 0; round < ATTEMPTS / 10; round++) {
    for (let i = 0; i < 10; i++) send();
    // oxlint-disable-next-line no-await-in-loop -- a few in each turn
    await new Promise((resolve) => setTimeout(resolve, 4));
    expect(network.usage.sockets).toBeLessThanOrEqual(24);
    expect(network.usage.octets).toBeLessThanOrEqual(2_000);
  }
  for (const one of open) {
    one.over = true;
    one.attempt()?.cancel();
  }
  expect(told).toBeGreaterThan(ATTEMPTS / 5);
  // Idle connections of the channel that keeps them for a minute are all that may be left.
  await until(() => network.usage.sockets <= 5);
  for (const channel of channels) channel.close();
  await until(() => network.usage.sockets === 0 && network.usage.octets === 0);
});
