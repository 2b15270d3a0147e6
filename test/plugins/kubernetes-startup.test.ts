/** How `kubernetes` gets its cluster: from which source, how long a start waits for it, and what a reload does. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import type { ClusterSource, Needs } from '../../src/cluster/stores.ts';
import { kubernetes } from '../../src/plugins/kubernetes/kubernetes.ts';
import type { RunningPlugin } from '../../src/plugins/plugin.ts';
import { read } from './cluster.ts';
import { makeHost } from './support.ts';

const WAITING = '[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server';
const UNSYNCED = '[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API';

/** The log's own `setImmediate` goes on. */
function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}

interface Parts {
  readonly fixtures?: readonly string[];
  readonly snapshot?: string;
  readonly isReload?: true;
}

/** A directive that is being put in service over a store that a test holds. */
function starting(options: string, { fixtures = [], snapshot, isReload }: Parts = {}) {
  const { setup, problems } = read(kubernetes, `kubernetes cluster.local {\n${options}\n}`, {
    fixtures,
    ...(snapshot === undefined ? {} : { snapshot }),
  });
  if (setup === undefined) throw new Error(problems.join('\n'));
  const state = new ClusterState(new FactCounters(), () => 0);
  const known = Promise.withResolvers<void>();
  const asked: { readonly source: ClusterSource; readonly needs: Needs }[] = [];
  let released = 0;
  const host = makeHost({
    ...(isReload === undefined ? {} : { isReload }),
    stores: {
      acquire: (source, needs) => {
        asked.push({ source, needs });
        return Promise.resolve({
          state,
          known: known.promise,
          release: () => void released++,
          flush: () => Promise.resolve(),
        });
      },
    },
  });
  let outcome: RunningPlugin | Error | undefined;
  const created = (async () => {
    try {
      outcome = await setup.create(host);
    } catch (error) {
      outcome = error instanceof Error ? error : new Error(String(error));
    }
    return outcome;
  })();
  return {
    state,
    asked,
    known: known.resolve,
    created,
    outcome: () => outcome,
    released: () => released,
    lines: () => host.takeLines(),
  };
}

async function running(options: string, parts: Parts = {}) {
  const start = starting(options, parts);
  start.known();
  const outcome = await start.created;
  if (outcome instanceof Error) throw outcome;
  return { ...start, running: outcome };
}

describe('the source', () => {
  it('is the API server with its limits, and the labels that are asked for', async () => {
    const { asked } = await running(
      'kubeconfig admin.conf prod\napiserver_qps 20\napiserver_burst 40\napiserver_max_inflight 2\nlabels tier=front',
    );
    expect(asked).toMatchObject([
      {
        source: {
          kind: 'watch',
          api: { kind: 'kubeconfig', file: '/admin.conf', context: 'prod' },
          limits: { qps: 20, burst: 40, maxInflight: 2 },
          labels: { text: 'tier=front' },
        },
      },
    ]);
  });

  it('is the same for two directives that say the same, so that they share a store', async () => {
    const one = await running('endpoint https://a\nttl 5');
    const other = await running('endpoint https://a\npods insecure');
    expect(JSON.stringify(one.asked[0]?.source)).toBe(JSON.stringify(other.asked[0]?.source));
  });

  it('is the service account of the pod where nothing is said', async () => {
    expect((await running('')).asked).toMatchObject([{ source: { kind: 'watch', api: { kind: 'in-cluster' } } }]);
  });

  it('is the manifests where there are any, whatever is said of an API server', async () => {
    const { asked } = await running('endpoint https://a\nsnapshot state', { fixtures: ['a.yaml'], snapshot: '/other' });
    expect(asked).toEqual([
      {
        source: { kind: 'fixture', paths: ['a.yaml'], labels: undefined },
        needs: { resources: ['namespaces', 'services', 'endpointslices'], snapshot: undefined },
      },
    ]);
  });

  it.each([
    ['', ['namespaces', 'services', 'endpointslices']],
    ['pods insecure', ['namespaces', 'services', 'endpointslices']],
    ['pods verified', ['namespaces', 'services', 'endpointslices', 'pods']],
    ['noendpoints', ['namespaces', 'services']],
    ['noendpoints\nignore empty_service', ['namespaces', 'services']],
    ['multicluster cluster.local', ['namespaces', 'services', 'endpointslices', 'serviceimports', 'importedslices']],
    ['multicluster cluster.local\nnoendpoints', ['namespaces', 'services', 'serviceimports']],
  ])('is asked for what answers can need and no more: %j', async (options, resources) => {
    expect((await running(options)).asked[0]?.needs.resources).toEqual(resources);
  });

  it.each<[string, Parts, Needs['snapshot']]>([
    ['', {}, undefined],
    ['', { snapshot: '/run/state' }, { path: '/run/state', maxAge: 86_400_000 }],
    ['snapshot own 1h', { snapshot: '/run/state' }, { path: '/own', maxAge: 3_600_000 }],
    ['snapshot own', {}, { path: '/own', maxAge: 86_400_000 }],
  ])('is kept where the directive says, or else the command line: %j %j', async (options, parts, snapshot) => {
    expect((await running(options, parts)).asked[0]?.needs.snapshot).toEqual(snapshot);
  });
});

describe('a start', () => {
  afterEach(() => void vi.useRealTimers());

  it('waits for the API server, and says so each half second', async () => {
    useFakeTimers();
    const start = starting('');
    await vi.advanceTimersByTimeAsync(1_600);
    expect(start.outcome()).toBeUndefined();
    expect(start.lines()).toEqual([WAITING, WAITING, WAITING]);
    start.known();
    await start.created;
    expect(start.outcome()).toHaveProperty('plugin');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(start.lines()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['', 5_000],
    ['startup_timeout 1s', 1_000],
    ['startup_timeout 9s', 9_000],
  ])('%j waits so long and no longer: %i ms', async (options, timeout) => {
    useFakeTimers();
    const start = starting(options);
    await vi.advanceTimersByTimeAsync(timeout - 1);
    expect(start.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(start.outcome()).toHaveProperty('plugin');
    expect(start.lines().at(-1)).toBe(UNSYNCED);
    expect(start.released()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait where it is told so', async () => {
    const unknown = starting('startup_timeout 0s');
    expect(await unknown.created).toHaveProperty('plugin');
    expect(unknown.lines()).toEqual([UNSYNCED]);
  });

  it('bug: a time that no timer can wait was over at once', async () => {
    useFakeTimers();
    const start = starting('startup_timeout 10000h');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(start.outcome()).toBeUndefined();
    start.known();
    expect(await start.created).toHaveProperty('plugin');
  });

  it('says nothing where everything is there', async () => {
    expect((await running('')).lines()).toEqual([]);
    const known = starting('startup_timeout 0s', { fixtures: ['a.yaml'] });
    known.state.mark(['namespaces', 'services', 'endpointslices'], 'in-step');
    await known.created;
    expect(known.lines()).toEqual([]);
  });
});

describe('a reload', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['startup_timeout 7s', 7_000],
    ['startup_timeout 0s', 5_000],
  ])('never makes names unknown: it fails after %j, and gives the store back', async (options, timeout) => {
    useFakeTimers();
    const start = starting(options, { isReload: true });
    await vi.advanceTimersByTimeAsync(timeout - 1);
    expect(start.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(start.outcome()).toEqual(
      new Error(
        `plugin/kubernetes: the Kubernetes API has not told everything after ${timeout / 1000}s: names that are known now would become unknown`,
      ),
    );
    expect(start.released()).toBe(1);
    expect(start.lines()).not.toContain(UNSYNCED);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on as soon as the cluster is known', async () => {
    const { running: kept, released } = await running('', { isReload: true });
    expect(released()).toBe(0);
    kept.close?.();
    expect(released()).toBe(1);
  });
});

describe('readiness', () => {
  it.each([
    ['', ['namespaces', 'services', 'endpointslices']],
    ['noendpoints', ['namespaces', 'services']],
    ['pods verified', ['namespaces', 'services', 'endpointslices', 'pods']],
  ] as const)('comes with the last resource that answers can need, and never goes: %j', async (options, needed) => {
    const { running: kept, state } = await running(options);
    for (const resource of needed) {
      expect(kept.ready?.()).toBe(false);
      state.mark([resource], 'in-step');
    }
    expect(kept.ready?.()).toBe(true);
    state.mark(needed, 'unknown');
    expect(kept.ready?.()).toBe(true);
  });

  it('comes with a snapshot', async () => {
    const { running: kept, state } = await running('');
    state.mark(['namespaces', 'services', 'endpointslices'], 'stale');
    expect(kept.ready?.()).toBe(true);
  });
});
