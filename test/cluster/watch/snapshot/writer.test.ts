/** SnapshotWriter: when it writes, what it does when it cannot, and that the file is always whole. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Service } from '../../../../src/cluster/objects.ts';
import { replaceFile } from '../../../../src/cluster/watch/snapshot/replace.ts';
import type { SnapshotObjects } from '../../../../src/cluster/watch/snapshot/snapshot.ts';
import { SnapshotWriter, type SnapshotWriterOptions } from '../../../../src/cluster/watch/snapshot/writer.ts';
import { makeService } from '../../objects.ts';
import { HEADER, NO_OBJECTS, decoded } from './arbitrary.ts';

const INTERVAL = 30_000;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-snapshot-'));
  onTestFinished(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function servicesOf(count: number): readonly Service[] {
  return Array.from({ length: count }, (_, i) => makeService({ name: `web-${i}`, clusterIPs: ['10.96.0.7'] }));
}

/** How many Services the file has; undefined where it is unusable, -1 where there is none. */
function inFile(path: string): number | undefined {
  return existsSync(path) ? decoded(readFileSync(path))?.objects.services.length : -1;
}

/** Resolves when the condition holds: real turns of the event loop, since the clock stands still. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not come to that');
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
  }
}

/** A state with some Services, and the writer of it. */
class Writing {
  readonly path: string;
  readonly lines: string[] = [];
  services = 0;
  version = 0;
  taken = 0;
  readonly writer: SnapshotWriter;

  constructor(options: Partial<SnapshotWriterOptions> = {}) {
    this.path = options.path ?? join(newFolder(), 'state');
    this.writer = new SnapshotWriter({
      interval: INTERVAL,
      take: () => {
        this.taken++;
        return { header: HEADER, objects: { ...NO_OBJECTS, services: servicesOf(this.services) } };
      },
      version: () => this.version,
      report: (severity, line) => this.lines.push(`${severity}: ${line.replaceAll(this.path, 'PATH')}`),
      now: Date.now,
      ...options,
      path: this.path,
    });
    onTestFinished(() => this.writer.close());
  }

  change(services: number): void {
    this.services = services;
    this.version++;
  }

  /** Resolves when the write that gives the file so many Services is over. */
  async has(services: number): Promise<void> {
    await until(() => inFile(this.path) === services);
    // Writes nothing more: what changed is in the file.
    await this.writer.flush();
  }

  /** Resolves when so many lines were told. */
  async told(count: number): Promise<void> {
    await until(() => this.lines.length === count);
  }
}

describe('SnapshotWriter', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes when it is started, then once an interval and only what has changed', async () => {
    const writing = new Writing();
    writing.change(1);
    writing.writer.start();
    await writing.has(1);
    writing.change(2);
    writing.change(3);
    vi.advanceTimersByTime(INTERVAL - 1);
    expect([inFile(writing.path), writing.taken]).toEqual([1, 1]);
    vi.advanceTimersByTime(1);
    await writing.has(3);
    vi.advanceTimersByTime(10 * INTERVAL);
    expect(writing.taken).toBe(2);
    writing.change(4);
    vi.advanceTimersByTime(INTERVAL);
    await writing.has(4);
    expect([writing.taken, writing.lines]).toEqual([3, []]);
  });

  it('gives the file to its user alone and leaves no temporary one', async () => {
    const writing = new Writing();
    await writing.writer.flush();
    expect(statSync(writing.path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${writing.path}.tmp`)).toBe(false);
  });

  it('writes at the next interval what is not worth keeping yet', async () => {
    let isInStep = false;
    const writing = new Writing({
      take: () => (isInStep ? { header: HEADER, objects: NO_OBJECTS } : undefined),
    });
    writing.writer.start();
    await writing.writer.flush();
    expect(inFile(writing.path)).toBe(-1);
    isInStep = true;
    vi.advanceTimersByTime(INTERVAL);
    await writing.has(0);
  });

  it('writes again after a time though nothing has changed, where that is wanted', async () => {
    const writing = new Writing({ refresh: 10 * INTERVAL });
    writing.writer.start();
    await writing.has(0);
    await writing.writer.flush();
    vi.advanceTimersByTime(9 * INTERVAL);
    expect(writing.taken).toBe(1);
    vi.advanceTimersByTime(INTERVAL);
    expect(writing.taken).toBe(2);
    await writing.writer.flush();
  });

  it('writes again when the clock has been set back, for the file is of a time to come', async () => {
    const writing = new Writing({ refresh: 10 * INTERVAL });
    writing.writer.start();
    await writing.has(0);
    await writing.writer.flush();
    vi.setSystemTime(Date.now() - 86_400_000);
    vi.advanceTimersByTime(INTERVAL);
    expect(writing.taken).toBe(2);
    await writing.writer.flush();
    vi.advanceTimersByTime(INTERVAL);
    expect(writing.taken).toBe(2);
  });

  it('flushes what has changed since the last time, without having been started', async () => {
    const writing = new Writing();
    writing.change(1);
    await writing.writer.flush();
    expect(inFile(writing.path)).toBe(1);
    await writing.writer.flush();
    expect(writing.taken).toBe(1);
  });

  it('waits for the write under way when it is flushed, and writes again what has changed since', async () => {
    const writing = new Writing();
    writing.change(20_000);
    writing.writer.start();
    writing.change(5);
    await Promise.all([writing.writer.flush(), writing.writer.flush(), writing.writer.flush()]);
    expect([inFile(writing.path), writing.taken]).toEqual([5, 2]);
  });

  it('does one write at a time', async () => {
    const writing = new Writing();
    writing.change(20_000);
    writing.writer.start();
    writing.change(5);
    vi.advanceTimersByTime(INTERVAL);
    expect(writing.taken).toBe(1);
    await writing.writer.flush();
    expect([inFile(writing.path), writing.taken]).toEqual([5, 2]);
  });

  it('gives up the write under way when it is closed, and the file stays as it is', async () => {
    const writing = new Writing();
    writing.change(1);
    await writing.writer.flush();
    writing.change(20_000);
    const flushed = writing.writer.flush();
    await until(() => existsSync(`${writing.path}.tmp`));
    await writing.writer.close();
    // Nothing of it is left to be done behind the back of whoever closed it.
    expect(existsSync(`${writing.path}.tmp`)).toBe(false);
    await flushed;
    expect([inFile(writing.path), existsSync(`${writing.path}.tmp`), writing.lines]).toEqual([1, false, []]);
    writing.change(3);
    writing.writer.start();
    await writing.writer.flush();
    vi.advanceTimersByTime(INTERVAL);
    expect([inFile(writing.path), writing.taken]).toEqual([1, 2]);
  });

  it('tells once that the folder is missing, tries again, and tells that it is there', async () => {
    const folder = join(newFolder(), 'later');
    const writing = new Writing({ path: join(folder, 'state') });
    writing.writer.start();
    await writing.told(1);
    expect(writing.lines).toEqual([
      'warning: the snapshot PATH cannot be written: its folder does not exist; trying again every 30 s',
    ]);
    vi.advanceTimersByTime(INTERVAL);
    await writing.writer.flush();
    expect(writing.lines).toHaveLength(1);
    mkdirSync(folder);
    vi.advanceTimersByTime(INTERVAL);
    await writing.has(0);
    await writing.told(2);
    expect(writing.lines[1]).toBe('info: the snapshot PATH is written again');
  });

  it('tells each cause of failure', async () => {
    const writing = new Writing();
    mkdirSync(writing.path);
    await writing.writer.flush();
    rmSync(writing.path, { recursive: true });
    mkdirSync(`${writing.path}.tmp`);
    await writing.writer.flush();
    await writing.writer.flush();
    expect(writing.lines.map((line) => line.split(': ')[2])).toEqual([
      'it is a folder; trying again every 30 s',
      'there is a folder where its temporary file goes; trying again every 30 s',
    ]);
  });

  it('removes its temporary file where it fails, and keeps the file', async () => {
    const writing = new Writing({ size: 100_000 });
    writing.change(1);
    await writing.writer.flush();
    writing.change(20_000);
    await writing.writer.flush();
    expect(writing.lines).toEqual([
      'warning: the snapshot PATH cannot be written: it would be larger than 0.1 MiB; trying again every 30 s',
    ]);
    expect([inFile(writing.path), existsSync(`${writing.path}.tmp`)]).toEqual([1, false]);
  });

  it('survives a state that cannot be told', async () => {
    const writing = new Writing({
      take: () => {
        throw new Error('no state');
      },
    });
    await writing.writer.flush();
    expect(writing.lines).toEqual(['warning: the snapshot PATH cannot be written: no state; trying again every 30 s']);
  });

  it('overwrites the temporary file that a killed process has left', async () => {
    const writing = new Writing();
    writeFileSync(`${writing.path}.tmp`, 'x'.repeat(10_000), { mode: 0o444 });
    writing.change(2);
    await writing.writer.flush();
    expect([inFile(writing.path), existsSync(`${writing.path}.tmp`), writing.lines]).toEqual([2, false, []]);
  });

  it('gives queries their turn while it writes', async () => {
    const objects: SnapshotObjects = { ...NO_OBJECTS, services: servicesOf(30_000) };
    const writing = new Writing({ take: () => ({ header: HEADER, objects }) });
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await writing.writer.flush();
    isDone = true;
    // At least one after each chunk.
    expect(turns).toBeGreaterThan(statSync(writing.path).size / 65_536);
  });
});

describe('the file of a snapshot', () => {
  it('is not replaced by what another process is writing', async () => {
    const path = join(newFolder(), 'state');
    writeFileSync(path, 'old');
    function* chunks(): Generator<Uint8Array> {
      yield Buffer.from('ne');
      // What another process does that begins now.
      rmSync(`${path}.tmp`);
      writeFileSync(`${path}.tmp`, 'of anoth');
      yield Buffer.from('w');
    }
    const { signal } = new AbortController();
    await expect(replaceFile(path, chunks(), signal)).rejects.toThrow('another process writes it at the same time');
    expect([path, `${path}.tmp`].map((file) => readFileSync(file, 'utf8'))).toEqual(['old', 'of anoth']);
  });

  it('is always old or new as a whole, whenever the process is killed', async () => {
    const path = join(newFolder(), 'state');
    const script = fileURLToPath(new URL('killed-writer.ts', import.meta.url));
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [script, path, '5000', '6000'], { stdio: ['ignore', 'pipe', 'inherit'] });
      // oxlint-disable-next-line no-await-in-loop -- one process after another
      await once(child.stdout, 'data');
      const exited = once(child, 'exit');
      // Some way into one of the writes that follow; what matters is that it is another place each time.
      for (let reads = 0; reads <= round * 7; reads++) expect([5_000, 6_000]).toContain(inFile(path));
      child.kill('SIGKILL');
      // oxlint-disable-next-line no-await-in-loop
      await exited;
      expect([5_000, 6_000]).toContain(inFile(path));
    }
  }, 60_000);
});
