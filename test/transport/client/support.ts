/** What the tests of transport/client/ share: targets, listeners that can be waited for, a network that is closed again. */
import { afterEach, expect } from 'vitest';
import { type ClientNetwork, type NetworkOptions, openNetwork } from '../../../src/transport/client/network.ts';
import type {
  Attempt,
  Channel,
  Endpoint,
  UpstreamProblem,
  UpstreamTarget,
} from '../../../src/transport/client/upstream.ts';
import type { UdpSockets } from '../../../src/transport/client/udp-sockets.ts';
import { authority, SERVER_NAME } from '../../support/upstreams/certificates.ts';
import { query } from '../../support/upstreams/octets.ts';

const DEADLINE = 10_000;

export const QUERY = query('www.example.test.');

/** A target on loopback with times that no test comes near, unless it says so. */
export function targetOf(
  protocol: UpstreamTarget['protocol'],
  port: number,
  change: Partial<UpstreamTarget> = {},
): UpstreamTarget {
  const secure = protocol === 'tls' || protocol === 'https';
  return {
    protocol,
    to: { address: '127.0.0.1', port },
    source: undefined,
    tls: secure ? { serverName: SERVER_NAME, ca: authority, certificate: undefined, key: undefined } : undefined,
    method: 'POST',
    idle: 60_000,
    maxAge: 0,
    maxIdle: 0,
    connectTimeout: 60_000,
    ...change,
  };
}

export type Outcome =
  | { readonly kind: 'reply'; readonly message: Buffer; readonly from: Endpoint }
  | { readonly kind: 'failed'; readonly problem: UpstreamProblem };

/** An attempt with everything that it was told. */
export interface Asking {
  readonly attempt: Attempt;
  /** Resolves when it is over; rejects at the deadline. */
  readonly outcome: Promise<Outcome>;
  /** What was shown, oldest first, taken or not. */
  readonly shown: Buffer[];
  readonly problems: UpstreamProblem[];
}

/** By the id alone, which is enough where nobody forges. */
function sameId(asked: Buffer): (message: Buffer) => boolean {
  return (message) => message.length >= 12 && message.readUInt16BE(0) === asked.readUInt16BE(0);
}

/** Sends a message. A reply is taken where `accept` says so, which sees a copy. */
export function begin(
  channel: Channel,
  message: Buffer = QUERY,
  accept: (message: Buffer, from: Endpoint) => boolean = sameId(message),
): Asking {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  // Attempts that are cancelled have no outcome, and nobody waits for it.
  promise.catch(() => {});
  const timer = setTimeout(() => reject(new Error('nothing was told before the deadline')), DEADLINE);
  const shown: Buffer[] = [];
  const problems: UpstreamProblem[] = [];
  let returned = false;
  const over = (outcome: Outcome): void => {
    expect(returned, 'nothing is told before send returns').toBe(true);
    clearTimeout(timer);
    resolve(outcome);
  };
  const attempt = channel.send(message, {
    received(octets, { address, port }) {
      const copy = Buffer.from(octets);
      shown.push(copy);
      if (!accept(copy, { address, port })) return false;
      over({ kind: 'reply', message: copy, from: { address, port } });
      return true;
    },
    failed(problem) {
      problems.push(problem);
      over({ kind: 'failed', problem });
    },
  });
  returned = true;
  return {
    attempt: {
      cancel: () => {
        clearTimeout(timer);
        attempt.cancel();
      },
    },
    outcome: promise,
    shown,
    problems,
  };
}

/** The reply to a message; rejects where there is none. */
export async function replyTo(channel: Channel, message: Buffer = QUERY): Promise<Buffer> {
  const outcome = await begin(channel, message).outcome;
  if (outcome.kind === 'failed') throw new Error(`${outcome.problem.kind}: ${outcome.problem.text}`);
  return outcome.message;
}

/** Why a message got no reply; rejects where there is one. */
export async function problemWith(channel: Channel, message: Buffer = QUERY): Promise<UpstreamProblem> {
  const outcome = await begin(channel, message).outcome;
  if (outcome.kind === 'reply') throw new Error('there is a reply');
  return outcome.problem;
}

/** Queries with ids of their own. */
export function queries(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) => query(`name${index}.example.test.`, { id: 1000 + index }));
}

/** The last octets of a reply: its address, where an A record is last. */
export function addressIn(message: Buffer): string {
  return message.subarray(-4).join('.');
}

/** How UDP is spoken: through `node:dgram`, or in the way that `useUdpSockets` has set. */
let udpSockets: UdpSockets | undefined;

/** From here on in this file, networks use these; undefined for `node:dgram`. */
export function useUdpSockets(sockets: UdpSockets | undefined): void {
  udpSockets = sockets;
}

const toClose: (() => unknown)[] = [];

/** Closes it after the test; networks are looked at for what they still hold. */
export function closing<T extends { close(): unknown }>(open: T): T {
  toClose.push(() => open.close());
  return open;
}

/** A network that must hold nothing when it was closed after the test. */
export function testNetwork(options: NetworkOptions = {}): ClientNetwork {
  const reports: string[] = [];
  const network = openNetwork({ report: (text) => reports.push(text), udpSockets: () => udpSockets, ...options });
  toClose.push(() => {
    network.close();
    expect({ sockets: network.usage.sockets, octets: network.usage.octets }).toEqual({ sockets: 0, octets: 0 });
    expect(reports).toEqual([]);
  });
  return network;
}

afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- what was opened last is closed first
    await close();
  }
});

/** Resolves when the condition holds, which is asked in each turn of the event loop; rejects at the deadline. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not come to that before the deadline');
    // oxlint-disable-next-line no-await-in-loop -- one look after another
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
