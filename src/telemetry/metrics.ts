/**
 * Metrics: counters and histograms that live in typed arrays while queries are answered, and are put into words only when
 * somebody scrapes them; gauges are asked for at that moment and stored nowhere.
 *
 *     once     counter(NAME, …).with(LABELS) ──► Series          histogram(…).with(LABELS) ──► Observations
 *     often    Series.add(), Observations.observe() ──► Float64Array of the family ──┐
 *                                                                                   ├─ render() ──► text
 *     scrape   collect(NAME, …, source): the source is called ──────────────────────┘
 *
 * The number of series of a family is bounded; what comes beyond is counted nowhere and said so by one metric.
 */
import type { MetricKind } from './exposition.ts';
import {
  CollectedFamily,
  CounterFamily,
  type Family,
  type FamilyShape,
  HistogramFamily,
  type SetGauge,
} from './families.ts';

export type { CounterFamily, HistogramFamily, Observations, Series, SetGauge } from './families.ts';

export class Metrics {
  readonly #families = new Map<string, Family>();
  readonly #leftOut: () => void;

  constructor() {
    const left = this.counter(
      'nodens_metrics_left_out_total',
      'Times that a series of a metric was asked for or collected beyond the bound of series.',
    ).with();
    this.#leftOut = () => left.add();
  }

  /**
   * The family of this name, the same for everybody who asks.
   * @throws Error where the name is taken by a metric of another kind or with other labels
   */
  counter(name: string, help: string, labels: readonly string[] = []): CounterFamily {
    const shape: FamilyShape = { name, help, kind: 'counter', labels };
    return this.#family(shape, CounterFamily, () => new CounterFamily(shape, () => this.#leftOut()));
  }

  /** As `counter`. `limits` are the upper bounds of the buckets, rising, without infinity. */
  histogram(name: string, help: string, labels: readonly string[], limits: readonly number[]): HistogramFamily {
    const shape: FamilyShape = { name, help, kind: 'histogram', labels };
    return this.#family(shape, HistogramFamily, () => new HistogramFamily(shape, limits, () => this.#leftOut()));
  }

  /** Adds a source of gauges; several may feed one family. The result takes it out again. Throws as `counter` does. */
  collect(name: string, help: string, labels: readonly string[], source: (set: SetGauge) => void): () => void {
    return this.#collect('gauge', name, help, labels, source);
  }

  /** The same for counters that somebody else counts already. */
  collectCounter(name: string, help: string, labels: readonly string[], source: (set: SetGauge) => void): () => void {
    return this.#collect('counter', name, help, labels, source);
  }

  /** Everything there is, in the order of names; a family without series has no line. */
  render(): string {
    const out: string[] = [];
    for (const name of [...this.#families.keys()].toSorted()) this.#families.get(name)?.render(out);
    return out.join('');
  }

  #collect(
    kind: MetricKind,
    name: string,
    help: string,
    labels: readonly string[],
    source: (set: SetGauge) => void,
  ): () => void {
    const shape: FamilyShape = { name, help, kind, labels };
    const family = this.#family(shape, CollectedFamily, () => new CollectedFamily(shape, () => this.#leftOut()));
    family.sources.add(source);
    return () => family.sources.delete(source);
  }

  #family<T extends Family>(shape: FamilyShape, type: abstract new (...args: never[]) => T, make: () => T): T {
    const { name } = shape;
    const known = this.#families.get(name);
    if (known === undefined) {
      const family = make();
      this.#families.set(name, family);
      return family;
    }
    if (!(known instanceof type) || known.shape.kind !== shape.kind) {
      throw new Error(`the metric ${name} is of another kind already`);
    }
    if (known.shape.labels.join() !== shape.labels.join()) {
      throw new Error(`the metric ${name} has other labels already: ${known.shape.labels.join(', ')}`);
    }
    return known;
  }
}
