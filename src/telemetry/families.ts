/**
 * Families of metrics: all series of one name. Counters and histograms keep their numbers in one `Float64Array` each,
 * so that counting is an addition in place; gauges keep nothing and are asked for at the scrape.
 *
 *     counter     values [ a │ b │ … ]                                 one number a series
 *     histogram   values [ bucket 0 … bucket n, beyond, sum │ … ]      n + 3 numbers a series
 *
 * The number of series of a family is bounded: whoever asks for one more is given one that counts nothing.
 */
import { bounds } from '../bounds.ts';
import { type LabelWriter, type MetricKind, heading, labelWriter, sample, withLabel } from './exposition.ts';

/** One counter: a family with one value for each label. */
export interface Series {
  /** One more, or `amount` more. */
  add(amount?: number): void;
  readonly value: number;
}

/** One histogram. */
export interface Observations {
  /** In the unit that the metric's name ends in: seconds, bytes. */
  observe(value: number): void;
  readonly count: number;
  readonly sum: number;
}

/** Tells one gauge of a family: its value, then one value for each label. */
export type SetGauge = (value: number, ...labels: readonly string[]) => void;

/** What is done when a series finds no room. */
export type WhenFull = () => void;

export interface FamilyShape {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labels: readonly string[];
}

export interface Family {
  readonly shape: FamilyShape;
  /** Adds its lines; none at all where it has no series. */
  render(out: string[]): void;
}

/** What is counted where a family has no room for another series. */
const NOWHERE: Series & Observations = {
  add: () => undefined,
  observe: () => undefined,
  value: 0,
  count: 0,
  sum: 0,
};

/** Room for so many series is made at first. */
const FIRST_SERIES = 8;

abstract class StoredFamily<T> implements Family {
  readonly shape: FamilyShape;
  readonly #write: LabelWriter;
  readonly #width: number;
  readonly #full: WhenFull;
  /** By their labels as text, in the order in which they were asked for. */
  readonly #series = new Map<string, T>();
  /** Another array after it has grown: nobody but the family holds it. */
  protected values: Float64Array;

  /** @param width numbers of one series */
  protected constructor(shape: FamilyShape, width: number, full: WhenFull) {
    this.shape = shape;
    this.#write = labelWriter(shape.labels);
    this.#width = width;
    this.#full = full;
    this.values = new Float64Array(width * FIRST_SERIES);
  }

  /**
   * The series with these values of the labels, in the order of the family's labels. It appears in the exposition from
   * now on. The labels are put into words here: whoever counts often keeps what this returns.
   */
  with(...labels: readonly string[]): T {
    const key = this.#write(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= bounds.metricSeries) {
      this.#full();
      return this.nowhere();
    }
    const at = this.#series.size * this.#width;
    if (at + this.#width > this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    const series = this.open(at);
    this.#series.set(key, series);
    return series;
  }

  render(out: string[]): void {
    if (this.#series.size === 0) return;
    const { name, help, kind } = this.shape;
    out.push(heading(name, help, kind));
    for (const [labels, series] of this.#series) this.renderSeries(out, labels, series);
  }

  /** The series whose numbers begin at this place of `values`. */
  protected abstract open(at: number): T;
  protected abstract nowhere(): T;
  protected abstract renderSeries(out: string[], labels: string, series: T): void;
}

export class CounterFamily extends StoredFamily<Series> {
  constructor(shape: FamilyShape, full: WhenFull) {
    super(shape, 1, full);
  }

  increase(at: number, amount: number): void {
    const before = this.values[at] ?? 0;
    this.values[at] = before + amount;
  }

  valueAt(at: number): number {
    return this.values[at] ?? 0;
  }

  protected open(at: number): Series {
    return new Counter(this, at);
  }

  protected nowhere(): Series {
    return NOWHERE;
  }

  protected renderSeries(out: string[], labels: string, series: Series): void {
    out.push(sample(this.shape.name, labels, series.value));
  }
}

class Counter implements Series {
  readonly #family: CounterFamily;
  readonly #at: number;

  constructor(family: CounterFamily, at: number) {
    this.#family = family;
    this.#at = at;
  }

  add(amount = 1): void {
    this.#family.increase(this.#at, amount);
  }

  get value(): number {
    return this.#family.valueAt(this.#at);
  }
}

export class HistogramFamily extends StoredFamily<Observations> {
  /** Upper bounds of the buckets, each inclusive. */
  readonly #limits: Float64Array;

  constructor(shape: FamilyShape, limits: readonly number[], full: WhenFull) {
    super(shape, limits.length + 2, full);
    this.#limits = Float64Array.from(limits);
  }

  /** Buckets are few, and most values fall into the first ones: they are tried one after another. */
  observe(at: number, value: number): void {
    const limits = this.#limits;
    const { values } = this;
    let bucket = 0;
    while (bucket < limits.length && value > (limits[bucket] ?? 0)) bucket++;
    const inBucket = at + bucket;
    values[inBucket] = (values[inBucket] ?? 0) + 1;
    const sum = at + limits.length + 1;
    values[sum] = (values[sum] ?? 0) + value;
  }

  countAt(at: number): number {
    let count = 0;
    for (let i = 0; i <= this.#limits.length; i++) count += this.values[at + i] ?? 0;
    return count;
  }

  sumAt(at: number): number {
    return this.values[at + this.#limits.length + 1] ?? 0;
  }

  protected open(at: number): Observations {
    return new Histogram(this, at);
  }

  protected nowhere(): Observations {
    return NOWHERE;
  }

  /** Each bucket counts all that is below its bound, so that the last one, without a bound, is the whole count. */
  protected renderSeries(out: string[], labels: string, series: Observations): void {
    if (!(series instanceof Histogram)) return;
    const { name } = this.shape;
    let below = 0;
    for (let i = 0; i <= this.#limits.length; i++) {
      below += this.values[series.at + i] ?? 0;
      out.push(sample(`${name}_bucket`, withLabel(labels, 'le', this.#limits[i] ?? Infinity), below));
    }
    out.push(sample(`${name}_sum`, labels, series.sum), sample(`${name}_count`, labels, series.count));
  }
}

class Histogram implements Observations {
  readonly #family: HistogramFamily;
  readonly at: number;

  constructor(family: HistogramFamily, at: number) {
    this.#family = family;
    this.at = at;
  }

  observe(value: number): void {
    this.#family.observe(this.at, value);
  }

  get count(): number {
    return this.#family.countAt(this.at);
  }

  get sum(): number {
    return this.#family.sumAt(this.at);
  }
}

/** Numbers that somebody else keeps. Where two sources tell the same series, the one that came last is believed. */
export class CollectedFamily implements Family {
  readonly shape: FamilyShape;
  readonly sources = new Set<(set: SetGauge) => void>();
  readonly #write: LabelWriter;
  readonly #full: WhenFull;

  constructor(shape: FamilyShape, full: WhenFull) {
    this.shape = shape;
    this.#write = labelWriter(shape.labels);
    this.#full = full;
  }

  render(out: string[]): void {
    const values = new Map<string, number>();
    for (const source of this.sources) {
      source((value, ...labels) => {
        const key = this.#write(labels);
        if (values.size < bounds.metricSeries || values.has(key)) values.set(key, value);
        else this.#full();
      });
    }
    if (values.size === 0) return;
    const { name, help, kind } = this.shape;
    out.push(heading(name, help, kind));
    for (const [labels, value] of values) out.push(sample(name, labels, value));
  }
}
