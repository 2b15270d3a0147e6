/** The command line of `npm run bench:cluster`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface Options {
  readonly runs: number;
  readonly services: number;
  readonly endpoints: number;
  readonly only: ReadonlySet<RowName>;
  readonly program: string;
  /** What Node is given beside the flags of the image. */
  readonly flags: readonly string[];
  readonly isQuick: boolean;
}

export const rowNames = ['start', 'snapshot', 'peak', 'flood', 'relist', 'change'] as const;
export type RowName = (typeof rowNames)[number];

export const usage = `npm run bench:cluster -- [options]

  --runs N       how often each figure is measured; the median counts (5)
  --services N   Services of the cluster, at least 20 (10000)
  --endpoints N  endpoints of each Service, at least 1 (15)
  --only NAME    one row instead of all; may be given several times: ${rowNames.join(', ')}
  --program FILE the program to measure (dist/bin/main.js, which 'npm run build' makes)
  --flag FLAG    one more flag for its Node, such as --flag=--cpu-prof; may be given several times
  --quick        short for --runs 1, with fewer lists and changes
`;

/** @throws Error with what is wrong; undefined where help was asked for */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      services: { type: 'string', default: '10000' },
      endpoints: { type: 'string', default: '15' },
      only: { type: 'string', multiple: true, default: [] },
      program: { type: 'string', default: fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url)) },
      flag: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const program = resolve(values.program);
  if (!existsSync(program)) throw new Error(`${program} is not there: 'npm run build' makes the bundle`);
  const only = values.only.map(rowName);
  return {
    runs: whole('runs', values.runs ?? (values.quick ? '1' : '5'), 1, 100),
    services: whole('services', values.services, 20, 100_000),
    endpoints: whole('endpoints', values.endpoints, 1, 1_000),
    only: new Set(only.length === 0 ? rowNames : only),
    program,
    flags: values.flag,
    isQuick: values.quick,
  };
}

function rowName(text: string): RowName {
  const name = rowNames.find((one) => one === text);
  if (name !== undefined) return name;
  throw new Error(`--only ${text}: there is no such row; there are ${rowNames.join(', ')}`);
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: expected a whole number from ${min} to ${max}`);
}
