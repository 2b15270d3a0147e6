/** A disk that does not answer, as a network file system does whose server is away: it costs the file of the snapshot, and nothing else. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { namespace, service } from '../../apiserver/objects.ts';
import { running } from '../../apiserver/running.ts';
import type { ApiServer } from '../../apiserver/server.ts';
import { servicesOf, watching } from './watching.ts';

/** What is waited for before a file is opened, by its path. */
const hung = vi.hoisted(() => new Map<string, Promise<void>>());

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const open: typeof real.open = async (path, ...rest) => {
    await hung.get(String(path));
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

const DAY = 86_400_000;
const DEADLINE = 10_000;

/** Nothing opens this file until the returned function is called, as it is at the end of the test. */
function hang(path: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  hung.set(path, promise);
  return () => {
    hung.delete(path);
    resolve();
  };
}

function snapshotFile(): { readonly path: string; readonly maxAge: number } {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-hung-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { path: join(folder, 'snapshot'), maxAge: DAY };
}

async function shop(): Promise<ApiServer> {
  const server = await running({ isSecure: false });
  for (const name of ['kube-system', 'shop']) server.put(namespace(name));
  for (const name of ['web', 'old']) server.put(service(`shop/${name}`));
  return server;
}

describe('a file that cannot be read for now', () => {
  it('keeps nobody from asking the API server, and what it says later is old', async () => {
    const snapshot = snapshotFile();
    const server = await shop();
    const before = await watching(server, { snapshot });
    await before.inStep;
    await before.store.flush();
    await before.store.close();
    server.delete('services', 'shop', 'old');
    const answer = hang(snapshot.path);
    const watched = await watching(server, { snapshot });
    onTestFinished(answer);
    await watched.inStep;
    expect(watched.lines.join('\n')).toContain(
      `warning the snapshot ${snapshot.path} is not used: it could not be read within 3 s`,
    );
    answer();
    await watched.store.flush();
    expect(servicesOf(watched.state)).toEqual(['shop/web']);
  });
});

describe('a file that cannot be written for now', () => {
  it('keeps nobody from another file, nor from watching more or nothing', async () => {
    const [first, second] = [snapshotFile(), snapshotFile()];
    const server = await shop();
    const answer = hang(`${first.path}.tmp`);
    const watched = await watching(server, { snapshot: first });
    onTestFinished(answer);
    await watched.inStep;
    watched.store.keep(second);
    await vi.waitFor(() => expect(existsSync(second.path)).toBe(true), DEADLINE);
    expect(watched.store.status.snapshotTakenAt).toBeDefined();
    await watched.store.need({ resources: ['pods'], snapshot: undefined }).known;
    let isClosed = false;
    const closing = watched.store.close().then(() => (isClosed = true));
    await server.until(() => server.openWatches('services') + server.openWatches('pods') === 0);
    expect(isClosed).toBe(false);
    answer();
    await closing;
    expect(existsSync(first.path)).toBe(false);
  });

  it('is written as soon as it can be, whatever a reload said of it meanwhile', async () => {
    const snapshot = snapshotFile();
    const answer = hang(`${snapshot.path}.tmp`);
    const watched = await watching(await shop(), { snapshot });
    onTestFinished(answer);
    await watched.inStep;
    expect(watched.store.status.snapshotTakenAt).toBeUndefined();
    for (const more of [1, 2, 3]) watched.store.keep({ ...snapshot, maxAge: DAY + more });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(snapshot.path)).toBe(false);
    answer();
    await vi.waitFor(() => expect(existsSync(snapshot.path)).toBe(true), DEADLINE);
    await watched.store.flush();
    expect(watched.store.status.snapshotTakenAt).toBeDefined();
    expect(watched.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });
});
