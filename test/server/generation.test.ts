/** One plan in service: what its plugins are given, and that what was begun is let go of. */
import { describe, expect, it } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterStores } from '../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../src/cluster/watch/events.ts';
import { Name } from '../../src/dns/name.ts';
import { reply } from '../../src/plugins/answer.ts';
import type { Host, PluginSetup, RunningPlugin } from '../../src/plugins/plugin.ts';
import { type ProcessParts, createGeneration } from '../../src/server/generation.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { testUdp } from '../support/udp.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { listenKey } from '../../src/server/listen-address.ts';
import type { PlannedBlock, ServerPlan } from '../../src/server/planned.ts';
import { NO_NETWORK, makeQuery } from '../plugins/support.ts';
import { LogLines } from './running.ts';

const token = { text: '.', quoted: false, at: { file: 'Corefile', line: 1, column: 1 } };

function block(zones: readonly string[], addresses: readonly string[], plugins: readonly PluginSetup[]): PlannedBlock {
  const where = addresses.map((address) => ({ scheme: 'dns' as const, address, port: 53, portFrom: undefined }));
  return {
    served: zones.flatMap((zone) => where.map((at) => ({ zone: Name.fromText(zone), at, key: token }))),
    plugins: plugins.map((setup, i) => ({ name: `plugin-${i}`, text: '', inChain: true, setup })),
    settings: { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined },
    anyClass: false,
  };
}

function partsOf(): ProcessParts & { readonly lines: LogLines } {
  const facts = new FactCounters();
  const lines = new LogLines();
  return {
    facts,
    stores: new ClusterStores({ facts, now: Date.now, report: () => undefined, events: NO_EVENTS }),
    clock: { now: () => 5, monotonic: () => 6 },
    log: lines.writer,
    ownAddresses: new OwnAddresses(facts, () => ['10.0.0.1']),
    metrics: new Metrics(),
    network: NO_NETWORK,
    shared: new SharedThings(),
    udp: testUdp,
    fatal: () => undefined,
    lines,
  };
}

const planOf = (...blocks: readonly PlannedBlock[]): ServerPlan => ({
  blocks,
  reload: undefined,
  debug: false,
  files: [],
});

/** A plugin that writes down what happens to it. */
function recording(name: string, seen: string[], fails = false): PluginSetup {
  return {
    create: async (host: Host) => {
      await Promise.resolve();
      seen.push(
        `create ${name} for ${host
          .ownAddresses()
          .map((octets) => octets.join('.'))
          .join(' ')}`,
      );
      if (fails) throw new Error(`${name} cannot be created`);
      host.logger(name).info('ready');
      const plugin = { name, answer: () => reply({ rcode: Number(name) }) };
      return { plugin, close: () => void seen.push(`close ${name}`) };
    },
  };
}

describe('a generation', () => {
  it('creates plugins one after another, and has a router for each address', async () => {
    const seen: string[] = [];
    const parts = partsOf();
    const plan = planOf(
      block(['.'], ['127.0.0.1', '*'], [recording('1', seen)]),
      block(['a.test.', 'b.test.'], ['127.0.0.1'], [recording('2', seen), recording('3', seen)]),
      block(['bare.test.'], ['127.0.0.1'], []),
    );
    const generation = await createGeneration(plan, parts);
    expect(seen).toEqual(['create 1 for 10.0.0.1', 'create 2 for 127.0.0.1', 'create 3 for 127.0.0.1']);
    expect([...generation.served.keys()]).toEqual(['dns 127.0.0.1 53', 'dns * 53']);
    const ask = (address: string, name: string): unknown =>
      generation.served.get(listenKey({ scheme: 'dns', address, port: 53 }))?.router.resolve(makeQuery(name, 'A'));
    expect(ask('127.0.0.1', 'x.a.test.')).toMatchObject({ rcode: 2 });
    expect(ask('127.0.0.1', 'x.b.test.')).toMatchObject({ rcode: 2 });
    expect(ask('127.0.0.1', 'x.bare.test.')).toMatchObject({ rcode: 5 });
    expect(ask('127.0.0.1', 'x.test.')).toMatchObject({ rcode: 1 });
    expect(ask('*', 'x.a.test.')).toMatchObject({ rcode: 1 });
    generation.close();
    expect(seen.slice(3)).toEqual(['close 1', 'close 2', 'close 3']);
    expect(parts.lines.count('[INFO] plugin/2: ready')).toBe(1);
  });

  it('that cannot be created closes what it had created, and says why', async () => {
    const seen: string[] = [];
    const plan = planOf(
      block(['.'], ['127.0.0.1'], [recording('1', seen), recording('2', seen, true), recording('3', seen)]),
    );
    await expect(createGeneration(plan, partsOf())).rejects.toThrow('2 cannot be created');
    expect(seen).toEqual(['create 1 for 127.0.0.1', 'create 2 for 127.0.0.1', 'close 1']);
  });
});

describe('the stop of the server', () => {
  const running = (plugin: RunningPlugin): PluginSetup => ({ create: () => plugin });
  const one = (...plugins: readonly RunningPlugin[]) =>
    createGeneration(planOf(block(['.'], ['127.0.0.1'], plugins.map(running))), partsOf());

  it('takes the longest times that a plugin asks for, and none where none does', async () => {
    expect((await one({}, {})).lameDuck).toBeUndefined();
    const lameDucks = [
      { time: 5_000, within: 60_000 },
      { time: 9_000, within: 25_000 },
    ];
    const generation = await one({}, ...lameDucks.map((lameDuck) => ({ lameDuck })));
    expect(generation.lameDuck).toEqual({ time: 9_000, within: 60_000 });
  });

  it('waits for what all plugins write, and a plugin that fails to is a line in the log', async () => {
    const parts = partsOf();
    const writing = Promise.withResolvers<void>();
    const plugins: readonly RunningPlugin[] = [
      { stopped: () => Promise.reject(new Error('no room')) },
      {
        stopped: () => {
          throw new Error('no file');
        },
      },
      { stopped: () => writing.promise },
    ];
    const generation = await createGeneration(planOf(block(['.'], ['127.0.0.1'], plugins.map(running))), parts);
    const seen: string[] = [];
    const stopped = generation.stopped().then(() => seen.push('stopped'));
    await Promise.resolve();
    seen.push('written');
    writing.resolve();
    await stopped;
    expect(seen).toEqual(['written', 'stopped']);
    parts.log.flush();
    expect(parts.lines.lines.toSorted()).toEqual([
      '[ERROR] plugin/plugin-0: at the end: no room',
      '[ERROR] plugin/plugin-1: at the end: no file',
    ]);
  });
});
