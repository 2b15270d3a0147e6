/** A whole server over real sockets that forwards to upstreams which a test holds. */
import { onTestFinished } from 'vitest';
import { Server } from '../../src/server/server.ts';
import { openNetwork } from '../../src/transport/client/network.ts';
import { type LogLines, type RunningOptions, prepare, tcp, udp } from '../server/running.ts';
import type { Behaviour } from '../support/upstreams/behaviours.ts';
import { type HostileUpstream, openUpstream } from '../support/upstreams/hostile.ts';
import { parseQuery } from '../support/upstreams/octets.ts';
import { type Question, type Reply, encode, readReply } from './asking.ts';

export interface Forwarder {
  /** Asks over UDP; each question from a socket of its own. Rejects where nothing comes before the deadline. */
  readonly ask: (question: Question) => Promise<Reply>;
  readonly askOverTcp: (question: Question) => Promise<Reply>;
  /** As `ask`, and gives the octets: what upstreams send need not be readable. */
  readonly exchange: (question: Question) => Promise<Buffer>;
  readonly log: LogLines;
  /** The value of a metric, all series added up. */
  readonly metric: (name: string) => number;
}

/** An upstream that is closed when the test is over. */
export async function upstream(behaviour: Behaviour): Promise<HostileUpstream> {
  const opened = await openUpstream({ behaviour });
  onTestFinished(() => opened.close());
  return opened;
}

/** The lines of a Corefile that forward everything to these. */
export function forwardTo(upstreams: readonly HostileUpstream[], ...options: readonly string[]): string {
  const to = upstreams.map(({ address, port }) => `${address}:${port}`).join(' ');
  return `forward . ${to}${options.length === 0 ? '' : ` {\n${options.join('\n')}\n}`}`;
}

/** What an upstream was asked on behalf of clients: without health checks, which are about the root. */
export function questionsTo(asked: HostileUpstream): readonly Buffer[] {
  return asked.queries.filter((query) => parseQuery(query).name !== '.');
}

/** @param lines of the block for the root zone */
export async function forwarder(lines: string, options: RunningOptions = {}): Promise<Forwarder> {
  const { start, log } = prepare(`. {\n${lines}\n}\n`, options);
  const network = openNetwork();
  const server = await Server.start({ ...start, parts: { ...start.parts, network } });
  onTestFinished(async () => {
    await server.close();
    network.close();
  });
  const port = server.listening[0]?.tcp.bound[0]?.port ?? 0;
  const exchangeOver = async (connect: typeof udp | typeof tcp, question: Question): Promise<Buffer> => {
    const client = await connect(port);
    client.send(encode(question));
    const octets = await client.receive();
    client.close();
    return octets;
  };
  return {
    ask: async (question) => readReply(await exchangeOver(udp, question)),
    askOverTcp: async (question) => readReply(await exchangeOver(tcp, question)),
    exchange: (question) => exchangeOver(udp, question),
    log,
    metric: (name) =>
      start.parts.metrics
        .render()
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
  };
}

/** The data of the address records of a reply. */
export function addressesOf({ packet }: Reply): readonly string[] {
  return packet.answers.flatMap((record) => (record.type === 'A' ? [record.data] : []));
}
