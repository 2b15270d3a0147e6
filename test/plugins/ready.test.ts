/** `ready`: what it says over HTTP of plugins that are not ready, and of those of several blocks together. */
import { describe, expect, it } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterStores } from '../../src/cluster/stores.ts';
import { NO_EVENTS } from '../../src/cluster/watch/events.ts';
import { Name } from '../../src/dns/name.ts';
import type { PluginSetup } from '../../src/plugins/plugin.ts';
import { ready } from '../../src/plugins/ready/ready.ts';
import { createGeneration } from '../../src/server/generation.ts';
import { OwnAddresses } from '../../src/server/own-addresses.ts';
import type { PlannedBlock } from '../../src/server/planned.ts';
import { SharedThings } from '../../src/server/shared-things.ts';
import { testUdp } from '../support/udp.ts';
import { LogWriter } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { expectProblem } from './problems.ts';
import { NO_NETWORK, type TestHost, configure, makeHost, problemsOf, serve } from './support.ts';

const ADDRESS = '* 8181 /ready';
const TEXT = 'text/plain; charset=utf-8';
const OK = { status: 200, contentType: TEXT, body: 'OK' };
const notReady = (body: string): unknown => ({ status: 503, contentType: TEXT, body });

/** A host whose plugins are not ready as `names` says at the moment. */
function hostOf(names: string[]): TestHost {
  return makeHost({ notReady: () => [...names] });
}

describe('ready over HTTP', () => {
  it.each([
    ['ready', ADDRESS],
    ['ready :8182', '* 8182 /ready'],
    ['ready localhost:8091', '127.0.0.1 8091 /ready'],
    ['ready [::1]:8181', '::1 8181 /ready'],
  ])('%s says OK where all plugins are ready', async (lines, at) => {
    const { host, running } = await serve(ready, lines);
    expect([...host.http.keys()]).toEqual([at]);
    expect(host.http.get(at)?.()).toEqual(OK);
    expect(host.takeLines()).toEqual([]);
    expect(running.plugin).toBeUndefined();
  });

  it('names those that are not, with a line in the log', async () => {
    const host = hostOf(['erratic', 'kubernetes']);
    await serve(ready, 'ready', { host });
    expect(host.http.get(ADDRESS)?.()).toEqual(notReady('erratic,kubernetes'));
    expect(host.takeLines()).toEqual(['[INFO] plugin/ready: Plugins not ready: "erratic,kubernetes"']);
  });

  it('writes at most one line a second, however often it is asked', async () => {
    const host = hostOf(['kubernetes']);
    await serve(ready, 'ready', { host });
    for (let i = 0; i < 100; i++) host.http.get(ADDRESS)?.();
    expect(host.takeLines()).toHaveLength(1);
    host.clock.advance(999);
    host.http.get(ADDRESS)?.();
    expect(host.takeLines()).toHaveLength(0);
    host.clock.advance(1);
    host.http.get(ADDRESS)?.();
    expect(host.takeLines()).toHaveLength(1);
  });

  it('says that it shuts down once the server is about to stop, ready or not', async () => {
    for (const names of [[], ['kubernetes']]) {
      const host = hostOf(names);
      // oxlint-disable-next-line no-await-in-loop -- one server after another
      const { running } = await serve(ready, 'ready', { host });
      running.stopping?.();
      expect(host.http.get(ADDRESS)?.()).toEqual(notReady('Shutting down'));
      expect(host.takeLines()).toEqual([]);
    }
  });
});

describe('ready, monitor', () => {
  it.each(['ready', 'ready {\n  monitor until-ready\n}'])('%s asks no plugin that was ready once', async (lines) => {
    const names = ['a', 'b'];
    const host = hostOf(names);
    await serve(ready, lines, { host });
    const ask = (): string | undefined => host.http.get(ADDRESS)?.().body;
    expect(ask()).toBe('a,b');
    names.shift();
    expect(ask()).toBe('b');
    names.unshift('a');
    expect(ask()).toBe('b');
    names.pop();
    expect(ask()).toBe('OK');
    names.push('b', 'c');
    expect(ask()).toBe('OK');
  });

  it('continuously looks anew each time', async () => {
    const names: string[] = [];
    const host = hostOf(names);
    await serve(ready, 'ready {\n  monitor continuously\n}', { host });
    const ask = (): string | undefined => host.http.get(ADDRESS)?.().body;
    expect(ask()).toBe('OK');
    names.push('kubernetes');
    expect(ask()).toBe('kubernetes');
    names.pop();
    expect(ask()).toBe('OK');
  });
});

describe('ready, of several blocks', () => {
  function planned(name: string, ...plugins: readonly (readonly [string, PluginSetup | undefined])[]): PlannedBlock {
    const key = { text: name, quoted: false, at: { file: 'Corefile', line: 1, column: 1 } };
    const at = { scheme: 'dns' as const, address: '127.0.0.1', port: 53, portFrom: undefined };
    return {
      served: [{ zone: Name.fromText(name), at, key }],
      plugins: plugins.flatMap(([plugin, setup]) =>
        setup === undefined ? [] : [{ name: plugin, text: '', inChain: false, setup }],
      ),
      settings: { bind: [], bindExcept: [], debug: false, reload: undefined, timeouts: undefined },
      anyClass: false,
    };
  }

  it('bug: of two plugins of the same name only the last one counted', async () => {
    const synced = { first: true, second: true };
    const store = (which: keyof typeof synced): PluginSetup => ({
      create: () => ({ ready: () => synced[which] }),
    });
    const { setup } = configure(ready, 'ready {\n  monitor continuously\n}');
    const facts = new FactCounters();
    const generation = await createGeneration(
      {
        blocks: [
          planned('a.test.', ['ready', setup], ['kubernetes', store('first')]),
          planned('b.test.', ['kubernetes', store('second')], ['always', { create: () => ({}) }]),
        ],
        reload: undefined,
        debug: false,
        files: [],
      },
      {
        facts,
        stores: new ClusterStores({ facts, now: Date.now, report: () => undefined, events: NO_EVENTS }),
        clock: { now: () => 0, monotonic: () => 0 },
        log: new LogWriter({ write: () => true, drained: () => undefined }),
        ownAddresses: new OwnAddresses(facts, () => []),
        metrics: new Metrics(),
        network: NO_NETWORK,
        shared: new SharedThings(),
        udp: testUdp,
        fatal: () => undefined,
      },
    );
    const [site] = generation.http.values();
    const ask = (): string | undefined => site?.paths.get('/ready')?.().body;
    expect(ask()).toBe('OK');
    synced.first = false;
    expect(ask()).toBe('kubernetes');
    synced.second = false;
    expect(ask()).toBe('kubernetes');
    synced.first = true;
    expect(ask()).toBe('kubernetes');
    generation.stopping();
    expect(ask()).toBe('Shutting down');
    generation.close();
  });
});

describe('ready, what is wrong', () => {
  it.each([
    ['ready 8181', ["'8181' is no address with a port", "did you mean ':8181'?"]],
    ['ready node:8181', ["'node' is no IP address"]],
    ['ready [x]:8181', ["'x' is no IPv6 address"]],
    ['ready :99999', ['the port 99999 is above 65535']],
    ['ready :8181 :8182', ["'ready' takes at most 1 argument, not 2"]],
    ['ready {\n  monitor\n}', ["'monitor' needs an argument"]],
    ['ready {\n  monitor until-ready continuously\n}', ["'monitor' takes at most 1 argument, not 2"]],
    ['ready {\n  monitor until_ready\n}', ["wrong value 'until_ready'", "did you mean 'until-ready'?"]],
    ['ready {\n  monitor continuously {\n  }\n}', ["'monitor' takes no block"]],
    ['ready {\n  monitors continuously\n}', ["unknown option of 'ready'", "did you mean 'monitor'?"]],
    ['ready\nready :8182', ["'ready' can be used once per server block, and stands at Corefile:2:1 already"]],
  ])('%s', (lines, messages) => {
    expectProblem(problemsOf(ready, lines), ...messages);
  });
});
