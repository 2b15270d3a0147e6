/**
 * What is promised whatever happens, each measured by a row of `npm run bench` and, in a short form, by the tests: upstreams
 * that fall silent, Services that come and go, Corefiles that are changed under load.
 */
import type { Options } from '../options.ts';
import { table } from '../table.ts';
import { limits as upstreamLimits, failingUpstreams } from './failing-upstreams.ts';
import { LIMIT, freshService } from './fresh-service.ts';
import { SLACK, reloads } from './reloads.ts';

/** Reloads of the row `reloads`, and queries in a second meanwhile. */
const RELOADS = 200;
const RELOAD_RATE = 5_000;
const CHANGES = 500;

export async function measurePromises(
  { only, program, seconds }: Options,
  folder: string,
  cores: { readonly server: number; readonly client: number } | undefined,
): Promise<string> {
  const rows: string[][] = [];
  if (only.includes('upstreams')) {
    const got = await failingUpstreams(program, folder, Math.max(seconds, 5));
    const { slowest, aboveNormal, failure } = upstreamLimits;
    rows.push(
      ['upstreams', 'p99 with two that answer', ms(got.normal), ''],
      ['', 'one silent: the slowest answer', ms(got.slowest), verdict(got.slowest <= slowest, `≤ ${slowest} ms`)],
      [
        '',
        'one silent: p99 from the third second on',
        ms(got.settled),
        verdict(got.settled <= got.normal + aboveNormal, `≤ normal + ${aboveNormal} ms`),
      ],
      [
        '',
        'both silent: the slowest answer',
        ms(got.slowestFailure),
        verdict(got.slowestFailure <= failure, `≤ ${failure} ms`),
      ],
      [
        '',
        'both silent: SERVFAIL with an Extended DNS Error',
        `${got.explained} of ${got.failures}`,
        verdict(got.explained === got.failures, 'all'),
      ],
    );
  }
  if (only.includes('service')) {
    const { created, deleted } = await freshService(folder, CHANGES);
    rows.push(
      [
        'service',
        `created: the slowest first answer of ${CHANGES}`,
        ms(created),
        verdict(created <= LIMIT, `≤ ${LIMIT} ms`),
      ],
      [
        '',
        `deleted: the slowest first NXDOMAIN of ${CHANGES}`,
        ms(deleted),
        verdict(deleted <= LIMIT, `≤ ${LIMIT} ms`),
      ],
    );
  }
  if (only.includes('reloads')) {
    const got = await reloads(program, folder, RELOADS, RELOAD_RATE, cores);
    const { succeeded, failed, asked, lost, early, late } = got;
    rows.push(
      [
        'reloads',
        `${succeeded} done, ${failed} refused, under ${RELOAD_RATE} q/s: queries lost`,
        `${lost} of ${asked}`,
        verdict(lost === 0, 'none'),
      ],
      [
        '',
        'MiB resident after a tenth of them, and after all',
        `${early.toFixed(0)}, ${late.toFixed(0)}`,
        verdict(late <= early + SLACK, `flat within ${SLACK} MiB`),
      ],
    );
  }
  return table(['row', 'promise', 'measured', 'must'], rows);
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function verdict(met: boolean, limit: string): string {
  return `must ${limit}: ${met ? 'met' : 'MISSED'}`;
}
