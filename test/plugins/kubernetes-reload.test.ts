/** `kubernetes` in a server that is reloaded: names that are known stay known. */
import { afterEach, expect, it, vi } from 'vitest';
import { FactCounters } from '../../src/cluster/facts.ts';
import { ClusterState } from '../../src/cluster/state.ts';
import type { StoreLease } from '../../src/cluster/stores.ts';
import { ask, run, udp } from '../server/running.ts';

const corefile = (zone: string): string => `. {\nkubernetes cluster.local ${zone}\n}\n`;
const MANIFESTS = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { clusterIP: 10.96.0.10 }\n';
const WEB = 'web.default.svc.cluster.local';

afterEach(() => void vi.useRealTimers());

it('a reload fails while the API server does not answer, and what was served goes on', async () => {
  const { server, stores, log, configure, port } = await run(corefile(''), { manifests: MANIFESTS });
  const client = await udp(port());
  expect(await ask(client, WEB, 'A')).toBe('10.96.0.10');

  let released = 0;
  const silent: StoreLease = {
    state: new ClusterState(new FactCounters(), Date.now),
    known: new Promise(() => undefined),
    release: () => void released++,
    flush: () => Promise.resolve(),
  };
  const acquiring = vi.spyOn(stores, 'acquire').mockImplementation(() => Promise.resolve(silent));
  configure(corefile('other.test'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const reloading = server.reload();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await reloading).toBe(false);
  vi.useRealTimers();
  expect(released).toBe(1);
  expect(
    log.count('Reloading failed, what was served before goes on being served: plugin/kubernetes: the Kubernetes API'),
  ).toBe(1);
  expect(await ask(client, WEB, 'A')).toBe('10.96.0.10');

  acquiring.mockRestore();
  expect(await server.reload()).toBe(true);
  expect(await ask(client, 'web.default.svc.other.test', 'A')).toBe('10.96.0.10');
});
