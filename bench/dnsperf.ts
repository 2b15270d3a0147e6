/** dnsperf: its command line, its report, and what it prints of each answer. */

export interface Asking {
  /** Of the server, on 127.0.0.1. */
  readonly port: number;
  /** A file of questions, which dnsperf starts over at its end as long as there is time. */
  readonly questions: string;
  /** For how long it asks; it goes through the questions once unless told. */
  readonly seconds?: number;
  /** Queries that are under way together. */
  readonly inFlight: number;
  /** Queries in a second; as many as the server answers unless told. */
  readonly rate?: number;
  readonly transport?: 'udp' | 'tcp';
  /** Whether it prints a line for each answer. */
  readonly isVerbose?: boolean;
}

/** Clients that dnsperf plays. */
const CLIENTS = 16;

export function dnsperf(asking: Asking): [string, ...string[]] {
  const { port, questions, seconds, inFlight, rate, transport = 'udp', isVerbose = false } = asking;
  const flag = (name: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [name, String(value)];
  return [
    'dnsperf',
    ...flag('-s', '127.0.0.1'),
    ...flag('-p', port),
    ...flag('-d', questions),
    ...flag('-m', transport),
    ...flag('-c', CLIENTS),
    ...flag('-q', inFlight),
    ...flag('-l', seconds),
    ...flag('-Q', rate),
    ...(isVerbose ? ['-v'] : []),
  ];
}

export interface Report {
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  /** Answers in a second. */
  readonly rate: number;
  /** Response codes with their share in per cent. */
  readonly rcodes: ReadonlyMap<string, number>;
}

/** Reads the statistics at the end of what dnsperf prints; what it does not say is NaN. */
export function readReport(text: string): Report {
  const figure = (label: string): number => Number(new RegExp(`${label}:\\s*([\\d.]+)`).exec(text)?.[1] ?? NaN);
  const codes = /^\s*Response codes:(.*)$/m.exec(text)?.[1] ?? '';
  return {
    sent: figure('Queries sent'),
    completed: figure('Queries completed'),
    lost: figure('Queries lost'),
    rate: figure('Queries per second'),
    rcodes: new Map(
      [...codes.matchAll(/(\w+) \d+ \(([\d.]+)%\)/g)].map(([, name = '', share]) => [name, Number(share)]),
    ),
  };
}

/**
 * The milliseconds of an answer from the line that `-v` prints of it: `> NOERROR name A 0.000123`, in seconds, or
 * `> T name A` where no answer came, which is Infinity here; undefined for other lines.
 */
export function answerTime(line: string): number | undefined {
  if (!line.startsWith('> ')) return undefined;
  const seconds = line.startsWith('> T ') ? Infinity : Number(line.slice(line.lastIndexOf(' ') + 1));
  return Number.isNaN(seconds) ? undefined : seconds * 1_000;
}
