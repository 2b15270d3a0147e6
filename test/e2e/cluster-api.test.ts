/**
 * The suite for real clusters, tried on the API server of the tests as if it were one: that its steps hold, that it deletes what
 * it made whatever happens, and that it touches nothing else.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kubeconfig } from '../apiserver/kubeconfig.ts';
import type { ApiServerOptions } from '../apiserver/options.ts';
import { RESOURCE_NAMES } from '../apiserver/resources.ts';
import { running } from '../apiserver/running.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { wholeObject } from '../apiserver/stored.ts';
import { type Child, startChild } from '../support/child.ts';
import { folder } from './folder.ts';

const SUITE = fileURLToPath(new URL('cluster-api/main.ts', import.meta.url));
const TOKEN = 'a-token';
/** Milliseconds: the suite starts the program three times. */
const TIME = 120_000;

/** A cluster that others use too. */
async function cluster(options: ApiServerOptions = {}): Promise<ApiServer> {
  const api = await running({ tokens: [TOKEN], ...options });
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const service = (path: string, clusterIP: string) => {
    const [of = '', name = ''] = path.split('/');
    const spec = { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'https', port: 443, protocol: 'TCP' }] };
    return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: of }, spec };
  };
  api.putAll([
    ...['default', 'kube-system', 'nodens-e2e-main-of-somebody-else'].map(namespace),
    service('default/kubernetes', '10.96.0.1'),
    service('nodens-e2e-main-of-somebody-else/web', '10.96.0.2'),
  ]);
  return api;
}

function everything(api: ApiServer): readonly string[] {
  return RESOURCE_NAMES.flatMap((name) =>
    Array.from(api.state.collections[name].objects(), (object) => wholeObject(object)),
  );
}

function start(api: ApiServer, environment: Readonly<Record<string, string>> = {}): Child {
  const file = join(folder({}), 'kubeconfig');
  writeFileSync(file, kubeconfig(api, { token: TOKEN }));
  return run({ E2E_KUBECONFIG: file, ...environment });
}

function run(environment: Readonly<Record<string, string | undefined>>): Child {
  return startChild(SUITE, { environment, time: TIME, signal: 'SIGKILL' });
}

describe('the suite for real clusters', () => {
  it('holds, and leaves the cluster as it was', { timeout: TIME }, async () => {
    const api = await cluster();
    const before = everything(api);
    const suite = start(api);
    const status = await suite.ended();
    expect(status, suite.output()).toBe(0);
    expect(suite.output()).toMatch(/\d+ changes, .*: median [\d.]+ ms/);
    expect(everything(api)).toEqual(before);
  });

  it('repeats what the server is too busy for', { timeout: TIME }, async () => {
    const api = await cluster();
    const before = everything(api);
    api.faults.add({ kind: 'status', code: 429, retryAfter: 1 }, { verb: 'create', times: 2 });
    api.faults.add({ kind: 'status', code: 503 }, { verb: 'delete', times: 2 });
    const suite = start(api);
    const status = await suite.ended();
    expect(status, suite.output()).toBe(0);
    expect(everything(api)).toEqual(before);
  });

  it('deletes what it made when it is interrupted', { timeout: TIME }, async () => {
    const api = await cluster();
    const before = everything(api);
    const suite = start(api);
    await suite.printed('ok      the program is in step');
    expect(everything(api).length).toBeGreaterThan(before.length);
    suite.child.kill('SIGINT');
    const status = await suite.ended();
    expect(status, suite.output()).toBe(1);
    expect(suite.output()).toContain('deleted everything that was made');
    expect(everything(api)).toEqual(before);
  });

  it('deletes what it made when a step does not hold, and says which', { timeout: TIME }, async () => {
    const api = await cluster();
    const before = everything(api);
    // A program that answers nothing, since it ends at once.
    const program = join(folder({ 'none.mjs': 'process.exit(3);\n' }), 'none.mjs');
    const suite = start(api, { E2E_PROGRAM: program });
    const status = await suite.ended();
    expect(status, suite.output()).toBe(1);
    expect(suite.output()).toContain('FAILED  the program is in step');
    expect(everything(api)).toEqual(before);
  });

  it('fails where answers do not follow changes', { timeout: TIME }, async () => {
    const api = await cluster();
    const before = everything(api);
    const suite = start(api);
    await suite.printed('ok      the program is in step');
    // From now on the program hears nothing.
    api.faults.add({ kind: 'no-answer' }, { verb: 'watch' });
    api.cutWatches('stall');
    const status = await suite.ended();
    expect(status, suite.output()).toBe(1);
    expect(suite.output()).toMatch(/FAILED {2}.*\n +\S+ A+ still gives NXDOMAIN/);
    expect(everything(api)).toEqual(before);
  });

  it('does nothing without a cluster, and says how it is given one', async () => {
    const suite = run({ E2E_KUBECONFIG: undefined });
    expect(await suite.ended()).toBe(2);
    expect(suite.output()).toContain('E2E_KUBECONFIG=FILE npm run test:e2e');
  });

  it('does nothing with a file that is no kubeconfig', async () => {
    const suite = run({ E2E_KUBECONFIG: join(folder({ none: '[]' }), 'none') });
    expect(await suite.ended()).toBe(2);
    expect(suite.output()).toContain('cannot be used');
  });
});
