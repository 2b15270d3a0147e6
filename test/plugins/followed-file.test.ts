import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FollowedFile, type Loading } from '../../src/plugins/followed-file.ts';
import { makeHost } from './support.ts';

it('a file that changes while it is read for the first time is read again behind that, and not beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'followed-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, 'before');
  const host = makeHost();
  const loads: (() => void)[] = [];
  const load = (): Promise<Loading> =>
    new Promise((resolve) => {
      loads.push(() => resolve({ trouble: undefined, included: [] }));
    });
  const failures = host.metrics.counter('failures', 'Failures.', []).with();
  const followed = new FollowedFile({ path, interval: 10, load, logger: host.logger('file'), failures });
  onTestFinished(() => followed.close());
  const opened = followed.open();
  await vi.waitFor(() => expect(loads).toHaveLength(1));
  writeFileSync(path, 'another text');
  // Looks every 10 ms would have found the change, and that it stays, by far.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(loads).toHaveLength(1);
  loads[0]?.();
  await opened;
  await vi.waitFor(() => expect(loads).toHaveLength(2), { timeout: 5_000 });
  loads[1]?.();
});

it('a file that could not be read for a moment is read at the next look, though it has not changed meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'followed-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, 'text');
  const host = makeHost();
  let loads = 0;
  const load = async (): Promise<Loading> => {
    loads += 1;
    const reason = 'EMFILE: too many open files';
    return { trouble: loads === 1 ? { kind: 'unreadable', reason } : undefined, included: [] };
  };
  const failures = host.metrics.counter('failures', 'Failures.', []).with();
  const followed = new FollowedFile({ path, interval: 10, load, logger: host.logger('file'), failures });
  onTestFinished(() => followed.close());
  await followed.open();
  await vi.waitFor(() => expect(followed.modified).toBeDefined(), { timeout: 3_000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(loads).toBe(2);
});
