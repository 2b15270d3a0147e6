/**
 * What is promised of a cluster that is read from its API server, in a short form: a small cluster, and limits that only a
 * program that is broken misses on a busy machine. `npm run bench:cluster` is the long one, with the limits as they are
 * promised.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Api } from '../../bench/live/api.ts';
import { measureChanges } from '../../bench/live/changing.ts';
import { measureFlood } from '../../bench/live/flooding.ts';
import type { Surroundings } from '../../bench/live/nodens.ts';
import { measureLatencies, measurePeak } from '../../bench/live/relisting.ts';
import { measureStart, measureWarmStarts } from '../../bench/live/starting.ts';
import { quantile } from '../../bench/promises/asking.ts';
import { openUpstream } from '../../bench/promises/upstream.ts';
import { commands, describeWith } from '../e2e/needs.ts';
import { entryPoint } from '../e2e/program.ts';

const size = { services: 200, endpoints: 5 };
/** Milliseconds. */
const SOON = 200;
const STALE_ANSWER = 3;

async function open(): Promise<{ readonly around: Surroundings; readonly api: Api }> {
  const folder = mkdtempSync(join(tmpdir(), 'nodens-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const upstream = await openUpstream();
  onTestFinished(() => upstream.close());
  const api = await Api.open({ size, hasManagedFields: true, niceness: 0, core: undefined });
  onTestFinished(() => api.close());
  return { around: { program: entryPoint, flags: [], folder, cores: undefined, size, upstream: upstream.port }, api };
}

/** /proc tells how much memory and time a process takes. */
const linux = process.platform === 'linux' ? undefined : 'it needs /proc of Linux';

describeWith('a cluster that is read from its API server', linux, () => {
  it('is answered for rightly when the server says that it is ready', async () => {
    const { around, api } = await open();
    const { ready, answered, listing } = await measureStart(around, api, 0);
    expect(ready).toBeGreaterThan(listing);
    expect(answered).toBeGreaterThan(listing);
  });

  it('is answered for from a snapshot while the API server is dead, and answers say so', async () => {
    const { around, api } = await open();
    const [start] = await measureWarmStarts(around, api, 1);
    expect(start?.extendedError).toBe(STALE_ANSWER);
    expect(start?.ready).toBeLessThan(10_000);
  });
});

describeWith(
  'a cluster that is read from its API server, under load',
  linux ?? commands('dnsperf', 'nice', 'stdbuf'),
  () => {
    it('loses no query while it is listed anew, time and again', async () => {
      const { around, api } = await open();
      const { lost, sent, before, highest } = await measurePeak(around, api, { relists: 2, pause: 0, rate: 1_000 });
      expect(lost).toBe(0);
      expect(sent).toBeGreaterThan(500);
      expect(highest).toBeLessThan(before + 50);
    });

    it('loses no query beside a flood of new names while it is listed anew, with caches that are full', async () => {
      const { around, api } = await open();
      const load = { relists: 1, pause: 0, rate: 500, flood: 500 };
      const { lost, sent, before, highest } = await measurePeak(around, api, load);
      expect(lost).toBe(0);
      expect(sent).toBeGreaterThan(500);
      expect(highest).toBeLessThan(before + 50);
    }, 60_000);

    it('answers what is asked all the time beside a flood of new names as it does without', async () => {
      const { around, api } = await open();
      const { alone, beside, flood } = await measureFlood(around, api, { rate: 500, flood: 500, seconds: 1 });
      expect(alone.lost + beside.lost + flood.lost).toBe(0);
      expect(flood.sent).toBeGreaterThan(500);
      expect(beside.p99).toBeLessThan(SOON);
      // All but the external names, whose answers come to an end, and those that are drawn anew.
      expect(beside.hits).toBeGreaterThan(alone.hits - 0.1);
    }, 60_000);

    it('is listed anew without an answer that is late or missing', async () => {
      const { around, api } = await open();
      const { during } = await measureLatencies(around, api, { rate: 500, warmUp: 0.5, quiet: 0.5 });
      expect(during.length).toBeGreaterThan(0);
      expect(quantile(during, 0.99)).toBeLessThan(SOON);
    });

    it('answers a change soon', async () => {
      const { around, api } = await open();
      const { took, lost } = await measureChanges(around, api, {
        endpoints: 250,
        rate: 50,
        events: 100,
        warmUp: 10,
        load: 1_000,
      });
      expect(took).toHaveLength(100);
      expect(quantile(took, 0.5)).toBeLessThan(SOON);
      expect(lost).toBe(0);
    });
  },
);
