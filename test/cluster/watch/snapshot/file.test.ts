/** A snapshot's file: what is not as it should be is ignored for a reason that can be told, and holds nothing up. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SnapshotLimits, readSnapshot } from '../../../../src/cluster/watch/snapshot/file.ts';
import { makeService } from '../../objects.ts';
import { HEADER, NO_OBJECTS, encoded, gathered } from './arbitrary.ts';

const HOUR = 3_600_000;
const LIMITS: SnapshotLimits = { scope: HEADER.scope, maxAge: 24 * HOUR, now: HEADER.takenAt + HOUR };
const OBJECTS = { ...NO_OBJECTS, services: [makeService({ clusterIPs: ['10.96.0.7'] })] };

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-snapshot-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state');
}

function written(octets: Uint8Array = encoded(HEADER, OBJECTS)): string {
  const path = newPath();
  writeFileSync(path, octets);
  return path;
}

describe('readSnapshot', () => {
  it('gives the state, also through a symbolic link', async () => {
    const path = written();
    symlinkSync(path, `${path}.link`);
    for (const one of [path, `${path}.link`]) {
      // oxlint-disable-next-line no-await-in-loop
      const reading = await readSnapshot(one, LIMITS);
      expect(reading).toMatchObject({ outcome: 'snapshot', header: HEADER });
      if (reading.outcome === 'snapshot') expect(gathered(reading.objects)).toEqual(OBJECTS);
    }
  });

  it('finds none where there is no file or no folder', async () => {
    const path = newPath();
    expect(await readSnapshot(path, LIMITS)).toEqual({ outcome: 'none' });
    expect(await readSnapshot(join(path, 'state'), LIMITS)).toEqual({ outcome: 'none' });
  });

  it.each([
    [
      'a day and a minute later',
      { now: HEADER.takenAt + 24 * HOUR + 60_000 },
      'it is 24 hours old, and may be 24 hours',
    ],
    ['with little patience', { maxAge: 60_000 }, 'it is 60 minutes old, and may be 60 seconds'],
    ['before it was taken', { now: HEADER.takenAt - 600_000 }, 'it was taken 10 minutes from now: a clock is wrong'],
    ['for other objects', { scope: 'some' }, 'it is of other resources or of another selection of them'],
    ['with little room', { size: 20 }, 'it is larger than 0 MiB'],
  ])('ignores one that is read %s', async (_, limits, reason) => {
    expect(await readSnapshot(written(), { ...LIMITS, ...limits })).toEqual({ outcome: 'ignored', reason });
  });

  it('takes one whose clock was a little ahead, or that is just not too old', async () => {
    const path = written();
    expect(await readSnapshot(path, { ...LIMITS, now: HEADER.takenAt - 299_000 })).toMatchObject({ header: HEADER });
    expect(await readSnapshot(path, { ...LIMITS, now: HEADER.takenAt + 24 * HOUR })).toMatchObject({ header: HEADER });
  });

  it('reads no file that is larger than the bound', async () => {
    const path = written();
    // Takes no room: the system keeps no zeros.
    execFileSync('truncate', ['-s', '67108865', path]);
    expect(await readSnapshot(path, LIMITS)).toEqual({ outcome: 'ignored', reason: 'it is larger than 64 MiB' });
  });

  it('ignores one that is damaged, cut short or empty', async () => {
    const octets = encoded(HEADER, OBJECTS);
    const damaged = Buffer.from(octets);
    damaged[20] = 0xff;
    const outcomes = await Promise.all(
      [damaged, octets.subarray(0, -1), Buffer.alloc(0)].map((content) => readSnapshot(written(content), LIMITS)),
    );
    expect(outcomes).toEqual([
      { outcome: 'ignored', reason: 'it is cut short or damaged' },
      { outcome: 'ignored', reason: 'it is cut short or damaged' },
      { outcome: 'ignored', reason: 'it is no snapshot' },
    ]);
  });

  it('ignores a folder, a FIFO, a device and a path through a file', async () => {
    const folder = newPath();
    mkdirSync(folder);
    const fifo = newPath();
    execFileSync('mkfifo', [fifo]);
    const reason = 'it is no regular file';
    expect(await readSnapshot(folder, LIMITS)).toEqual({ outcome: 'ignored', reason });
    expect(await readSnapshot(fifo, LIMITS)).toEqual({ outcome: 'ignored', reason });
    expect(await readSnapshot('/dev/zero', LIMITS)).toEqual({ outcome: 'ignored', reason });
    expect(await readSnapshot(join(written(), 'state'), LIMITS)).toMatchObject({ outcome: 'ignored' });
  });

  it('ignores a link that leads to itself', async () => {
    const path = newPath();
    symlinkSync(path, path);
    const reason = 'its path has too many symbolic links';
    expect(await readSnapshot(path, LIMITS)).toEqual({ outcome: 'ignored', reason });
  });

  it.skipIf(process.getuid?.() === 0)('ignores one that may not be read', async () => {
    const path = written();
    chmodSync(path, 0);
    expect(await readSnapshot(path, LIMITS)).toEqual({ outcome: 'ignored', reason: 'permission is denied' });
  });
});
