/** The command line of the benchmarks. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allRows, costRows, tableRows } from './rows.ts';
import type { ServerName } from './servers.ts';

export interface Options {
  /** Of one load. */
  readonly seconds: number;
  readonly runs: number;
  readonly services: number;
  readonly endpoints: number;
  /** The rows to measure. */
  readonly only: readonly string[];
  readonly program: string;
  /** The servers to measure, where they are installed. */
  readonly servers: readonly ServerName[];
  /** Whether results.md is written. */
  readonly writes: boolean;
}

/** What `--only` takes beside the names of rows. */
const TABLE = 'table';

const all: readonly ServerName[] = ['nodens', 'nodens dgram', 'knotd', 'unbound', 'coredns', 'echo'];
const fewest: readonly ServerName[] = ['nodens', 'knotd'];

export const usage = `npm run bench -- [options]

  --seconds N    length of one load (3)
  --runs N       loads for each row and server, of which the median counts (5)
  --services N   Services of the cluster, at least 20 (10000)
  --endpoints N  endpoints of each Service, at least 1 (15)
  --only NAME    one row instead of all; may be given several times: ${allRows.join(', ')};
                 '${TABLE}' is ${tableRows.join(', ')}
  --program FILE the program to measure instead of src/main.ts, such as dist/bin/main.js
  --quick        half a minute: --runs 1 --seconds 1, Nodens and knotd alone, and the rows ${costRows.map(({ name }) => name).join(', ')}
                 unless --only names others
  --write        write what is printed to bench/results.md as well; with all rows of '${TABLE}' and not with --quick
`;

/** @throws Error with what is wrong; undefined where help was asked for */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      runs: { type: 'string' },
      services: { type: 'string', default: '10000' },
      endpoints: { type: 'string', default: '15' },
      only: { type: 'string', multiple: true, default: [] },
      program: { type: 'string', default: fileURLToPath(new URL('../src/main.ts', import.meta.url)) },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const rows = values.only.flatMap((name) => (name === TABLE ? tableRows : [name]));
  const unknown = rows.find((name) => !allRows.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: there is no such row; there are ${allRows.join(', ')} and ${TABLE}`);
  }
  const byDefault = quick ? costRows.map(({ name }) => name) : allRows;
  const only = rows.length === 0 ? byDefault : rows;
  if (values.write && (quick || !tableRows.every((name) => only.includes(name)))) {
    throw new Error(`--write: results.md keeps full runs; leave --quick out, and --only or give it '${TABLE}' as well`);
  }
  return {
    seconds: whole('seconds', values.seconds ?? (quick ? '1' : '3'), 1, 600),
    runs: whole('runs', values.runs ?? (quick ? '1' : '5'), 1, 100),
    services: whole('services', values.services, 20, 100_000),
    endpoints: whole('endpoints', values.endpoints, 1, 1_000),
    only,
    program: resolve(values.program),
    servers: quick ? fewest : all,
    writes: values.write,
  };
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
}
