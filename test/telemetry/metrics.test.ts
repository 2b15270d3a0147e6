/** Metrics as they are scraped: the text exposition format 0.0.4, line by line. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds } from '../../src/bounds.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** The lines of one metric, of its own families and their suffixes. */
function linesOf(metrics: Metrics, name: string): readonly string[] {
  return metrics
    .render()
    .split('\n')
    .filter(
      (line) => line.startsWith(name) || line.startsWith(`# HELP ${name} `) || line.startsWith(`# TYPE ${name} `),
    );
}

/** How often a series was left out of any family. */
function leftOut(metrics: Metrics): number {
  return Number(linesOf(metrics, 'nodens_metrics_left_out_total').at(-1)?.split(' ')[1]);
}

describe('a counter', () => {
  it('adds up, each series for itself', () => {
    const metrics = new Metrics();
    const family = metrics.counter('hits_total', 'Hits.', ['server', 'zone']);
    const one = family.with('dns://:53', '.');
    one.add();
    one.add(2.5);
    family.with('dns://:54', '.').add();
    expect(one.value).toBe(3.5);
    expect(linesOf(metrics, 'hits_total')).toEqual([
      '# HELP hits_total Hits.',
      '# TYPE hits_total counter',
      'hits_total{server="dns://:53",zone="."} 3.5',
      'hits_total{server="dns://:54",zone="."} 1',
    ]);
  });

  it('without labels is there with 0 as soon as its series is, and has no braces', () => {
    const metrics = new Metrics();
    metrics.counter('failed_total', 'Failures.').with();
    expect(linesOf(metrics, 'failed_total').at(-1)).toBe('failed_total 0');
  });

  it('is the same one for everybody who asks', () => {
    const metrics = new Metrics();
    metrics.counter('hits_total', 'Hits.', ['a']).with('x').add();
    metrics.counter('hits_total', 'Hits.', ['a']).with('x').add();
    expect(metrics.counter('hits_total', 'Hits.', ['a']).with('x').value).toBe(2);
  });

  it('keeps its values while the family grows', () => {
    const family = new Metrics().counter('hits_total', 'Hits.', ['n']);
    const series = Array.from({ length: 100 }, (_, n) => {
      const one = family.with(String(n));
      one.add(n);
      return one;
    });
    expect(series.map(({ value }) => value)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it('may not change its kind or its labels', () => {
    const metrics = new Metrics();
    metrics.counter('a_total', 'A.', ['x', 'y']);
    metrics.collect('b', 'B.', [], () => undefined);
    expect(() => metrics.histogram('a_total', 'A.', ['x', 'y'], [1])).toThrow('a_total is of another kind already');
    expect(() => metrics.collectCounter('b', 'B.', [], () => undefined)).toThrow('b is of another kind already');
    expect(() => metrics.counter('a_total', 'A.', ['y', 'x'])).toThrow('a_total has other labels already: x, y');
  });
});

describe('a histogram', () => {
  it('has a line for each bucket in rising order, +Inf last, then sum and count', () => {
    const metrics = new Metrics();
    const series = metrics.histogram('t_seconds', 'Times.', ['zone', 'a'], [0.00025, 0.5, 16_000]).with('z', '1');
    for (const value of [0, 0.00025, 0.4, 0.5, 0.6, 20_000, 1e9]) series.observe(value);
    expect(linesOf(metrics, 't_seconds')).toEqual([
      '# HELP t_seconds Times.',
      '# TYPE t_seconds histogram',
      't_seconds_bucket{a="1",zone="z",le="0.00025"} 2',
      't_seconds_bucket{a="1",zone="z",le="0.5"} 4',
      't_seconds_bucket{a="1",zone="z",le="16000"} 5',
      't_seconds_bucket{a="1",zone="z",le="+Inf"} 7',
      't_seconds_sum{a="1",zone="z"} 1000020001.50025',
      't_seconds_count{a="1",zone="z"} 7',
    ]);
    expect(series.count).toBe(7);
    expect(series.sum).toBeCloseTo(1_000_020_001.500_25);
  });

  it('without labels has le alone', () => {
    const metrics = new Metrics();
    metrics.histogram('s_bytes', 'Sizes.', [], [0]).with().observe(3);
    expect(linesOf(metrics, 's_bytes').slice(2)).toEqual([
      's_bytes_bucket{le="0"} 0',
      's_bytes_bucket{le="+Inf"} 1',
      's_bytes_sum 3',
      's_bytes_count 1',
    ]);
  });

  it('counts each value in the first bucket that is not below it', () => {
    const limits = [0, 1, 2, 4, 8];
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 30 }), (values) => {
        const metrics = new Metrics();
        const series = metrics.histogram('h', 'H.', [], limits).with();
        for (const value of values) series.observe(value);
        const counts = linesOf(metrics, 'h_bucket').map((line) => Number(line.split(' ')[1]));
        expect(counts).toEqual([...limits, Infinity].map((limit) => values.filter((value) => value <= limit).length));
      }),
    );
  });
});

describe('what is collected', () => {
  it('is asked for at each scrape and stored nowhere', () => {
    const metrics = new Metrics();
    let value = 1;
    metrics.collect('entries', 'Entries.', ['type', 'server'], (set) => set(value, 'success', 'dns://:53'));
    metrics.collectCounter('lost_total', 'Lost.', [], (set) => set(value));
    expect(linesOf(metrics, 'entries').at(-1)).toBe('entries{server="dns://:53",type="success"} 1');
    value = 2;
    expect(linesOf(metrics, 'entries').at(-1)).toBe('entries{server="dns://:53",type="success"} 2');
    expect(linesOf(metrics, 'entries')[1]).toBe('# TYPE entries gauge');
    expect(linesOf(metrics, 'lost_total').slice(1)).toEqual(['# TYPE lost_total counter', 'lost_total 2']);
  });

  it('may have several sources, each of which can be taken out', () => {
    const metrics = new Metrics();
    const first = metrics.collect('up', 'Up.', ['n'], (set) => {
      set(1, 'both');
      set(1, 'first');
    });
    const second = metrics.collect('up', 'Up.', ['n'], (set) => set(2, 'both'));
    expect(linesOf(metrics, 'up').slice(2)).toEqual(['up{n="both"} 2', 'up{n="first"} 1']);
    first();
    expect(linesOf(metrics, 'up').slice(2)).toEqual(['up{n="both"} 2']);
    second();
    expect(linesOf(metrics, 'up')).toEqual([]);
  });

  it('may be infinite or no number', () => {
    const metrics = new Metrics();
    metrics.collect('v', 'V.', ['n'], (set) => {
      for (const value of [Infinity, -Infinity, NaN, 1e21, 1e-9]) set(value, String(value));
    });
    expect(linesOf(metrics, 'v{').map((line) => line.split(' ')[1])).toEqual(['+Inf', '-Inf', 'NaN', '1e+21', '1e-9']);
  });
});

describe('the exposition', () => {
  it('has the families in the order of their names, and none without a series', () => {
    const metrics = new Metrics();
    metrics.counter('c_total', 'C.').with();
    metrics.counter('empty_total', 'Empty.', ['x']);
    metrics.histogram('empty_seconds', 'Empty.', ['x'], [1]);
    metrics.collect('a', 'A.', [], (set) => set(1));
    metrics.collect('b', 'B.', [], () => undefined);
    const names = [...metrics.render().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names).toEqual(['a', 'c_total', 'nodens_metrics_left_out_total']);
    expect(metrics.render()).toMatch(/\n$/);
  });

  it('has labels in the order of their names, even where one begins with the other', () => {
    const metrics = new Metrics();
    metrics.counter('x_total', 'X.', ['zone', 'a1', 'a', 'a_b']).with('1', '2', '3', '4');
    expect(linesOf(metrics, 'x_total').at(-1)).toBe('x_total{a="3",a1="2",a_b="4",zone="1"} 0');
  });

  it('escapes what would end a value, a line or a help text', () => {
    const metrics = new Metrics();
    metrics.counter('x_total', 'A "quote", a \\ and\na line.', ['v']).with('a "quote", a \\ and\na line');
    expect(linesOf(metrics, 'x_total')).toEqual([
      '# HELP x_total A "quote", a \\\\ and\\na line.',
      '# TYPE x_total counter',
      'x_total{v="a \\"quote\\", a \\\\ and\\na line"} 0',
    ]);
  });

  it('can be read back, whatever the values of labels are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 8 }), (values) => {
        const metrics = new Metrics();
        const family = metrics.counter('x_total', 'X.', ['v']);
        for (const value of values) family.with(value);
        const read = linesOf(metrics, 'x_total{').map((line) => {
          const quoted = /^x_total\{v="((?:[^"\\]|\\["\\n])*)"\} 0$/s.exec(line)?.[1];
          return quoted?.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
        });
        expect(read).toEqual(values);
      }),
    );
  });
});

describe('the bound of series', () => {
  it('holds for counters: what is beyond is counted nowhere, and told', () => {
    const metrics = new Metrics();
    const family = metrics.counter('x_total', 'X.', ['n']);
    const series = Array.from({ length: bounds.metricSeries + 3 }, (_, n) => family.with(String(n)));
    for (const one of series) one.add();
    expect(series.at(-1)?.value).toBe(0);
    expect(family.with('0').value).toBe(1);
    expect(linesOf(metrics, 'x_total{')).toHaveLength(bounds.metricSeries);
    expect(leftOut(metrics)).toBe(3);
  });

  it('holds for histograms', () => {
    const metrics = new Metrics();
    const family = metrics.histogram('h', 'H.', ['n'], [1]);
    const series = Array.from({ length: bounds.metricSeries + 1 }, (_, n) => family.with(String(n)));
    for (const one of series) one.observe(1);
    expect(series.at(-1)).toMatchObject({ count: 0, sum: 0 });
    expect(linesOf(metrics, 'h_count')).toHaveLength(bounds.metricSeries);
    expect(leftOut(metrics)).toBe(1);
  });

  it('holds for what is collected, where a series that is there may still be told anew', () => {
    const metrics = new Metrics();
    metrics.collect('g', 'G.', ['n'], (set) => {
      for (let n = 0; n < bounds.metricSeries + 5; n++) set(n, String(n));
      set(-1, '0');
    });
    const lines = linesOf(metrics, 'g{');
    expect(lines).toHaveLength(bounds.metricSeries);
    expect(lines[0]).toBe('g{n="0"} -1');
    // Told by the scrape above and the one that reads it, since each collects anew.
    expect(leftOut(metrics)).toBe(10);
  });
});
