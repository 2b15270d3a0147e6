/**
 * The proof as a command: `node test/searchpath-proof/proof.ts --walks N --seed S`. Goes that many walks and prints how they ended; exit
 * status 1, and the first of them in full, where a client ended worse off than without completion.
 */
import { parseArgs } from 'node:util';
import { prove } from './campaign.ts';
import { verdicts } from './judge.ts';

const { values } = parseArgs({
  options: { walks: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`not a number: ${text}`);
  return value;
}

const seed = number(values.seed);
const report = await prove({
  seed,
  walks: number(values.walks),
  progress: (done) => process.stderr.write(`${done.toLocaleString('en')} walks\n`),
});

const lines = [
  `seed ${seed}, ${report.walks.toLocaleString('en')} walks, ${Math.round(report.seconds)} s`,
  ...verdicts.map((verdict) => `${report.counts[verdict].toLocaleString('en').padStart(11)}  ${verdict}`),
  `${report.queries.toFixed(2)} queries a walk, ${report.ownQueries.toFixed(2)} without completion`,
  `${report.firstQuestions.toLocaleString('en')} walks ended with their first question that would have asked others`,
  ...report.worse.map((walk) => JSON.stringify(walk)),
];
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = report.counts.worse === 0 ? 0 : 1;
