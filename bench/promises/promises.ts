/**
 * What is promised whatever happens, each measured by a row of `npm run bench` and, in a short form, by the tests: upstreams
 * that fall silent, Services that come and go, Corefiles that are changed and servers that are replaced under load.
 */
import type { Options } from '../options.ts';
import { table } from '../table.ts';
import { limits as upstreamLimits, failingUpstreams } from './failing-upstreams.ts';
import { LIMIT, freshService } from './fresh-service.ts';
import { SLACK, reloads } from './reloads.ts';
import { STOP_LIMIT, restarts } from './restarts.ts';

/** Reloads of the row `reloads`, and queries in a second meanwhile. */
const RELOADS = 200;
const RELOAD_RATE = 5_000;
const CHANGES = 500;
/** Rolling restarts of the row `restarts`, the queries that they go through, and the milliseconds that proxies are late. */
const ROLLING = 20;
const RESTART_QUERIES = 1_000_000;
const RESTART_RATE = 3_000;
const PROXY_DELAY = 15_000;

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
  if (only.includes('restarts')) rows.push(...(await measureRestarts(program, folder, cores?.server)));
  return table(['row', 'promise', 'measured', 'must'], rows);
}

async function measureRestarts(program: string, folder: string, core: number | undefined): Promise<string[][]> {
  const got = await restarts({
    program,
    folder,
    rolling: ROLLING,
    queries: RESTART_QUERIES,
    rate: RESTART_RATE,
    lameDuck: '5s',
    delay: PROXY_DELAY,
    core,
  });
  const { asked, lost, wrong, replaced, unclean, slowestStop, late, afterLameDuck } = got;
  return [
    [
      'restarts',
      `${ROLLING} rolling restarts, ${replaced} servers replaced, under ${RESTART_RATE} q/s: queries lost`,
      `${lost} of ${asked}`,
      verdict(lost === 0 && asked >= RESTART_QUERIES, `none of ${RESTART_QUERIES}`),
    ],
    ['', 'answers that were not right', String(wrong), verdict(wrong === 0, 'none')],
    ['', 'queries after the signal, and of them after the lame-duck time', `${late}, ${afterLameDuck}`, ''],
    [
      '',
      'from SIGTERM to the end: the slowest',
      `${(slowestStop / 1_000).toFixed(1)} s`,
      verdict(slowestStop <= STOP_LIMIT, `≤ ${STOP_LIMIT / 1_000} s`),
    ],
    ['', 'servers that ended with another status than 0', String(unclean), verdict(unclean === 0, 'none')],
  ];
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function verdict(met: boolean, limit: string): string {
  return `must ${limit}: ${met ? 'met' : 'MISSED'}`;
}
