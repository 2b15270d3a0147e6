/**
 * Go durations, which Corefiles are written in: `300ms`, `1h30m`, `1.5s`, `10µs`, `0`. In: text. Out: milliseconds.
 */

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign U+00B5 and the Greek letter U+03BC.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration is a signed 64-bit number of nanoseconds. */
const longest = 2 ** 63 / 1e6;

const whole = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;
const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

/** Milliseconds, possibly negative or a fraction; undefined where the text is no Go duration or beyond ±292 years. */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  // Nobody writes a longer one, and the expression need not be tried on megabytes.
  if (text.length > 100 || !whole.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(part)) sum += Number(amount) * (milliseconds[unit] ?? 0);
  if (sum >= longest) return undefined;
  return text.startsWith('-') ? -sum : sum;
}

/** Milliseconds as a Go duration that a person would write: `1h30m`, `1.5s`, `300ms`. */
export function formatDuration(duration: number): string {
  if (duration < 0) return `-${formatDuration(-duration)}`;
  if (duration === 0) return '0s';
  if (duration < 1) return `${Number((duration * 1000).toFixed(3))}µs`;
  if (duration < 1000) return `${duration}ms`;
  const hours = Math.floor(duration / 3_600_000);
  const minutes = Math.floor((duration % 3_600_000) / 60_000);
  const seconds = (duration % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
}
