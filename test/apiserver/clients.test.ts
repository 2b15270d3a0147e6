/** Clients that are not ours understand the server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CoreV1Api,
  KubeConfig,
  type KubernetesListObject,
  makeInformer,
  type V1Service,
} from '@kubernetes/client-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findKubectl } from './kubectl.ts';
import { kubeconfig } from './kubeconfig.ts';
import { listAt, textAt } from './json.ts';
import { namespace, service, slice } from './objects.ts';
import { running } from './running.ts';
import type { ApiServerOptions } from './options.ts';
import type { ApiServer } from './server.ts';

const TOKEN = 'one';

interface Started {
  readonly server: ApiServer;
  readonly config: string;
}

async function started(options: ApiServerOptions = {}): Promise<Started> {
  const server = await running({ tokens: [TOKEN], ...options });
  const folder = mkdtempSync(join(tmpdir(), 'apiserver-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'kubeconfig');
  writeFileSync(config, kubeconfig(server, { token: TOKEN }));
  return { server, config };
}

const kubectl = findKubectl();

describe.skipIf(kubectl === undefined)('kubectl', () => {
  interface Ended {
    readonly code: unknown;
    readonly out: string;
    readonly error: string;
  }

  async function run({ config }: Started, args: readonly string[], input = ''): Promise<Ended> {
    const folder = join(config, '..');
    const environment = { ...process.env, KUBECONFIG: config, HOME: folder };
    const child = spawn(kubectl ?? '', args, { env: environment });
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    child.stdin.end(input);
    const [code]: unknown[] = await once(child, 'close');
    return { code, out, error };
  }

  it('lists in pages, by namespace and by label', async () => {
    const test = await started();
    for (let i = 0; i < 10; i++) test.server.put(service(`ns-${i % 2}/s${i}`, { app: i < 3 ? 'x' : 'y' }));
    test.server.put(slice('ns-0/s0', '10.0.0.1'));
    const all = await run(test, ['get', 'svc', '-A', '--chunk-size=3', '--no-headers']);
    expect(all.error).toBe('');
    expect(all.out.trim().split('\n')).toHaveLength(10);
    expect(test.server.requests.filter(({ verb }) => verb === 'list')).toHaveLength(4);
    expect((await run(test, ['get', 'svc', '-n', 'ns-1', '-l', 'app=x', '-o', 'name'])).out).toBe('service/s1\n');
    expect((await run(test, ['get', 'endpointslices', '-A', '-o', 'name'])).out).toBe(
      'endpointslice.discovery.k8s.io/s0-abc\n',
    );
    const json: unknown = JSON.parse((await run(test, ['get', 'svc', 's3', '-n', 'ns-1', '-o', 'json'])).out);
    expect(json).toMatchObject({ kind: 'Service', spec: { clusterIP: '10.96.0.10' } });
    const raw: unknown = JSON.parse((await run(test, ['get', '--raw', '/api/v1/services?limit=1'])).out);
    expect(listAt(raw, 'items')).toHaveLength(1);
  });

  it('creates, replaces and deletes', async () => {
    const test = await started();
    const create = ['create', '--validate=false', '-f', '-'];
    expect((await run(test, create, JSON.stringify(namespace('a')))).out).toBe('namespace/a created\n');
    expect((await run(test, create, JSON.stringify(service('a/x')))).out).toBe('service/x created\n');
    const again = await run(test, create, JSON.stringify(service('a/x')));
    expect([again.code, again.error]).toEqual([1, expect.stringContaining('AlreadyExists')]);
    const put = ['replace', '--validate=false', '-f', '-'];
    const changed = JSON.stringify(service('a/x', { changed: 'yes' }));
    expect((await run(test, put, changed)).out).toBe('service/x replaced\n');
    expect((await run(test, ['delete', 'namespace', 'a'])).out).toContain('namespace "a" deleted');
    expect(test.server.state.collections.services.size).toBe(0);
  });

  it('watches', async () => {
    const { server, config } = await started();
    server.put(service('a/a'));
    const args = ['get', 'svc', '-A', '--watch', '--output-watch-events', '--no-headers'];
    const child = spawn(kubectl ?? '', args, { env: { ...process.env, KUBECONFIG: config, HOME: join(config, '..') } });
    onTestFinished(() => void child.kill());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(/^ADDED +a +a /);
    await server.until(() => server.openWatches() === 1);
    server.put(service('a/b'));
    server.put(service('a/b', { changed: 'yes' }));
    server.delete('services', 'a', 'a');
    for (const expected of [/^ADDED +a +b /, /^MODIFIED +a +b /, /^DELETED +a +a /]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await lines.next()).value).toMatch(expected);
    }
  });

  it('understands refusals', async () => {
    const test = await started();
    test.server.access.deny('list', 'services');
    expect((await run(test, ['get', 'svc', '-A'])).error).toContain('services is forbidden: User');
    expect((await run(test, ['get', 'ns', 'none'])).error).toContain('namespaces "none" not found');
    test.server.access.tokens = new Set();
    expect((await run(test, ['get', 'svc', '-A'])).error).toContain('You must be logged in');
  });

  it('asks for the version', async () => {
    const test = await started({ settings: { version: 'v1.31.2' } });
    expect((await run(test, ['version'])).out).toContain('Server Version: v1.31.2');
  });
});

describe('@kubernetes/client-node', () => {
  it('lists and watches', async () => {
    const { server, config } = await started();
    server.put(service('a/a'));
    const configuration = new KubeConfig();
    configuration.loadFromFile(config);
    const api = configuration.makeApiClient(CoreV1Api);
    const list = (): Promise<KubernetesListObject<V1Service>> => api.listServiceForAllNamespaces();
    expect((await list()).items.map((item) => item.spec?.clusterIP)).toEqual(['10.96.0.10']);

    const informer = makeInformer(configuration, '/api/v1/services', list);
    const seen: string[] = [];
    const tell = (type: string) => (object: V1Service) => {
      seen.push(`${type} ${textAt(object, 'metadata', 'name')}`);
    };
    for (const type of ['add', 'update', 'delete'] as const) informer.on(type, tell(type));
    await informer.start();
    onTestFinished(() => informer.stop());
    await server.until(() => server.openWatches() === 1);
    server.put(service('a/b'));
    server.put(service('a/b', { changed: 'yes' }));
    const deleted = new Promise((resolve) => informer.on('delete', resolve));
    server.delete('services', 'a', 'a');
    await deleted;
    expect(seen).toEqual(['add a', 'add b', 'update b', 'delete a']);
  });

  it('is told about wrong tokens', async () => {
    const { server, config } = await started();
    server.access.tokens = new Set(['other']);
    const configuration = new KubeConfig();
    configuration.loadFromFile(config);
    await expect(configuration.makeApiClient(CoreV1Api).listNamespace()).rejects.toMatchObject({ code: 401 });
  });
});
