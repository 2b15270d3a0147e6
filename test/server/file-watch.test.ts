/** Told of changes: at once by the folder, at an interval behind it; and nothing of it keeps the process alive. */
import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FileWatch } from '../../src/server/file-watch.ts';
import { deadline } from '../transport/clients.ts';
import { makeFolder } from './running.ts';

const HOUR = 3_600_000;
const NEVER = { interval: HOUR, jitter: 0 };

/** Watches, and resolves `changed` at the next call. */
function watching(paths: readonly string[], times: { readonly interval: number; readonly jitter: number } = NEVER) {
  let calls = 0;
  let waiting: (() => void)[] = [];
  const watch = new FileWatch(paths, times, () => {
    calls++;
    for (const resolve of waiting) resolve();
    waiting = [];
  });
  onTestFinished(() => watch.close());
  const changed = (): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      deadline().signal.addEventListener('abort', () => reject(new Error('nobody told of a change')));
    });
  return { watch, changed, calls: () => calls };
}

describe('a watch tells of', () => {
  it('a file that is written', async () => {
    const file = join(makeFolder(), 'Corefile');
    writeFileSync(file, 'one');
    const { changed } = watching([file]);
    const told = changed();
    writeFileSync(file, 'two');
    await told;
  });

  it('a file that is replaced by another, again and again', async () => {
    const folder = makeFolder();
    const file = join(folder, 'Corefile');
    writeFileSync(file, 'one');
    const { changed } = watching([file]);
    for (let i = 0; i < 3; i++) {
      const told = changed();
      writeFileSync(join(folder, 'new'), String(i));
      renameSync(join(folder, 'new'), file);
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await told;
    }
  });

  it('a ConfigMap: its files are links through a link that is swapped', async () => {
    const folder = makeFolder();
    const publish = (version: number): void => {
      const data = `..version-${version}`;
      mkdirSync(join(folder, data));
      writeFileSync(join(folder, data, 'Corefile'), String(version));
      symlinkSync(data, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
      rmSync(join(folder, `..version-${version - 1}`), { recursive: true, force: true });
    };
    publish(1);
    symlinkSync('..data/Corefile', join(folder, 'Corefile'));
    const { changed } = watching([join(folder, 'Corefile')]);
    for (const version of [2, 3, 4]) {
      const told = changed();
      publish(version);
      // oxlint-disable-next-line no-await-in-loop -- one version after another
      await told;
    }
  });

  it('a file in a folder that is watched, and of one that was not there', async () => {
    const folder = makeFolder();
    const { changed } = watching([folder, join(folder, 'missing')]);
    const told = changed();
    writeFileSync(join(folder, 'missing'), '');
    await told;
  });

  it('many events as one', async () => {
    const file = join(makeFolder(), 'Corefile');
    const { changed, calls } = watching([file]);
    const told = changed();
    for (let i = 0; i < 100; i++) writeFileSync(file, String(i));
    await told;
    expect(calls()).toBe(1);
  });

  it('bug: a file beside which another is written all the time was not told before the interval', async () => {
    const folder = makeFolder();
    const { changed } = watching([join(folder, 'Corefile')]);
    const noise = setInterval(() => appendFileSync(join(folder, 'log'), 'a line\n'), 10);
    onTestFinished(() => clearInterval(noise));
    writeFileSync(join(folder, 'Corefile'), 'one');
    await changed();
  });
});

describe('where there is nothing to watch', () => {
  it('the interval tells', async () => {
    const { changed } = watching(['/nowhere/at/all'], { interval: 20, jitter: 10 });
    await changed();
    await changed();
  });

  it('bug: a folder that may not be looked into threw', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'file'), '');
    // Below a file there is nothing, which the system tells with another error than that of a missing file.
    expect(() => watching([join(folder, 'file', 'below')])).not.toThrow();
  });
});

describe('afterwards', () => {
  it('a watch that was closed tells nothing more', async () => {
    const folder = makeFolder();
    const closed = watching([folder], { interval: 5, jitter: 0 });
    writeFileSync(join(folder, 'a'), '');
    closed.watch.close();
    const { changed } = watching([folder]);
    const told = changed();
    writeFileSync(join(folder, 'b'), '');
    await told;
    expect(closed.calls()).toBe(0);
  });

  it('the process may end although it watches', async () => {
    const module = fileURLToPath(new URL('../../src/server/file-watch.ts', import.meta.url));
    const folder = makeFolder();
    const script = `
      const { FileWatch } = await import(${JSON.stringify(module)});
      const { writeFileSync } = await import('node:fs');
      new FileWatch([${JSON.stringify(folder)}], { interval: 1, jitter: 0 }, () => undefined);
      writeFileSync(${JSON.stringify(join(folder, 'x'))}, '');
    `;
    const flags = ['--input-type=module', '--eval', script];
    await expect(promisify(execFile)(process.execPath, flags, deadline())).resolves.toMatchObject({ stderr: '' });
  });
});
