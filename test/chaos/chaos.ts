/**
 * The campaign as a command: `npm run chaos -- --seconds N --seed S`. Prints what was done and counted, and the first answers
 * that may not be, with what led to them; exit status 1 if there are any. Without `--seed` it takes one and says which.
 */
import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { reportText } from './report-text.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    rate: { type: 'string', default: '5000' },
    changes: { type: 'string', default: '25' },
    grace: { type: 'string', default: '1000' },
    program: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

function number(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`not a number above 0: ${text}`);
  return value;
}

const seed = values.seed === undefined ? Date.now() % 1_000_000 : number(values.seed);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
process.stdout.write(`seed ${seed}\n`);
const status = await run();
// Whatever a bad day has left open is of no use to anybody.
process.stdout.write('', () => process.exit(status));

async function run(): Promise<number> {
  try {
    const report = await campaign({
      seed,
      seconds: number(values.seconds),
      rate: number(values.rate),
      changes: number(values.changes),
      grace: number(values.grace),
      signal: interrupted.signal,
      ...(values.program === undefined ? {} : { program: values.program }),
      ...(values.verbose ? { tell: (line: string) => void process.stdout.write(`${line}\n`) } : {}),
    });
    process.stdout.write(reportText(report));
    return report.findings.count === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}
