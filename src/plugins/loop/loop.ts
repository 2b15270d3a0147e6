/**
 * `loop`: finds out at the start whether questions that leave this server come back to it, as they do where an upstream
 * forwards to it or is the server itself.
 *
 *     prober: a name that nobody can guess ──► own address ──► chain ──► this plugin: first sight, passed on
 *        ▲                                                                  │
 *        └── reply: no loop ◄──────────────── upstream ◄────────────────────┘
 *                                                └──► own address ──► this plugin: second sight, a loop
 *
 * CoreDNS waits for a third sight. Here equal questions that wait for an upstream share one message to it, so that the
 * second would wait for the first and a third never come; and nobody but an upstream can know the name.
 */
import { expectArguments, forbidBlock } from '../../corefile/options.ts';
import { Rcode, Type } from '../../dns/constants.ts';
import { Name } from '../../dns/name.ts';
import { type Outcome, failure } from '../answer.ts';
import { onlyUse } from '../once.ts';
import type { Host, Next, Plugin, PluginDirective, RunningPlugin } from '../plugin.ts';
import type { Client, Query } from '../query.ts';
import { explain } from '../reasons.ts';
import { ownEndpoints } from './own-endpoints.ts';
import { LoopProber } from './prober.ts';

export const loop: PluginDirective = {
  kind: 'plugin',
  name: 'loop',
  configure(uses, { problems }) {
    const use = onlyUse(uses, problems);
    expectArguments(use, problems, { max: 0, usage: 'loop' });
    forbidBlock(use, problems);
    return { create };
  },
};

function create(host: Host): RunningPlugin {
  const { zones, servers } = host.block;
  const zone = Name.fromText(zones[0] ?? '.');
  const endpoints = ownEndpoints(servers[0] ?? '');
  const plugin = new Loop(zone, (servers[0] ?? '').replace(/^\w+:\/\//, ''), (message) => host.fatal(message));
  if (endpoints.length === 0) {
    return {
      plugin,
      inService: () => host.logger('loop').debug('not looked for: the port is known to the system alone'),
    };
  }
  const prober = new LoopProber(endpoints, zone, host, {
    asking: (name) => plugin.watchFor(name),
    over: () => plugin.watchNoMore(),
  });
  return { plugin, inService: () => prober.start(), close: () => prober.stop() };
}

/** What the question of a loop is answered with: passed on, it would go round once more. */
const LOOPING = failure(Rcode.SERVFAIL, explain('forwardingLoop'));

class Loop implements Plugin {
  readonly name = 'loop';
  /** Of an answer to a name that is watched for this is taken back. */
  readonly replayable = true;
  readonly #zone: Name;
  readonly #server: string;
  readonly #fatal: (message: string) => void;
  /** Names that were asked for by this plugin, by their keys, and whether they have been seen. */
  readonly #watched = new Map<string, boolean>();

  constructor(zone: Name, server: string, fatal: (message: string) => void) {
    this.#zone = zone;
    this.#server = server;
    this.#fatal = fatal;
  }

  watchFor(name: Name): void {
    this.#watched.set(name.key, false);
  }

  watchNoMore(): void {
    this.#watched.clear();
  }

  answer(query: Query, next: Next): Outcome {
    if (this.#watched.size === 0 || query.type !== Type.HINFO) return next.answer(query);
    const { key } = query.name;
    const seen = this.#watched.get(key);
    if (seen === undefined) return next.answer(query);
    query.replaying.forbid();
    if (!seen) {
      this.#watched.set(key, true);
      return next.answer(query);
    }
    this.watchNoMore();
    this.#fatal(
      `plugin/loop: Loop (${clientText(query.client)} -> ${this.#server}) detected for zone "${this.#zone.toString()}", ` +
        `see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${query.name.toString()}"`,
    );
    return LOOPING;
  }
}

function clientText({ clientAddress, clientPort }: Client): string {
  return `${clientAddress.includes(':') ? `[${clientAddress}]` : clientAddress}:${clientPort}`;
}
