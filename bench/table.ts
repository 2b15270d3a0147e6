/** Medians with their spread, and tables of text with columns that line up. */

/** The median, and the lowest and highest in parentheses where there are several: `8.91 (8.80–9.12)`. */
export function withSpread(values: readonly number[], digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  const middle = text(median(values));
  return values.length < 2 ? middle : `${middle} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}

/** Whether a figure is within what it must be, in words. */
export function must(value: number, limit: number, unit: string): string {
  return `must ≤ ${limit} ${unit}: ${value <= limit ? 'met' : 'MISSED'}`;
}

/** The same for a column that says what the limit is. */
export function verdict(value: number, limit: number): string {
  return `${limit} ${value <= limit ? 'met' : 'MISSED'}`;
}

/** Rows below a heading; the first two columns are set to the left, figures to the right, the last as it is. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 || column === heading.length - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
