/**
 * What is promised whatever happens, in a short form with room for a busy machine; `npm run bench -- --only upstreams
 * --only service --only reloads --only restarts` is the long one, with the limits as they are promised.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failingUpstreams, limits } from '../../bench/promises/failing-upstreams.ts';
import { LIMIT, freshService } from '../../bench/promises/fresh-service.ts';
import { SLACK, reloads } from '../../bench/promises/reloads.ts';
import { STOP_LIMIT, restarts } from '../../bench/promises/restarts.ts';
import { commands, describeWith } from '../e2e/needs.ts';
import { entryPoint } from '../e2e/program.ts';
import { TIMED } from '../support/timed.ts';

/** How much slower than promised a machine with other things to do may be. */
const ROOM = 1.5;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nodens-promises-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('upstreams that fall silent', () => {
  it('one of two costs no client much time, both give SERVFAIL with a reason soon', TIMED, async () => {
    const got = await failingUpstreams(entryPoint, folder(), 2);
    expect(got.slowest).toBeLessThan(limits.slowest * ROOM);
    expect(got.settled).toBeLessThan(got.normal + limits.aboveNormal * ROOM);
    expect(got.slowestFailure).toBeLessThan(limits.failure * ROOM);
    expect(got.explained).toBe(got.failures);
  });
});

describe('a Service whose name is asked all the time', () => {
  it('is answered as soon as it is there, and gone as soon as it is not', TIMED, async () => {
    const got = await freshService(folder(), 25);
    expect(got.created).toBeLessThan(LIMIT * ROOM);
    expect(got.deleted).toBeLessThan(LIMIT * ROOM);
  });
});

describeWith('reloads under load', commands('dnsperf'), () => {
  it('lose no query and leave memory as it is, whether the Corefile can be used or not', TIMED, async () => {
    const got = await reloads(entryPoint, folder(), 20, 1_000, undefined);
    expect(got).toMatchObject({ lost: 0, succeeded: 10, failed: 10 });
    expect(got.asked).toBeGreaterThan(500);
    expect(got.late).toBeLessThan(got.early + SLACK * ROOM);
  });
});

describe('a rolling restart under load', () => {
  it(
    'loses no query to servers that stop, while proxies go on sending to them',
    { ...TIMED, timeout: 60_000 },
    async () => {
      const options = { program: entryPoint, folder: folder(), rolling: 1, queries: 3_000, rate: 800 };
      const got = await restarts({ ...options, lameDuck: '500ms', delay: 2_500 });
      expect(got).toMatchObject({ lost: 0, wrong: 0, replaced: 2, unclean: 0 });
      expect(got.asked).toBeGreaterThanOrEqual(3_000);
      expect(got.afterLameDuck).toBeGreaterThan(100);
      expect(got.late).toBeGreaterThan(got.afterLameDuck);
      expect(got.slowestStop).toBeLessThan(STOP_LIMIT / 2);
    },
  );
});
