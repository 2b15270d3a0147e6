/** The command line of the benchmarks. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { promiseRows, resolverRows } from './rows.ts';
import { mixes } from './queries.ts';

export interface Options {
  /** Of one load. */
  readonly seconds: number;
  readonly runs: number;
  readonly services: number;
  readonly endpoints: number;
  /** The mixes to run, and `start`. */
  readonly only: readonly string[];
  readonly program: string;
}

const known: readonly string[] = [...mixes.map(({ name }) => name), ...resolverRows, ...promiseRows, 'start'];

export const usage = `npm run bench -- [options]

  --seconds N    length of one load (3)
  --runs N       loads for each mix and server, of which the median counts (5)
  --services N   Services of the cluster, at least 20 (10000)
  --endpoints N  endpoints of each Service, at least 1 (15)
  --only NAME    one row instead of all; may be given several times: ${known.join(', ')}
  --program FILE the program to measure instead of src/main.ts, such as dist/main.js
  --quick        short for --runs 1 --seconds 2
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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = values.only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such row; there are ${known.join(', ')}`);
  return {
    seconds: whole('seconds', values.seconds ?? (values.quick ? '2' : '3'), 1, 600),
    runs: whole('runs', values.runs ?? (values.quick ? '1' : '5'), 1, 100),
    services: whole('services', values.services, 20, 100_000),
    endpoints: whole('endpoints', values.endpoints, 1, 1_000),
    only: values.only.length === 0 ? known : values.only,
    program: resolve(values.program),
  };
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
}
