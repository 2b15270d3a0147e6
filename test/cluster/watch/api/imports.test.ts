/** The Kubernetes client library costs every process that loads it a lot: only a kubeconfig loads it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const connect = fileURLToPath(new URL('../../../../src/cluster/watch/api/connect.ts', import.meta.url));

/** Runs a module that may import `connect`, and gives the modules that were loaded. */
async function loaded(source: string): Promise<readonly string[]> {
  const program = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
    const { connectApi } = await import(${JSON.stringify(connect)});
    const around = { environment: {} };
    await connectApi(${source}, {}, {}, () => {}, around).catch(() => {});
    process.stdout.write(JSON.stringify(urls));
    process.exit();
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  const urls: unknown = JSON.parse(stdout);
  return Array.isArray(urls) ? urls.map(String) : [];
}

describe('the client library', () => {
  it('is not loaded in a pod or for an endpoint', async () => {
    for (const source of ["{ kind: 'in-cluster' }", "{ kind: 'endpoint', url: '127.0.0.1:1' }"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const modules = await loaded(source);
      expect(modules.some((url) => url.endsWith('/api/connect.ts'))).toBe(true);
      expect(modules.filter((url) => url.includes('node_modules'))).toEqual([]);
    }
  });

  it('is loaded for a kubeconfig', async () => {
    const modules = await loaded("{ kind: 'kubeconfig', file: '/nowhere' }");
    expect(modules.some((url) => url.includes('@kubernetes/client-node'))).toBe(true);
  });
});
