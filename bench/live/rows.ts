/** The rows of `npm run bench:cluster`: what each measures, how often, and what it must be. */
import { quantile } from '../promises/asking.ts';
import { median } from '../table.ts';
import { Api, type ApiOptions } from './api.ts';
import type { Figure, Limits } from './figures.ts';
import { type Flooded, type WorkingSet, measureFlood } from './flooding.ts';
import type { Surroundings } from './nodens.ts';
import type { RowName } from './options.ts';
import { type Latencies, type Peak, measureLatencies, measurePeak } from './relisting.ts';
import { type Start, measureStart, measureWarmStarts } from './starting.ts';
import { type Changes, measureChanges } from './changing.ts';

export interface RowOptions {
  readonly around: Surroundings;
  readonly runs: number;
  readonly isQuick: boolean;
}

type Row = (options: RowOptions) => Promise<readonly Figure[]>;

/** At 10,000 Services with 15 endpoints each. */
const limits = {
  start: { must: 1_200, aim: 900 },
  resident: { must: 130, aim: 100 },
  peak: { must: 170, aim: 140 },
  snapshot: { must: 500, aim: 300 },
  change: { must: 1 },
  slowChange: { must: 10 },
  relist: { must: 20, aim: 10 },
} as const satisfies Readonly<Record<string, Limits>>;

const PEAK_RATE = 10_000;
/** Names that never repeat, in a second: beside lists, and beside a working set that is asked for as often. */
const FLOOD_BESIDE_LISTS = 5_000;
const FLOOD_RATE = 10_000;
const CHANGE_RATE = 10_000;
const RELIST_RATE = 5_000;
const RELISTS = 10;
/** Milliseconds. Whoever is sent away by 410 twice within ten seconds waits before it lists again, longer each time. */
const BETWEEN_RELISTS = 10_500;
/** More runs of ten lists each would take a quarter of an hour. */
const MOST_PEAKS = 3;
const FLOOD_SECONDS = 10;
const EVENTS_PER_SECOND = 500;
const EVENTS = 2_500;
const WARM_UP = 3_000;
/** The API server stands back where what is measured is what clients feel, who share its core. */
const BEHIND_CLIENTS = 10;
/** Stale Answer (RFC 8914 §4.4). */
const STALE_ANSWER = 3;

export const rows: Readonly<Record<RowName, Row>> = {
  start: async (options) => [
    ...startFigures(await startsOf(options, false), ''),
    ...startFigures(await startsOf(options, true), ', with managedFields'),
  ],

  async snapshot({ around, runs }) {
    const api = await openApi(around);
    const starts = await measureWarmStarts(around, api, runs).finally(() => api.close());
    const codes = new Set(starts.map(({ extendedError }) => extendedError));
    const isRight = codes.size === 1 && codes.has(STALE_ANSWER);
    return [
      {
        row: 'snapshot',
        about: 'start to first answer, API server dead',
        values: starts.map(({ answered }) => answered),
        unit: 'ms',
        limits: limits.snapshot,
        note: `processor time ${middle(starts.map(({ processor }) => processor))}, ready after ${middle(starts.map(({ ready }) => ready))} ms; ${isRight ? 'EDE 3' : `WRONG: EDE ${[...codes].join(', ')}`}`,
      },
      {
        row: '',
        about: 'resident at that moment',
        values: starts.map(({ resident }) => resident),
        unit: 'MiB',
        limits: undefined,
      },
    ];
  },

  async peak({ around, runs, isQuick }) {
    const relists = isQuick ? 3 : RELISTS;
    const peaks = await repeated(Math.min(runs, MOST_PEAKS), around, { niceness: BEHIND_CLIENTS }, (api) =>
      measurePeak(around, api, { relists, pause: BETWEEN_RELISTS, rate: PEAK_RATE }),
    );
    return [peakFigure('peak', `highest resident over ${relists} lists, ${PEAK_RATE} q/s`, peaks)];
  },

  async flood({ around, runs, isQuick }) {
    const relists = isQuick ? 3 : RELISTS;
    const load = { relists, pause: BETWEEN_RELISTS, rate: PEAK_RATE, flood: FLOOD_BESIDE_LISTS };
    const peaks = await repeated(Math.min(runs, MOST_PEAKS), around, { niceness: BEHIND_CLIENTS }, (api) =>
      measurePeak(around, api, load),
    );
    const seconds = isQuick ? 3 : FLOOD_SECONDS;
    const floods = await repeated(runs, around, { niceness: BEHIND_CLIENTS }, (api) =>
      measureFlood(around, api, { rate: FLOOD_RATE, flood: FLOOD_RATE, seconds }),
    );
    const about = `the same with full caches, beside ${FLOOD_BESIDE_LISTS} new names/s`;
    return [peakFigure('flood', about, peaks), ...floodFigures(floods)];
  },

  async relist({ around, runs }) {
    const all = await repeated(runs, around, { niceness: BEHIND_CLIENTS }, (api) =>
      measureLatencies(around, api, { rate: RELIST_RATE, warmUp: 2, quiet: 2 }),
    );
    return relistFigures(all);
  },

  async change({ around, runs, isQuick }) {
    const figures: Figure[] = [];
    for (const endpoints of [1, 5_000]) {
      const options = {
        endpoints,
        rate: EVENTS_PER_SECOND,
        events: isQuick ? EVENTS / 5 : EVENTS,
        warmUp: WARM_UP,
        load: CHANGE_RATE,
      };
      // oxlint-disable-next-line no-await-in-loop -- together they would measure each other
      const all = await repeated(runs, around, {}, (api) => measureChanges(around, api, options));
      figures.push(...changeFigures(all, endpoints));
    }
    return figures;
  },
};

function openApi(around: Surroundings, options: Partial<ApiOptions> = {}): Promise<Api> {
  const { size, cores } = around;
  return Api.open({ size, core: cores?.client, hasManagedFields: false, niceness: 0, ...options });
}

/** One measurement after another, all with one API server. */
async function repeated<T>(
  runs: number,
  around: Surroundings,
  options: Partial<ApiOptions>,
  measure: (api: Api) => Promise<T>,
): Promise<readonly T[]> {
  const api = await openApi(around, options);
  const all: T[] = [];
  try {
    // oxlint-disable-next-line no-await-in-loop -- together they would measure each other
    for (let run = 0; run < runs; run++) all.push(await measure(api));
  } finally {
    await api.close();
  }
  return all;
}

function startsOf({ around, runs }: RowOptions, hasManagedFields: boolean): Promise<readonly Start[]> {
  return repeated(runs, around, { hasManagedFields }, (api) => measureStart(around, api));
}

function startFigures(starts: readonly Start[], what: string): readonly Figure[] {
  const part = (get: (start: Start) => number): string => middle(starts.map(get));
  return [
    {
      row: what === '' ? 'start' : '',
      about: `start to ready and right${what}`,
      values: starts.map(({ ready, answered }) => Math.max(ready, answered)),
      unit: 'ms',
      limits: limits.start,
      note: `processor time ${part(({ processor }) => processor)}; listing took ${part(({ listing }) => listing)}; ready ${part(({ ready }) => ready)}, first right answer ${part(({ answered }) => answered)}`,
    },
    {
      row: '',
      about: `resident, in step, idle${what}`,
      values: starts.map(({ resident }) => resident),
      unit: 'MiB',
      limits: limits.resident,
      note: `${part(({ highest }) => highest)} at its highest`,
    },
  ];
}

function peakFigure(row: 'peak' | 'flood', about: string, peaks: readonly Peak[]): Figure {
  const part = (get: (peak: Peak) => number): string => middle(peaks.map(get));
  const lost = peaks.reduce((sum, one) => sum + one.lost, 0);
  const sent = peaks.reduce((sum, one) => sum + one.sent, 0);
  return {
    row,
    about,
    values: peaks.map(({ highest }) => highest),
    unit: 'MiB',
    limits: limits.peak,
    note: `${part(({ before }) => before)} before, ${part(({ first }) => first)} in the first; a list takes ${part(({ took }) => median(took))} ms; lost ${lost} of ${sent}`,
  };
}

function floodFigures(floods: readonly Flooded[]): readonly Figure[] {
  const when = { alone: '', beside: `, beside ${FLOOD_RATE} new names/s` } as const;
  const lost = floods.reduce((sum, { flood }) => sum + flood.lost, 0);
  const sent = floods.reduce((sum, { flood }) => sum + flood.sent, 0);
  return (['alone', 'beside'] as const).flatMap((side): readonly Figure[] => {
    const of = (get: (set: WorkingSet) => number): readonly number[] => floods.map((one) => get(one[side]));
    const own = of(({ lost: missing }) => missing).reduce((sum, missing) => sum + missing, 0);
    return [
      {
        row: '',
        about: `p99 of a working set, ${FLOOD_RATE} q/s${when[side]}`,
        values: of(({ p99 }) => p99),
        unit: 'ms',
        limits: undefined,
        note: `p50 ${small(of(({ p50 }) => p50))}; lost ${own}${side === 'beside' ? `, and ${lost} of ${sent} of the flood` : ''}`,
      },
      {
        row: '',
        about: `its hits in the answer cache${when[side]}`,
        values: of(({ hits }) => 100 * hits),
        unit: '%',
        limits: undefined,
        note: `processor time ${small(of(({ cpu }) => cpu))} µs for each of its queries${side === 'beside' ? ", the flood's included" : ''}`,
      },
    ];
  });
}

function relistFigures(all: readonly Latencies[]): readonly Figure[] {
  const p99 = (values: readonly number[]): number => quantile(values, 0.99);
  return [
    {
      row: 'relist',
      about: `p99 of answers during a list, ${RELIST_RATE} q/s`,
      values: all.map(({ during }) => p99(during)),
      unit: 'ms',
      limits: limits.relist,
      note: `p50 ${small(all.map(({ during }) => quantile(during, 0.5)))}, slowest ${small(all.map(({ during }) => Math.max(...during)))}; quiet p99 ${small(all.map(({ quiet }) => p99(quiet)))}; the list takes ${middle(all.map(({ took }) => took))} ms`,
    },
  ];
}

function changeFigures(all: readonly Changes[], endpoints: number): readonly Figure[] {
  const of = (share: number) => (one: Changes) => quantile(one.took, share);
  const lost = all.reduce((sum, one) => sum + one.lost, 0);
  const writing = small(all.map(({ writing: times }) => median(times)));
  const asking = small(all.map(({ asking: times }) => median(times)));
  return [
    {
      row: endpoints === 1 ? 'change' : '',
      about: `change to answer, ${endpoints} endpoint${endpoints === 1 ? '' : 's'}, median`,
      values: all.map(of(0.5)),
      unit: 'ms',
      limits: limits.change,
      note: `one question takes ${asking} of it; writing it, before, ${writing}`,
    },
    {
      row: '',
      about: 'p99',
      values: all.map(of(0.99)),
      unit: 'ms',
      limits: limits.slowChange,
      note: `slowest ${small(all.map(of(1)))}; the server used ${(100 * median(all.map(({ busy }) => busy))).toFixed(0)} % of its core; lost ${lost}`,
    },
  ];
}

function middle(values: readonly number[]): string {
  return median(values).toFixed(0);
}

function small(values: readonly number[]): string {
  return median(values).toFixed(2);
}
