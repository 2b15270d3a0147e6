/**
 * The text exposition format 0.0.4 of Prometheus. In: names, labels and numbers. Out: lines.
 *
 *     # HELP coredns_cache_hits_total What it counts.
 *     # TYPE coredns_cache_hits_total counter
 *     coredns_cache_hits_total{server="dns://:53",type="success"} 12
 */

/** What `/metrics` is served as. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** The two lines above the samples of a metric. */
export function heading(name: string, help: string, kind: MetricKind): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`;
}

/** A line; `labels` as a `LabelWriter` gives them, empty for none. */
export function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}\n` : `${name}{${labels}} ${numberText(value)}\n`;
}

/** Makes `a="1",b="2"` of values that stand in the order of the label names it was made for. */
export type LabelWriter = (values: readonly string[]) => string;

/** The labels come out in the order of their names, as Prometheus's own libraries write them. */
export function labelWriter(names: readonly string[]): LabelWriter {
  const order = names.map((name, at) => ({ name, at })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return (values) => order.map(({ name, at }) => `${name}="${escapeValue(values[at] ?? '')}"`).join(',');
}

/** A further label behind those that are there: `le` of a bucket. */
export function withLabel(labels: string, name: string, value: number): string {
  return `${labels}${labels === '' ? '' : ','}${name}="${numberText(value)}"`;
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
